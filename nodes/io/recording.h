#pragma once
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "graph/queue.h"
#include "nodes/io/mailbox.h"
#include "nodes/io/take.h"

namespace mixgraph {

/// Takes, one after the other, from the audio thread through a ring of at least four seconds to a worker that
/// writes them.
class Recording {
 public:
  /// Repairs what a crash left of earlier takes. `unchecked`: it doesn't, nor does it look whether takes can be written: each
  /// that can't is a failure then. [worker]
  static Result<std::unique_ptr<Recording>> create(const TakeSettings& settings, bool unchecked = false);
  /// Bytes that one takes, about. [control]
  static size_t memory(double rate, int channels) { return size_t(capacity(rate)) * size_t(channels) * sizeof(float); }
  /// Writes what is left, and finishes the take. [worker]
  ~Recording();

  /// Records or doesn't from the next frame on; a new take each time that it begins. [audio]
  void record(bool on);
  /// The next frames, by channel. If the ring is full they are lost, and silence takes their place. [audio]
  void push(const float* const* channels, int frames);

  uint64_t frames() const;                     ///< length of the take so far, or of the last one [audio]
  uint64_t lost() const;                       ///< frames that were not written, of all takes [audio]
  bool failed() const { return failed_; }      ///< the last take could not be begun or not be finished [any]
  int repaired() const { return repaired_; }   ///< takes, when it was created [any]

  /// Writes what there is, if it is worth the while. [worker]
  void service();
  /// Why a take failed, and whether there is a later one to write to.
  struct Failure {
    Problem problem;
    bool goes_on;
  };
  /// Once. [any]
  std::optional<Failure> take_failure() { return failures_.take(); }

 private:
  /// Something that happens when the worker has written all frames before `frame` of the stream.
  struct Event {
    enum class Kind : uint8_t { start, stop, gap } kind;
    uint64_t frame;
    uint64_t count = 0;  ///< frames of a gap
  };
  static constexpr uint64_t kBatch = 2048;  ///< frames that are worth a write to the file

  Recording(const TakeSettings& settings, int repaired);
  static uint64_t capacity(double rate) { return std::bit_ceil(uint64_t(rate * 4)); }
  bool tell(Event::Kind kind, uint64_t count = 0);
  bool close_gap();
  void write_all(uint64_t least);
  void write_until(uint64_t frame);
  void write_gap(uint64_t frames);
  void handle(const Event& event);
  void start_take();
  void give_up_take();
  void fail(Problem problem);

  TakeSettings settings_;
  int repaired_;
  uint64_t capacity_;
  std::vector<float> ring_;  // interleaved
  Queue<Event> events_;
  std::atomic<uint64_t> written_{0}, taken_{0};  // frames into and out of the ring
  std::atomic<uint64_t> unwritten_{0};           // frames that the worker could not write
  std::atomic<bool> failed_{false};
  std::atomic<uint64_t> failed_take_{0}, kept_{0};       // its number, and the frames of it that were written
  bool recording_ = false;                               // [audio]
  uint64_t frames_ = 0, gap_ = 0, lost_ = 0, begun_ = 0; // [audio]
  std::unique_ptr<Take> take_;                           // [worker]
  uint64_t started_ = 0;                                 // [worker]
  std::optional<Problem> trouble_;                       // [worker]
  Mailbox<Failure> failures_;
};

}  // namespace mixgraph
