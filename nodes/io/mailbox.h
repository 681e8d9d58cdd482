#pragma once
#include <mutex>
#include <optional>
#include <utility>

namespace mixgraph {

/// The latest of its kind on its way from a worker to whoever asks: nobody holds it for long. [any but audio]
template <class T>
class Mailbox {
 public:
  void put(T item) {
    std::lock_guard lock(mutex_);
    item_ = std::move(item);
  }
  std::optional<T> take() {
    std::lock_guard lock(mutex_);
    return std::exchange(item_, std::nullopt);
  }

 private:
  std::mutex mutex_;
  std::optional<T> item_;
};

}  // namespace mixgraph
