#include <filesystem>

#include "daemon/control/file_access.h"
#include "daemon/control/session_file.h"

namespace mixgraph {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPart = 1000;  // bytes of text in one message

Session whole_session(const Console& console) {
  Session session = console.session;
  session.graph = console.live.graph();
  return session;
}

/// Saves to the session's own file. Killed in between, the daemon takes either file for its own.
Problems save_own(Console& console, const std::string& text) {
  const auto& rebase = console.settings.journal.rebase;
  const uint64_t before = fingerprint(console.session);
  const uint64_t old_text = std::exchange(console.session.text_hash, hash_of(text));
  const uint64_t after = fingerprint(console.session);
  if (rebase) rebase(console, {before, after}, false);
  Problems problems = save_own(console.settings.own_file(), text, old_text, console.types);
  if (!problems.empty()) console.session.text_hash = old_text;
  if (rebase) rebase(console, {problems.empty() ? after : before}, problems.empty());
  return problems;
}

Answer save(Console& console, const Call& call) {
  if (const auto refusal = file_refusal(console, call.client)) return *refusal;
  const auto file = file_named(console.settings.own_file(), call.text(0));
  if (!file) return file.problems();
  const std::string text = write_session(whole_session(console));
  const bool own = *file == console.settings.session_file;
  Problems problems = own ? save_own(console, text) : save_text(text, *file, console.types);
  if (!problems.empty()) return problems;
  return Done{fs::path(*file).filename().string()};
}

Answer load_file(Console& console, const std::string& file) {
  const bool own = file == console.settings.session_file;
  auto session = own ? load_own(console.settings.own_file(), console.types) : load_beside(file, console.types);
  if (!session) return session.problems();
  if (Problems problems = console.take(std::move(*session), own); !problems.empty()) return problems;
  return Done{fs::path(file).filename().string()};
}

Answer load(Console& console, const Call& call) {
  if (const auto refusal = file_refusal(console, call.client)) return *refusal;
  const auto file = file_named(console.settings.own_file(), call.text(0));
  if (!file) return file.problems();
  return load_file(console, *file);
}

Answer revert(Console& console, const Call& call) {
  if (const auto refusal = file_refusal(console, call.client)) return *refusal;
  return load_file(console, console.settings.session_file);
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

Answer get(Console& console, const Call& call) {
  const auto parts = parts_of(write_session(whole_session(console)));
  std::vector<osc::Message> list;
  for (size_t i = 0; i < parts.size(); i++)
    list.push_back({"/graph/get", {int32_t(i + 1), int32_t(parts.size()), parts[i]}});
  return console.answer_list(call, std::move(list));
}

constexpr Command kCommands[] = {
    {"/graph/get", "", "", "Sends the session as YAML in parts: /graph/get PART PARTS TEXT, then /done.",
     get},
    {"/graph/save", "[file]", "|s", "Writes the session to its file, or to another one in the same folder.",
     save},
    {"/graph/load", "[file]", "|s", "Loads the session's file again, or another one in the same folder.",
     load},
    {"/graph/revert", "", "", "Goes back to the session's file, as one step of undo.", revert},
};

}  // namespace

std::span<const Command> file_commands() {
  return kCommands;
}

}  // namespace mixgraph
