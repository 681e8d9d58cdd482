#include "daemon/control/session_edit.h"

namespace mixgraph {
namespace {

Session settings_of(const Session& session) {
  return {session.name,    session.audio, session.osc, session.media,      session.recordings,
          session.include, {},            {},          session.composites, session.text_hash,
          session.types_hash};
}

}  // namespace

size_t SessionEdit::values() const {
  size_t count = 0;
  for (const auto& [name, scene] : scenes) {
    count++;
    if (!scene) continue;
    count += (*scene)->values.size() + (*scene)->scope.size();
    for (const auto& [path, part] : (*scene)->scope) count += part.values.size();
  }
  return count;
}

SessionEdit diff(const Session& before, const Session& after) {
  SessionEdit edit;
  Session settings = settings_of(after);
  if (!(settings == settings_of(before)) || before.types_hash != after.types_hash) edit.settings = Shared(std::move(settings));
  for (const auto& [name, scene] : before.scenes)
    if (!after.scenes.contains(name)) edit.scenes[name] = std::nullopt;
  for (const auto& [name, scene] : after.scenes) {
    const auto old = before.scenes.find(name);
    if (old == before.scenes.end() || old->second != scene) edit.scenes[name] = scene;
  }
  return edit;
}

SessionEdit opposite(const Session& session, const SessionEdit& edit) {
  SessionEdit back;
  if (edit.settings) back.settings = Shared(settings_of(session));
  for (const auto& [name, scene] : edit.scenes) {
    const auto old = session.scenes.find(name);
    back.scenes[name] = old == session.scenes.end() ? std::nullopt : std::optional(old->second);
  }
  return back;
}

void apply(Session& session, const SessionEdit& edit) {
  if (edit.settings) {
    Session next = **edit.settings;
    next.scenes = std::move(session.scenes);
    next.text_hash = session.text_hash;
    next.types_hash = session.types_hash;
    session = std::move(next);
  }
  for (const auto& [name, scene] : edit.scenes) {
    if (scene)
      session.scenes[name] = *scene;
    else
      session.scenes.erase(name);
  }
}

}  // namespace mixgraph
