#pragma once
// The node contract: what a file in nodes/ declares. See nodes/trim.cpp for the smallest one.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "graph/feed.h"
#include "graph/format.h"
#include "graph/lane_memory.h"
#include "graph/lanes.h"
#include "graph/mixing.h"
#include "graph/parameter.h"
#include "graph/type_ref.h"

namespace mixgraph {

inline constexpr int kMaxBlock = 64;     ///< frames: no kernel is called with more
inline constexpr int kMaxLanes = 32;     ///< instances in one bank: the buffers of more don't stay in the nearest cache from one node to the next
inline constexpr int kAdaptive = 0;      ///< a port of the format that its node's main input has
inline constexpr int kOwn = -1;          ///< a port of the format that its node's rows decide (NodeType::format)

/// An audio port. A node's format is what the cables of its first adaptive input join to (graph/format.h).
struct Port {
  std::string_view id;       ///< "in", "key", "out"
  int channels = kAdaptive;  ///< kAdaptive, kOwn, or 1 or 2: what comes from another format is converted
  int normalled = -1;        ///< without a cable, this input hears that other input of the node
};

/// How a meter's readings of several blocks become one.
enum class Fold : uint8_t { max, min, last };

/// A value that a node reports, in its unit.
struct Meter {
  std::string_view id, label, doc;
  Unit unit = Unit::decibel;
  Fold fold = Fold::max;
  float rest = -150;  ///< what it reads before anything was measured
};

/// Where a node's files are, and other facts of the engine that nodes may need.
struct Environment {
  double rate = 48000;              ///< Hz
  std::string media_root = ".";     ///< file names of players are relative to this folder
  std::string record_root = ".";    ///< and those of recorders to this one
  Downmix downmix = {};             ///< how formats with more channels become such with fewer
};

/// What an instance is made from.
struct Setup {
  const Environment& environment;
  Format format;                  ///< of adaptive ports
  std::span<const Value> values;  ///< by row (and follower, if the engine says so)
  bool without_files = false;     ///< what its texts name can't be had: it is made all the same, and does nothing meanwhile
  uint64_t seed = 0;              ///< the instance's own, the same whenever the node has the same path
  const NodeType* type = nullptr; ///< what is made, for functions that make instances of many types
  double rate() const { return environment.rate; }
  int channels() const { return format.channels; }
  // Not inline: node files are compiled for several instruction sets and must not carry shared code.
  double number(int row) const;
  int choice(int row) const;
  const std::string& text(int row) const;
};

/// What a node's slow work met that people must know of.
struct Trouble {
  Problem problem;
  int row = -1;  ///< a live row that it can't follow, and that should go back to its initial value; -1: none
};

/// The device's buffers, planar, for the block's first frame. A channel that the device lacks is absent.
struct DeviceBuffers {
  const float* const* in = nullptr;
  float* const* out = nullptr;  ///< add to it
  int inputs = 0, outputs = 0;
  int offset = 0;  ///< frames from the start of each channel
};

/// Musical time at a block's first frame. It stands still unless it rolls.
struct Transport {
  bool rolling = false;
  double tempo = 120;    ///< beats per minute
  double beat = 0;       ///< quarter notes since the start of the piece
  double seconds = 0;    ///< the same place, in seconds
};

/// Where nodes leave work that is due some blocks later (graph/deadlines.h).
class Deadlines;

/// A block as the engine hands it to a kernel; kernels see it as Block<V>.
struct RawBlock {
  int frames;                ///< 1..kMaxBlock
  int at;                    ///< index of the first frame within its tick of 64 frames
  uint64_t time;             ///< frames since the engine's start
  int channels;              ///< of adaptive ports
  int own_channels;          ///< of ports whose format the rows decide
  const float* const* in;    ///< one lane-interleaved buffer per input channel
  float* const* out;
  const float* ramps;        ///< [parameter or follower][4][lane]
  uint64_t restless, hurried;  ///< lanes; see Block
  const uint8_t* touched;    ///< by row: 1 if it was set
  float* meters;             ///< [meter][lane]
  FeedBuffer* const* feeds;  ///< [feed][lane]; nullptr: there are none
  const DeviceBuffers* device;
  const Transport* transport;
  Deadlines* deadlines;
};

/// What instances of a type keep from block to block.
enum class State : uint8_t {
  none,    ///< nothing
  lanes,   ///< V's: single lanes of it can be moved and reset
  memory,  ///< V's and a LaneMemory, whose part of a lane goes with the lane
  solo,    ///< anything: every instance runs alone
};

/// A running instance's code for one number of lanes.
struct Kernel {
  int lanes;
  State state;
  size_t bytes, alignment;
  Result<void*> (*create)(const Setup&);                          ///< [control]; if the type is slow, [worker]
  void (*destroy)(void*);                                         ///< [control]; if the type is slow, [worker]
  void (*process)(void*, const RawBlock&) noexcept;               ///< [audio]
  /// Of a slow type: it is to start with other live values than it was made with. It is quick, and comes before the first
  /// block, but perhaps while service() runs. nullptr: blocks tell it all [control]
  void (*begin)(void*, const Setup&) = nullptr;
  void (*service)(void*) = nullptr;                               ///< [worker] slow work: disk. nullptr: none
  /// What it met since the last call; it may be called while service() runs, and doesn't wait for it. nullptr: nothing [control]
  std::optional<Trouble> (*take_trouble)(void*) = nullptr;
  /// Whether all that this block's frames left in the memory of these lanes is zeros, and after how many frames of that in a
  /// row the whole memory is. nullptr: no memory [audio]
  bool (*left_silence)(const void*, const RawBlock&, uint64_t lanes) noexcept = nullptr;
  uint64_t (*memory_frames)(const void*) noexcept = nullptr;
  /// Frames from input to output, of those that know only when they are made. nullptr: NodeType::latency tells [any]
  int (*latency)(const void*) = nullptr;
  const Mixing* mixing = nullptr;                                 ///< of the kernel's instruction set
};

/// What a node makes of more than two channels.
enum class Multichannel : uint8_t {
  refused,   ///< nothing: they can't be connected to it
  folded,    ///< nothing: what it hears is folded to stereo
  apart,     ///< its channels don't know of one another: an instance takes as many lanes of a bank as it has channels
  together,  ///< its kernel runs with all of them
};

/// What a device node is connected to; all others are `none`.
enum class DeviceRole : uint8_t { none, device_input, device_output };

/// A node type: one file in nodes/.
struct NodeType {
  std::string_view id, label, doc, category;
  std::span<const Port> inputs = {}, outputs = {};
  std::span<const Parameter> parameters = {};  ///< without `bypass`, which the engine adds
  /// Rows behind those that are no part of the document: they follow rows of groups, and the solo. A kernel reads them as rows
  /// parameters.size() and on.
  std::span<const Parameter> followers = {};
  std::span<const Meter> meters = {};
  std::span<const Feed> feeds = {};
  std::span<const Kernel> kernels = {};  ///< by rising number of lanes; the first has one lane
  int (*latency)(const Setup&) = nullptr;   ///< frames from input to output; nullptr: none
  double (*tail)(const Setup&) = nullptr;   ///< seconds of sound after the input ends; nullptr: none
  /// The format that the rows decide: of the kOwn ports, or else of the adaptive ones; none: the cables tell, or it is stereo if it
  /// has no inputs. [control]; if it is slow, [worker]; nullptr: none
  Format (*format)(const Setup&) = nullptr;
  /// Bytes that an instance takes beside its kernel's, about: delay lines, buffers of files [control]; nullptr: none.
  size_t (*memory)(const Setup&) = nullptr;
  /// Why a node that runs in lanes can't be made [control]; nullptr: it always can. One that runs alone says so when it is made.
  /// (Not a part of the kernel, as those who write problems aren't compiled for several instruction sets.)
  Problems (*check)(const Setup&) = nullptr;
  /// Instances with as many channels and the same key may share a bank. What goes in is what no lane can carry by itself, such
  /// as a latency [control]; nullptr: all may.
  uint64_t (*bank_key)(const Setup&) = nullptr;
  DeviceRole role = DeviceRole::none;
  /// Whether each sample put out is one that came in times 0..1 (but for the rounding of ramps), so that the output is as
  /// sound as the input and isn't watched, in mono and stereo.
  bool never_louder = false;
  /// Its output is what it read at least kMaxBlock frames ago, so that it may stand in a loop. Its kernel is called twice
  /// per block: first without `in`, to fill `out`, later without `out`, to read `in`.
  bool breaks_loops = false;
  /// An instance, which runs alone, takes long to make or to end, as files do: both happen on a worker.
  bool slow = false;
  Multichannel multichannel = Multichannel::folded;
  /// Those of a node of lanes whose channels are together, for more than two of them; the first has one lane. It has room for
  /// kMostChannels.
  std::span<const Kernel> wide_kernels = {};
  int least_channels = 1;  ///< of adaptive ports
  TypeOwner* owner = nullptr;  ///< of a type that was made at run time; nullptr: it is there for good
  constexpr bool runs_in_lanes() const { return kernels[0].state != State::solo; }
  /// Whether it sounds only through the rows of others, which follow its own: a group has no ports.
  constexpr bool is_group() const { return inputs.empty() && outputs.empty() && !parameters.empty() && parameters[0].group != GroupPart::none; }
  /// Whether output 0 can be swapped for input 0: then the node has a `bypass`.
  constexpr bool bypassable() const {
    return !inputs.empty() && outputs.size() == 1 && inputs[0].channels == outputs[0].channels && !breaks_loops;
  }
};

/// Node types that a document can name (nodes/list.h, graph/type_library.h). A copy keeps those that were made at run time. [any]
class NodeTypes {
 public:
  using List = std::span<const NodeType* const>;
  template <class Range>
    requires(std::is_convertible_v<const Range&, List>)
  NodeTypes(const Range& list) : list_(list) {}
  NodeTypes(List list, std::shared_ptr<const void> kept) : list_(list), kept_(std::move(kept)) {}
  List::iterator begin() const { return list_.begin(); }
  List::iterator end() const { return list_.end(); }
  size_t size() const { return list_.size(); }
  const NodeType* operator[](size_t i) const { return list_[i]; }

 private:
  List list_;
  std::shared_ptr<const void> kept_;
};

constexpr bool is_id(std::string_view id) {
  for (const char c : id)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  return !id.empty();
}
constexpr bool is_sentence(std::string_view doc) { return !doc.empty() && doc.back() == '.'; }
/// Whether ids are unique and well formed. [any]
template <class T>
constexpr bool has_sound_ids(std::span<const T> list) {
  for (size_t i = 0; i < list.size(); i++) {
    if (!is_id(list[i].id)) return false;
    for (size_t j = 0; j < i; j++)
      if (list[i].id == list[j].id) return false;
  }
  return true;
}
/// What every type keeps to: sound tables, ids that are unique, one sentence about everything. [any]
constexpr bool is_sound(const NodeType& t) {
  if (!is_id(t.id) || t.label.empty() || !is_sentence(t.doc) || t.category.empty()) return false;
  if (!is_sound(t.parameters) || !is_sound(t.followers) || !has_sound_ids(t.inputs) || !has_sound_ids(t.outputs) || !has_sound_ids(t.meters)) return false;
  for (const Meter& m : t.meters)
    if (m.label.empty() || !is_sentence(m.doc)) return false;
  if (!has_sound_ids(t.feeds)) return false;
  for (const Feed& f : t.feeds) {
    if (f.label.empty() || !is_sentence(f.doc) || f.size < 1 || f.size > kMostOfAFeed || f.along.label.empty()) return false;
    if (f.along.curve == Curve::log && f.along.first <= 0) return false;
    for (const Meter& m : t.meters)
      if (m.id == f.id) return false;
  }
  for (const Parameter& p : t.parameters)
    if (p.id == "bypass" && t.bypassable()) return false;
  for (const Parameter& p : t.followers)
    if (p.update != Update::live || p.group == GroupPart::none) return false;
  for (const auto ports : {t.inputs, t.outputs})
    for (const Port& p : ports)
      if (p.channels < kOwn || p.channels > 2 || (p.channels == kOwn && !t.format) || p.normalled >= int(t.inputs.size())) return false;
  for (size_t i = 0; i < t.inputs.size(); i++)
    if (t.inputs[i].normalled == int(i)) return false;
  if (t.kernels.empty() || t.kernels[0].lanes != 1) return false;
  if (t.multichannel == Multichannel::apart) {
    if (!t.runs_in_lanes() || !t.feeds.empty()) return false;
    for (const auto ports : {t.inputs, t.outputs})
      for (const Port& p : ports)
        if (p.channels != kAdaptive) return false;
  }
  if (t.multichannel == Multichannel::together && t.runs_in_lanes() && t.wide_kernels.empty()) return false;
  return t.runs_in_lanes() || t.kernels.size() == 1;
}
/// A type as its file declares it: what is wrong with it is an error of the compiler.
consteval NodeType declared(NodeType t) {
  if (!is_sound(t)) throw "is_sound(const NodeType&) says what a type has to keep to";
  return t;
}

/// A row that decides a format (NodeType::format).
consteval Parameter format_row(std::string_view doc) {
  return {.id = "format", .label = "Format", .doc = doc, .curve = Curve::stepped, .max = double(std::size(kFormatChoices) - 1), .choices = kFormatChoices, .update = Update::rebuild};
}

/// The row that every bypassable node has after its own.
inline constexpr Parameter kBypass = switch_row("bypass", "Bypass", "Passes the input through, delayed by the node's latency.");

/// A node's rows: its own and `bypass`. [any]
int row_count(const NodeType& t);
const Parameter& row(const NodeType& t, int i);
/// The same with the followers behind them: the rows that the engine can be told of. [any]
int told_row_count(const NodeType& t);
const Parameter& told_row(const NodeType& t, int i);
/// A row's number by id, or -1. [any]
int find_row(const NodeType& t, std::string_view id);
/// The row that answers at the node's own address, or -1. [any]
int main_row(const NodeType& t);
/// The format of the ports whose format its rows decide; that of the adaptive ones if it has none such. [control]
Format own_format(const NodeType& t, const Setup& setup);
/// Channels of a port. [any]
int channels_of(const Port& port, Format adaptive, Format own);
/// Whether more than stereo comes in or goes out, as far as that isn't told by the table. [any]
constexpr bool is_wide(Format adaptive, Format own) { return adaptive.channels > 2 || own.channels > 2; }
/// Lanes that an instance takes: one, or one for each channel. [any]
inline int lanes_taken(const NodeType& t, Format adaptive) { return t.multichannel == Multichannel::apart && adaptive.channels > 2 ? adaptive.channels : 1; }
/// Its kernels for these formats. [any]
std::span<const Kernel> kernels_for(const NodeType& t, Format adaptive, Format own);
/// What a lane is made from: of a type whose channels are apart, a single channel. [any]
Setup setup_of_lane(const NodeType& t, const Setup& setup);
/// Bytes that a node takes when it runs, about, all in all. [control]
size_t memory_of(const NodeType& t, const Setup& setup);
/// Why no such node can be made; none if it can. [control]
Problems problems_of(const NodeType& t, const Setup& setup);

namespace MIXGRAPH_ISA {

/// A parameter's course over the current tick: a cubic in the frame's index within the tick, in the parameter's domain
/// (graph/parameter.h). In lanes that don't move, at() is exactly begin() whatever the index.
template <class V>
struct Ramp {
  V c0, c1, c2, c3;
  V begin() const { return c0; }
  V at(int index) const {
    V k = V(float(index));
    return madd(k, madd(k, madd(k, c3, c2), c1), c0);
  }
};

/// A block as a kernel sees it: up to 64 frames of every port, and the parameters' courses. [audio]
template <class V>
class Block {
 public:
  explicit Block(const RawBlock& raw) : raw_(raw) {}
  int frames() const { return raw_.frames; }
  /// Index of the first frame within its tick, for Ramp::at. Blocks may be cut anywhere, and what a kernel puts out must
  /// not depend on where: anything done "now and then" is done at multiples of this index.
  int at() const { return raw_.at; }
  uint64_t time() const { return raw_.time; }
  int channels() const { return raw_.channels; }
  /// Channels of ports whose format the rows decide.
  int own_channels() const { return raw_.own_channels; }
  /// Buffers by channel over all ports in order: a stereo "in" and a mono "key" are 0, 1 and 2. Never the same buffer.
  /// A node that breaks loops gets nullptr from one of them (NodeType::breaks_loops).
  const V* in(int channel) const { return raw_.in ? reinterpret_cast<const V*>(raw_.in[channel]) : nullptr; }
  V* out(int channel) const { return raw_.out ? reinterpret_cast<V*>(raw_.out[channel]) : nullptr; }
  Ramp<V> ramp(int row) const {
    const V* c = reinterpret_cast<const V*>(raw_.ramps) + 4 * row;
    return {c[0], c[1], c[2], c[3]};
  }
  /// Lanes, as bits, in which a parameter moved or was set during this tick or the one before. In all others every ramp
  /// is flat and was flat, so anything derived from parameters is as it was.
  uint64_t restless() const { return raw_.restless; }
  /// Those of them in which that is so fast, or so new, that what is derived from parameters is derived every few frames. In
  /// the others once a tick is enough, at its end.
  uint64_t hurried() const { return raw_.hurried; }
  /// Whether the row was set at this block's first frame, in any lane: for nodes of one lane.
  bool touched(int row) const { return raw_.touched[row]; }
  /// Reports a reading; the engine folds it with those of other blocks.
  V& meter(int row) const { return reinterpret_cast<V*>(raw_.meters)[row]; }
  /// Room for the values of a feed; nullptr: nobody reads it. What was written there is told by publish().
  float* feed(int row, int lane) const {
    FeedBuffer* buffer = raw_.feeds ? raw_.feeds[row * kLanes<V> + lane] : nullptr;
    return buffer ? buffer->next() : nullptr;
  }
  void publish(int row, int lane) const { raw_.feeds[row * kLanes<V> + lane]->publish(); }
  const DeviceBuffers& device() const { return *raw_.device; }
  const Transport& transport() const { return *raw_.transport; }
  Deadlines& deadlines() const { return *raw_.deadlines; }

 private:
  const RawBlock& raw_;
};

/// A fixed array of zeros on the heap, for delay lines: made with the instance, never resized.
template <class T>
class Memory {
 public:
  explicit Memory(size_t size) : data_(new T[size]()), size_(size) {}
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { delete[] data_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  size_t size() const { return size_; }

 private:
  T* data_;
  size_t size_;
};

extern const Mixing kMixing;

/// A value of a size and an alignment that no other has: what is made of it and anything else can't have its multiples.
struct Probe {
  char bytes[3];
};
template <>
struct LaneTraits<Probe> : LaneTraits<float> {};
/// Whether all that an instance has is in V's: a number that all lanes would share shows, padding or not.
template <template <class> class Node>
constexpr bool is_of_lanes() {
  return std::is_empty_v<Node<Probe>> || (alignof(Node<Probe>) == 1 && sizeof(Node<Probe>) % sizeof(Probe) == 0);
}
template <class Node>
constexpr State state_in_lanes() {
  if (std::is_empty_v<Node>) return State::none;
  return std::is_trivially_copyable_v<Node> ? State::lanes : State::memory;
}

/// The kernel of a class `Node<V>`. It has `void process(Block<V>)`, and
/// - a constructor from Setup, or none if it is empty; or, if it runs alone and a set-up may be refused, a static
///   `Result<std::unique_ptr<Node>> create(const Setup&)`;
/// - `const LaneMemory<V>& memory() const`, if it has one;
/// - `service()` if it has slow work, and `take_trouble()` if that can fail;
/// - `begin(Setup)` if it is slow and live values decide how it starts;
/// - `int latency() const` if it runs alone and its type can't tell.
template <class Node, class V>
constexpr Kernel kernel_of(State state) {
  Kernel k{};
  k.lanes = kLanes<V>;
  k.state = state;
  k.mixing = &kMixing;
  k.bytes = state == State::none ? 0 : sizeof(Node);
  k.alignment = alignof(Node);
  if constexpr (requires(const Setup& setup) { Node::create(setup); }) {
    k.create = [](const Setup& setup) -> Result<void*> {
      auto made = Node::create(setup);
      if (!made) return made.problems();
      return static_cast<void*>(made->release());
    };
  } else if constexpr (std::is_constructible_v<Node, const Setup&>) {
    k.create = [](const Setup& setup) -> Result<void*> { return static_cast<void*>(new Node(setup)); };
  } else {
    k.create = [](const Setup&) -> Result<void*> { return static_cast<void*>(new Node()); };
  }
  k.destroy = [](void* node) { delete static_cast<Node*>(node); };
  k.process = [](void* node, const RawBlock& raw) noexcept { static_cast<Node*>(node)->process(Block<V>(raw)); };
  if constexpr (requires(Node n, const Setup& setup) { n.begin(setup); })
    k.begin = [](void* node, const Setup& setup) { static_cast<Node*>(node)->begin(setup); };
  if constexpr (requires(Node n) { n.service(); }) k.service = [](void* node) { static_cast<Node*>(node)->service(); };
  if constexpr (requires(Node n) { n.take_trouble(); })
    k.take_trouble = [](void* node) { return static_cast<Node*>(node)->take_trouble(); };
  if constexpr (requires(const Node n) { n.latency(); }) k.latency = [](const void* node) { return static_cast<const Node*>(node)->latency(); };
  if constexpr (requires(const Node n, uint64_t lanes) { n.memory().is_silent(lanes, 0, 0); }) {
    k.left_silence = [](const void* node, const RawBlock& raw, uint64_t lanes) noexcept {
      return static_cast<const Node*>(node)->memory().is_silent(lanes, raw.time, raw.frames);
    };
    k.memory_frames = [](const void* node) noexcept { return static_cast<const Node*>(node)->memory().frames(); };
  }
  return k;
}
template <template <class> class Node, class V>
constexpr Kernel lane_kernel() {
  return kernel_of<Node<V>, V>(state_in_lanes<Node<V>>());
}

/// Kernels of a node that can be lanes, and of one that runs alone.
template <template <class> class Node>
  requires(is_of_lanes<Node>())
inline constexpr Kernel kLaneKernels[] = {lane_kernel<Node, float>(), lane_kernel<Node, Pack<1>>(), lane_kernel<Node, Pack<2>>(),
#if !defined(__AVX512F__)  // whose two are kMaxLanes already
                                          lane_kernel<Node, Pack<4>>()
#endif
};
/// The kernel of one lane alone: for wide instances, of which there are few.
template <template <class> class Node>
  requires(is_of_lanes<Node>())
inline constexpr Kernel kOneLaneKernel[] = {lane_kernel<Node, float>()};
template <class Node>
inline constexpr Kernel kSoloKernel[] = {kernel_of<Node, float>(State::solo)};

}  // namespace MIXGRAPH_ISA
}  // namespace mixgraph
