#include "nodes/io/file_format.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace mixgraph {
namespace {

/// libsndfile's names of loudspeakers in the order of the mask's bits.
constexpr int kMaskOrder[] = {SF_CHANNEL_MAP_LEFT,
                              SF_CHANNEL_MAP_RIGHT,
                              SF_CHANNEL_MAP_CENTER,
                              SF_CHANNEL_MAP_LFE,
                              SF_CHANNEL_MAP_REAR_LEFT,
                              SF_CHANNEL_MAP_REAR_RIGHT,
                              SF_CHANNEL_MAP_SIDE_LEFT,
                              SF_CHANNEL_MAP_SIDE_RIGHT,
                              SF_CHANNEL_MAP_TOP_FRONT_LEFT,
                              SF_CHANNEL_MAP_TOP_FRONT_RIGHT,
                              SF_CHANNEL_MAP_TOP_REAR_LEFT,
                              SF_CHANNEL_MAP_TOP_REAR_RIGHT};
constexpr int kFronts[] = {SF_CHANNEL_MAP_LEFT, SF_CHANNEL_MAP_RIGHT, SF_CHANNEL_MAP_CENTER, SF_CHANNEL_MAP_LFE};
constexpr int kRears[] = {SF_CHANNEL_MAP_REAR_LEFT, SF_CHANNEL_MAP_REAR_RIGHT};
constexpr int kSides[] = {SF_CHANNEL_MAP_SIDE_LEFT, SF_CHANNEL_MAP_SIDE_RIGHT};
constexpr int kTops[] = {SF_CHANNEL_MAP_TOP_FRONT_LEFT, SF_CHANNEL_MAP_TOP_FRONT_RIGHT, SF_CHANNEL_MAP_TOP_REAR_LEFT, SF_CHANNEL_MAP_TOP_REAR_RIGHT};

/// The loudspeakers of a format in our order; none: it has none, or they need no names.
std::vector<int> loudspeakers_of(Format format) {
  std::vector<int> names;
  const auto add = [&](const auto& more) { names.insert(names.end(), std::begin(more), std::end(more)); };
  if (format.layout == Layout::mono) return {SF_CHANNEL_MAP_CENTER};
  if (format.layout == Layout::stereo) return {SF_CHANNEL_MAP_LEFT, SF_CHANNEL_MAP_RIGHT};
  if (!is_of_speakers(format.layout)) return names;
  add(kFronts);
  if (format.layout == Layout::surround_7_1 || format.layout == Layout::surround_7_1_4) add(kSides);
  add(kRears);
  if (format.layout == Layout::surround_5_1_4 || format.layout == Layout::surround_7_1_4) add(kTops);
  return names;
}
size_t bit_of(int name) { return size_t(std::find(std::begin(kMaskOrder), std::end(kMaskOrder), name) - std::begin(kMaskOrder)); }

/// Whether a file's loudspeakers are those of a format; the surrounds of five may be told as sides.
bool are_of(std::vector<int> in_file, Format format) {
  const bool is_five = format.layout == Layout::surround_5_1 || format.layout == Layout::surround_5_1_4;
  for (int& name : in_file)
    for (int s = 0; is_five && s < 2; s++)
      if (name == kSides[s]) name = kRears[s];
  std::vector<int> wanted = loudspeakers_of(format);
  std::sort(wanted.begin(), wanted.end(), [](int a, int b) { return bit_of(a) < bit_of(b); });
  return in_file == wanted;
}

}  // namespace

ChannelOrder order_in_files(Format format) {
  ChannelOrder order;
  std::iota(order.begin(), order.end(), uint8_t(0));
  const std::vector<int> names = loudspeakers_of(format);
  for (size_t c = 0; c < names.size(); c++)
    order[c] = uint8_t(std::count_if(names.begin(), names.end(), [&](int name) { return bit_of(name) < bit_of(names[c]); }));
  return order;
}

Format format_in_file(SNDFILE* file, int channels, ChannelOrder& order) {
  std::vector<int> names(size_t(channels), SF_CHANNEL_MAP_INVALID);
  const bool told = sf_command(file, SFC_GET_CHANNEL_MAP_INFO, names.data(), int(names.size() * sizeof(int))) == SF_TRUE;
  const Format usual = usual_format(channels);
  // What says that its loudspeakers are others than the usual ones isn't guessed at.
  const Format format = told && channels > 2 && !are_of(names, usual) ? Format(Layout::discrete, channels) : usual;
  order = order_in_files(format);
  return format;
}

void set_format_in_file(SNDFILE* file, Format format) {
  std::vector<int> names = loudspeakers_of(format);
  if (names.size() <= 2) return;  // mono and stereo are what files mean if they say nothing
  std::sort(names.begin(), names.end(), [](int a, int b) { return bit_of(a) < bit_of(b); });
  sf_command(file, SFC_SET_CHANNEL_MAP_INFO, names.data(), int(names.size() * sizeof(int)));
}

}  // namespace mixgraph
