#pragma once
#include "daemon/control/workspace.h"

namespace mixgraph {

/// The graph that a client's edits start from: the draft of its transaction, or what is heard. [control]
const Graph& graph_for(const Workspace& workspace, const Client& client);
/// Makes edits now, or gathers them in the client's transaction. [control]
Answer edit(Workspace& workspace, const Call& call, std::vector<Edit> edits, std::string detail);

/// Why there is nothing to be said of a path: no node is at it or beneath it. [control]
std::optional<Problem> unknown_path(const Graph& graph, const std::string& path);

}  // namespace mixgraph
