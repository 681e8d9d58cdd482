#pragma once
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "graph/node.h"

namespace mixgraph {

/// What instances of the test's slow types went through, on which threads; and gates at which they hang.
class LazyLives {
 public:
  struct Event {
    std::string what, file;  ///< "channels", "make", "serve", "end"
    std::thread::id thread;
  };
  /// Notes it; waits while the gate of this is shut.
  void note(const std::string& what, const std::string& file);
  void shut(const std::string& what, const std::string& file);
  void open();
  /// So many of them as yet; `here`: on this thread alone.
  int count(const std::string& what, const std::string& file) const;
  int count_here() const;
  /// Waits until there are so many.
  void await(const std::string& what, const std::string& file, int count = 1);
  void clear();

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Event> events_;
  std::string shut_;
};
extern LazyLives lazy_lives;

/// `lazy` puts out the level with which it began, or what is no number while it is spoilt; a file "stereo..." has two channels,
/// "bad" can't be made. `lazy_sink` hears.
extern const NodeType kLazy, kLazySink;

}  // namespace mixgraph
