#include "nodes/io/device_channels.h"

#include <charconv>

namespace mixgraph {
namespace {

constexpr int kMostChannels = 64;

/// The number at the start of the text, which it removes; 0 if there is none in range.
int take_number(std::string_view& text) {
  int number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 1 || number > kMostChannels) return 0;
  text.remove_prefix(size_t(end - text.data()));
  return number;
}

}  // namespace

Result<ChannelPair> parse_device_channels(std::string_view text, ChannelPair otherwise) {
  if (text.empty()) return otherwise;
  std::string_view left = text;
  ChannelPair list;
  int first = take_number(left), second = 0;
  bool two = !left.empty() && left[0] == '+';
  if (two) {
    left.remove_prefix(1);
    second = take_number(left);
  }
  if (!first || (two && !second) || !left.empty())
    return Problem{"", std::string("\"").append(text) + "\" is not a list of device channels",
                   "a channel from 1 to 64, such as 3, or two, such as 1+2"};
  return ChannelPair{two ? 2 : 1, {first - 1, two ? second - 1 : 0}};
}

ChannelPair input_channels(const std::string& text) {
  auto channels = parse_device_channels(text, {});
  return channels ? *channels : ChannelPair{};
}
Problems check_input_channels(const std::string& text) {
  auto channels = parse_device_channels(text, {});
  return channels ? Problems{} : channels.problems();
}

}  // namespace mixgraph
