#include "graph/node.h"
#include "nodes/io/device_channels.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kChannels };
constexpr Parameter kParameters[] = {
    {.id = "channels",
     .label = "Channels",
     .doc = "Device inputs, counted from 1: \"3\" is mono, \"1+2\" stereo; 1 if empty.",
     .curve = Curve::text,
     .change = Change::rebuild,
     .main = true},
};
static_assert(is_sound(kParameters));
constexpr Port kOut[] = {{"out"}};

Result<DeviceChannels> channels_of(const Setup& setup) {
  return parse_device_channels(setup.text(kChannels), {1, {0, 0}});
}

class Input {
 public:
  explicit Input(DeviceChannels channels) : channels_(channels) {}
  static Result<std::unique_ptr<Input>> create(const Setup& setup) {
    auto channels = channels_of(setup);
    if (!channels) return channels.problems();
    return std::make_unique<Input>(*channels);
  }

  void process(Block<float> b) {
    const DeviceBuffers& device = b.device();
    for (int c = 0; c < b.channels(); c++) {
      int channel = channels_.channel[c % channels_.count];
      if (channel < device.inputs)
        copy_sound(device.in[channel] + device.offset, b.frames(), b.out(c));
      else
        std::fill_n(b.out(c), b.frames(), 0.f);
    }
  }

 private:
  /// What no converter means, such as no number at all, is silence.
  static void copy_sound(const float* __restrict from, int frames, float* __restrict to) {
    for (int i = 0; i < frames; i++) to[i] = std::abs(from[i]) <= kLoudestSample ? from[i] : 0.f;
  }

  DeviceChannels channels_;
};

int count_channels(const Setup& setup) {
  auto channels = channels_of(setup);
  return channels ? channels->count : 1;
}

}  // namespace

extern constexpr NodeType input{
    .id = "input",
    .label = "Input",
    .doc = "What comes in from the audio device; silence where it lacks a channel.",
    .category = "device",
    .inputs = {},
    .outputs = kOut,
    .parameters = kParameters,
    .meters = {},
    .kernels = kSoloKernel<Input>,
    .channels = count_channels,
    .role = Role::device_input};

}  // namespace mixgraph::MIXGRAPH_ISA
