#pragma once
#include "daemon/control/console.h"

namespace mixgraph {

/// The graph that a client's edits start from: the draft of its transaction, or what is heard. [control]
const Graph& graph_for(const Console& console, const Client& client);
/// Makes edits now, or gathers them in the client's transaction. [control]
Answer edit(Console& console, const Call& call, std::vector<Edit> edits, std::string detail);

}  // namespace mixgraph
