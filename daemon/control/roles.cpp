#include "daemon/control/roles.h"

namespace mixgraph {

Roles roles_of(FileAccess files) {
  const auto role = [](std::string name, bool with_files) {
    Role made(std::move(name));
    for (const Right right : {Right::view, Right::mix, Right::edit, Right::scenes, Right::admin}) made.give(right);
    if (with_files) made.give(Right::files);
    return std::make_shared<const Role>(std::move(made));
  };
  return {role("local", files != FileAccess::none), role("remote", files == FileAccess::all)};
}

}  // namespace mixgraph
