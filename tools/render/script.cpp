#include "tools/render/script.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <optional>
#include <span>

#include "daemon/control/command.h"
#include "tools/osc/osc_arguments.h"

namespace mixgraph {
namespace {

constexpr const char* kLine = "TIME ADDRESS VALUE [SECONDS [CURVE]], or TIME and a command";

/// The commands that mean something where nobody listens and no file is the session's own.
constexpr std::string_view kCommands[] = {
    "/scene/recall", "/scene/undo",  "/scene/store",  "/scene/remove", "/graph/add",  "/graph/remove", "/graph/connect", "/graph/disconnect",
    "/graph/begin",  "/graph/commit", "/graph/cancel", "/graph/join",   "/graph/leave",  "/solo/clear", "/graph/undo",   "/graph/redo",
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

Result<std::vector<std::string>> words_of(const std::string& line) {
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
    return Problem{"", "`" + address + "` means nothing to a render", "values, scenes and edits of the graph"};
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

Result<Line> read_line(const std::vector<std::string>& words, double rate) {
  if (words.size() < 2) return Problem{"", "this is not a move", kLine};
  const auto frame = frame_of(words[0], rate);
  if (!frame) return frame.problems();
  auto message = message_of(words[1], std::span(words).subspan(2));
  if (!message) return message.problems();
  return Line{*frame, std::move(*message)};
}

}  // namespace

Problem Script::at(const Line& line, const Problem& problem) const {
  const std::string& address = problem.where.empty() ? line.message.address : problem.where;
  if (path.empty()) return {address, problem.what, problem.hint};
  return {path + ":" + std::to_string(line.number), "`" + address + "`: " + problem.what, problem.hint};
}

Script read_script(const std::string& path, double rate, LineProblems& problems) {
  Script script{path, {}};
  std::ifstream stream(path);
  if (!stream) problems.emplace(0, Problem{path, "can't be read", ""});
  int number = 0;
  for (std::string text; std::getline(stream, text);) {
    number++;
    const auto words = words_of(text);
    if (words && words->empty()) continue;
    auto line = words ? read_line(*words, rate) : Result<Line>(words.problems());
    if (line) {
      line->number = number;
      script.lines.push_back(std::move(*line));
    } else {
      const Problem& problem = line.problems().front();
      problems.emplace(number, Problem{path + ":" + std::to_string(number), problem.what, problem.hint});
    }
  }
  std::stable_sort(script.lines.begin(), script.lines.end(), [](const Line& a, const Line& b) { return a.frame < b.frame; });
  return script;
}

Result<Script> script_of(const std::vector<std::pair<std::string, std::string>>& settings) {
  Script script;
  Problems problems;
  for (const auto& [address, value] : settings) {
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
