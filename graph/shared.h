#pragma once
#include <atomic>
#include <memory>
#include <utility>

namespace mixgraph {

/// A value that copies share, on whatever thread they are, so that to copy it costs nothing. [any]
template <class T>
class Shared {
 public:
  Shared() : Shared(T()) {}
  Shared(T value) : value_(std::make_shared<T>(std::move(value))) {}

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  operator const T&() const { return *value_; }
  bool operator==(const Shared& other) const { return shares(other) || *value_ == *other.value_; }
  /// Whether both are the same value in the same place.
  bool shares(const Shared& other) const { return value_ == other.value_; }

  /// The value to be changed: a copy of it, if others share it.
  T& own() {
    if (value_.use_count() > 1) value_ = std::make_shared<T>(*value_);
    std::atomic_thread_fence(std::memory_order_acquire);  // another thread may have been the other owner
    return *value_;
  }

 private:
  std::shared_ptr<T> value_;
};

}  // namespace mixgraph
