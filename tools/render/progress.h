#pragma once
#include <chrono>
#include <string>

namespace mixgraph {

/// A progress bar on stderr, redrawn ten times a second at most; it draws nothing unless it is shown.
class Progress {
 public:
  /// Whether stderr is a terminal, so that a bar is of use.
  static bool wanted();

  /// `seconds`: the length of the work in the time of the sound, for "12x real time".
  Progress(bool shown, double seconds);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// The work has come to this point, in seconds of sound; the end may move.
  void at(double seconds, double end);

 private:
  using Clock = std::chrono::steady_clock;
  void draw(double seconds) const;

  bool shown_;
  double end_, last_ = 0;
  Clock::time_point start_ = Clock::now(), drawn_{};
};

}  // namespace mixgraph
