#include "nodes/io/read_ahead.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace mixgraph {
namespace {

constexpr double kSeconds = 1;  // at least so much is read ahead
constexpr size_t kChunk = 4096;
constexpr int kFrameBits = 40;
constexpr uint64_t kSerialMask = (uint64_t(1) << (64 - kFrameBits)) - 1;

uint64_t capacity(double rate) { return std::bit_ceil(uint64_t(rate * kSeconds)); }

}  // namespace

size_t ReadAhead::memory(double rate, int channels) { return (2 * size_t(capacity(rate)) + kChunk) * size_t(channels) * sizeof(float); }

Result<std::unique_ptr<ReadAhead>> ReadAhead::open(const std::string& root, const std::string& name,
                                                   double rate, double start_seconds, bool loop) {
  auto file = LoopedFile::open(root, name, rate);
  if (!file) return file.problems();
  return std::unique_ptr<ReadAhead>(new ReadAhead(std::move(*file), rate, start_seconds, loop));
}

ReadAhead::ReadAhead(std::unique_ptr<LoopedFile> file, double rate, double start_seconds, bool loop)
    : file_(std::move(file)),
      rate_(rate),
      start_(frame_of(start_seconds)),
      capacity_(capacity(rate)),
      loop_(loop) {
  for (Buffer& b : buffers_) b.samples.resize(capacity_ * size_t(channels()));
  file_->join_ends(loop);
  file_->seek(start_ % length());
  while (fill(buffers_[0], kChunk)) {
  }
}
ReadAhead::~ReadAhead() = default;

uint64_t ReadAhead::frame_of(double seconds) const {
  return std::min(uint64_t(std::llround(std::max(0.0, seconds) * rate_)), length());
}

int64_t ReadAhead::available() const {
  const Buffer& b = buffers_[serial_ & 1];
  return int64_t(b.written.load(std::memory_order_acquire) - b.taken.load(std::memory_order_relaxed));
}

float ReadAhead::sample(int64_t ahead, int channel) const {
  const Buffer& b = buffers_[serial_ & 1];
  uint64_t index = (b.taken.load(std::memory_order_relaxed) + uint64_t(ahead)) & (capacity_ - 1);
  return b.samples[index * size_t(channels()) + size_t(channel)];
}

void ReadAhead::advance(int64_t frames) {
  Buffer& b = buffers_[serial_ & 1];
  b.taken.store(b.taken.load(std::memory_order_relaxed) + uint64_t(frames), std::memory_order_release);
}

void ReadAhead::ask(uint64_t frame) {
  asked_.store((serial_ + 1) << kFrameBits | frame, std::memory_order_release);
}
bool ReadAhead::answered() const {
  return served_.load(std::memory_order_acquire) == ((serial_ + 1) & kSerialMask);
}
void ReadAhead::go() {
  serial_++;
}

void ReadAhead::service() {
  file_->join_ends(loop_.load(std::memory_order_relaxed));
  uint64_t asked = asked_.load(std::memory_order_acquire), serial = asked >> kFrameBits;
  Buffer& buffer = buffers_[serial & 1];
  if (serial != serving_) {
    // The audio thread doesn't touch this buffer until it is told that it is served.
    serving_ = serial;
    buffer.written.store(0, std::memory_order_relaxed);
    buffer.taken.store(0, std::memory_order_relaxed);
    file_->seek(asked & ((uint64_t(1) << kFrameBits) - 1));
    fill(buffer, kChunk);
    served_.store(serial, std::memory_order_release);
  }
  catch_up(buffer);
  while (fill(buffer, kChunk)) {
  }
}

void ReadAhead::catch_up(Buffer& buffer) {
  const uint64_t written = buffer.written.load(std::memory_order_relaxed), taken = buffer.taken.load(std::memory_order_acquire);
  if (int64_t(taken - written) <= int64_t(capacity_)) return;
  file_->skip(taken - written);
  buffer.written.store(taken, std::memory_order_release);
}

bool ReadAhead::fill(Buffer& buffer, size_t frames) {
  uint64_t written = buffer.written.load(std::memory_order_relaxed);
  int64_t full = int64_t(written - buffer.taken.load(std::memory_order_acquire));
  uint64_t room = full < 0 ? capacity_ : capacity_ - uint64_t(full), index = written & (capacity_ - 1);
  size_t count = size_t(std::min<uint64_t>({frames, room, capacity_ - index}));
  if (count == 0) return false;
  file_->read(buffer.samples.data() + index * size_t(channels()), count);
  buffer.written.store(written + count, std::memory_order_release);
  return true;
}

}  // namespace mixgraph
