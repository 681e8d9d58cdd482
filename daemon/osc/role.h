#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/osc/pattern.h"

namespace mixgraph {

/// What a client may do.
enum class Right : uint8_t {
  view,    ///< get values, subscribe, list
  mix,     ///< set rows
  edit,    ///< add, remove and connect nodes, undo
  scenes,  ///< store, recall and remove scenes
  files,   ///< load and save sessions, and name files of players and recorders
  admin    ///< start the daemon again
};
inline constexpr size_t kRights = 6;
inline constexpr std::array<std::string_view, kRights> kRightNames{"view", "mix", "edit", "scenes", "files", "admin"};

/// Rights, each for the addresses that a pattern matches: of rows for `view` and `mix`, of nodes for `edit`, of commands for
/// what names neither. [any]
class Role {
 public:
  /// Everything.
  static std::shared_ptr<const Role> all();
  explicit Role(std::string name) : name_(std::move(name)) {}

  /// From text().
  static std::shared_ptr<const Role> of_text(std::string_view text);

  const std::string& name() const { return name_; }
  /// The name, and a line for each right: `mix`, or for some addresses `mix /mix/*/fader`.
  std::string text() const;
  /// For all addresses.
  void give(Right right) { everywhere_[size_t(right)] = true; }
  void give(Right right, Pattern addresses) { given_.emplace_back(right, std::move(addresses)); }
  bool may(Right right, std::string_view address) const { return everywhere_[size_t(right)] || is_given(right, address); }

 private:
  bool is_given(Right right, std::string_view address) const;
  std::string name_;
  std::array<bool, kRights> everywhere_{};
  std::vector<std::pair<Right, Pattern>> given_;
};
using RolePtr = std::shared_ptr<const Role>;

}  // namespace mixgraph
