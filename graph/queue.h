#pragma once
#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

namespace mixgraph {

/// A preallocated queue from one thread to another. What is pushed together is seen together.
template <class T>
class Queue {
 public:
  explicit Queue(size_t capacity_power_of_two) : items_(capacity_power_of_two), mask_(capacity_power_of_two - 1) {}

  /// All of them, or none if there isn't room. [producer]
  bool push(std::span<const T> batch) {
    uint64_t head = head_.load(std::memory_order_relaxed);
    if (head + batch.size() - tail_.load(std::memory_order_acquire) > items_.size()) return false;
    for (const T& item : batch) items_[head++ & mask_] = item;
    head_.store(head, std::memory_order_release);
    return true;
  }
  /// Items pushed so far: a mark in the stream. [producer]
  uint64_t pushed() const { return head_.load(std::memory_order_relaxed); }

  /// The mark up to which items can be read now. [consumer]
  uint64_t readable() const { return head_.load(std::memory_order_acquire); }
  uint64_t consumed() const { return tail_.load(std::memory_order_relaxed); }
  const T& front() const { return items_[tail_.load(std::memory_order_relaxed) & mask_]; }
  void pop() { tail_.store(tail_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

 private:
  std::vector<T> items_;
  uint64_t mask_;
  alignas(64) std::atomic<uint64_t> head_{0};
  alignas(64) std::atomic<uint64_t> tail_{0};
};

}  // namespace mixgraph
