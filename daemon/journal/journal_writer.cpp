#include "daemon/journal/journal_writer.h"

#include <algorithm>

#include "daemon/journal/journal_format.h"

namespace mixgraph {
namespace {

using namespace std::chrono_literals;
constexpr int kLargePause = 12;  // times the last retry's: to look whether a state is still too large takes long
constexpr auto kLastPatience = 2s;
constexpr const char* kLate = "the disk takes too long";

/// "No space left on device" of "can't be written: No space left on device".
std::string_view reason(std::string_view what) {
  return what.substr(std::min(what.size(), what.rfind(": ") + 1));
}

}  // namespace

JournalWriter::JournalWriter(Settings settings)
    : settings_(std::move(settings)),
      back_off_(settings_.first_retry),
      file_(settings_.path, settings_.calls),
      sequence_(settings_.sequence) {
  writer_ = std::thread([this] { write_loop(); });
  syncer_ = std::thread([this] { sync_loop(); });
}

JournalWriter::~JournalWriter() {
  flush(kLastPatience);
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  work_.notify_all();
  disk_work_.notify_all();
  writer_.join();
  syncer_.join();
}

void JournalWriter::add(Item item) {
  std::lock_guard lock(mutex_);
  if (lost_) return;
  if (item.is_snapshot && item.payload.size() > settings_.most_state)
    return lose("the state is larger than " + std::to_string(settings_.most_state >> 20) + " MiB",
                kLargePause * settings_.last_retry);
  if (!item.is_snapshot) queued_bytes_ += item.payload.size();
  if (queued_bytes_ > settings_.most_queued) return lose("the disk is too slow", back_off_);
  if (!waits_since_) waits_since_ = item.handed_over;
  const bool idle = queue_.empty();
  queue_.push_back(std::move(item));
  queued_++;
  if (idle) work_.notify_one();
}

/// Throws away what waits: only a snapshot helps, and not before the pause is over. The mutex is held.
void JournalWriter::lose(const std::string& why, std::chrono::milliseconds pause) {
  queued_ -= queue_.size();
  queue_.clear();
  queued_bytes_ = 0;
  waits_since_.reset();
  lost_ = true;
  replacing_ = false;
  retry_at_ = Clock::now() + pause;
  back_off_ = std::min(2 * back_off_, settings_.last_retry);
  if (trouble_ != why) events_.push_back({{settings_.path, why, "changes since are not kept"}, false});
  trouble_ = why;
  progress_.notify_all();
}

void JournalWriter::snapshot(std::string payload, int64_t system_ns) {
  bool after_loss = false;
  {
    std::lock_guard lock(mutex_);
    after_loss = std::exchange(lost_, false);
  }
  long_ = false;
  replacing_ = true;
  add({std::move(payload), system_ns, true, after_loss});
}

bool JournalWriter::wants_snapshot() const {
  if (replacing_) return false;
  std::lock_guard lock(mutex_);
  return (long_ || lost_ || failing_ || redo_) && Clock::now() >= retry_at_;
}

std::vector<JournalWriter::Event> JournalWriter::take_events() {
  std::lock_guard lock(mutex_);
  tell_late();
  return std::exchange(events_, {});
}

/// The mutex is held, as by tell_late().
bool JournalWriter::is_late() const { return waits_since_ && Clock::now() - *waits_since_ > settings_.most_delay; }

void JournalWriter::tell_late() {
  const bool late = is_late();
  if (late == late_told_ || !trouble_.empty()) return;
  late_told_ = late;
  if (late)
    events_.push_back({{settings_.path, kLate, "what changed since isn't kept yet"}, false});
  else
    events_.push_back({{settings_.path, "is written again", "nothing is missing"}, true});
}

std::string JournalWriter::trouble() const {
  std::lock_guard lock(mutex_);
  return trouble_.empty() && is_late() ? kLate : trouble_;
}

bool JournalWriter::flush(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  const uint64_t wanted = queued_;
  flush_until_ = wanted;
  disk_work_.notify_one();
  progress_.wait_for(lock, patience, [&] { return synced_ >= wanted || failing_ || lost_; });
  return synced_ >= wanted && !failing_ && !lost_;
}

void JournalWriter::write_loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [this] { return !queue_.empty() || ending_; });
    if (queue_.empty()) return;
    const std::vector<Item> items = std::exchange(queue_, {});
    queued_bytes_ = 0;
    lock.unlock();
    {
      std::lock_guard file_lock(file_mutex_);
      for (const Item& item : items) put(item);
    }
    lock.lock();
    written_ += items.size();
    waits_since_.reset();
    if (!queue_.empty()) waits_since_ = queue_.front().handed_over;
    disk_work_.notify_one();
  }
}

/// The first snapshot goes behind what is there, so that at no time there is less; every later one begins a
/// file.
void JournalWriter::put(const Item& item) {
  std::string record = journal_record(++sequence_, item.system_ns, item.payload);
  if (item.is_snapshot && open_) return begin_replacement(std::move(record), item.after_loss);
  if (item.is_snapshot) {
    open_ = true;
    replacing_ = false;
    snapshot_bytes_ = record.size();
    if (const auto problem = file_.open(settings_.good_bytes)) return fail(*problem, false);
    good_ = true;
    if (item.after_loss) recover();
  }
  if (replacement_ > done_) tail_ += record;
  if (!good_) return;
  if (const auto problem = file_.append(record)) return fail(*problem, false);
  if (file_.size() <= std::max(settings_.compact_bytes, 4 * snapshot_bytes_)) return;
  std::lock_guard lock(mutex_);
  long_ = !redo_;
}

void JournalWriter::begin_replacement(std::string record, bool after_loss) {
  if (after_loss) good_ = false;
  replacement_++;
  next_record_ = std::move(record);
  tail_.clear();
  std::lock_guard lock(mutex_);
  replacement_ready_ = true;
}

void JournalWriter::sync_loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto has_work = [this] { return !failing_ && synced_ < written_; };
    const auto urgent = [&] {
      return ending_ || replacement_ready_ || (has_work() && synced_ < flush_until_);
    };
    if (!disk_work_.wait_for(lock, settings_.look_interval, [&] { return urgent() || has_work(); })) {
      lock.unlock();
      look_for_file();
      lock.lock();
      continue;
    }
    disk_work_.wait_until(lock, synced_at_ + settings_.sync_interval, urgent);
    if (ending_) return;
    const bool replaces = std::exchange(replacement_ready_, false);
    const uint64_t written = written_;
    lock.unlock();
    if (replaces)
      replace();
    else
      sync(written);
    lock.lock();
  }
}

void JournalWriter::look_for_file() {
  std::lock_guard file_lock(file_mutex_);
  if (!good_) return;
  if (const auto problem = file_.find()) fail(*problem, false);
}

void JournalWriter::sync(uint64_t written) {
  auto problem = file_.sync();
  if (!problem) problem = file_.find();
  if (!problem && !folder_synced_) problem = file_.sync_folder();
  folder_synced_ = true;
  if (problem) {
    std::lock_guard file_lock(file_mutex_);
    sync_failed_ = true;
    return fail(*problem, false);
  }
  std::lock_guard lock(mutex_);
  synced_at_ = Clock::now();
  if (!failing_) synced_ = written;
  progress_.notify_all();
}

/// While the new file goes to the disk the old one is written on; what it gets meanwhile, the new one gets
/// too.
void JournalWriter::replace() {
  std::unique_lock file_lock(file_mutex_);
  const std::string record = std::move(next_record_);
  const uint64_t serial = replacement_;
  file_lock.unlock();
  auto problem = file_.prepare(record);
  file_lock.lock();
  if (serial != replacement_) return;  // a newer snapshot has come
  if (!problem) problem = file_.replace(tail_, !sync_failed_);
  done_ = serial;
  tail_ = {};
  replacing_ = false;
  if (problem) return fail(*problem, good_);
  good_ = true;
  sync_failed_ = false;
  snapshot_bytes_ = record.size();
  file_lock.unlock();
  problem = file_.sync();  // what came meanwhile
  if (!problem) problem = file_.sync_folder();
  file_lock.lock();
  if (problem) return fail(*problem, good_);
  recover();
}

/// `writes_on`: only the replacement failed, the file that is there is good. The file's mutex is held.
void JournalWriter::fail(const Problem& problem, bool writes_on) {
  good_ = writes_on;
  std::lock_guard lock(mutex_);
  failing_ = !writes_on;
  redo_ = true;
  retry_at_ = Clock::now() + back_off_;
  back_off_ = std::min(2 * back_off_, settings_.last_retry);
  if (reason(trouble_) != reason(problem.what))
    events_.push_back({{problem.where, problem.what,
                        writes_on ? "it is tried again" : "changes since are not kept; it is tried again"},
                       false});
  trouble_ = problem.what;
  progress_.notify_all();
}

void JournalWriter::recover() {
  if (!good_) return;  // it failed again meanwhile
  std::lock_guard lock(mutex_);
  if (redo_ || !trouble_.empty())
    events_.push_back({{settings_.path, "is written again", "nothing is missing"}, true});
  failing_ = redo_ = late_told_ = false;
  trouble_.clear();
  back_off_ = settings_.first_retry;
}

}  // namespace mixgraph
