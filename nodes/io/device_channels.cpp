#include "nodes/io/device_channels.h"

#include <charconv>

namespace mixgraph {
namespace {

constexpr int kHighestChannel = 64;

/// The number at the start of the text, which it removes; 0 if there is none in range.
int take_number(std::string_view& text) {
  int number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 1 || number > kHighestChannel) return 0;
  text.remove_prefix(size_t(end - text.data()));
  return number;
}
bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}
/// Whether a part, "3" or "1-6", could be taken from the start of the text.
bool take_part(std::string_view& text, ChannelList& list) {
  const int first = take_number(text), last = take(text, '-') ? take_number(text) : first;
  if (first == 0 || last < first || list.count + last - first >= kMostChannels) return false;
  for (int c = first; c <= last; c++) list.channel[list.count++] = c - 1;
  return true;
}

}  // namespace

Result<ChannelList> parse_device_channels(std::string_view text, const ChannelList& otherwise) {
  if (text.empty()) return otherwise;
  ChannelList list{0, {}};
  std::string_view left = text;
  bool sound = take_part(left, list);
  while (sound && take(left, '+')) sound = take_part(left, list);
  if (sound && left.empty()) return list;
  return Problem{"", std::string("\"").append(text) + "\" is not a list of device channels",
                 "a channel from 1 to 64, such as 3, or up to 16 of them, such as 1+2 or 1-6"};
}

Format format_of_channels(int count, int choice) {
  const Format chosen = chosen_format(choice);
  return chosen.channels == count ? chosen : usual_format(count);
}
Problems check_format_of_channels(int count, int choice) {
  const Format chosen = chosen_format(choice);
  if (chosen == Format() || chosen.channels == count) return {};
  return {Problem{"", name_of(chosen) + " has " + std::to_string(chosen.channels) + " channels, not " + std::to_string(count), "as many channels as the format has, or `auto`"}};
}

ChannelList input_channels(const std::string& text) {
  auto channels = parse_device_channels(text, {});
  return channels ? *channels : ChannelList{};
}
Problems check_input(const std::string& text, int format_choice) {
  auto channels = parse_device_channels(text, {});
  return channels ? check_format_of_channels(channels->count, format_choice) : channels.problems();
}

}  // namespace mixgraph
