#pragma once
#include <string>
#include <string_view>

#include "graph/format.h"

namespace mixgraph {

/// Channels of the device, as a device node names them; counted from 0.
struct ChannelList {
  int count = 1;
  int channel[kMostChannels] = {};
};

/// Reads "3", "1+2" or "1-6": up to 16 channels counted from 1, up to 64. An empty text is `otherwise`. [any]
Result<ChannelList> parse_device_channels(std::string_view text, const ChannelList& otherwise);

/// Rows of a choice among kFormatChoices. The format that so many channels have: the one chosen, or the usual one; and what is
/// wrong with that choice. [any]
Format format_of_channels(int count, int choice);
Problems check_format_of_channels(int count, int choice);

/// What an input names, whose empty text is channel 1, as is a text that can't be read; and what is wrong with it. [any]
ChannelList input_channels(const std::string& text);
Problems check_input(const std::string& text, int format_choice);

}  // namespace mixgraph
