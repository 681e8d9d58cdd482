#pragma once
#include <string_view>

#include "graph/problem.h"

namespace mixgraph {

/// One or two channels of the device, as a device node names them; counted from 0.
struct ChannelPair {
  int count = 1;
  int channel[2] = {0, 0};
};

/// Reads "3" or "1+2": channels counted from 1, up to 64. An empty text is `otherwise`. [any]
Result<ChannelPair> parse_device_channels(std::string_view text, ChannelPair otherwise);

/// The same of an input, whose empty text is channel 1, as is a text that can't be read; and what is wrong with that. [any]
ChannelPair input_channels(const std::string& text);
Problems check_input_channels(const std::string& text);

}  // namespace mixgraph
