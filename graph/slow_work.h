#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "graph/engine.h"
#include "graph/workshop.h"

namespace mixgraph {

/// All that an engine lets its workers do. Of several that call service() at a time, each takes what none is at: what hangs
/// keeps one of them.
class SlowWork {
 public:
  struct Served {
    std::shared_ptr<Bank> bank;
    std::string path;
  };
  explicit SlowWork(const Workshop& workshop) : workshop_(workshop) {}

  /// What has slow work from now on. [control]
  void serve(std::vector<Served> served);
  /// Has an instance made; it comes with take_made(). [control]
  void order(Preparation preparation);
  std::vector<Prepared> take_made();          ///< [control]
  std::vector<NodeTrouble> take_troubles();   ///< [control]
  /// Ends, makes, serves. False: nothing has slow work. [worker]
  bool service();

 private:
  bool make_one();
  std::shared_ptr<Bank> served(size_t i);

  const Workshop& workshop_;
  std::mutex mutex_;  // of all below; nobody holds it for long
  std::vector<Served> served_;
  std::vector<Preparation> ordered_;
  std::vector<Prepared> made_;
};

}  // namespace mixgraph
