#pragma once
#include "daemon/control/workspace.h"

namespace mixgraph {

inline constexpr size_t kMaxMatches = 1024;  ///< parameters that one pattern may mean
inline constexpr double kMaxMove = 3600;     ///< s

/// Carries out a message to an address, or pattern of addresses, of parameters and meters, also with `/norm`
/// before it: a get, a set or a timed move. It answers for itself, but for what can't be done. What was set waits for
/// Document::flush(). [control]
Answer parameter_message(Workspace& workspace, const Call& call);

}  // namespace mixgraph
