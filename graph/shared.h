#pragma once
#include <memory>
#include <utility>

namespace mixgraph {

/// A value that copies share, on whatever thread they are, so that to copy it costs nothing. It is replaced as a whole. [any]
template <class T>
class Shared {
 public:
  Shared() : Shared(T()) {}
  Shared(T value) : value_(std::make_shared<const T>(std::move(value))) {}

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  operator const T&() const { return *value_; }
  bool operator==(const Shared& other) const { return value_ == other.value_ || *value_ == *other.value_; }

 private:
  std::shared_ptr<const T> value_;
};

}  // namespace mixgraph
