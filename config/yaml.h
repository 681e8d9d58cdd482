#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/problem.h"

namespace mixgraph {

/// Where something stands in a file; or, with line 0, where else it came from: `file` is then an OSC address.
struct Place {
  std::shared_ptr<const std::string> file;
  int line = 0, column = 0;  ///< from 1; columns count bytes
  /// "song.yaml:3:8"
  std::string text() const;
};

/// A piece of YAML: nothing, a scalar, a list or a mapping in the order of the file, with places.
struct Yaml {
  enum class Kind : uint8_t { null, scalar, sequence, mapping };
  struct Entry;

  Kind kind = Kind::null;
  Place place;
  std::string text;            ///< of a scalar
  bool quoted = false;         ///< a scalar in quotes: never a number
  std::vector<Yaml> items;     ///< of a list
  std::vector<Entry> entries;  ///< of a mapping

  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_mapping() const { return kind == Kind::mapping; }
  bool is_sequence() const { return kind == Kind::sequence; }
  const Entry* find(std::string_view key) const;
};
struct Yaml::Entry {
  std::string key;
  Place place;
  Yaml value;
};

/// Collects problems, and hands them out in the order of the files, one for each place. [any]
class Report {
 public:
  void add(const Place& place, std::string what, std::string hint = "");
  void add(const Report& other);
  bool empty() const { return lines_.empty(); }
  Problems problems() const;

 private:
  struct Line {
    Place place;
    Problem problem;
  };
  std::vector<Line> lines_;
};

inline constexpr size_t kMaxYamlBytes = 32 << 20;
inline constexpr size_t kMaxYamlMemory = 256 << 20;  ///< bytes of the tree: short values take more than their text
inline constexpr int kMaxYamlDepth = 32;

/// Reads one YAML document. Refused, with their places: what isn't YAML, anchors, aliases, tags, keys that
/// are there twice or aren't words, a second document, and what is beyond the limits above. Without a value
/// there is nothing to go on with; an empty text is a null. [any]
std::optional<Yaml> parse_yaml(std::string_view text, const std::string& file_name, Report& report);

}  // namespace mixgraph
