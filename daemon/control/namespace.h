#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "daemon/osc/pattern.h"
#include "graph/graph.h"

namespace mixgraph {

/// A parameter's place in the address space.
struct Entry {
  std::string address;  ///< "/mix/vox/fader": of a main row the node's own address
  std::string alias;    ///< "/mix/vox/fader/level": the long form of a main row; otherwise empty
  std::string path;     ///< the node's, "mix/vox/fader"
  TypeRef type;
  int row = 0;
  size_t place = 0;     ///< of the node in the graph

  const Parameter& parameter() const { return mixgraph::row(*type, row); }
};

/// A meter's place: "/mix/vox/compressor/gain_reduction".
struct MeterEntry {
  std::string address;
  std::string path;
  TypeRef type;
  int meter = 0;
};

/// What may be said of one graph over OSC, under which address. Made anew when the graph's structure changes,
/// of the one before: most nodes stay. [control]
class Namespace {
 public:
  explicit Namespace(const Graph& graph);
  Namespace(const Graph& graph, Namespace&& before);
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;
  Namespace(Namespace&&) = default;
  Namespace& operator=(Namespace&&) = default;

  const std::vector<Entry>& entries() const { return entries_; }  ///< in the order of the session file
  const std::vector<MeterEntry>& meters() const { return meters_; }
  /// By either form of the address; nullptr if there is none.
  const Entry* find(std::string_view address) const;
  const Entry* find(std::string_view path, int row) const;
  const MeterEntry* find_meter(std::string_view address) const;
  size_t index(const Entry& entry) const { return size_t(&entry - entries_.data()); }
  size_t index(const MeterEntry& meter) const { return size_t(&meter - meters_.data()); }

  /// Why an address is no parameter, and what might have been meant. `commands`: addresses that exist
  /// besides.
  Problem unknown(std::string_view address, const std::vector<std::string_view>& commands) const;

 private:
  std::vector<std::string_view> parts_below(std::string_view prefix,
                                            const std::vector<std::string_view>& commands) const;
  std::string closest(std::string_view address, const std::vector<std::string_view>& commands) const;

  /// A hash table of indices, by addresses that are kept elsewhere.
  class Index {
   public:
    void reset(size_t most);
    void add(std::string_view address, size_t index);
    /// The first index under this address for which `is(index)`; kNone without one.
    template <class Is>
    size_t find(std::string_view address, Is is) const;

   private:
    struct Slot {
      uint32_t hash = 0, index = UINT32_MAX;
    };
    std::vector<Slot> slots_;
  };
  static constexpr size_t kNone = SIZE_MAX;
  void add_nodes(const Graph& graph, Namespace* before);
  void add_entries(const Node& node, size_t place, Namespace* before);
  void add_meters(const Node& node);
  void build_indices(size_t nodes);

  std::vector<Entry> entries_;
  std::vector<MeterEntry> meters_;
  Index by_address_, first_row_, meter_by_address_;
};

/// A parameter's address, of a node with this path. [any]
std::string address_of(const std::string& path, const Parameter& p);
/// An entry's value in a graph that has the same nodes. [any]
const Value& value_in(const Graph& graph, const Entry& entry);
/// Whether an address is `prefix` or lies beneath it. [any]
bool is_beneath(std::string_view address, std::string_view prefix);

}  // namespace mixgraph
