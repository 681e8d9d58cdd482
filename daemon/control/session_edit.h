#pragma once
#include <map>
#include <optional>
#include <string>

#include "config/session.h"
#include "graph/shared.h"

namespace mixgraph {

/// What makes one session of another, besides its graph. Scenes that it doesn't name stay, as nodes do that edits of a
/// graph don't name. [control]
struct SessionEdit {
  std::optional<Shared<Session>> settings;                     ///< without graph and scenes; nothing: they stay
  std::map<std::string, std::optional<Shared<Scene>>> scenes;  ///< nothing: it is removed

  bool empty() const { return !settings && scenes.empty(); }
  size_t values() const;  ///< and nodes, in scenes
};

SessionEdit diff(const Session& before, const Session& after);
/// What takes an edit of a session back.
SessionEdit opposite(const Session& session, const SessionEdit& edit);
/// The text that the session's files had when they were read stays known.
void apply(Session& session, const SessionEdit& edit);

}  // namespace mixgraph
