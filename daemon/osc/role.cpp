#include "daemon/osc/role.h"

#include <algorithm>

namespace mixgraph {

ClientRolePtr ClientRole::all() {
  static const ClientRolePtr all = [] {
    ClientRole role("all");
    for (size_t right = 0; right < kRights; right++) role.give(Right(right));
    return std::make_shared<const ClientRole>(std::move(role));
  }();
  return all;
}

bool ClientRole::is_given(Right right, std::string_view address) const {
  return std::any_of(given_.begin(), given_.end(), [&](const auto& g) { return g.first == right && g.second.matches(address); });
}

}  // namespace mixgraph
