#pragma once
#include <deque>
#include <fstream>
#include <iterator>
#include <set>

#include "tests/support/desk.h"
#include "tests/support/sound_files.h"

namespace mixgraph {

inline constexpr const char* kOfficeMix =
    "mixgraph: 1\n"
    "mix:\n"
    "  vox: {type: strip, from: in/1}\n"
    "master:\n"
    "  out: {type: output, from: mix/vox, to: [1, 2]}\n";

/// A desk whose worker works when the test says so.
class Office {
 public:
  explicit Office(const std::string& yaml = kOfficeMix) : desk(yaml, settings(yaml), {.media_root = folder_.path(""), .record_root = folder_.path("")}) {}

  bool work() {
    if (jobs_.empty()) return false;
    const auto job = std::move(jobs_.front());
    jobs_.pop_front();
    job();
    return true;
  }
  /// The next job, to be done later.
  std::function<void()> take_job() {
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
  }
  /// The next job comes last.
  void put_off() { jobs_.push_back(take_job()); }
  /// Until nothing is left to do.
  void finish() {
    while (work() || woken_) resume();
  }
  void resume() {
    woken_ = false;
    desk.control.resume(desk.now);
  }
  std::string path(const std::string& name) const { return folder_.path(name); }
  size_t jobs() const { return jobs_.size(); }
  std::string file() const { return folder_.path("song.yaml"); }
  std::string saved() const {
    std::ifstream stream(file());
    return {std::istreambuf_iterator<char>(stream), {}};
  }

 private:
  ControlSettings settings(const std::string& yaml) {
    ControlSettings s;
    s.session_file = file();
    s.in_background = [this](Worker, std::function<void()> job) { jobs_.push_back(std::move(job)); };
    s.wake = [this] { woken_ = true; };
    s.hold = [this](const Client& client, bool is_held) { is_held ? (void)held.insert(client) : (void)held.erase(client); };
    s.journal.rebase = [this](Workspace&, const std::vector<uint64_t>&, bool is) { pristine.push_back(is); };
    s.journal.note = [this](const Applied& applied) {
      if (applied.file) pristine.push_back(applied.pristine);
    };
    std::ofstream(file()) << yaml;
    return s;
  }

  TemporaryFolder folder_;
  std::deque<std::function<void()>> jobs_;
  bool woken_ = false;

 public:
  std::set<Client> held;
  std::vector<bool> pristine;  // what the journal was told of saves and loads
  Desk desk;
};

}  // namespace mixgraph
