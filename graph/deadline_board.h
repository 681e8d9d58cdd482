#pragma once
#include <atomic>
#include <cstdint>

#include "graph/deadlines.h"

namespace mixgraph {

/// What nodes of an engine have posted, by the frame at which it is due. In each tick of 64 frames the audio thread does as
/// many slices as it must do in every tick from now on, so that all is done in time without any help: the least that is enough for
/// the deadlines that are known, so that no tick takes more than its even share, and none depends on where the device cuts
/// its blocks. Slices that helpers have begun are counted, but left to them as long as there is time.
///
/// Only the audio thread changes the order; helpers walk along it. What they may come by there stays alive while they do: who
/// walks says so first (Crew), what leaves a program leaves the order before the program is dismissed, and a program and its banks are
/// kept until nobody walks who began before that.
class DeadlineBoard {
 public:
  /// Does the audio thread's share in the tick that begins at `frame`. No bank runs meanwhile. [audio]
  void work(uint64_t frame) noexcept;
  /// Lets go of what isn't in the program of this number: its banks have been told (Bank::program_serial). No bank runs
  /// meanwhile. [audio]
  void keep(uint64_t program) noexcept;
  /// Does a slice that nobody has begun, of what is due first; false: there is none. [helper]
  bool help() noexcept;

  /// Adds a piece's part of all work to the types that it is for: what it takes as a rule, whoever does it, and as if all pieces
  /// had the same part, as few of them are measured. [audio]
  void account(int frames) const noexcept;

 private:
  friend class DeadlineJob;
  struct Share {
    int least = 0;  ///< slices to do now
    int begun = 0;  ///< of those, so many that helpers have begun: they would come too late otherwise
  };
  void add(DeadlineJob& job) noexcept;
  Share share(uint64_t tick) const noexcept;
  template <class Gone>
  void sort_in(Gone gone) noexcept;
  template <class Do>
  void each(Do f) const noexcept;

  std::atomic<DeadlineJob*> fresh_{nullptr};  // posted since the last tick, by any thread that runs banks
  std::atomic<DeadlineJob*> first_{nullptr};  // all others, what is due first in front
};

}  // namespace mixgraph
