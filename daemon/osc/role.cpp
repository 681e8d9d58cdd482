#include "daemon/osc/role.h"

#include <algorithm>

namespace mixgraph {

RolePtr Role::all() {
  static const RolePtr all = [] {
    Role role("all");
    for (size_t right = 0; right < kRights; right++) role.give(Right(right));
    return std::make_shared<const Role>(std::move(role));
  }();
  return all;
}

bool Role::is_given(Right right, std::string_view address) const {
  return std::any_of(given_.begin(), given_.end(), [&](const auto& g) { return g.first == right && g.second.matches(address); });
}

}  // namespace mixgraph
