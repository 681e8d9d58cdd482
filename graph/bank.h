#pragma once
#include <array>
#include <atomic>
#include <memory>
#include <vector>

#include "graph/denormals.h"
#include "graph/fault.h"
#include "graph/node.h"
#include "graph/order.h"

namespace mixgraph {

/// Floats on a cache line's boundary. [any]
class Floats {
 public:
  explicit Floats(size_t size = 0);
  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(float* p) const { ::operator delete[](p, std::align_val_t(64)); }
  };
  std::unique_ptr<float[], Free> data_;
  size_t size_;
};

/// The raised cosine of 10 ms along which everything fades. Position 0 is silence. [any]
class FadeShape {
 public:
  explicit FadeShape(double rate);
  int length() const { return int(gains_.size()) - 1; }
  float gain(int position) const { return gains_[size_t(position < 0 ? 0 : position > length() ? length() : position)]; }

 private:
  std::vector<float> gains_;
};

class CostEntry;
class DeadlineBoard;

/// A piece of a block, as steps see it.
struct Chunk {
  int frames, at;
  uint64_t time;
  DeviceBuffers device;
  const float* fade_in;   ///< gains of what comes and goes in this program, per frame
  const float* fade_out;
  std::atomic<uint64_t>& faults;  ///< goes up when a node's output had to be silenced
  Transport transport = {};
  DeadlineBoard* board = nullptr;  ///< nullptr: nobody begins what is due later before it is taken
};

/// Instances of one node type that run together, each in its lane: state, parameters' courses, meters, bypass. It lives
/// as long as one of its instances does, through all programs.
class Bank {
 public:
  /// Builds the state; `setup` is that of any of its instances: they agree in their type's bank_key(). [control]; if
  /// the type is slow, [worker]
  static Result<std::unique_ptr<Bank>> create(const NodeType& type, const Kernel& kernel, const Setup& setup, const FadeShape& shape);
  ~Bank();
  Bank(const Bank&) = delete;
  Bank& operator=(const Bank&) = delete;

  const NodeType& type() const { return type_; }
  const Kernel& kernel() const { return kernel_; }
  int lanes() const { return kernel_.lanes; }
  /// Lanes that an instance takes, from its own on: more than one if its channels run side by side, and then it has the bank for
  /// itself.
  int taken() const { return taken_; }
  int latency() const { return latency_; }

  /// Makes a lane as if the bank had been created for it alone: before the audio thread has it. `odd`: of which ticks its
  /// rows take their points when so many move that each takes one every second tick. [control]
  void start_lane(int lane, const Setup& setup, bool odd);
  /// Lets the instance of a slow type start with other live values than it was made with: before the audio thread has it.
  /// [control]
  void begin(const Setup& setup);
  /// Takes all that belongs to a lane out of another bank of the type. [audio]
  void take_lane(int lane, Bank& from, int from_lane, GlidePool& pool);
  /// Goes on with the parameters' courses of the instance that this one replaces. [audio]
  void inherit_lane(int lane, const Bank& from, int from_lane, GlidePool& pool);
  /// Gives the courses back: it is in no program any more. [audio]
  void give_back_glides(GlidePool& pool);

  /// Begins a move now, which had to begin at `frame`; void if a later one has begun already. [audio]
  void begin_move(const Order& order, int lane, uint64_t frame, uint64_t now, GlidePool& pool);
  /// The course of a row over this tick, which somebody else decides from now on. [audio]
  Glide::Cubic take_course(int told_row, int lane, GlidePool& pool);
  /// The course that they decide over the tick that begins. [audio]
  void drive(int told_row, int lane, const Glide::Cubic& cubic, GlidePool& pool);
  /// They let go of it in this tick. [audio]
  void come_to_rest(int told_row, int lane, const Glide::Cubic& from, uint64_t now, GlidePool& pool);
  /// Computes courses for the tick that begins at `frame`; `sparse`: for half of them, each for two ticks. [audio]
  void start_tick(uint64_t frame, bool sparse, GlidePool& pool);
  /// Runs the kernel and the bypass. [audio]
  void process(const Chunk& chunk, const float* const* in, float* const* out) noexcept;
  /// The kernel's slow work, unless another worker is at it. [worker]
  void service();
  /// What that met since the last call. [control]
  std::optional<Trouble> take_trouble() { return kernel_.take_trouble ? kernel_.take_trouble(state_) : std::nullopt; }
  /// Copies a lane's folded meters; they start afresh after forget_meters(). [audio]
  void read_meters(int lane, float* to) const;
  void forget_meters();

  /// Where a lane's feeds go, of a type that has any; nullptr: nowhere. [audio]
  void set_feeds(int lane, const FeedBuffers* feeds) {
    for (size_t f = 0; f < type_.feeds.size(); f++) feeds_[f * size_t(lanes()) + size_t(lane)] = feeds ? (*feeds)[f].get() : nullptr;
  }

  /// Why the instance in a lane is silenced; it stays so until another one takes its place. [any]
  Fault fault(int lane) const {
    if (!(faulted_.load(std::memory_order_acquire) >> lane & 1)) return Fault::none;  // its channels fail together
    return not_finite_.load(std::memory_order_relaxed) & bits_of(lane) ? Fault::not_finite : Fault::runaway;
  }

  /// Lanes, as bits, that have instances in the program that runs; the others may hold anything, but nothing moves in them.
  /// [audio]
  void set_members(uint64_t lanes, GlidePool& pool);

  CostEntry* cost = nullptr;    ///< where its time is counted [control]; before the audio thread has it
  uint64_t used = 0;            ///< lanes that have instances [control]
  uint64_t program_serial = 0;  ///< of the last program that runs it [audio]

 private:
  Bank(const NodeType& type, const Kernel& kernel, const Setup& setup, const FadeShape& shape, void* state);
  uint64_t bits_of(int lane) const { return ((1ull << taken_) - 1) << lane; }
  const Kernel& single() const { return kernels_for(type_, format_, own_)[0]; }
  float* ramp(int row) { return ramps_.data() + size_t(row) * 4 * size_t(lanes()); }
  /// Rows as a kernel has them: the type's own, then the followers; rows_ is the bypass.
  const Parameter& parameter(size_t row) const {
    return row < type_.parameters.size() ? type_.parameters[row] : type_.followers[row - type_.parameters.size()];
  }
  size_t place_of(int told_row) const {
    const int rows = row_count(type_);
    if (told_row >= rows) return type_.parameters.size() + size_t(told_row - rows);
    return size_t(told_row) < type_.parameters.size() ? size_t(told_row) : rows_;
  }
  void set_values(int lane, std::span<const Value> values);
  void set_lane_values(int lane, std::span<const Value> values);
  Glide*& glide(size_t row, int lane) { return glides_[row * size_t(lanes()) + size_t(lane)]; }
  void begin_bypass(bool on, int lane);
  void end_glide(size_t row, int lane, GlidePool& pool);
  void hold(int row, int lane, double point);
  void write_ramp(int row, int lane, const Glide::Cubic& cubic);
  void write_lane_ramp(int row, int lane, const Glide::Cubic& cubic);
  void stop_glides(int lane, GlidePool& pool);
  void copy_courses(int lane, const Bank& from, int from_lane);
  bool rests(const Chunk& chunk, const float* const* in, float* const* out);
  void find_rest(const RawBlock& block);
  void wake() { resting_ = false, silent_blocks_ = 0, silent_frames_ = 0; }
  bool is_silent(const float* const* buffers, int count, int frames) const;
  void contain(const Chunk& chunk, float* const* out);
  void silence(uint64_t lanes, const Chunk& chunk, float* const* out);
  void set_fault(int lane, Fault fault);
  void fold_meters();
  void rest_meters();
  void feed_dry(const Chunk& chunk, const float* const* in);
  void step_wet(size_t lane, float* gains, int frames);
  void mix_dry(const Chunk& chunk, const float* const* in, float* const* out);
  bool all_wet() const { return dry_lanes_ == 0; }

  // Written only when something moves: a helper that runs the bank and the audio thread keep it both.
  const TypeRef kept_;
  const NodeType& type_;
  const Kernel& kernel_;
  const FadeShape& shape_;
  const Format format_, own_;
  const int taken_, channels_;  // lanes of an instance; channels of adaptive ports in each
  int latency_, inputs_ = 0, outputs_ = 0;
  double shortest_move_;  // frames
  void* state_;
  size_t rows_;
  Floats ramps_, meters_, folded_;
  std::vector<Glide*> glides_;          // [row][lane]; nullptr: it rests
  std::vector<uint64_t> gliding_;       // lanes, by row
  std::vector<uint64_t> begun_;         // [row and bypass][lane]: the frame at which the latest move had to begin
  std::vector<FeedBuffer*> feeds_;      // [feed][lane]
  bool any_gliding_ = false, any_touched_ = false;
  uint64_t restless_now_ = 0, restless_before_ = 0, hurried_ = 0, odd_ = 0, members_ = 0;  // lanes
  std::vector<uint8_t> touched_;        // by row
  // Written by the thread that runs it.
  alignas(64) bool hears_silence_ = false;
  bool resting_ = false;
  int silent_blocks_ = 0;
  uint64_t silent_frames_ = 0;  // since anything but silence went into a memory
  uint64_t rest_hash_ = 0;  // of the state, when it was last looked at in silence
  std::atomic<bool> in_service_{false};
  std::atomic<uint64_t> faulted_{0}, not_finite_{0};       // lanes
  std::array<int, kMaxLanes> wet_{}, wet_goal_{}, wet_target_{};  // the processed signal's fade: where it is, goes, is to go next
  uint64_t dry_lanes_ = 0;              // lanes that hear any of the dry signal
  Floats dry_;                          // [channel][frame][lane]: past input, for nodes with latency
  size_t dry_frames_ = 0, dry_at_ = 0;
};

}  // namespace mixgraph
