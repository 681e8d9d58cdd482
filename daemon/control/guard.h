#pragma once
#include <optional>
#include <span>

#include "daemon/control/workspace.h"

/// Who may do what. [control]
namespace mixgraph {

/// Whether a parameter names a file.
bool names_file(const NodeType& type, const Parameter& p);

/// Why a client has no right for an address; empty: it has.
std::optional<Problem> refusal(const Workspace& workspace, const Client& client, Right right, std::string_view address);
/// The same for edits: for the nodes that they are about, and for files if they name any. `next`: the graph that they lead
/// to, as they may be about nodes that nobody has but a draft.
std::optional<Problem> refusal(const Workspace& workspace, const Client& client, std::span<const Edit> edits, const Graph& next, Right right = Right::edit);
/// Why the author of a change, which leads to a graph, may not make it; empty: it may.
std::optional<Problem> guard(const Workspace& workspace, const Change& change, const Graph& next);

}  // namespace mixgraph
