// The journal's files, also when the disk fails.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "daemon/journal/journal_reader.h"
#include "daemon/journal/journal_writer.h"
#include "nodes/list.h"
#include "tests/config/folder.h"

using namespace mixgraph;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

enum class Step : uint8_t { none, open_file, write, sync_file, cut, rename, link, open_folder, sync_folder };

/// What fails, and how. Calls of all threads of one test at a time.
std::atomic<Step> failing{Step::none};
std::atomic<int> failing_with{0};

bool is_folder(int file) {
  struct stat status {};
  return ::fstat(file, &status) == 0 && S_ISDIR(status.st_mode);
}
bool fails(Step step) {
  if (failing != step) return false;
  errno = failing_with;
  return true;
}

FileCalls calls_that_fail() {
  FileCalls calls = system_calls();
  calls.open = [](const char* path, int flags, mode_t mode) {
    return fails(flags & O_DIRECTORY ? Step::open_folder : Step::open_file) ? -1 : ::open(path, flags, mode);
  };
  calls.write = [](int file, const void* bytes, size_t count) -> ssize_t {
    if (failing != Step::write) return ::write(file, bytes, count);
    // A full disk takes some of it first.
    if (count > 20) return ::write(file, bytes, count / 2);
    errno = failing_with;
    return -1;
  };
  calls.fsync = [](int file) {
    return fails(is_folder(file) ? Step::sync_folder : Step::sync_file) ? -1 : ::fsync(file);
  };
  calls.ftruncate = [](int file, off_t size) { return fails(Step::cut) ? -1 : ::ftruncate(file, size); };
  calls.rename = [](const char* from, const char* to) {
    return fails(Step::rename) ? -1 : std::rename(from, to);
  };
  calls.link = [](const char* from, const char* to) { return fails(Step::link) ? -1 : ::link(from, to); };
  return calls;
}

/// A state that is one number, the level of a fader.
class Keeper {
 public:
  explicit Keeper(const std::string& path, size_t compact_bytes = 400, size_t most_queued = 64 << 20,
                  size_t most_state = 64 << 20)
      : path_(path) {
    failing = Step::none;
    for (const NodeType* type : node_types())
      if (type->id == "fader") graph_ = *mixgraph::apply({}, {AddNode{make_node("mix/a", *type)}});
    JournalWriter::Settings settings;
    settings.path = path;
    settings.sync_interval = 2ms;
    settings.first_retry = 5ms;
    settings.last_retry = 20ms;
    settings.compact_bytes = compact_bytes;
    settings.most_queued = most_queued;
    settings.most_state = most_state;
    settings.calls = calls_that_fail();
    writer.emplace(settings);
    snapshot();
  }
  ~Keeper() { failing = Step::none; }

  /// What control does every few milliseconds, with a change.
  void set(int level) {
    graph_.set_value("mix/a", 0, double(-level));
    encoder_.edit(SetValue{"mix/a", 0, double(-level)});
    writer->append(encoder_.take(), 0);
    if (writer->wants_snapshot()) snapshot();
  }
  /// Goes on until `done` or for 5 s; every event that comes is kept.
  template <class Done>
  bool run_until(Done done) {
    for (int i = 0; i < 2500; i++) {
      for (auto& event : writer->take_events()) events.push_back(std::move(event));
      if (done()) return true;
      if (writer->wants_snapshot()) snapshot();
      std::this_thread::sleep_for(2ms);
    }
    return false;
  }
  bool told(bool well) const {
    return std::any_of(events.begin(), events.end(), [&](const auto& event) { return event.well == well; });
  }

  std::optional<JournalWriter> writer;
  std::vector<JournalWriter::Event> events;
  int snapshots = 0;

 private:
  void snapshot() {
    encoder_.take();
    encoder_.snapshot({"song.yaml", "", 48000}, {}, graph_, {});
    writer->snapshot(encoder_.take(), 0);
    snapshots++;
  }
  std::string path_;
  Graph graph_;
  JournalEncoder encoder_;
};

std::string bytes_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}
/// The level in a journal; -1: there is no state in it.
int level_in(const std::string& path) {
  const JournalContent content = read_journal(bytes_of(path), node_types());
  if (!content.has_state()) return -1;
  return int(-std::get<double>(content.graph.find("mix/a")->values[0]));
}

}  // namespace

TEST_CASE("What is handed over is in the file within milliseconds", "[journal]") {
  test::Folder folder;
  Keeper keeper(folder.path("j"));
  for (int level = 1; level < 50; level++) {
    keeper.set(level);
    CHECK(keeper.run_until([&] { return level_in(folder.path("j")) == level; }));
  }
}

TEST_CASE("A flush returns when all is on the disk, and the end of a writer flushes", "[journal]") {
  test::Folder folder;
  {
    Keeper keeper(folder.path("j"));
    for (int round = 1; round < 20; round++) {
      keeper.set(round);
      REQUIRE(keeper.writer->flush(5s));
      CHECK(level_in(folder.path("j")) == round);
    }
    keeper.set(77);
  }
  CHECK(level_in(folder.path("j")) == 77);
}

TEST_CASE("A long journal is replaced by a short one, the one before is kept, and nothing is lost",
          "[journal]") {
  test::Folder folder;
  const std::string path = folder.path("j");
  Keeper keeper(path, 3000);
  for (int level = 1; level <= 3000; level++) {
    keeper.set(level % 90);
    if (level % 8 == 0) std::this_thread::sleep_for(100us);
    if (level % 50 != 0) continue;
    REQUIRE(keeper.writer->flush(5s));
    REQUIRE(level_in(path) == level % 90);
    REQUIRE(fs::file_size(path) < 40'000);
  }
  CHECK(keeper.snapshots > 5);
  CHECK(level_in(path + ".bak") >= 0);
  CHECK_FALSE(fs::exists(path + ".new"));
  CHECK(read_journal(bytes_of(path), node_types()).health == JournalContent::Health::whole);
}

TEST_CASE("A writer goes on behind what is there", "[journal]") {
  test::Folder folder;
  const std::string path = folder.path("j");
  {
    Keeper first(path);
    first.set(5);
  }
  const std::string before = bytes_of(path);
  std::ofstream(path, std::ios::app | std::ios::binary) << "torn";
  JournalWriter::Settings settings;
  settings.path = path;
  settings.sequence = read_journal(before, node_types()).sequence;
  settings.good_bytes = before.size();
  JournalEncoder encoder;
  encoder.snapshot({}, {}, read_journal(before, node_types()).graph, {});
  {
    JournalWriter second(settings);
    second.snapshot(encoder.take(), 0);
  }
  CHECK(bytes_of(path).starts_with(before));
  const JournalContent content = read_journal(bytes_of(path), node_types());
  CHECK(content.health == JournalContent::Health::whole);
  CHECK(content.sequence == settings.sequence + 1);
}

TEST_CASE("Every error of the disk is told, leaves a good state, and is over when it is over", "[journal]") {
  const auto [step, name] = GENERATE(table<Step, const char*>({{Step::open_file, "open"},
                                                               {Step::write, "write"},
                                                               {Step::sync_file, "sync"},
                                                               {Step::cut, "cut"},
                                                               {Step::rename, "rename"},
                                                               {Step::link, "link"},
                                                               {Step::open_folder, "open the folder"},
                                                               {Step::sync_folder, "sync the folder"}}));
  const int error = GENERATE(ENOSPC, EIO, EROFS, EDQUOT);
  INFO(name << ": " << std::strerror(error));
  test::Folder folder;
  const std::string path = folder.path("j");
  Keeper keeper(path);
  keeper.set(10);
  REQUIRE(keeper.writer->flush(5s));

  failing_with = error;
  failing = step;
  int level = 10;
  // Changes go on, so that steps of a replacement come too. Cutting is a step after a failure only.
  const bool met = keeper.run_until([&] {
    keeper.set(level = level < 80 ? level + 1 : 20);
    const int there = level_in(path), before = level_in(path + ".bak");
    REQUIRE((there >= 10 || before >= 10));
    return keeper.told(false) || (step == Step::cut && keeper.snapshots > 3);
  });
  CHECK(met);
  if (step != Step::cut) {
    REQUIRE(keeper.told(false));
    CHECK(keeper.events[0].problem.what.find(std::strerror(error)) != std::string::npos);
    CHECK_FALSE(keeper.writer->trouble().empty());
  }
  failing = Step::none;
  CHECK(keeper.run_until([&] { return keeper.writer->trouble().empty(); }));
  keeper.set(85);
  CHECK(keeper.run_until([&] { return keeper.writer->flush(100ms); }));
  CHECK(level_in(path) == 85);
  if (step != Step::cut) CHECK(keeper.run_until([&] { return keeper.told(true); }));
}

TEST_CASE("A journal that can't even be begun is told, and begun when it can be", "[journal]") {
  test::Folder folder;
  const std::string path = folder.path("later/j");
  Keeper keeper(path);
  CHECK(keeper.run_until([&] { return keeper.told(false); }));
  CHECK_FALSE(keeper.writer->flush(20ms));
  fs::create_directory(folder.path("later"));
  keeper.set(3);
  CHECK(keeper.run_until([&] { return keeper.told(true) && keeper.writer->flush(100ms); }));
  CHECK(level_in(path) == 3);
}

TEST_CASE("A state that is larger than what may wait for the disk is kept", "[journal]") {
  test::Folder folder;
  const std::string path = folder.path("j");
  Keeper keeper(path, 400, 40);  // less than a snapshot, more than a change
  for (int level = 1; level < 80; level++) {
    keeper.set(level);
    REQUIRE(keeper.run_until([&] { return keeper.writer->flush(5s); }));
    REQUIRE(level_in(path) == level);
  }
  CHECK_FALSE(keeper.told(false));
  CHECK(keeper.snapshots < 40);
}

TEST_CASE("A state that is too large is told once, and not made again and again", "[journal]") {
  test::Folder folder;
  Keeper keeper(folder.path("j"), 400, 64 << 20, 20);
  for (int i = 0; i < 50; i++) {
    keeper.set(i);
    keeper.run_until([] { return true; });
    std::this_thread::sleep_for(2ms);
  }
  CHECK(keeper.snapshots <= 2);  // one, and one after twelve times 20 ms on a slow machine
  CHECK(keeper.events.size() == 1);
  CHECK(keeper.writer->trouble() == "the state is larger than 0 MiB");
  CHECK_FALSE(keeper.writer->flush(20ms));
}
