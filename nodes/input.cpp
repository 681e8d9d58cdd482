#include "graph/node.h"
#include "nodes/io/device_channels.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

enum Row { kChannels, kFormat };
constexpr Parameter kParameters[] = {
    {.id = "channels",
     .label = "Channels",
     .doc = "Device inputs, counted from 1: \"3\" is mono, \"1+2\" stereo, \"1-6\" six of them; 1 if empty.",
     .curve = Curve::text,
     .update = Update::rebuild,
     .main = true},
    format_row("Where the channels belong; auto: as is usual for so many."),
};
constexpr Port kOut[] = {{"out"}};

constexpr float kSilence[kMaxBlock] = {};

/// C: how many channels there is room for.
template <class V, int C>
class InputOf {
 public:
  explicit InputOf(const Setup& setup) {
    const ChannelList channels = input_channels(setup.text(kChannels));
    for (int c = 0; c < C; c++) channel_[c] = V(float(channels.channel[c % channels.count]));
  }

  void process(Block<V> b) {
    for (int c = 0; c < b.channels(); c++) {
      Column columns[kLanes<V>];
      for (int l = 0; l < kLanes<V>; l++) columns[l].data = sound_of(b.device(), int(lane(channel_[c], l)));
      V* out = b.out(c);
      if constexpr (kLanes<V> == 1)
        std::copy_n(columns[0].data, b.frames(), out);
      else
        kMixing.gather_lanes(reinterpret_cast<float*>(out), kLanes<V>, columns, Into::all, b.frames());
      // What no converter means, such as no number at all, is silence.
      for (int i = 0; i < b.frames(); i++) out[i] = select(abs(out[i]) <= V(kLoudestSample), out[i], V(0.f));
    }
  }

 private:
  static const float* sound_of(const DeviceBuffers& device, int channel) {
    return channel < device.inputs ? device.in[channel] + device.offset : kSilence;
  }

  V channel_[C];  ///< whole numbers, from 0
};
template <class V>
using Input = InputOf<V, 2>;
template <class V>
using WideInput = InputOf<V, kMostChannels>;

Format format(const Setup& setup) { return format_of_channels(input_channels(setup.text(kChannels)).count, setup.choice(kFormat)); }
Problems check(const Setup& setup) { return check_input(setup.text(kChannels), setup.choice(kFormat)); }

}  // namespace

extern constexpr NodeType input = declared({
    .id = "input",
    .label = "Input",
    .doc = "What comes in from the audio device; silence where it lacks a channel.",
    .category = "device",
    .outputs = kOut,
    .parameters = kParameters,
    .kernels = kLaneKernels<Input>,
    .format = format,
    .check = check,
    .role = DeviceRole::device_input,
    .multichannel = Multichannel::together,
    .wide_kernels = kLaneKernels<WideInput>,
});

}  // namespace mixgraph::MIXGRAPH_ISA
