#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "daemon/control/change.h"

namespace mixgraph {

/// Rows whose new values wait for a worker: what is said of one of them later is what counts. [control]
class RowsAtWork {
  using Row = std::pair<std::string, int>;  // of the node at this path
  struct Said {
    uint64_t number = 0;  // of the latest that was said
    int watches = 0;
  };
  struct State {
    std::mutex mutex;  // the last who holds a watch may be a worker
    std::map<Row, Said> rows;
    std::atomic<int> watches = 0;  // so that a set, of which there may be very many, finds out without the mutex
    uint64_t number = 0;
  };

 public:
  /// Values that wait, for as long as somebody holds this.
  class Watch {
   public:
    Watch(std::shared_ptr<State> state, const NewValues& values);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    /// Those of the values that are still the latest word, at their rows of today; a problem if there were some and none is
    /// left, or the node of one has gone.
    Result<NewValues> left(const Namespace& names) const;

   private:
    struct Lasting {
      Row row;
      TypeRef type;
      Value value;
      bool said;
    };
    bool is_latest(const Row& row) const;
    std::shared_ptr<State> state_;
    std::vector<Lasting> values_;
    uint64_t number_;
  };
  std::shared_ptr<const Watch> watch(const NewValues& values) { return std::make_shared<const Watch>(state_, values); }
  /// These rows were given values.
  void said(const std::string& path, int row);

 private:
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace mixgraph
