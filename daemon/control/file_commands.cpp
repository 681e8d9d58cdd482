#include <algorithm>
#include <filesystem>
#include <memory>

#include "daemon/control/workspace.h"
#include "daemon/control/session_file.h"

namespace mixgraph {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPart = 1000;  // bytes of text in one message

std::string name_of(const std::string& file) { return fs::path(file).filename().string(); }

Session whole_session(const Workspace& workspace) {
  Session session = workspace.document.session();
  session.graph = workspace.document.graph();
  return session;
}

/// A save to the session's own file that is under way.
struct OwnSave {
  Session saved;
  std::string text, file;
  uint64_t before = 0, after = 0;  ///< fingerprints
};

Answer end_own_save(Workspace& workspace, const OwnSave& save, const Problems& problems) {
  const auto& rebase = workspace.settings.journal.rebase;
  const bool saved = problems.empty();
  const bool is_same = save.saved.graph == workspace.document.graph() && save.saved.scenes == workspace.document.session().scenes;
  if (saved) workspace.document.know_files(save.saved.text_hash, workspace.document.session().types_hash);
  if (rebase) rebase(workspace, {saved ? save.after : save.before}, saved && is_same);
  if (!saved) return problems;
  return Done{name_of(save.file)};
}

/// Killed while it saves, the daemon takes either file for its own.
Answer begin_own_save(Workspace& workspace, const std::shared_ptr<OwnSave>& save) {
  save->before = fingerprint(workspace.document.session());
  save->saved.text_hash = hash_of(save->text);
  save->after = fingerprint(save->saved);
  if (workspace.settings.journal.rebase) workspace.settings.journal.rebase(workspace, {save->before, save->after}, false);
  return answered_by([save, own = workspace.settings.own_file(), old = workspace.document.session().text_hash, types = workspace.types]() -> Ending {
    return [save, problems = save_own(own, save->text, old, types)](Workspace& c) { return end_own_save(c, *save, problems); };
  });
}

Answer save(Workspace& workspace, const Call& call) {
  return answered_by([name = call.text(0), own = workspace.settings.own_file(), types = workspace.types, session = whole_session(workspace)]() -> Ending {
    const auto file = file_named(own, name);
    if (!file) return ending(file.problems());
    if (std::find(session.include.begin(), session.include.end(), name_of(*file)) != session.include.end())
      return ending(Problem{"", name_of(*file) + " is a file of composite types that this session includes", "another name"});
    std::string text = write_session(session);
    if (*file == own.path) {
      const auto save = std::make_shared<OwnSave>(OwnSave{session, std::move(text), own.path});
      return [save](Workspace& c) { return begin_own_save(c, save); };
    }
    if (Problems problems = save_text(text, *file, types); !problems.empty()) return ending(problems);
    return ending(Done{name_of(*file)});
  });
}

/// Reads on a worker, and takes the session over when that is done.
Answer load_named(Workspace& workspace, const Client& client, const std::string& name) {
  return answered_by([name, client, own = workspace.settings.own_file(), types = workspace.types]() -> Ending {
    const auto file = file_named(own, name);
    if (!file) return ending(file.problems());
    const bool is_own = *file == own.path;
    auto session = is_own ? load_own(own, types) : load_beside(*file, types);
    if (!session) return ending(session.problems());
    return [loaded = std::move(*session), client, is_own, file = *file](Workspace& c) { return c.take(loaded, is_own, client, name_of(file)); };
  });
}

Answer load(Workspace& workspace, const Call& call) {
  return load_named(workspace, call.client, call.text(0));
}

Answer revert(Workspace& workspace, const Call& call) {
  return load_named(workspace, call.client, "");
}

/// A text in parts that end with a line where they can.
std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(at + kPart, text.size());
    const size_t line = text.rfind('\n', end - 1);
    if (end < text.size() && line != std::string::npos && line > at) end = line + 1;
    parts.push_back(text.substr(at, end - at));
    at = end;
  }
  return parts;
}

Answer get(Workspace& workspace, const Call& call) {
  return answered_by([session = whole_session(workspace), client = call.client, address = call.message.address]() -> Ending {
    const auto parts = parts_of(write_session(session));
    std::vector<osc::Message> list;
    for (size_t i = 0; i < parts.size(); i++)
      list.push_back({"/graph/get", {int32_t(i + 1), int32_t(parts.size()), parts[i]}});
    return [list = std::move(list), client, address](Workspace& c) mutable { return c.answer_list(client, address, std::move(list)); };
  });
}

constexpr Command kCommands[] = {
    {"/graph/get", "", "", "Sends the session as YAML in parts: /graph/get PART PARTS TEXT, then /done.",
     get, Right::view, true},
    {"/graph/save", "[file]", "|s", "Writes the session to its file, or to another one in the same folder.",
     save, Right::files, true},
    {"/graph/load", "[file]", "|s", "Loads the session's file again, or another one in the same folder.",
     load, Right::files, true},
    {"/graph/revert", "", "", "Goes back to the session's file, as one step of undo.", revert, Right::files, true},
};

}  // namespace

std::span<const Command> file_commands() {
  return kCommands;
}

}  // namespace mixgraph
