#include "daemon/life/workers.h"

#include <algorithm>
#include <utility>

namespace mixgraph {
namespace {

using namespace std::chrono_literals;

constexpr auto kInterval = 4ms, kIdleInterval = 20ms;
constexpr size_t kMostWaiting = 2;

}  // namespace

Workers::~Workers() {
  stop(0s);
  for (std::thread& t : threads_) t.join();
}

void Workers::start() {
  std::lock_guard lock(mutex_);
  interval_ = kInterval;
  add_thread();
}

bool Workers::stop(Clock::duration patience) {
  std::unique_lock lock(mutex_);
  stops_ = true;
  changed_.notify_all();
  return changed_.wait_for(lock, patience, [this] { return running_ == 0; });
}

void Workers::run() {
  std::unique_lock lock(mutex_);
  while (!stops_ && waiting_ < kMostWaiting) {
    const auto turn = next_turn_ = std::max(next_turn_ + interval_, Clock::now());
    waiting_++;
    changed_.wait_until(lock, turn, [this] { return stops_; });
    waiting_--;
    if (stops_) break;
    if (waiting_ == 0 && running_ < kMost) add_thread();  // before this one may hang
    lock.unlock();
    const bool worked = work_();
    lock.lock();
    interval_ = worked ? kInterval : kIdleInterval;
  }
  running_--;
  ended_.push_back(std::this_thread::get_id());
  changed_.notify_all();
}

void Workers::add_thread() {
  join_ended();
  running_++;
  threads_.emplace_back([this] { run(); });
}

/// They have nothing left to do but to end.
void Workers::join_ended() {
  for (const std::thread::id id : std::exchange(ended_, {})) {
    const auto t = std::find_if(threads_.begin(), threads_.end(), [id](const std::thread& each) { return each.get_id() == id; });
    t->join();
    threads_.erase(t);
  }
}

}  // namespace mixgraph
