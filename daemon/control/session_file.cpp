#include "daemon/control/session_file.h"

#include <filesystem>

namespace mixgraph {
namespace {

namespace fs = std::filesystem;

/// What can't be looked at can't be opened either, which is said then.
bool is_link(const fs::path& path) {
  std::error_code error;
  return fs::is_symlink(fs::symlink_status(path, error));
}

}  // namespace

SessionFile named_at_start(const std::string& path) {
  return {fs::path(path).lexically_normal().string(), is_link(path)};
}

Result<std::string> file_named(const SessionFile& file, const std::string& name) {
  if (name.empty() && file.path.empty()) return Problem{"", "this session has no file", "/graph/save name.yaml"};
  if (name.empty()) return file.path;
  const fs::path plain(name);
  const bool is_yaml = plain.extension() == ".yaml" || plain.extension() == ".yml";
  if (!is_yaml || plain.filename() != plain || name.front() == '.')
    return Problem{"", "\"" + name + "\" is not the name of a session file",
                   "a name that ends in .yaml, without folders: files are in the session's folder"};
  const fs::path path = fs::path(file.path).parent_path() / plain;
  if (path != file.path && is_link(path)) return Problem{"", name + " is a link", "the file itself"};
  return path.string();
}

Result<Session> load_own(const SessionFile& file, NodeTypes types) {
  if (file.path.empty()) return Problem{"", "this session has no file", ""};
  return file.is_link ? load_session(file.path, types) : load_beside(file.path, types);
}

Result<Session> load_beside(const std::string& path, NodeTypes types) {
  const fs::path file(path);
  return load_session_beneath(file.parent_path(), file.filename(), types);
}

Problems save_own(const SessionFile& file, const std::string& text, uint64_t loaded, NodeTypes types) {
  if (loaded == 0)
    return {{"", "the daemon runs without a session: its file is left alone", "/graph/save name.yaml saves beside it"}};
  return save_text(text, file.path, types, {file.is_link, loaded});
}

}  // namespace mixgraph
