#include "daemon/osc/role.h"

#include <algorithm>
#include <sstream>

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

std::string Role::text() const {
  std::string text = name_;
  for (size_t right = 0; right < kRights; right++)
    if (everywhere_[right]) text += "\n" + std::string(kRightNames[right]);
  for (const auto& [right, addresses] : given_) text += "\n" + std::string(kRightNames[size_t(right)]) + " " + addresses.text();
  return text;
}

RolePtr Role::of_text(std::string_view text) {
  std::istringstream lines{std::string(text)};
  std::string line;
  std::getline(lines, line);
  Role role(line);
  while (std::getline(lines, line)) {
    const size_t space = line.find(' ');
    const auto right = std::find(kRightNames.begin(), kRightNames.end(), line.substr(0, space));
    if (right == kRightNames.end()) continue;
    const auto number = Right(right - kRightNames.begin());
    if (space == line.npos)
      role.give(number);
    else if (auto addresses = Pattern::parse(line.substr(space + 1)))
      role.give(number, std::move(*addresses));
  }
  return std::make_shared<const Role>(std::move(role));
}

}  // namespace mixgraph
