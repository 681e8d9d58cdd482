#include <algorithm>
#include <cmath>

#include "nodes/io/media_path.h"
#include "tools/render/render.h"

namespace mixgraph {
namespace {

double number(const Node& node, std::string_view row) {
  return std::get<double>(node.values[size_t(find_row(*node.type, row))]);
}

/// When a player falls silent, in seconds; nothing if it doesn't play.
Result<double> end_of(const Node& player, const std::string& media) {
  const std::string& file = std::get<std::string>(player.values[size_t(find_row(*player.type, "file"))]);
  if (file.empty() || number(player, "play") < 0.5) return 0.0;
  if (number(player, "loop") > 0.5)
    return Problem{"/" + player.path, "it plays in a loop, so the render has no end", "give --length"};
  auto info = read_sound_info(media, file);
  if (!info) return info.problems();
  if (number(player, "follow") > 0.5) return double(info->frames) / info->rate;  // time rolls from the start
  return std::max(0.0, double(info->frames) / info->rate - number(player, "position"));
}

/// When the last player of the song falls silent, in seconds.
Result<double> end_of(const Song& song) {
  double end = 0;
  for (const Node& node : song.session.graph.nodes()) {
    if (node.type->id != "player") continue;
    auto its_end = end_of(node, song.engine.environment.media_root);
    if (!its_end) return its_end.problems();
    end = std::max(end, *its_end);
  }
  return end;
}

}  // namespace

Result<RenderSpan> render_span(const RenderOptions& options, const Song& song, int latency) {
  const double rate = song.engine.environment.rate;
  const auto frames = [rate](double seconds) { return int64_t(std::llround(seconds * rate)); };
  RenderSpan span{
      .skip = latency + frames(options.from), .length = 0, .longest = 0, .silence = frames(kSilenceSeconds)};
  if (options.length) {
    span.length = span.longest = frames(*options.length);
    return span;
  }
  auto end = end_of(song);
  if (!end) return end.problems();
  double seconds = *end;
  if (!options.input.empty()) {
    auto input = SoundReader::open(options.input);
    if (!input) return input.problems();
    seconds = std::max(seconds, (*input)->seconds());
  }
  if (seconds <= 0)
    return Problem{song.path, "nothing in it plays, so the render has no end", "give --length"};
  if (seconds <= options.from && !options.tail)
    return Problem{"--from", "everything has been played by then",
                   "less than " + std::to_string(seconds) + " s"};
  span.length = frames(std::max(0.0, seconds + options.tail.value_or(0) - options.from));
  span.longest = span.length + (options.tail ? 0 : frames(kLongestTail));
  return span;
}

}  // namespace mixgraph
