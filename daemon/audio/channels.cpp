#include "daemon/audio/channels.h"

#include <algorithm>

namespace mixgraph {

Result<ChannelMap> map_channels(const std::vector<int>& map, int wanted, int available,
                                const std::string& kind) {
  ChannelMap result;
  for (int channel = 0; channel < wanted; ++channel) {
    if (!map.empty() && (map[channel] < 1 || map[channel] > available)) {
      return Problem{"audio", "the device has no " + kind + " channel " + std::to_string(map[channel]),
                     available > 0 ? "1.." + std::to_string(available) + " would be accepted"
                                   : "it has no " + kind + "s"};
    }
    const int device = map.empty() ? channel : map[channel] - 1;
    result.device_channel.push_back(device < available ? device : -1);
    if (device < available) result.device_channels = std::max(result.device_channels, device + 1);
  }
  if (map.empty() && available < wanted) {
    result.note = available == 0 ? "no " + kind + " is connected: the device has none"
                                 : "only " + kind + " 1.." + std::to_string(available) + " of " +
                                       std::to_string(wanted) + " are connected: the device has no more";
  }
  return result;
}

ChannelRouter::ChannelRouter(ChannelMap inputs, ChannelMap outputs)
    : input_map_(std::move(inputs)),
      output_map_(std::move(outputs)),
      silence_(kMaxPeriod),
      in_(input_map_.device_channel.size()),
      out_(output_map_.device_channel.size()) {
  const std::vector<int>& used = output_map_.device_channel;
  for (int channel = 0; channel < output_map_.device_channels; ++channel) {
    if (std::find(used.begin(), used.end(), channel) == used.end()) unused_outputs_.push_back(channel);
  }
  unheard_.resize(used.size() * kMaxPeriod);
}

void ChannelRouter::run(const AudioCallback& engine, const float* const* device_in, float* const* device_out,
                        int frames) noexcept {
  for (int at = 0; at < frames; at += kMaxPeriod) {
    for (size_t i = 0; i < in_.size(); ++i) {
      const int channel = input_map_.device_channel[i];
      in_[i] = device_in && channel >= 0 ? device_in[channel] + at : silence_.data();
    }
    for (size_t i = 0; i < out_.size(); ++i) {
      const int channel = output_map_.device_channel[i];
      out_[i] = device_out && channel >= 0 ? device_out[channel] + at : unheard_.data() + i * kMaxPeriod;
    }
    engine.process(engine.context, in_.data(), out_.data(), std::min(frames - at, kMaxPeriod));
  }
  if (!device_out) return;
  for (const int channel : unused_outputs_) std::fill_n(device_out[channel], frames, 0.0f);
}

}  // namespace mixgraph
