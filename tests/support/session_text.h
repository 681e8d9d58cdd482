#pragma once
#include <stdexcept>
#include <string>

#include "config/session.h"
#include "nodes/list.h"

namespace mixgraph {

/// What a daemon's text says, but for where players are, which goes on of itself; throws std::runtime_error if it is none.
inline Session session_of(const std::string& text) {
  auto session = parse_session(text, "live", ".", node_types());
  if (!session) throw std::runtime_error(session.problems().front().text() + "\n" + text);
  Graph& graph = session->graph;
  for (const Node& node : Graph(graph).nodes())
    if (node.type->id == "player") graph.set_value(node.path, find_row(*node.type, "position"), 0.0);
  return *session;
}

}  // namespace mixgraph
