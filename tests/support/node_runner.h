#pragma once
// Runs one kernel of a node type as the engine does: ramps per tick of 64 frames, lanes interleaved, blocks
// of any size.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/glide.h"
#include "nodes/list.h"

namespace mixgraph {

/// One vector of samples per channel.
using Channels = std::vector<std::vector<float>>;

/// A row's value for a test: a number in its unit, a choice by name, or a text.
struct Setting {
  Setting(std::string_view id, double x) : row(id), value(x) {}
  Setting(std::string_view id, int x) : row(id), value(double(x)) {}
  Setting(std::string_view id, bool on) : row(id), value(on ? 1.0 : 0.0) {}
  Setting(std::string_view id, std::string_view text) : row(id), value(std::string(text)) {}
  Setting(std::string_view id, const char* text) : row(id), value(std::string(text)) {}
  Setting(std::string_view id, const std::string& text) : row(id), value(text) {}
  std::string row;
  Value value;
};

struct RunnerOptions {
  double rate = 48000;               ///< Hz
  Format channels = 2;               ///< of adaptive ports
  int lanes = 1;                     ///< which kernel
  std::vector<Setting> values = {};  ///< others are at their initial values
  std::vector<std::vector<Setting>> lane_values = {};  ///< by lane, beside those
  std::string media_root = ".", record_root = ".";
  uint64_t time = 0;  ///< the engine's frame at which the instance starts
};

/// A node type by its id, for one instruction set or for the widest; throws std::invalid_argument if there is
/// none.
const NodeType& find_type(std::string_view id);
const NodeType& find_type(std::string_view id, InstructionSet set);
/// The kernel for a number of lanes, or nullptr.
const Kernel* find_kernel(const NodeType& type, int lanes);

/// One instance (or one per lane) of a node, run by a test.
///
///     NodeRunner run(find_type("compressor"), {.rate = 96000, .values = {{"ratio", 4}, {"detector",
///     "rms"}}}); run.set("threshold", -20); Channels out = run.process(input, 48000, 17);
///
/// Throws std::invalid_argument for rows, kernels and values that don't exist, and for a node that refuses
/// its values (for tests of refusals use problems_of()).
class NodeRunner {
 public:
  explicit NodeRunner(const NodeType& type, RunnerOptions options = {});
  explicit NodeRunner(std::string_view id, RunnerOptions options = {})
      : NodeRunner(find_type(id), std::move(options)) {}
  NodeRunner(const NodeRunner&) = delete;
  NodeRunner& operator=(const NodeRunner&) = delete;
  ~NodeRunner();

  /// Changes a live row from the next frame on, as the engine does: an S-curve of 512
  /// frames, or a jump if that is the row's motion. `lane` -1: in every lane.
  void set(std::string_view row, double value, int lane = -1);
  void set(std::string_view row, std::string_view choice, int lane = -1);
  /// The same at once, whatever the row's motion.
  void jump(std::string_view row, double value, int lane = -1);
  /// A timed move, straight along the row's fader scale.
  void move(std::string_view row, double value, double seconds, int lane = -1);

  /// Runs `frames` frames in device periods of `block_size` frames; service() is called before each. `input`
  /// has one vector per channel over all input ports in order, the same for every lane; where it is too short
  /// there is silence, and a normalled port that is left out altogether hears its other port. Returns the
  /// output channels of lane 0.
  Channels process(const Channels& input, int frames, int block_size = 64);
  Channels process(const Channels& input) { return process(input, input.empty() ? 0 : int(input[0].size())); }
  /// The same with an input and an output for each lane.
  std::vector<Channels> process_lanes(const std::vector<Channels>& input, int frames, int block_size = 64);

  /// The latest values of a feed, which is read from the first call on; none if nothing came since the last.
  std::vector<float> feed(std::string_view id, int lane = 0);
  /// A meter's reading over the last call of process(), by its id.
  float meter(std::string_view id, int lane = 0) const;

  /// What the device plays into device nodes, from the next frame on (silence after its end), and how many
  /// outputs it has.
  void set_device(Channels inputs, int outputs);
  /// What device nodes have put out since set_device().
  const Channels& device_output() const { return device_out_; }

  /// Calls the node's service(), if it has one; process() does so before each period unless
  /// `automatic_service` is false.
  void service();
  /// What that met, or what the node missed.
  std::optional<Trouble> take_trouble() { return kernel_.take_trouble ? kernel_.take_trouble(node_) : std::nullopt; }
  bool automatic_service = true;

  /// Allocations that process() made inside the kernel (tests/support/allocations.h).
  uint64_t allocations() const { return allocations_; }
  uint64_t time() const { return time_; }
  int input_channels() const;   ///< over all input ports
  int output_channels() const;  ///< over all output ports
  const NodeType& type() const { return type_; }

 private:
  /// Samples of several channels, lane-interleaved, 64 frames each, aligned for any kernel.
  class Buffers {
   public:
    Buffers(int channels, int lanes, float fill);
    ~Buffers();
    float* channel(int c) const { return data_ + size_t(c) * stride_; }
    void fill(float x);

   private:
    size_t stride_, size_;
    float* data_;
  };

  int live_row(std::string_view id) const;
  Glide& glide(int row, int lane) { return glides_[size_t(row) * size_t(kernel_.lanes) + size_t(lane)]; }
  template <class F>
  void change(std::string_view id, int lane, F f);
  void write_ramp(int row, int lane);
  void enter_tick();
  void run_block(const std::vector<Channels>& input, std::vector<Channels>& output, int first, int frames);
  void load(const std::vector<Channels>& input, int first, int frames);
  void call_kernel(int frames, const float* const* in, float* const* out);
  void fold_meters();

  const NodeType& type_;
  Environment environment_;
  Format format_, own_;
  const Kernel& kernel_;
  Transport transport_;
  void* node_ = nullptr;
  uint64_t time_, allocations_ = 0;
  uint64_t tick_;
  std::vector<Glide> glides_;  ///< [row][lane]
  std::vector<char> gliding_;
  std::vector<uint8_t> touched_;  ///< rows
  uint64_t hurried_ = ~0ull;      ///< lanes
  std::vector<uint64_t> last_change_;  ///< by lane: the tick in which a row moved or was set
  Buffers in_, out_, ramps_, meters_;
  FeedBuffers feed_buffers_;  ///< [feed][lane]
  std::vector<FeedBuffer*> feeds_;
  std::vector<float> folded_;  ///< [meter][lane]
  bool fold_starts_ = true;
  Channels device_in_, device_out_;
  size_t device_time_ = 0;
};

}  // namespace mixgraph
