#include "config/session.h"

#include <filesystem>
#include <set>

#include "config/expander.h"
#include "config/file_text.h"
#include "config/keys.h"
#include "config/version.h"

namespace mixgraph {
namespace {

namespace fs = std::filesystem;

/// Reads one session.
class SessionReader {
 public:
  SessionReader(std::string file_name, std::string folder, NodeTypes types)
      : file_name_(std::move(file_name)), folder_(std::move(folder)), types_(types) {}

  Result<Session> read(std::string_view text) {
    session_.text_hash = hash_of(text);
    std::optional<Yaml> yaml = parse_yaml(text, file_name_, report_);
    if (yaml && expect_session(*yaml)) read_keys(*yaml);
    if (!report_.empty()) return report_.problems();
    return std::move(session_);
  }

 private:
  bool expect_session(const Yaml& yaml) {
    bool is_empty = yaml.kind == Yaml::Kind::null;
    if (is_empty) report_.add(yaml.place, "the file is empty", "a session starts with `mixgraph: 1`");
    if (!is_empty && !yaml.is_mapping())
      report_.add(yaml.place, "this is not a session",
                  "a session is a mapping that starts with `mixgraph: 1`");
    return yaml.is_mapping();
  }

  void read_keys(const Yaml& yaml) {
    check_version(yaml, "a session", report_);
    read_composites(yaml);
    Expander expander(types_, session_.composites, report_);
    for (const Yaml::Entry& entry : yaml.entries)
      if (is_in_section(entry.key))
        declare(expander, entry);
      else if (!read_settings(entry.key, entry.value, session_, report_) && !is_other_key(entry.key))
        report_.add(entry.place, "`" + entry.key + "`: no such key of a session",
                    suggest(entry.key, session_keys(), "it has"));
    expander.connect();
    make_graph(expander);
    read_audio(yaml.find("audio"), session_, report_);
    if (const Yaml::Entry* scenes = yaml.find("scenes")) read_scenes(scenes->value, types_, session_, report_);
  }
  static bool is_other_key(std::string_view key) {
    return key == "mixgraph" || key == "include" || key == "audio" || key == "scenes";
  }

  void read_composites(const Yaml& yaml) {
    session_.composites = standard_composites();
    Composites own;
    for (const auto& [name, composite] : session_.composites) {
      std::string path = (fs::path(folder_) / (name + ".yaml")).string();
      std::error_code error;
      if (fs::is_regular_file(path, error) && !fs::equivalent(path, file_name_, error))
        add_file(name + ".yaml", nullptr, own);
    }
    if (const Yaml::Entry* include = yaml.find("include"))
      for (const Word& word : read_words(include->value, "include", report_)) {
        session_.include.push_back(word.text);
        add_file(word.text, &word, own);
      }
    std::vector<std::string> names;
    for (auto& [name, composite] : own) {
      session_.composites.insert_or_assign(name, std::move(composite));
      names.push_back(name);
    }
    check_composites(session_.composites, types_);
    for (const std::string& name : names) report_.add(session_.composites.at(name).report);
  }
  /// A file of the user's: included at a place, or found beside the session, where it may also be something
  /// else.
  void add_file(const std::string& name, const Word* included, Composites& own) {
    const std::string path = (fs::path(folder_) / name).lexically_normal().string();
    Result<std::string> text = read_file_beneath(folder_, name);
    if (!text) {
      const Place place = included ? included->place : Place{std::make_shared<const std::string>(path), 1, 1};
      return report_.add(place, "`" + name + "`: " + text.problems()[0].what);
    }
    Report report;
    std::optional<Yaml> yaml = parse_yaml(*text, path, report);
    if (!included && (!yaml || !is_composite_file(*yaml))) return;
    session_.types_hash = session_.types_hash * 31 + hash_of(*text);
    report_.add(report);
    if (!yaml) return;
    if (!yaml->is_mapping())
      return report_.add(yaml->place, "this is not a composite type",
                         "a composite type has `type:` and `nodes:`");
    Composite composite = parse_composite(*yaml);
    if (composite.type.empty()) return report_.add(composite.report);
    std::string type = composite.type;
    if (included && !included_.insert(type).second)
      return report_.add(included->place, "`" + included->text + "`: `" + type + "` is defined in two files",
                         "remove one");
    own.insert_or_assign(type, std::move(composite));
  }

  void declare(Expander& expander, const Yaml::Entry& entry) {
    const Yaml& value = entry.value;
    auto is_own = [&](const char* key) {
      const Yaml::Entry* found = value.find(key);
      return found && found->value.is_scalar();
    };
    bool is_node = entry.key.find('/') != std::string::npos || is_own("type") || is_own("group");
    if (is_node) return expander.declare(entry.key, {entry.key, entry.place}, value);
    if (value.kind == Yaml::Kind::null) return;
    if (!value.is_mapping())
      return report_.add(value.place, "`" + entry.key + "`: a mapping is expected", "nodes by name");
    for (const Yaml::Entry& node : value.entries)
      expander.declare(join(entry.key, node.key), {node.key, node.place}, node.value);
  }

  void make_graph(const Expander& expander) {
    Result<Graph> graph = mixgraph::apply(Graph(), expander.edits());
    if (graph) return void(session_.graph = std::move(*graph));
    if (!report_.empty()) return;
    auto file = std::make_shared<const std::string>(file_name_);
    for (const Problem& p : graph.problems()) report_.add({file, 1, 1}, p.where + ": " + p.what, p.hint);
  }

  std::string file_name_, folder_;
  NodeTypes types_;
  Report report_;
  Session session_;
  std::set<std::string> included_;  ///< composite types
};

}  // namespace

uint64_t hash_of(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : text) hash = (hash ^ uint8_t(c)) * 0x100000001b3;
  return hash;
}

uint64_t fingerprint(const Session& session) {
  return session.text_hash ^ (session.types_hash * 0x9e3779b97f4a7c15);
}

bool Session::operator==(const Session& other) const {
  return name == other.name && audio == other.audio && osc == other.osc && media == other.media &&
         recordings == other.recordings && include == other.include && graph == other.graph &&
         scenes == other.scenes;
}

Result<Session> parse_session(std::string_view text, const std::string& file_name, const std::string& folder,
                              NodeTypes types) {
  return SessionReader(file_name, folder, types).read(text);
}

Result<Session> load_session_beneath(const std::string& folder, const std::string& name, NodeTypes types) {
  Result<std::string> text = read_file_beneath(folder, name);
  if (!text) return text.problems();
  return parse_session(*text, (fs::path(folder) / name).string(), folder, types);
}

Result<Session> load_session(const std::string& path, NodeTypes types) {
  Result<std::string> text = read_file(path);
  if (!text) return text.problems();
  return parse_session(*text, path, fs::path(path).parent_path().string(), types);
}

}  // namespace mixgraph
