#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nodes/io/looped_file.h"

namespace mixgraph {

/// A looped file, read ahead by a worker so that the audio thread never waits for the disk. Two buffers:
/// while the audio thread empties one, the worker fills the other one from the place that was asked for.
class ReadAhead {
 public:
  /// Starts at a frame of the file (at `rate`), with a full buffer. [worker]
  static Result<std::unique_ptr<ReadAhead>> open(const std::string& root, const std::string& name,
                                                 double rate, double start_seconds, bool loop);
  ~ReadAhead();
  /// Bytes that one takes, about. [control]
  static size_t memory(double rate, int channels);

  int channels() const { return file_->channels(); }   ///< [any]
  const SoundInfo& info() const { return file_->info(); }  ///< [any]
  uint64_t length() const { return file_->length(); }  ///< frames of one pass [any]
  /// A place in the file as a frame: 0..length(). [any]
  uint64_t frame_of(double seconds) const;
  /// Where open() started: 0..length(). [any]
  uint64_t start() const { return start_; }

  /// Tells the worker whether the file's ends will be neighbours. [audio]
  void set_loop(bool on) { loop_.store(on, std::memory_order_relaxed); }
  /// How many of the next frames are there; negative if the worker is behind by that many. [audio]
  int64_t available() const;
  /// A sample of the frame that is `ahead` frames after the next one; only those that are available. [audio]
  float sample(int64_t ahead, int channel) const;
  /// Goes on by so many frames, whether they were there or not. [audio]
  void advance(int64_t frames);

  /// Asks for another place: 0..length()-1. Only when none is asked for that was not gone to. [audio]
  void ask(uint64_t frame);
  /// Whether the frames asked for are there. [audio]
  bool answered() const;
  /// Goes to the place asked for, when answered. [audio]
  void go();

  /// Reads. [worker]
  void service();
  /// Why there is silence, once. [any]
  std::optional<Problem> take_trouble() { return file_->take_trouble(); }

 private:
  struct Buffer {
    std::vector<float> samples;
    std::atomic<uint64_t> written{0}, taken{0};
  };
  ReadAhead(std::unique_ptr<LoopedFile> file, double rate, double start_seconds, bool loop);
  /// Leaves out what is over by now, if that is more than a buffer holds. [worker]
  void catch_up(Buffer& buffer);
  /// Fills a buffer by up to `frames` frames; whether it did. [worker]
  bool fill(Buffer& buffer, size_t frames);

  std::unique_ptr<LoopedFile> file_;
  double rate_;
  uint64_t start_, capacity_;
  Buffer buffers_[2];
  std::atomic<bool> loop_;
  std::atomic<uint64_t> asked_{0};   // serial in the upper 24 bits, frame in the lower 40
  std::atomic<uint64_t> served_{0};  // serial
  uint64_t serial_ = 0;              // [audio] of the buffer it reads: buffers_[serial_ & 1]
  uint64_t serving_ = 0;             // [worker] of the buffer it fills
};

}  // namespace mixgraph
