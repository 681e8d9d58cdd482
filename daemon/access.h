#pragma once
#include <vector>

#include "config/session.h"
#include "daemon/control/workspace.h"
#include "daemon/net/osc_server.h"
#include "daemon/options.h"

/// Where the daemon listens, and whom it hears. [control]
namespace mixgraph {

/// What the session says, unless the command line says otherwise.
OscSettings osc_settings(const Session& session, const Options& options);
/// An address beyond this machine needs somebody who is allowed.
Problems check_access(const OscSettings& osc);
/// A line to warn of each address that other machines reach.
std::vector<std::string> access_warnings(const OscSettings& osc);
OscServerOptions server_options(const OscSettings& osc);
/// What the server dropped and refused, for /status.
std::vector<StatusItem> access_status(const OscServer& server);

}  // namespace mixgraph
