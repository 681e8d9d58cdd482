#include "daemon/control/late_files.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "daemon/control/workspace.h"

namespace mixgraph {
namespace {

constexpr int64_t kInterval = 2 * kSecond;

}  // namespace

void LateFiles::tick() {
  if (workspace_.now.monotonic_ns < next_ns_) return;
  next_ns_ = workspace_.now.monotonic_ns + kInterval;
  std::vector<Preparation> lacking = workspace_.engine.lacking_files();
  tell_found(lacking);
  if (!workspace_.settings.in_background || lacking.empty()) return;
  std::rotate(lacking.begin(), lacking.begin() + std::ptrdiff_t(turn_++ % lacking.size()), lacking.end());
  for (const Preparation& one : lacking) try_again(one);
}

/// A node that was given other files, or another node in its place, has found nothing, but lacks nothing either.
void LateFiles::tell_found(const std::vector<Preparation>& lacking) {
  std::map<std::string, Preparation> now;
  for (const Preparation& p : lacking) now.emplace(p.path, p);
  for (const auto& [path, before] : lacked_) {
    const Node* node = workspace_.document.graph().find(path);
    if (now.contains(path) || !node || node->type != before.type || !built_alike(*node->type, node->values, before.values)) continue;
    workspace_.tell_fault("/" + path, {"has its files now", "it begins as at a start"}, true);
  }
  std::erase_if(workspace_.node_faults, [&](const auto& fault) {
    return fault.second.lacks_files && !now.contains(fault.first.substr(1));
  });
  lacked_ = std::move(now);
}

/// One by one, as one that hangs keeps only itself. What is said of it meanwhile counts: what doesn't fit any more is made for
/// nothing.
void LateFiles::try_again(const Preparation& lacking) {
  const uint64_t number = std::hash<std::string>{}(lacking.path) << 1 | 2;  // none that another client of this program has
  turns_.do_own(number, [&engine = workspace_.engine, lacking]() -> Ending {
    Prepared made = engine.make(lacking);
    return [made = std::move(made)](Workspace& workspace) -> Answer {
      if (!made.bank) return answered();
      return workspace.make({.why = Change::Why::trouble, .prepared = {made}}, *answered());
    };
  });
}

}  // namespace mixgraph
