#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/problem.h"

namespace mixgraph {

/// Where the channels of a sound belong. The order of channels is that of SMPTE ST 2036-2 and ITU-R BS.2051: left, right, centre,
/// LFE, surrounds, rears, then the upper layer from the front to the back.
enum class Layout : uint8_t {
  none,            ///< not known, or not decided
  discrete,        ///< channels that have nothing to do with one another
  mono,
  stereo,          ///< L R
  surround_5_1,    ///< L R C LFE Ls Rs
  surround_7_1,    ///< L R C LFE Lss Rss Lrs Rrs
  surround_5_1_4,  ///< 5.1, Ltf Rtf Ltr Rtr
  surround_7_1_4,  ///< 7.1, Ltf Rtf Ltr Rtr
  ambisonic_1,     ///< AmbiX: ACN order, SN3D
  ambisonic_2,
  ambisonic_3,
};

inline constexpr int kMostChannels = 16;  ///< of a port

/// How many channels a port has, and where they belong.
struct Format {
  Layout layout = Layout::none;
  uint8_t channels = 0;

  constexpr Format() = default;
  constexpr Format(Layout l, int count) : layout(l), channels(uint8_t(count)) {}
  /// Mono, stereo, or so many discrete channels; 0: none.
  [[gnu::always_inline]] constexpr Format(int count)
      : layout(count == 0 ? Layout::none : count == 1 ? Layout::mono : count == 2 ? Layout::stereo : Layout::discrete), channels(uint8_t(count)) {}
  constexpr bool operator==(const Format&) const = default;
};

/// The format of a layout; `channels` matters to discrete ones only. [any]
Format format_of(Layout layout, int channels = 1);
/// The usual format of so many channels: mono, stereo, 5.1 (6), 7.1 (8), 5.1.4 (10), 7.1.4 (12), else discrete. [any]
Format usual_format(int channels);
/// What a row can choose: `auto` leaves the format to what is there.
inline constexpr std::string_view kFormatChoices[] = {"auto", "mono", "stereo", "5.1", "7.1", "5.1.4", "7.1.4", "ambisonic_1", "ambisonic_2", "ambisonic_3"};
/// None: `auto`. [any]
Format chosen_format(int choice);
/// "mono", "stereo", "5.1", "7.1.4", "ambisonic 3", "3 discrete channels". [any]
std::string name_of(Format format);
/// "L", "C", "LFE", "Ltf", "W"; "1" and so on for what has no name. [any]
std::string channel_name(Format format, int channel);
/// Whether its channels are loudspeakers'. [any]
bool is_of_speakers(Layout layout);
/// The ambisonic order; 0: it isn't ambisonic. [any]
int ambisonic_order(Layout layout);

/// Levels, in dB, at which channels go into those of a format with fewer of them. -90 or less is silence. The defaults are those of
/// ITU-R BS.775-4, Table 2, and the usual ones where it doesn't reach.
struct Downmix {
  double centre = -3.0102999566398120;    ///< into left and right
  double surround = -3.0102999566398120;  ///< surrounds into left and right
  double rear = 0;                        ///< rears into surrounds
  double height = -3.0102999566398120;    ///< the upper layer into the lower one
  double lfe = -90;                       ///< into left and right
  bool operator==(const Downmix&) const = default;
};

/// Gains from each channel of one format to each of another: at(to, from).
class FormatMatrix {
 public:
  FormatMatrix(int to, int from) : to_(to), from_(from), gains_(size_t(to) * size_t(from)) {}
  int to() const { return to_; }
  int from() const { return from_; }
  float& at(int to, int from) { return gains_[size_t(to * from_ + from)]; }
  float at(int to, int from) const { return gains_[size_t(to * from_ + from)]; }

 private:
  int to_, from_;
  std::vector<float> gains_;
};
/// How a sound of one format becomes one of another. Mono goes to both sides of stereo as it is, to the centre of surround, and to
/// the front of ambisonics; stereo becomes mono as the mean of its sides; what has loudspeakers folds step by step (7.1.4 to 7.1, to 5.1, to
/// stereo), and unfolds into the loudspeakers of the same name; loudspeakers become ambisonics at their places (the LFE is left
/// out), and ambisonics become loudspeakers by a max-rE decoder (AllRAD: F. Zotter, M. Frank, J. Audio Eng. Soc. 60 (2012)) whose
/// mean energy over all directions is 1. Discrete channels go to as many channels of anything and back; all else has no meaning, and the problem says so,
/// without saying where. [control]
Result<FormatMatrix> conversion(Format from, Format to, const Downmix& downmix);
/// What a node hears whose cables bring these formats: the one that the other can become without loss. The problem says why there
/// is none. [control]
Result<Format> joined(Format a, Format b);

/// The weights of ITU-R BS.1770-5, Table 4, for a channel: LFE 0, those within 60 to 120 degrees to the side and below 30 degrees of
/// height 1.41 (+1.5 dB), others 1. Ambisonics have none but W's. [control]
double loudness_weight(Format format, int channel);

}  // namespace mixgraph
