#include "graph/node.h"
#include "nodes/io/device_channels.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kTo, kFormat };
constexpr Parameter kParameters[] = {
    {.id = "to",
     .label = "To",
     .doc = "Device outputs, counted from 1: \"1+2\", \"3\" for the mean of left and right, \"1-6\" for six of them; 1+2 if empty.",
     .curve = Curve::text,
     .update = Update::rebuild,
     .main = true},
    format_row("Where those channels belong, to which what comes in is converted; auto: as is usual for so many."),
};
constexpr Port kIn[] = {{"in", kOwn}};

Result<ChannelList> channels_of(const Setup& setup) { return parse_device_channels(setup.text(kTo), {2, {0, 1}}); }
Format format(const Setup& setup) {
  const auto to = channels_of(setup);
  return format_of_channels(to ? to->count : 2, setup.choice(kFormat));
}

class Output {
 public:
  explicit Output(const ChannelList& to) : to_(to) {}
  static Result<std::unique_ptr<Output>> create(const Setup& setup) {
    auto to = channels_of(setup);
    if (!to) return to.problems();
    if (Problems wrong = check_format_of_channels(to->count, setup.choice(kFormat)); !wrong.empty()) return wrong;
    return std::make_unique<Output>(*to);
  }

  void process(Block<float> b) {
    const DeviceBuffers& device = b.device();
    for (int c = 0; c < to_.count; c++) {
      if (to_.channel[c] >= device.outputs) continue;
      float* out = device.out[to_.channel[c]] + device.offset;
      for (int i = 0; i < b.frames(); i++) out[i] += b.in(c)[i];
    }
  }

 private:
  ChannelList to_;
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
    .format = format,
    .role = DeviceRole::device_output,
    .multichannel = Multichannel::together,
});

}  // namespace mixgraph::MIXGRAPH_ISA
