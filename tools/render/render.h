#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/render/song.h"
#include "tools/render/sound_file.h"

namespace mixgraph {

/// What `mixgraph render` is told.
struct RenderOptions {
  std::string session, output;
  std::string format;            ///< float, pcm24, pcm16; empty: float, or pcm24 for FLAC
  double from = 0;               ///< s
  std::optional<double> length;  ///< s; without it until the players and the tail end
  std::optional<double> tail;    ///< s after the last player's end; without it until it is silent
  double rate = 0;               ///< Hz; 0: the session's
  double tempo = 120;            ///< beats per minute
  int block = 64;                ///< frames; more than a tick's are as many
  std::string isa;
  std::string input;  ///< a file for the device inputs
  std::vector<std::pair<std::string, std::string>> set;
  std::string moves;  ///< a file of messages at their times (daemon/control/moves_file.h)
};

/// What part of the engine's output goes into the file, in frames.
struct RenderSpan {
  int64_t skip = 0;    ///< before the file starts: the graph's latency, and what is before `from`
  int64_t length = 0;  ///< of the file, at least
  int64_t longest =
      0;  ///< of the file, at most: up to here it goes on until it has been silent for `silence`
  int64_t silence = 0;
};

inline constexpr double kSilenceDb = -90;     ///< dBFS, below which a tail has ended
inline constexpr double kSilenceSeconds = 1;  ///< for which it stays so
inline constexpr double kLongestTail = 30;    ///< s

/// Works out the span, or says why it has no end. `latency` in frames. [any]
Result<RenderSpan> render_span(const RenderOptions& options, const Song& song, int latency);

/// What the engine counted while it rendered.
struct RenderReport {
  EngineCounters counters;
  std::vector<std::string> underruns;  ///< addresses of players that lacked data
  std::vector<std::string> notes;      ///< what befell nodes
  size_t lines_left = 0;               ///< of the script, beyond the end
  std::vector<std::string> soloed = {};  ///< paths of what is soloed at the end
  std::vector<Unfollowed> unfollowed = {};  ///< breakpoints that rows couldn't follow
  std::vector<AutomationState> automation = {};
};

/// Runs the song and its script through an engine, block by block, and hands the span's frames to `write`, planar.
/// `input` (or nullptr) feeds the device inputs. `progress` hears how far it is, in frames of the file, and how far
/// it goes. The frames don't depend on the block size: control has its turn before each tick. A line that is
/// refused ends it. [any]
Result<RenderReport> render(const Song& song, const RenderOptions& options, SoundReader* input,
                            const std::function<void(const float* const*, int)>& write,
                            const std::function<void(int64_t, int64_t)>& progress);

}  // namespace mixgraph
