#include "daemon/journal/live_state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>

#include "daemon/journal/journal_reader.h"
#include "daemon/osc/now.h"
#include "graph/links.h"
#include "nodes/list.h"

namespace mixgraph {
namespace {

namespace fs = std::filesystem;

std::string time_text(const char* format, std::time_t time) {
  std::tm parts{};
  localtime_r(&time, &parts);
  char text[64];
  return std::string(text, std::strftime(text, sizeof text, format, &parts));
}

std::string counted(size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

/// "song-1f2e3d4c5b6a7988.journal" of /home/me/song.yaml.
std::string journal_name(const fs::path& session_file) {
  std::string stem;
  for (const char c : session_file.stem().string())
    stem.push_back(std::isalnum(uint8_t(c)) || c == '-' || c == '_' ? c : '_');
  return fmt::format("{}-{:016x}.journal", stem.substr(0, 64), hash_of(session_file.string()));
}

bool is_no_file(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return fs::exists(status) && !fs::is_regular_file(status);
}

std::optional<std::string> content_of(const std::string& path) {
  if (is_no_file(path)) return {};
  std::ifstream stream(path, std::ios::binary | std::ios::ate);
  if (!stream) return {};
  std::string bytes(size_t(std::max<std::streamoff>(0, stream.tellg())), '\0');
  stream.seekg(0);
  stream.read(bytes.data(), std::streamsize(bytes.size()));
  bytes.resize(size_t(stream.gcount()));
  return bytes;
}

/// A name next to a file that tells why and when.
std::string unused_name(const std::string& path, const std::string& why) {
  const std::string stem = path + why + time_text("%Y%m%d-%H%M%S", std::time(nullptr));
  std::string name = stem;
  std::error_code error;
  for (int i = 2; fs::exists(name, error); i++) name = stem + "-" + std::to_string(i);
  return name;
}

/// Of what was put aside of a journal, all but the newest ones.
void forget_oldest(const std::string& journal, const std::string& newest) {
  constexpr size_t kKept = 20;
  const auto is_aside = [&](const std::string& path) {
    if (!path.starts_with(journal) || path == newest) return false;
    std::string_view rest = std::string_view(path).substr(journal.size());
    if (rest.starts_with(".bak")) rest.remove_prefix(4);
    return rest.starts_with(".old-") || rest.starts_with(".bad-");
  };
  std::vector<std::pair<fs::file_time_type, fs::path>> found;
  std::error_code error;
  fs::directory_iterator entry(fs::path(journal).parent_path(), error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error))
    if (is_aside(entry->path().string())) found.emplace_back(entry->last_write_time(error), entry->path());
  std::sort(found.begin(), found.end());
  for (size_t i = 0; i + kKept <= found.size(); i++) fs::remove(found[i].second, error);
}

/// How a graph differs from the file's, in a few words.
std::string difference(const Graph& file, const Graph& live) {
  size_t values = 0, cables = 0, nodes = 0;
  for (const Edit& edit : diff(file, live)) {
    values += std::holds_alternative<SetValue>(edit);
    cables += std::holds_alternative<Connect>(edit) || std::holds_alternative<Disconnect>(edit);
    nodes += std::holds_alternative<AddNode>(edit) || std::holds_alternative<RemoveNode>(edit);
  }
  if (values + cables + nodes == 0) return "it is as in the file";
  std::vector<std::string> parts;
  if (values > 0) parts.push_back(counted(values, "value", "values"));
  if (nodes > 0) parts.push_back(counted(nodes, "node", "nodes"));
  if (cables > 0) parts.push_back(counted(cables, "cable", "cables"));
  std::string text;
  for (size_t i = 0; i < parts.size(); i++)
    text += (i == 0 ? "" : i + 1 < parts.size() ? ", " : " and ") + parts[i];
  return text + (values + cables + nodes == 1 ? " differs" : " differ") + " from the file";
}

/// Opens the live state, step by step.
class Opening {
 public:
  /// `bad`: what is wrong with the session's file; there is no session then.
  Opening(Session& session, Problems bad, const LiveStateOptions& options)
      : session_(session), bad_(std::move(bad)), options_(options) {
    std::error_code error;
    file_ = fs::weakly_canonical(fs::absolute(options.session_file, error), error);
    if (error) file_ = options.session_file;
  }

  LiveState run() && {
    if (!find_place() || !lock()) return std::move(state_);
    clean_up_after_saves(file_);
    std::optional<JournalContent> content = read();
    if (content && bad_.empty()) compare(content);
    if (!bad_.empty() && (!content || options_.fresh)) return LiveState();
    if (!bad_.empty()) do_without_file(*content);
    if (content) restore(*content);
    JournalWriter::Settings settings;
    settings.path = path_;
    settings.sequence = content_sequence_;
    settings.good_bytes = good_bytes_;
    if (const char* bytes = std::getenv("MIXGRAPH_TEST_COMPACT_BYTES"))  // so that tests see many compactions
      settings.compact_bytes = std::strtoul(bytes, nullptr, 10);
    state_.journal = std::make_unique<Journal>(
        settings, JournalFacts{file_.string(), session_.name, session_.audio.rate, write_head(session_)}, base_of(content));
    return std::move(state_);
  }

 private:
  /// Drops the state where the session file is to be used: unless nothing can be made of that.
  void compare(std::optional<JournalContent>& content) {
    if (options_.fresh) {
      if (!content->base.pristine) set_aside(*content, "it was started with --fresh");
      return content.reset();
    }
    if (options_.same_run || belongs(*content)) return;
    if (options_.builds) bad_ = options_.builds(session_);
    if (!bad_.empty()) return;
    if (!content->base.pristine) set_aside(*content, "the session file has been changed since");
    content.reset();
  }

  /// What the state itself knows of the session. Its hash is no file's, so that none is replaced by it.
  void do_without_file(const JournalContent& content) {
    for (const Problem& problem : bad_) note(problem.text(), false);
    const std::string folder = file_.parent_path().string();
    auto session = parse_session(content.facts.head, file_.string(), folder, node_types());
    if (!session) session = parse_session("mixgraph: 1", file_.string(), folder, node_types());
    session_ = session ? std::move(*session) : Session();
    note(file_.string() + " can't be used: the live state goes on without it", false);
  }

  /// What is restored in the same run belongs to the file of before, if that has been changed since.
  JournalBase base_of(const std::optional<JournalContent>& content) const {
    if (content && !belongs(*content)) return content->base;
    return {{fingerprint(session_)}, !content || content->base.pristine};
  }
  void note(std::string text, bool well) { state_.remarks.push_back({std::move(text), well}); }
  bool give_up(const std::string& reason) {
    state_.trouble = reason;
    note("the live state is not kept: " + reason, false);
    return false;
  }

  bool find_place() {
    std::string folder = options_.folder.empty() ? default_state_folder() : options_.folder;
    while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
    if (folder.empty()) return give_up("there is no folder for it; --state DIR names one");
    std::error_code error;
    fs::create_directories(fs::path(folder).parent_path(), error);
    ::mkdir(folder.c_str(), 0700);  // what is played is nobody else's
    if (options_.folder.empty()) ::chmod(folder.c_str(), 0700);  // ours alone, but an older one may be open to all
    if (!fs::is_directory(folder, error)) return give_up(folder + ": " + (error ? error.message() : "is no folder"));
    path_ = (fs::path(folder) / journal_name(file_)).string();
    state_.file = path_;
    return true;
  }

  bool lock() {
    const std::string path = path_ + ".lock";
    state_.lock = FileHandle(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    if (!state_.lock) return give_up(path + ": " + std::strerror(errno));
    if (::flock(state_.lock.get(), LOCK_EX | LOCK_NB) == 0) return true;
    if (errno == EWOULDBLOCK) return give_up("another mixgraphd keeps that of this session");
    return give_up(path + ": " + std::strerror(errno));
  }

  /// What is there: the journal, or, if nothing of it can be read, the one before.
  std::optional<JournalContent> read() {
    for (const std::string& path : {path_, path_ + ".bak"}) {
      if (is_no_file(path)) note(path + " is no file; it is kept as " + move(path, ".bad-"), false);
      const auto bytes = content_of(path);
      if (!bytes || bytes->empty()) continue;
      JournalContent content = read_journal(*bytes, node_types());
      using Health = JournalContent::Health;
      const bool bad = content.health == Health::damaged || content.health == Health::unreadable;
      read_from_ = bad ? move_bad(path, content) : path;
      if (!content.has_state()) continue;
      content_sequence_ = content.sequence + content.lost_records;
      if (!bad && path == path_) good_bytes_ = content.good_bytes;
      if (path != path_) note("the live state before the last compaction is used: " + path, false);
      return content;
    }
    return {};
  }

  std::string move_bad(const std::string& path, const JournalContent& content) {
    const std::string to = move(path, ".bad-");
    if (content.has_state())
      note(fmt::format("the journal is damaged: {} behind the damage are lost; it is kept as {}",
                       counted(content.lost_records, "record", "records"), to),
           false);
    else
      note("the journal can't be read" + (content.left_out.empty() ? "" : ": " + content.left_out[0].what) + "; it is kept as " + to, false);
    return to;
  }

  std::string move(const std::string& path, const std::string& why) const {
    std::error_code error;
    const std::string to = unused_name(path, why);
    fs::rename(path, to, error);
    if (error) return path;
    forget_oldest(path_, to);
    return to;
  }

  bool belongs(const JournalContent& content) const {
    const auto& known = content.base.fingerprints;
    return std::find(known.begin(), known.end(), fingerprint(session_)) != known.end();
  }

  void set_aside(const JournalContent& content, const std::string& why) {
    const std::string when = time_of(content);
    const bool is_aside = read_from_ != path_ && read_from_ != path_ + ".bak";
    const std::string to = is_aside ? read_from_ : move(read_from_, ".old-");
    good_bytes_ = 0;
    note(fmt::format("the session file is used, not the live state of {}: {}; that state is kept as {}", when,
                     why, to),
         options_.fresh);
  }

  static std::string time_of(const JournalContent& content) {
    const std::time_t then = std::time_t(content.system_ns / kSecond), now = std::time(nullptr);
    const bool today = time_text("%F", then) == time_text("%F", now);
    return time_text(today ? "%T" : "%F %T", then);
  }

  void restore(JournalContent& content) {
    for (const Problem& problem : content.left_out) note(problem.text(), false);
    limit_gain(content.graph);
    if (!bad_.empty())
      note(fmt::format("live state of {} restored", time_of(content)), true);
    else if (!content.base.pristine || !(session_.graph == content.graph))
      note(fmt::format("live state of {} restored: {}", time_of(content),
                       difference(session_.graph, content.graph)),
           true);
    state_.restored = true;
    state_.file_graph = std::exchange(session_.graph, std::move(content.graph));
    session_.scenes = std::move(content.scenes);
  }

  /// Whoever starts it may have turned up an amplifier since. What the file says itself is left alone.
  void limit_gain(Graph& graph) {
    if (!options_.limit_gain) return;
    const double most = session_.audio.restore_max;
    const Links links(graph);
    bool limited = false;
    for (const Node& node : graph.nodes())
      for (int i = 0; i < row_count(*node.type) && is_in_master(node.path); i++) {
        if (!is_level(row(*node.type, i))) continue;
        const double level = std::get<double>(node.values[size_t(i)]);
        const Node* in_file = session_.graph.find(node.path);
        const bool as_in_file =
            in_file && in_file->type == node.type && level <= std::get<double>(in_file->values[size_t(i)]);
        if (level <= most || as_in_file) continue;
        const LinkedNode* const linked = links.find(node.path, i);
        const Node& said = linked ? *graph.find(linked->leader) : node;
        const double least = linked ? linked->leaders_value(i, most) : nearest(row(*node.type, i), most);
        graph.set_value(said.path, i, std::min(least, std::get<double>(said.values[size_t(i)])));
        limited = true;
        note(fmt::format("/{}/{} was at {:.1f} dB and is restored at {:.1f} dB (audio: restore_max)",
                         node.path, row(*node.type, i).id, level, most),
             false);
      }
    if (!limited || links.empty()) return;
    if (auto settled = mixgraph::apply(graph, {})) graph = std::move(*settled);
  }
  static bool is_in_master(const std::string& path) {
    return path == "master" || path.starts_with("master/");
  }
  /// Faders, and what a node is for when that is a gain: a trim's.
  static bool is_level(const Parameter& p) {
    return p.curve == Curve::fader || (p.main && p.unit == Unit::decibel && p.curve == Curve::linear);
  }

  Session& session_;
  Problems bad_;
  const LiveStateOptions& options_;
  fs::path file_;
  std::string path_, read_from_;  // the journal's, and where the content's file is now
  uint64_t content_sequence_ = 0;
  size_t good_bytes_ = 0;
  LiveState state_;
};

}  // namespace

std::string default_state_folder() {
  const auto variable = [](const char* name) {
    return std::string(std::getenv(name) ? std::getenv(name) : "");
  };
  // systemd names several folders with colons between.
  if (const std::string given = variable("STATE_DIRECTORY"); !given.empty())
    return given.substr(0, given.find(':'));
  if (const std::string state = variable("XDG_STATE_HOME"); state.starts_with('/'))
    return state + "/mixgraph";
  if (const std::string home = variable("HOME"); home.starts_with('/'))
    return home + "/.local/state/mixgraph";
  return "";
}

std::string copy_of(const LiveState& state) {
  std::error_code error;
  const std::string from = fs::exists(state.file, error) ? state.file : state.file + ".bak";
  const std::string to = unused_name(state.file, ".old-");
  if (!fs::copy_file(from, to, error)) return from;
  forget_oldest(state.file, to);
  return to;
}

LiveState open_live_state(Result<Session>& session, const LiveStateOptions& options) {
  if (session) return Opening(*session, {}, options).run();
  Session restored;
  LiveState state = Opening(restored, session.problems(), options).run();
  if (state.restored) session = std::move(restored);
  return state;
}

}  // namespace mixgraph
