#include "daemon/control/roles.h"

namespace mixgraph {

RolePtr Roles::named(std::string_view name) const {
  for (const RolePtr& role : {local, remote})
    if (role->name() == name) return role;
  return std::make_shared<const Role>(std::string(name));
}

Roles roles_of(FileAccess files) {
  const auto role = [](std::string name, bool with_files) {
    Role role(std::move(name));
    for (const Right right : {Right::view, Right::mix, Right::edit, Right::scenes, Right::admin}) role.give(right);
    if (with_files) role.give(Right::files);
    return std::make_shared<const Role>(std::move(role));
  };
  return {role("local", files != FileAccess::none), role("remote", files == FileAccess::all)};
}

}  // namespace mixgraph
