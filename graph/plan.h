#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/order.h"
#include "graph/program.h"
#include "graph/workshop.h"

namespace mixgraph {

/// A move that waits until its instance sounds, and the value of its row before it.
struct Held {
  Order order;
  uint64_t frame, number;  ///< of its batch
  double before;           ///< in the unit
};

/// A node that runs, or is about to. It keeps its bank and lane, and so its state, from program to program. One that is built
/// anew has the same id: what is said to the node reaches whichever of them sounds.
struct Instance {
  uint32_t id = 0;
  std::string path;
  TypeRef type;
  std::vector<Value> values;        ///< of its rows and followers, as they were last told: where it starts, if it doesn't sound yet
  std::vector<Value> built;         ///< values that a node which runs alone was made of
  std::vector<uint64_t> told;       ///< frame as of which each row was
  std::vector<Held> held;           ///< what it is told that takes time, while it doesn't sound yet
  std::shared_ptr<Instance> predecessor;  ///< that sounds until this one does, and whose courses it goes on with
  Format format = 1, own = 1;       ///< of its adaptive ports, and of those whose format its rows decide
  int latency = 0;                  ///< frames
  uint64_t bank_key = 0;            ///< NodeType::bank_key
  double tail = 0;                  ///< seconds
  size_t bytes = 0;                 ///< that it takes, about
  std::shared_ptr<Bank> bank;       ///< set at once for nodes that run alone, else when first compiled
  int lane = 0;
  std::shared_ptr<FeedBuffers> feeds;  ///< of a type that has any
  bool sounding = false;            ///< the audio thread has it, or a program on its way there
  bool leaving = false;             ///< not in the graph any more
  bool replaced = false;            ///< leaving because another instance takes its place
  bool spoilt = false;              ///< another one has to take its place, as its state can't be trusted
  bool without_files = false;       ///< it does nothing, as what its values name can't be had
  bool given_up = false;            ///< it was spoilt too often and stays silent
  uint64_t silent_at = 0;           ///< frame at which the tail of a leaving node has ended
  size_t place = 0;                 ///< in the plan at hand; whoever walks a plan sets it first (number_nodes()) [control]

  ~Instance() {
    if (bank) bank->used &= ~lanes_used();
  }
  /// Whether it can be such a node without being built anew: the same type and the same values in all rows that rebuild.
  /// [control]
  bool fits(const NodeType& other, Format other_format, std::span<const Value> other_values) const;
  /// The lanes of its bank that it has, as bits. [control]
  uint64_t lanes_used() const { return ((1ull << lanes_taken(*type, format)) - 1) << lane; }
  /// Whether both can be lanes of one bank. [control]
  bool may_share_bank(const Instance& other) const;
  /// Whether an order reaches it: it sounds, or what it takes over from does. [control]
  bool hears() const { return sounding || predecessor; }
  /// The values that it starts with: before anything that is held. [control]
  std::vector<Value> first_values() const;
  /// Of which ticks its rows take their points when very many move. [control]
  bool is_odd() const;
};
using InstancePtr = std::shared_ptr<Instance>;

/// What it is made from, if it has these values. [control]
inline Setup setup_of(const Instance& i, const Environment& environment, std::span<const Value> values) { return {environment, i.format, values, i.without_files, seed_of(i.path)}; }

/// Of an instance's port. [control]
inline int channels_of(const Instance& i, const Port& port) { return channels_of(port, i.format, i.own); }
inline Format format_of(const Instance& i, const Port& port) {
  return port.channels == kAdaptive ? i.format : port.channels == kOwn ? i.own : Format(port.channels);
}

/// A cable between instances.
struct Route {
  InstancePtr from;
  int from_port = 0;
  InstancePtr to;
  int to_port = 0;
  int delay = 0;  ///< frames, to align the paths that meet at `to`
  Fading fading = Fading::none;
  std::shared_ptr<const FormatMatrix> matrix = nullptr;  ///< nullptr: each channel goes to that of the same number
  std::vector<std::shared_ptr<CableDelay>> delays = {};  ///< if there is a delay: [channel of `to`][channel of `from`]
};

/// A graph made of instances.
struct Plan {
  std::vector<InstancePtr> nodes;
  std::vector<Route> routes;
  int latency = 0;  ///< frames, of the longest path to the device
};

/// Makes a plan of a graph. Instances of `before` that still fit are used again, then those that were prepared; all others are
/// made, and numbered from `next_id`. Problems: loops, each named, nodes that can't be built, and nodes that together take more
/// than `memory` bytes. [control]
Result<Plan> make_plan(const Graph& graph, const Plan& before, const Workshop& workshop, uint32_t& next_id, size_t memory = SIZE_MAX,
                       std::span<const Prepared> prepared = {});

/// Why a graph takes more than `memory` bytes whatever its channels; empty: it may fit. [control]
Problems too_large(const Graph& graph, const Workshop& workshop, size_t memory);

/// Instances of slow types that make_plan() would have to make, as far as that can be told: the channels of some are known
/// when others have been made. [control]
std::vector<Preparation> needs_of(const Graph& graph, const Plan& before, const Workshop& workshop, std::span<const Prepared> prepared);

/// Has a node that runs alone, and doesn't sound yet, start with what it was told since it was made. [control]
void build_as_told(Instance& instance, const Workshop& workshop);

/// Sets the place of every instance. [control]
void number_nodes(const Plan& plan);

/// Whether the routes form a loop that no loop-breaking node stands in. [control]
bool has_loop(const Plan& plan);

/// The same plan with a fresh instance in the place of each that is spoilt; those that can't be built are given up. Those of
/// slow types wait until one is among those that were prepared. [control]
void replace_spoilt(Plan& plan, const Workshop& workshop, std::span<const Prepared> prepared);

}  // namespace mixgraph
