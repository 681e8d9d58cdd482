#pragma once
#include <optional>
#include <span>

#include "daemon/control/console.h"

/// Who may make the daemon touch files (`osc: {files: ...}`). [control]
namespace mixgraph {

/// Whether a parameter names a file.
bool names_file(const NodeType& type, const Parameter& p);

/// Why a client may not load, save, or name files; empty: it may.
std::optional<Problem> file_refusal(const Console& console, const ClientId& client);
/// The same for edits: only those that name a file are refused. `next`: the graph that they lead to, as they may be about
/// nodes that nobody has but a draft.
std::optional<Problem> file_refusal(const Console& console, const ClientId& client,
                                    std::span<const Edit> edits, const Graph& next);
/// Why the author of a change, which leads to a graph, may not make it; empty: it may.
std::optional<Problem> guard(const Console& console, const ChangeX& change, const Graph& next);

}  // namespace mixgraph
