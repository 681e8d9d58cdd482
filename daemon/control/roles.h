#pragma once
#include "config/session.h"
#include "daemon/osc/role.h"

namespace mixgraph {

/// The roles that a session gives: to clients on this machine, and to those on others. [any]
struct Roles {
  RolePtr local, remote;
  RolePtr of(bool is_remote) const { return is_remote ? remote : local; }
};
/// Everything is for everybody but files, as `osc: {files: ...}` says.
Roles roles_of(FileAccess files);

}  // namespace mixgraph
