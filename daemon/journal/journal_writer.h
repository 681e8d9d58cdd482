#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "daemon/journal/journal_file.h"

namespace mixgraph {

/// Takes payloads to the disk, in order, on threads of its own: one writes at once, so that a kill of the
/// process loses next to nothing; the other waits for the disk, so that a loss of power loses little. Nobody
/// who hands over waits for either. After an error nothing more goes into that file; a new one that begins
/// with a snapshot takes its place, which is tried again until it works.
class JournalWriter {
 public:
  using Clock = std::chrono::steady_clock;
  struct Settings {
    std::string path;
    uint64_t sequence = 0;  ///< of the last record that is there
    size_t good_bytes = 0;  ///< of the file that is there; what is behind them is cut off
    std::chrono::milliseconds sync_interval{200};
    std::chrono::milliseconds most_delay{250};  ///< what waits for longer to be written isn't kept
    std::chrono::milliseconds first_retry{200}, last_retry{5000};
    std::chrono::milliseconds look_interval{1000};  ///< while nothing is written: whether the file is still there
    size_t compact_bytes = size_t(4) << 20;  ///< a file that is larger, and 4 times its snapshot, is replaced
    size_t most_queued = size_t(64) << 20;   ///< bytes of changes that wait for the disk
    size_t most_state = size_t(512) << 20;   ///< bytes of a snapshot: a larger state is not kept
    FileCalls calls = system_calls();
  };
  /// What happened; `well`: it is over.
  struct Event {
    Problem problem;
    bool well = false;
  };

  explicit JournalWriter(Settings settings);
  /// Writes what was handed over, and waits for the disk for at most 2 s.
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  /// Hands over a payload of changes. [control]
  void append(std::string payload, int64_t system_ns) { add({std::move(payload), system_ns, false, false}); }
  /// Hands over a payload that doesn't need what was before it: the first one, and whenever one is wanted.
  /// [control]
  void snapshot(std::string payload, int64_t system_ns);
  /// Whether the next payload should be a snapshot: the file has grown long, or must be made anew. [control]
  bool wants_snapshot() const;

  /// Waits until all that was handed over is on the disk. False: it isn't, in this time. [any]
  bool flush(std::chrono::milliseconds patience);
  /// Failures and recoveries since the last call, each once. [control]
  std::vector<Event> take_events();
  /// What is wrong; empty: what was handed over until `most_delay` ago would outlast a kill. [any]
  std::string trouble() const;

 private:
  struct Item {
    std::string payload;
    int64_t system_ns = 0;
    bool is_snapshot = false;
    bool after_loss = false;  // items before it were thrown away
    Clock::time_point handed_over = Clock::now();
  };
  void add(Item item);
  bool is_late() const;
  void tell_late();
  void lose(const std::string& why, std::chrono::milliseconds pause);
  void write_loop();
  void put(const Item& item);
  void begin_replacement(std::string record, bool after_loss);
  void sync_loop();
  void sync(uint64_t written);
  void look_for_file();
  void replace();
  void fail(const Problem& problem, bool writes_on);
  void recover();

  const Settings settings_;

  mutable std::mutex mutex_;  // of these
  std::condition_variable work_, disk_work_, progress_;
  std::vector<Item> queue_;
  size_t queued_bytes_ = 0;
  uint64_t queued_ = 0, written_ = 0, synced_ = 0;  // items since the start
  uint64_t flush_until_ = 0;                        // item for which somebody waits
  std::optional<Clock::time_point> waits_since_;    // the oldest item that isn't written
  bool late_told_ = false;
  bool lost_ = false;                               // the queue was too long, and is thrown away
  bool failing_ = false;                            // nothing is written
  bool redo_ = false;                               // a replacement failed and has to be tried again
  bool replacement_ready_ = false, ending_ = false;
  std::vector<Event> events_;
  std::string trouble_;
  std::chrono::milliseconds back_off_;
  Clock::time_point retry_at_, synced_at_;

  std::mutex file_mutex_;  // of these; taken before the other one
  JournalFile file_;
  bool open_ = false, good_ = false, sync_failed_ = false;
  uint64_t sequence_;
  size_t snapshot_bytes_ = 0;
  std::string next_record_, tail_;       // of the file that will replace this one
  uint64_t replacement_ = 0, done_ = 0;  // serial numbers

  bool folder_synced_ = false;  // the syncing thread's own

  std::atomic<bool> long_{false}, replacing_{false};
  std::thread writer_, syncer_;
};

}  // namespace mixgraph
