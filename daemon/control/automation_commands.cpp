#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "daemon/control/guard.h"
#include "daemon/control/timed_messages.h"
#include "daemon/control/workspace.h"
#include "graph/open_beneath.h"

namespace mixgraph {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostBytes = 256 << 20;  // of a file of moves
constexpr size_t kShownProblems = 32;     // of one

/// A file of the session's folder, by its name alone. [worker]
Result<std::string> text_beneath(const std::string& folder, const std::string& name) {
  if (name.empty() || name.front() == '.' || fs::path(name).filename() != name)
    return Problem{"", "\"" + name + "\" is not the name of a file of moves", "a name without folders: files are in the session's folder"};
  auto file = open_file_beneath(folder, name);
  if (!file) return Problem{"", name + ": " + file.problems().front().what, file.problems().front().hint};
  std::string text;
  char part[1 << 16];
  for (ssize_t got; (got = ::read(file->fd(), part, sizeof part)) != 0;) {
    if (got < 0) return Problem{"", name + " can't be read", ""};
    text.append(part, size_t(got));
    if (text.size() > kMostBytes) return Problem{"", name + " is too large", "at most 256 MiB"};
  }
  return text;
}

Problems first_of(const LineProblems& problems) {
  Problems first;
  for (const auto& [line, problem] : problems) {
    if (first.size() == kShownProblems) {
      first.push_back({"", fmt::format("{} more lines are wrong", problems.size() - kShownProblems), ""});
      break;
    }
    first.push_back({"", problem.where + ": " + problem.what, problem.hint});
  }
  return first;
}

/// The file with all that is wrong with it. [worker]
Result<PlayedMoves> read_moves(const std::string& folder, const std::string& name, const Graph& graph, double rate, const Client& client) {
  const auto text = text_beneath(folder, name);
  if (!text) return text.problems();
  LineProblems problems;
  PlayedMoves moves{.script = read_script(name, *text, rate, Namespace(graph), problems), .client = client};
  for (const Line& line : moves.script.lines)
    if (const Command* command = find_command(line.message.address))
      for (const Problem& problem : check_arguments(*command, line.message)) problems.emplace(line.number, moves.script.at(line, problem));
  if (!problems.empty()) return first_of(problems);
  if (moves.script.automation) moves.unfollowed = unfollowed(*moves.script.automation, rate);
  return moves;
}

std::string address_of(const Track& track) { return mixgraph::address_of(track.path, row(*track.type, track.row)); }
std::string address_of(const Unfollowed& row) { return mixgraph::address_of(row.path, mixgraph::row(*row.type, row.row)); }

std::string summary(const PlayedMoves& moves, double rate) {
  const size_t rows = moves.script.automation ? moves.script.automation->tracks.size() : 0;
  std::string text = fmt::format("{} from frame {}: {} breakpoints of {} parameters, {} other lines", moves.script.path, moves.frame, moves.script.breakpoints(), rows,
                                 moves.script.lines.size());
  size_t count = 0;
  for (const Unfollowed& row : moves.unfollowed) count += row.count;
  if (count == 0) return text;
  const Unfollowed& first = *std::min_element(moves.unfollowed.begin(), moves.unfollowed.end(), [](const auto& a, const auto& b) { return a.frame < b.frame; });
  return text + fmt::format("; {} breakpoints of {} parameters come faster than can be followed, the first of {} at {:.3f} s", count, moves.unfollowed.size(),
                            address_of(first), double(first.frame) / rate);
}

/// Whoever plays may set all of the rows.
std::optional<Problem> refused(const Workspace& workspace, const PlayedMoves& moves) {
  if (!moves.script.automation) return {};
  for (const Track& track : moves.script.automation->tracks)
    if (auto problem = refusal(workspace, moves.client, Right::mix, address_of(track))) return problem;
  return {};
}

Answer begin(Workspace& workspace, PlayedMoves moves, std::optional<uint64_t> frame) {
  if (auto problem = refused(workspace, moves)) return *problem;
  workspace.stop_moves();
  moves.frame = next_tick(std::max(frame.value_or(0), workspace.soonest_frame()));
  const auto is_before = [&](const Line& line) { return line.frame < moves.from; };
  moves.next = size_t(std::partition_point(moves.script.lines.begin(), moves.script.lines.end(), is_before) - moves.script.lines.begin());
  workspace.engine.automate(moves.script.automation, moves.frame, moves.from);
  const std::string text = summary(moves, workspace.rate());
  workspace.played = std::move(moves);
  return Done{text};
}

/// A time in a file, as its lines have it.
Answer play(Workspace& workspace, const Call& call) {
  constexpr double kMostFrames = 1e15, kMostSeconds = 1e9;
  std::optional<uint64_t> frame;
  if (call.frame > 0) frame = call.frame;
  if (const double named = call.number(1); named != 0) {
    if (!(named > 0 && named <= kMostFrames && named == std::floor(named))) return Problem{"", "this is not a frame", "a frame of the engine, as /clock tells it; 0: as soon as it can be"};
    frame = uint64_t(named);
  }
  const double seconds = call.number(2);
  if (!(seconds >= 0 && seconds <= kMostSeconds)) return Problem{"", "this is not a time in the file", "seconds from its start"};
  const auto from = uint64_t(std::llround(seconds * workspace.rate()));
  const std::string folder = fs::path(workspace.settings.session_file).parent_path().string();
  return answered_by([folder, name = call.text(0), graph = workspace.document.graph(), rate = workspace.rate(), client = call.client, frame, from]() -> Ending {
    auto moves = read_moves(folder, name, graph, rate, client);
    if (!moves) return ending(moves.problems());
    moves->from = from;
    return [moves = std::move(*moves), frame](Workspace& c) mutable { return begin(c, std::move(moves), frame); };
  });
}

Answer stop(Workspace& workspace, const Call&) {
  if (!workspace.played) return Problem{"", "no file of moves is played", "/automation/play file"};
  workspace.stop_moves();
  return Done{};
}

Answer status(Workspace& workspace, const Call& call) {
  std::vector<osc::Message> list;
  const std::vector<AutomationState> rows = workspace.engine.automation();
  const auto count = [&](bool AutomationState::*is) { return int64_t(std::count_if(rows.begin(), rows.end(), [is](const auto& row) { return row.*is; })); };
  const int64_t taken = count(&AutomationState::is_taken), over = int64_t(std::count_if(rows.begin(), rows.end(), [](const auto& r) { return r.is_over && !r.is_taken; }));
  if (!workspace.played) {
    list.push_back({"/automation", {std::string("none")}});
    return workspace.answer_list(call, std::move(list));
  }
  const PlayedMoves& moves = *workspace.played;
  const bool is_over = taken + over == int64_t(rows.size()) && !moves.has_lines();
  list.push_back({"/automation", {std::string(is_over ? "over" : "plays"), moves.script.path, int64_t(moves.frame), double(moves.from) / workspace.rate(), int64_t(rows.size()), taken,
                                  over, int64_t(moves.script.lines.size() - moves.next)}});
  for (const AutomationState& row : rows)
    if (row.is_taken) list.push_back({"/automation/taken", {mixgraph::address_of(row.path, mixgraph::row(*row.type, row.row))}});
  for (const Unfollowed& row : moves.unfollowed)
    list.push_back({"/automation/unfollowed", {address_of(row), double(row.frame) / workspace.rate(), int64_t(row.count)}});
  return workspace.answer_list(call, std::move(list));
}

constexpr Command kCommands[] = {
    {"/automation", "", "",
     "Sends /automation STATE FILE FRAME FROM ROWS TAKEN OVER LINES of the file of moves that is played, each row that was taken away, and each that couldn't follow, then /done.",
     status, Right::view},
    {"/automation/play", "file [frame [seconds]]", "s|nn",
     "Plays a file of moves of the session's folder from a frame of the engine on, or as soon as it can be; from so many seconds of the file on.", play, Right::files, true},
    {"/automation/stop", "", "", "Ends that; what moves stays where it is.", stop, Right::files},
};

}  // namespace

std::span<const Command> automation_commands() {
  return kCommands;
}

}  // namespace mixgraph
