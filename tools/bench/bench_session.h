#pragma once
#include <string>

namespace mixgraph {

/// The text of a session of about so many nodes: strips with settings and sends, groups of 32 on buses, two
/// effects and a master. [any]
std::string large_session(int nodes);

/// The text of a session in which 64 strips play a file in a loop, each from another place, as in `bench
/// console64`, and a probe: a file of ones, a trim to invert it, and a recorder. `noise` and `ones` are files
/// beside the session. [any]
std::string console_session(const std::string& noise, const std::string& ones);

/// The text of a session of so many strips with all their nodes in use, each with an input of its own, in a bus and a
/// master. [any]
std::string strips_session(int strips);

}  // namespace mixgraph
