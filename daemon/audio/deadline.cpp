#include "daemon/audio/deadline.h"

#include <thread>

namespace mixgraph {

std::optional<Problem> DeadlineCalls::run(const std::string& name, std::chrono::milliseconds deadline,
                                          std::function<void()> work, std::function<void()> undo) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  std::unique_lock lock(state_->mutex);
  const auto idle = [this] { return state_->under_way.empty() || state_->given_up; };
  if (!state_->changed.wait_until(lock, until, idle) || state_->given_up) {
    return Problem{"audio",
                   "PortAudio is still busy with " + state_->under_way + ", so " + name + " has to wait",
                   "it is usable again when that returns, or after a restart"};
  }
  state_->under_way = name;
  auto done = std::make_shared<bool>(false);
  std::thread([state = state_, done, work = std::move(work), undo = std::move(undo)] {
    work();
    std::unique_lock locked(state->mutex);
    if (state->given_up && undo) {
      locked.unlock();
      undo();
      locked.lock();
    }
    *done = true;
    state->given_up = false;
    state->under_way.clear();
    state->changed.notify_all();
  }).detach();
  if (state_->changed.wait_until(lock, until, [&] { return *done; })) return {};
  state_->given_up = true;
  return Problem{"audio",
                 name + " did not return within " + std::to_string(deadline.count()) + " ms and was given up",
                 "PortAudio is usable again when it returns, or after a restart"};
}

std::string DeadlineCalls::stuck() const {
  const std::lock_guard lock(state_->mutex);
  return state_->given_up ? state_->under_way : std::string();
}

}  // namespace mixgraph
