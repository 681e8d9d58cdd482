#include "daemon/control/moves_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>
#include <unordered_map>

#include "daemon/control/command.h"
#include "daemon/control/values.h"
#include "daemon/osc/osc_arguments.h"
#include "daemon/osc/pattern.h"

namespace mixgraph {
namespace {

constexpr const char* kLine = "TIME ADDRESS VALUE [SECONDS [CURVE]], TIME ADDRESS = VALUE [CURVE], or TIME and a command";

/// The commands that mean something at a time, where nobody listens and no file is the session's own.
constexpr std::string_view kCommands[] = {
    "/scene/recall", "/scene/undo",  "/scene/store",  "/scene/remove", "/graph/add",  "/graph/remove", "/graph/connect", "/graph/disconnect",
    "/graph/begin",  "/graph/commit", "/graph/cancel", "/graph/join",   "/graph/leave", "/graph/link", "/graph/unlink", "/graph/link/offset", "/listen/clear",  "/solo/clear", "/graph/undo",   "/graph/redo",
    "/transport/play", "/transport/stop", "/transport/tempo", "/transport/locate",
};

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return {};
  return number;
}

Result<uint64_t> frame_of(const std::string& time, double rate) {
  const bool in_frames = time.ends_with('f');
  const auto number = number_in(std::string_view(time).substr(0, time.size() - in_frames));
  const double most = 1e9 * (in_frames ? rate : 1);
  if (!number || *number < 0 || (in_frames && *number != std::floor(*number)) || *number > most)
    return Problem{"", "`" + time + "` is not a time", "seconds (1.5) or frames (72000f) from the start"};
  return uint64_t(std::llround(in_frames ? *number : *number * rate));
}

Result<std::vector<std::string>> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::optional<std::string> word;
  bool quoted = false;
  const auto end_word = [&] {
    if (word) words.push_back(std::move(*word));
    word.reset();
  };
  for (const char c : line) {
    if (!quoted && c == '#') break;
    if (!quoted && (c == ' ' || c == '\t' || c == '\r')) {
      end_word();
      continue;
    }
    if (!word) word.emplace();
    if (c == '"')
      quoted = !quoted;
    else
      *word += c;
  }
  end_word();
  if (quoted) return Problem{"", "a quotation mark is missing", "two around a text with spaces"};
  return words;
}

/// The value of a parameter is sent as the text that it is, so that steps go by their names, numbers included.
Result<osc::Argument> argument_of(const std::string& word, bool is_value) {
  const bool has_type = word.size() > 1 && word[1] == ':';
  if (is_value && !has_type) return osc::Argument(word);
  return parse_argument(word);
}

Result<osc::Message> message_of(const std::string& address, std::span<const std::string> words) {
  const Command* command = find_command(address);
  if (command && std::find(std::begin(kCommands), std::end(kCommands), address) == std::end(kCommands))
    return Problem{"", "`" + address + "` means nothing to a render, nor to moves that are played", "values, scenes, edits of the graph, the transport"};
  if (!command && words.empty()) return Problem{"", "this is not a move", kLine};
  osc::Message message{address, {}};
  const bool has_value = !command && !address.starts_with("/norm/");
  for (const std::string& word : words) {
    auto argument = argument_of(word, has_value && message.arguments.empty());
    if (!argument) return Problem{"", "`" + word + "`: " + argument.problems().front().what, argument.problems().front().hint};
    message.arguments.push_back(std::move(*argument));
  }
  return message;
}

Result<Line> read_line(uint64_t frame, const std::vector<std::string>& words) {
  auto message = message_of(words[1], std::span(words).subspan(2));
  if (!message) return message.problems();
  return Line{frame, std::move(*message)};
}

/// Gathers breakpoints by their rows.
class Tracks {
 public:
  explicit Tracks(const Namespace& names) : names_(names) {}

  /// One line of it.
  Result<bool> read(uint64_t frame, std::span<const std::string> words) {
    if (words.size() < 4 || words.size() > 5) return Problem{"", "this is not a breakpoint", kBreakpoint};
    const auto rows = rows_at(words[1]);
    if (!rows) return rows.problems();
    const bool steps = words.size() == 5 && words[4] == kStep;
    const auto course = words.size() == 5 && !steps ? course_named(words[4]) : Course::position;
    if (!course) return Problem{"", "`" + words[4] + "` is not a curve", "step, " + std::string(kCourseNames)};
    const bool norm = words[1].starts_with("/norm/");
    for (const size_t place : **rows) {
      Track& track = tracks_[place];
      const Parameter& p = row(*track.type, track.row);
      const auto taken = norm ? position_in(p, words[3]) : accept(p, osc::Argument(words[3]));
      if (!taken) return taken.problems();
      if (!taken->notice.empty()) return Problem{"", taken->notice, norm ? "0 to 1" : accepted(p)};
      track.points.push_back({frame, std::get<double>(taken->value), *course, steps || p.curve == Curve::stepped});
    }
    return true;
  }

  std::shared_ptr<const Automation> automation() {
    if (tracks_.empty()) return nullptr;
    for (Track& track : tracks_) {
      std::stable_sort(track.points.begin(), track.points.end(), [](const Breakpoint& a, const Breakpoint& b) { return a.frame < b.frame; });
      track.points.shrink_to_fit();
    }
    std::erase_if(tracks_, [](const Track& track) { return track.points.empty(); });
    return std::make_shared<const Automation>(Automation{std::move(tracks_)});
  }

 private:
  static constexpr std::string_view kStep = "step";
  static constexpr const char* kBreakpoint = "TIME ADDRESS = VALUE [CURVE]";

  static Result<Accepted> position_in(const Parameter& p, const std::string& word) {
    const auto number = number_in(word);
    if (!number) return Problem{"", "`" + word + "` is not a position", "0 to 1"};
    return accept_position(p, osc::Argument(*number));
  }

  /// The places of an address's tracks; many lines have the same.
  Result<const std::vector<size_t>*> rows_at(const std::string& address) {
    const auto known = by_address_.find(address);
    if (known != by_address_.end()) return &known->second;
    const auto entries = entries_at(address.starts_with("/norm/") ? address.substr(5) : address);
    if (!entries) return entries.problems();
    std::vector<size_t> places;
    for (const Entry* entry : *entries) {
      if (!can_be_automated(*entry->type, entry->row))
        return Problem{"", (entries->size() > 1 ? entry->address : "it") + " switches at once, and has no breakpoints", "set it: TIME ADDRESS VALUE"};
      const auto [found, is_new] = by_entry_.emplace(entry, tracks_.size());
      if (is_new) tracks_.push_back({entry->path, entry->type, entry->row, {}});
      places.push_back(found->second);
    }
    return &by_address_.emplace(address, std::move(places)).first->second;
  }

  Result<std::vector<const Entry*>> entries_at(const std::string& address) const {
    if (const Entry* entry = names_.find(address)) return std::vector{entry};
    if (!is_pattern(address)) {
      Problem problem = names_.unknown(address, command_addresses());
      problem.where.clear();
      return problem;
    }
    const auto pattern = Pattern::parse(address);
    if (!pattern) return pattern.problems();
    std::vector<const Entry*> found;
    for (const Entry& entry : names_.entries())
      if (pattern->matches(entry.address) || (!entry.alias.empty() && pattern->matches(entry.alias))) found.push_back(&entry);
    if (found.empty()) return Problem{"", "matches no parameter", "/graph/list lists the nodes"};
    return found;
  }

  const Namespace& names_;
  std::vector<Track> tracks_;
  std::unordered_map<const Entry*, size_t> by_entry_;
  std::unordered_map<std::string, std::vector<size_t>> by_address_;
};

/// Reads one line of text into either.
Problems read_line(std::string_view text, int number, double rate, Script& script, Tracks& tracks) {
  const auto words = words_of(text);
  if (!words) return words.problems();
  if (words->empty()) return {};
  if (words->size() < 2) return {{"", "this is not a move", kLine}};
  const auto frame = frame_of((*words)[0], rate);
  if (!frame) return frame.problems();
  if (words->size() > 2 && (*words)[2] == "=") {
    auto read = tracks.read(*frame, *words);
    if (read) return {};
    Problem problem = read.problems().front();
    return {{"", "`" + (*words)[1] + "`: " + problem.what, problem.hint}};
  }
  auto line = read_line(*frame, *words);
  if (!line) return line.problems();
  line->number = number;
  script.lines.push_back(std::move(*line));
  return {};
}

}  // namespace

size_t Script::breakpoints() const {
  size_t count = 0;
  if (automation)
    for (const Track& track : automation->tracks) count += track.points.size();
  return count;
}

size_t Script::lines_from(uint64_t frame) const {
  const auto is_before = [frame](const auto& line) { return line.frame < frame; };
  size_t count = size_t(lines.end() - std::partition_point(lines.begin(), lines.end(), is_before));
  if (automation)
    for (const Track& track : automation->tracks) count += size_t(track.points.end() - std::partition_point(track.points.begin(), track.points.end(), is_before));
  return count;
}

Problem Script::at(const Line& line, const Problem& problem) const {
  const std::string& address = problem.where.empty() ? line.message.address : problem.where;
  if (path.empty()) return {address, problem.what, problem.hint};
  return {path + ":" + std::to_string(line.number), "`" + address + "`: " + problem.what, problem.hint};
}

Script read_script(const std::string& path, std::string_view text, double rate, const Namespace& names, LineProblems& problems) {
  Script script{path, {}};
  Tracks tracks(names);
  int number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    number++;
    for (const Problem& problem : read_line(text.substr(at, end - at), number, rate, script, tracks))
      problems.emplace(number, Problem{path + ":" + std::to_string(number), problem.what, problem.hint});
    at = end + 1;
  }
  std::stable_sort(script.lines.begin(), script.lines.end(), [](const Line& a, const Line& b) { return a.frame < b.frame; });
  script.automation = tracks.automation();
  return script;
}

Result<Script> script_of(const std::vector<std::pair<std::string, std::string>>& settings) {
  Script script;
  Problems problems;
  for (const auto& [address, value] : settings) {
    if (address.starts_with("/transport/")) {
      problems.push_back({address, "time rolls from the start", "--tempo, or a file of moves"});
      continue;
    }
    auto message = message_of(address, std::span(&value, 1));
    if (message)
      script.lines.push_back({0, std::move(*message)});
    else
      problems.push_back({address, message.problems().front().what, message.problems().front().hint});
  }
  if (!problems.empty()) return problems;
  return script;
}

}  // namespace mixgraph
