#include "tools/moves.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>

#include "daemon/control/namespace.h"
#include "daemon/control/values.h"

namespace mixgraph {
namespace {

constexpr const char* kLine = "TIME ADDRESS VALUE [SECONDS [CURVE]]";

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return {};
  return number;
}

Result<uint64_t> frame_of(const std::string& time, double rate) {
  const bool in_frames = time.ends_with('f');
  const auto number = number_in(std::string_view(time).substr(0, time.size() - in_frames));
  if (!number || *number < 0 || (in_frames && *number != std::floor(*number)) || *number > 1e12)
    return Problem{"", "`" + time + "` is not a time", "seconds (1.5) or frames (72000f) from the start"};
  return uint64_t(std::llround(in_frames ? *number : *number * rate));
}

Result<Move> read_target(const Namespace& names, const std::string& address, const std::string& text) {
  const Entry* entry = names.find(address);
  if (!entry) {
    const Problem problem = names.unknown(address, {});
    return Problem{"", "`" + address + "`: " + problem.what, problem.hint};
  }
  const Parameter& p = entry->parameter();
  if (is_text(p) || p.change == Change::rebuild)
    return Problem{"", "`" + address + "` can't change while it plays", "--set sets it before the start"};
  auto value = parse_value(p, text);
  if (!value) return Problem{"", "`" + address + "`: " + value.problems().front().what, value.problems().front().hint};
  const double number = std::get<double>(*value);
  if (nearest(p, number) != number) return Problem{"", "`" + address + "`: " + text + " is out of range", accepted(p)};
  Move move;
  move.path = entry->path;
  move.row = entry->row;
  move.value = number;
  return move;
}

Result<Move> read_line(const std::vector<std::string>& words, const Namespace& names, double rate) {
  if (words.size() < 3 || words.size() > 5) return Problem{"", "this is not a move", kLine};
  const auto frame = frame_of(words[0], rate);
  if (!frame) return frame.problems();
  auto move = read_target(names, words[1], words[2]);
  if (!move) return move;
  move->frame = *frame;
  if (words.size() > 3) {
    const auto seconds = number_in(words[3]);
    if (!seconds || *seconds < 0 || *seconds > 3600) return Problem{"", "`" + words[3] + "` is not a time", "0 to 3600 seconds"};
    move->seconds = *seconds;
  }
  if (words.size() > 4) {
    const auto course = course_named(words[4]);
    if (!course) return Problem{"", "`" + words[4] + "` is not a curve", std::string(kCourseNames)};
    move->course = *course;
  }
  return move;
}

}  // namespace

Result<std::vector<Move>> read_moves(const std::string& path, const Graph& graph, double rate) {
  std::ifstream stream(path);
  if (!stream) return Problem{path, "can't be read", ""};
  const Namespace names(graph);
  std::vector<Move> moves;
  Problems problems;
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    number++;
    std::stringstream parts(line.substr(0, line.find('#')));
    std::vector<std::string> words;
    for (std::string word; parts >> word;) words.push_back(word);
    if (words.empty()) continue;
    auto move = read_line(words, names, rate);
    if (!move) {
      Problem problem = move.problems().front();
      problems.push_back({path + ":" + std::to_string(number), problem.what, problem.hint});
      continue;
    }
    move->path = graph.find(move->path)->path;  // not the name's, which goes
    moves.push_back(*move);
  }
  if (!problems.empty()) return problems;
  std::stable_sort(moves.begin(), moves.end(), [](const Move& a, const Move& b) { return a.frame < b.frame; });
  return moves;
}

void MoveFeed::feed(Engine& engine, uint64_t until) {
  const size_t first = next_;
  while (next_ < moves_.size() && moves_[next_].frame < until) next_++;
  if (next_ > first) engine.move(std::span(moves_).subspan(first, next_ - first));
}

}  // namespace mixgraph
