#include "daemon/control/late_files.h"

#include <algorithm>
#include <utility>

#include "daemon/control/console.h"

namespace mixgraph {
namespace {

constexpr int64_t kInterval = 2 * kSecond;

}  // namespace

void LateFiles::tick() {
  const bool due = console_.now.monotonic_ns >= next_ns_;
  if (!due && lacked_.empty()) return;
  std::vector<Preparation> lacking = console_.engine.lacking_files();
  tell_found(lacking);
  if (!due) return;
  next_ns_ = console_.now.monotonic_ns + kInterval;
  if (!lacking.empty() && console_.settings.in_background) try_again(std::move(lacking));
}

void LateFiles::tell_found(const std::vector<Preparation>& lacking) {
  std::vector<std::string> paths;
  for (const Preparation& p : lacking) paths.push_back(p.path);
  for (const std::string& path : lacked_)
    if (std::find(paths.begin(), paths.end(), path) == paths.end() && console_.document.graph().find(path))
      console_.tell_fault("/" + path, "has its files now", "it begins as at a start", true);
  lacked_ = std::move(paths);
}

/// What is said of them meanwhile counts: what doesn't fit any more is made for nothing.
void LateFiles::try_again(std::vector<Preparation> lacking) {
  turns_.do_own([&engine = console_.engine, lacking = std::move(lacking)]() -> Ending {
    std::vector<Prepared> made;
    for (const Preparation& preparation : lacking)
      if (Prepared one = engine.make(preparation); one.bank) made.push_back(std::move(one));
    return [made = std::move(made)](Console& console) -> Answer {
      if (made.empty()) return answered();
      return console.make({.why = Change::Why::trouble, .prepared = made}, *answered());
    };
  });
}

}  // namespace mixgraph
