#include "graph/node.h"
#include "nodes/io/device_channels.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kTo };
constexpr Parameter kParameters[] = {
    {.id = "to",
     .label = "To",
     .doc = "Device outputs, counted from 1: \"1+2\", or \"3\" for the mean of left and right; 1+2 if empty.",
     .curve = Curve::text,
     .update = Update::rebuild,
     .main = true},
};
constexpr Port kIn[] = {{"in"}};

/// A mono input goes to all the channels named.
class Output {
 public:
  explicit Output(ChannelPair to) : to_(to) {}
  static Result<std::unique_ptr<Output>> create(const Setup& setup) {
    auto to = parse_device_channels(setup.text(kTo), {2, {0, 1}});
    if (!to) return to.problems();
    return std::make_unique<Output>(*to);
  }

  void process(Block<float> b) {
    bool average = b.channels() == 2 && to_.count == 1;
    for (int c = 0; c < (average ? 2 : to_.count); c++)
      add(b, b.in(c % b.channels()), to_.channel[c % to_.count], average ? 0.5f : 1.f);
  }

 private:
  static void add(const Block<float>& b, const float* in, int channel, float gain) {
    const DeviceBuffers& device = b.device();
    if (channel >= device.outputs) return;
    float* out = device.out[channel] + device.offset;
    for (int i = 0; i < b.frames(); i++) out[i] += in[i] * gain;
  }

  ChannelPair to_;
};

}  // namespace

extern constexpr NodeType output = declared({
    .id = "output",
    .label = "Output",
    .doc = "Goes out to the audio device; channels that it lacks are left out.",
    .category = "device",
    .inputs = kIn,
    .parameters = kParameters,
    .kernels = kSoloKernel<Output>,
    .role = DeviceRole::device_output,
});

}  // namespace mixgraph::MIXGRAPH_ISA
