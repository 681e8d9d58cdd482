#include "nodes/io/recording.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace mixgraph {

Result<std::unique_ptr<Recording>> Recording::create(const TakeSettings& settings, bool unchecked) {
  if (Problems problems = unchecked ? Problems() : check_takes(settings); !problems.empty()) return problems;
  return std::unique_ptr<Recording>(new Recording(settings, unchecked ? 0 : repair_takes(settings)));
}

Recording::Recording(const TakeSettings& settings, int repaired)
    : settings_(settings),
      repaired_(repaired),
      capacity_(capacity(settings.rate)),
      ring_(capacity_ * size_t(settings.format.channels)),
      events_(256) {}

Recording::~Recording() {
  write_all(0);
  close_gap();
  write_all(0);
}

void Recording::service() {
  write_all(kBatch);
  if (trouble_) failures_.put({std::move(*std::exchange(trouble_, std::nullopt)), take_ != nullptr});
}

bool Recording::tell(Event::Kind kind, uint64_t count) {
  Event event{kind, written_.load(std::memory_order_relaxed), count};
  return events_.push({&event, 1});
}

bool Recording::close_gap() {
  if (gap_ > 0 && !tell(Event::Kind::gap, gap_)) return false;
  gap_ = 0;
  return true;
}

void Recording::record(bool on) {
  // If the worker is so far behind that it can't be told, this is tried again with the next block.
  if (on == recording_ || !close_gap() || !tell(on ? Event::Kind::start : Event::Kind::stop)) return;
  recording_ = on;
  if (!on) return;
  frames_ = 0;
  begun_++;
}

uint64_t Recording::frames() const {
  const bool failed = begun_ > 0 && failed_take_.load(std::memory_order_acquire) == begun_;
  return failed ? kept_.load(std::memory_order_relaxed) : frames_;
}

void Recording::push(const float* const* channels, int frames) {
  if (!recording_) return;
  frames_ += uint64_t(frames);
  uint64_t written = written_.load(std::memory_order_relaxed);
  uint64_t room = capacity_ - (written - taken_.load(std::memory_order_acquire));
  // A gap ends when there is some room again, so that there are few of them.
  bool fits = room >= (gap_ > 0 ? capacity_ / 4 : uint64_t(frames));
  if (!fits || !close_gap()) {
    gap_ += uint64_t(frames);
    lost_ += uint64_t(frames);
    return;
  }
  size_t width = size_t(settings_.format.channels);
  for (int i = 0; i < frames; i++)
    for (size_t c = 0; c < width; c++)
      ring_[((written + uint64_t(i)) & (capacity_ - 1)) * width + c] = channels[c][i];
  written_.store(written + uint64_t(frames), std::memory_order_release);
}

uint64_t Recording::lost() const {
  return lost_ + unwritten_.load(std::memory_order_relaxed);
}

void Recording::write_all(uint64_t least) {
  // In this order: an event that comes before a frame in the ring is then among those that are seen.
  uint64_t written = written_.load(std::memory_order_acquire), events = events_.readable();
  while (events_.consumed() < events && events_.front().frame <= written) {
    Event event = events_.front();
    write_until(event.frame);
    handle(event);
    events_.pop();
  }
  if (written - taken_.load(std::memory_order_relaxed) >= std::max<uint64_t>(least, 1)) write_until(written);
}

void Recording::handle(const Event& event) {
  if (event.kind == Event::Kind::gap) return write_gap(event.count);
  if (take_ && !take_->finish()) fail(take_->trouble());
  take_.reset();
  if (event.kind == Event::Kind::start) start_take();
}

void Recording::start_take() {
  started_++;
  failed_ = false;
  auto started = Take::start(settings_);
  if (started)
    take_ = std::move(*started);
  else
    fail(started.problems().front());
}

void Recording::write_until(uint64_t frame) {
  uint64_t taken = taken_.load(std::memory_order_relaxed);
  while (taken < frame) {
    uint64_t index = taken & (capacity_ - 1),
             count = std::min({frame - taken, capacity_ - index, uint64_t(16384)});
    if (take_ && !take_->write(&ring_[index * size_t(settings_.format.channels)], count)) give_up_take();
    if (!take_) unwritten_.fetch_add(count, std::memory_order_relaxed);
    taken += count;
    taken_.store(taken, std::memory_order_release);
  }
}

void Recording::write_gap(uint64_t frames) {
  if (take_ && !take_->write_silence(frames)) give_up_take();
}

void Recording::give_up_take() {
  const Problem problem = take_->trouble();
  take_->finish();
  fail(problem);
  take_.reset();
}

void Recording::fail(Problem problem) {
  failed_ = true;
  kept_.store(take_ ? take_->frames() : 0, std::memory_order_relaxed);
  failed_take_.store(started_, std::memory_order_release);
  trouble_ = std::move(problem);
}

}  // namespace mixgraph
