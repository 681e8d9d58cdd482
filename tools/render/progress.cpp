#include "tools/render/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace mixgraph {

bool Progress::wanted() {
  return isatty(STDERR_FILENO) == 1;
}

Progress::Progress(bool shown, double seconds) : shown_(shown), end_(seconds) {}

Progress::~Progress() {
  if (!shown_) return;
  draw(last_);
  std::fputs("\n", stderr);
}

void Progress::at(double seconds, double end) {
  last_ = seconds;
  end_ = std::max(end, seconds);
  if (!shown_ || Clock::now() - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = Clock::now();
  draw(seconds);
}

void Progress::draw(double seconds) const {
  constexpr int kWidth = 30;
  double part = end_ > 0 ? std::min(seconds / end_, 1.0) : 0;
  double passed = std::chrono::duration<double>(Clock::now() - start_).count();
  int filled = int(part * kWidth);
  std::string line = fmt::format("\r[{:#<{}}{:-<{}}] {:3.0f} %  {:.1f} s of {:.1f} s", "", filled, "",
                                 kWidth - filled, part * 100, seconds, end_);
  if (passed > 0.2) line += fmt::format("  {:.0f}x real time", seconds / passed);
  std::fputs((line + "\033[K").c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace mixgraph
