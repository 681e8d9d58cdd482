#include <sndfile.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <atomic>
#include <cmath>
#include <csignal>
#include <fstream>
#include <thread>

#include "tests/support/sound_files.h"

using namespace mixgraph;
namespace fs = std::filesystem;

namespace {

/// Every sample says which frame it is.
Channels numbered(size_t frames, size_t first = 0) {
  Channels sound(2, std::vector<float>(frames));
  for (size_t i = 0; i < frames; i++) {
    sound[0][i] = float(first + i + 1) / float(1 << 24);
    sound[1][i] = -sound[0][i];
  }
  return sound;
}

struct Desk {
  TemporaryFolder folder;
  RunnerOptions options(std::vector<Setting> values = {}) {
    values.emplace_back("file", "vox");
    return {.values = std::move(values), .record_root = folder.path()};
  }
  bool has(const std::string& name) { return fs::exists(folder.path(name)); }
  std::string bytes(const std::string& name) {
    std::ifstream file(folder.path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  size_t count() { return size_t(std::distance(fs::directory_iterator(folder.path()), {})); }
};

/// While it exists, no file of this process grows beyond a size: as if the disk were full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

/// Records in a process of its own, which is killed when it has handed `frames` frames to the disk.
void record_and_be_killed(const RunnerOptions& options, int frames) {
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    NodeRunner run("recorder", options);
    run.set("record", 1);
    run.process(numbered(size_t(frames)), frames);
    run.service();
    char done = 1;
    if (write(ready[1], &done, 1) != 1) _exit(1);
    for (;;) pause();
  }
  close(ready[1]);  // if the child dies of itself, the read ends
  char done = 0;
  ssize_t heard = read(ready[0], &done, 1);
  close(ready[0]);
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(heard == 1);
}

}  // namespace

TEST_CASE("a take holds what was heard from record on to record off, bit for bit", "[recorder]") {
  for (int block : {1, 17, 64}) {
    Desk desk;
    NodeRunner run("recorder", desk.options());
    run.process(numbered(1000), 1000, block);
    CHECK(desk.count() == 0);
    run.set("record", 1);
    run.process(numbered(30000, 1000), 30000, block);
    CHECK(run.meter("duration") == Approx(30000 / 48000.0));
    CHECK(desk.has("vox-001.wav.part"));
    run.set("record", 0);
    run.process(numbered(1000, 31000), 1000, block);
    run.service();
    CHECK_FALSE(desk.has("vox-001.wav.part"));
    Sound take = read_sound(desk.folder.path("vox-001.wav"));
    CHECK(take.channels == numbered(30000, 1000));
    CHECK(take.rate == 48000);
    CHECK((take.format & SF_FORMAT_SUBMASK) == SF_FORMAT_FLOAT);
    CHECK(desk.bytes("vox-001.wav").starts_with("RIFF"));
    CHECK(run.meter("duration") == Approx(30000 / 48000.0));
    CHECK(run.meter("lost") == 0);
    CHECK(run.meter("failed") == 0);
    CHECK(run.allocations() == 0);
  }
}

TEST_CASE("a mono recorder makes mono files", "[recorder]") {
  Desk desk;
  auto options = desk.options({{"record", true}});
  options.channels = 1;
  NodeRunner("recorder", options).process({numbered(100)[0]});
  CHECK(read_sound(desk.folder.path("vox-001.wav")).channels == Channels{numbered(100)[0]});
}

TEST_CASE("each take has a number of its own, and no file is overwritten", "[recorder]") {
  Desk desk;
  std::ofstream(desk.folder.path("vox-001.wav")) << "precious";
  std::ofstream(desk.folder.path("vox-003.wav")) << "precious";
  NodeRunner run("recorder", desk.options());
  for (int take = 0; take < 3; take++) {
    run.set("record", 1);
    run.process(numbered(100, size_t(take) * 1000), 100);
    run.set("record", 0);
    run.process(numbered(10), 10);
  }
  run.service();
  CHECK(desk.bytes("vox-001.wav") == "precious");
  CHECK(desk.bytes("vox-003.wav") == "precious");
  CHECK(read_sound(desk.folder.path("vox-002.wav")).channels == numbered(100));
  CHECK(read_sound(desk.folder.path("vox-004.wav")).channels == numbered(100, 1000));
  CHECK(read_sound(desk.folder.path("vox-005.wav")).channels == numbered(100, 2000));
}

TEST_CASE("takes that follow each other closely are whole, however late the worker comes", "[recorder]") {
  Desk desk;
  NodeRunner run("recorder", desk.options());
  run.automatic_service = false;
  for (int take = 0; take < 20; take++) {
    run.set("record", 1);
    run.process(numbered(50, size_t(take) * 50), 50);
    run.set("record", 0);
    run.process({}, 1);
  }
  run.service();
  for (int take = 0; take < 20; take++) {
    char name[32];
    std::snprintf(name, sizeof name, "vox-%03d.wav", take + 1);
    CHECK(read_sound(desk.folder.path(name)).channels == numbered(50, size_t(take) * 50));
  }
}

TEST_CASE("a recorder that goes away in the middle finishes its take", "[recorder]") {
  Desk desk;
  {
    NodeRunner run("recorder", desk.options({{"record", true}}));
    run.process(numbered(12345), 12345);
  }
  CHECK(read_sound(desk.folder.path("vox-001.wav")).channels == numbered(12345));
  CHECK(desk.count() == 1);
}

TEST_CASE("record on and off at once leaves nothing behind", "[recorder]") {
  Desk desk;
  {
    NodeRunner run("recorder", desk.options());
    run.set("record", 1);
    run.set("record", 0);
    run.process(numbered(64));
  }
  CHECK(desk.count() == 0);
}

TEST_CASE("whole-number formats round and clip", "[recorder]") {
  for (auto [format, step, kind] : {std::tuple{"pcm24", 1.0 / (1 << 23), SF_FORMAT_PCM_24},
                                    std::tuple{"pcm16", 1.0 / (1 << 15), SF_FORMAT_PCM_16}}) {
    Desk desk;
    Channels loud{{0.25f, 1.5f, -1.5f, 0.123456f}, {0, 0, 0, 0}};
    NodeRunner("recorder", desk.options({{"record", true}, {"format", format}})).process(loud);
    Sound take = read_sound(desk.folder.path("vox-001.wav"));
    CHECK((take.format & SF_FORMAT_SUBMASK) == kind);
    CHECK(take.channels[0][0] == 0.25f);
    CHECK(take.channels[0][1] == Approx(1 - step));
    CHECK(take.channels[0][2] == -1);
    CHECK(std::abs(take.channels[0][3] - 0.123456) <= step);
  }
}

TEST_CASE("the same sound makes the same file", "[recorder]") {
  auto record = [](int block) {
    Desk desk;
    NodeRunner("recorder", desk.options({{"record", true}})).process(numbered(20000), 20000, block);
    return desk.bytes("vox-001.wav");
  };
  auto once = record(64);
  CHECK(once.size() > 160000);
  CHECK(once.substr(0, 200).find("PEAK") == std::string::npos);  // it holds the time of day
  const bool same = once == record(64) && once == record(1);
  CHECK(same);
}

TEST_CASE("when the worker is too slow, silence takes the place of what is lost", "[recorder]") {
  Desk desk;
  size_t lost = 0;
  {
    NodeRunner run("recorder", desk.options({{"record", true}}));
    run.automatic_service = false;
    run.process(numbered(480000), 480000);
    lost = size_t(run.meter("lost"));
    CHECK(lost > 100000);
    CHECK(lost < 480000 - 4 * 48000);
    run.service();
    run.process(numbered(48000, 480000), 48000);
    CHECK(run.meter("lost") == float(lost));
    CHECK(run.meter("duration") == Approx(11.0));
  }
  auto take = read_sound(desk.folder.path("vox-001.wav")).channels[0];
  REQUIRE(take.size() == 528000);
  auto heard = numbered(528000)[0];
  for (size_t i = 0; i < take.size(); i++) {
    bool gone = i >= 480000 - lost && i < 480000;
    REQUIRE(take[i] == (gone ? 0.f : heard[i]));
  }
}

TEST_CASE("on a full disk the take ends, is kept, and it is said", "[recorder]") {
  Desk desk;
  NodeRunner run("recorder", desk.options({{"record", true}}));
  {
    FullDisk disk(200000);
    run.process(numbered(100000), 100000);
  }
  CHECK(run.meter("failed") == 1);
  CHECK(run.meter("lost") > 60000);
  CHECK(run.meter("duration") < 0.6);  // of the take: it stands still
  auto take = read_sound(desk.folder.path("vox-001.wav")).channels;
  REQUIRE(take[0].size() > 20000);
  REQUIRE(take[0].size() <= 25000);
  CHECK(take == numbered(take[0].size()));
  // With space again, the next take is as any other.
  run.set("record", 0);
  run.process({}, 64);
  run.set("record", 1);
  run.process(numbered(64));
  run.set("record", 0);
  run.process({}, 64);
  run.process({}, 64);
  CHECK(run.meter("failed") == 0);
  CHECK(read_sound(desk.folder.path("vox-002.wav")).channels == numbered(64));
}

TEST_CASE("a folder that can't be written to is told of, not ignored", "[recorder]") {
  Desk desk;
  std::ofstream(desk.folder.path("occupied")) << "a file";
  auto options = desk.options({{"file", "occupied/vox"}, {"record", true}});
  options.values.pop_back();
  CHECK_THROWS_WITH(NodeRunner("recorder", options), Catch::Contains("occupied is not a folder"));
  options.values = {{"file", "../vox"}};
  CHECK_THROWS_WITH(NodeRunner("recorder", options), Catch::Contains("lies outside the folder for it"));
  TemporaryFolder elsewhere;
  std::filesystem::create_directory_symlink(elsewhere.path(), desk.folder.path("link"));
  options.values = {{"file", "link/vox"}};
  CHECK_THROWS_WITH(NodeRunner("recorder", options), Catch::Contains("link is a link"));
  options.values = {{"file", "new/folder/vox.wav"}, {"record", true}};
  NodeRunner("recorder", options).process(numbered(10));
  CHECK(read_sound(desk.folder.path("new/folder/vox-001.wav")).frames() == 10);
}

TEST_CASE("a take is never written through a link that waits at its place", "[recorder]") {
  Desk desk;
  TemporaryFolder elsewhere;
  std::ofstream(elsewhere.path("precious")) << "as it was";
  std::filesystem::create_symlink(elsewhere.path("precious"), desk.folder.path("vox-001.wav.part"));
  std::filesystem::create_symlink(elsewhere.path("none"), desk.folder.path("vox-002.wav"));
  {
    NodeRunner run("recorder", desk.options({{"record", true}}));
    run.process(numbered(100));
    CHECK(run.meter("repaired") == 0);
  }
  CHECK(read_sound(desk.folder.path("vox-003.wav")).channels == numbered(100));
  CHECK_FALSE(std::filesystem::exists(elsewhere.path("none")));
  std::string text;
  std::getline(std::ifstream(elsewhere.path("precious")) >> std::ws, text);
  CHECK(text == "as it was");
}

TEST_CASE("a killed recorder leaves a file that can be read, and the next one repairs it", "[recorder]") {
  for (const char* format : {"float", "pcm24", "pcm16"}) {
    Desk desk;
    constexpr int kFrames = 240000;
    record_and_be_killed(desk.options({{"format", format}}), kFrames);
    REQUIRE(desk.has("vox-001.wav.part"));
    auto left = read_sound(desk.folder.path("vox-001.wav.part"));
    // All but what was not yet worth a write.
    CHECK(left.frames() <= kFrames);
    CHECK(left.frames() > kFrames - 2048);
    {
      NodeRunner next("recorder", desk.options({{"record", true}}));
      next.process(numbered(100));
      CHECK(next.meter("repaired") == 1);
    }
    CHECK_FALSE(desk.has("vox-001.wav.part"));
    auto repaired = read_sound(desk.folder.path("vox-001.wav"));
    CHECK(repaired.channels == left.channels);
    CHECK(repaired.format == left.format);
    if (format == std::string("float")) CHECK(repaired.channels == numbered(repaired.frames()));
    CHECK(read_sound(desk.folder.path("vox-002.wav")).frames() == 100);
    CHECK(desk.count() == 2);
  }
}

TEST_CASE("a take in the making is no leftover", "[recorder]") {
  Desk desk;
  NodeRunner first("recorder", desk.options({{"record", true}}));
  first.process(numbered(10000), 10000);
  REQUIRE(desk.has("vox-001.wav.part"));
  NodeRunner second("recorder", desk.options({{"record", true}}));
  second.process(numbered(10));
  second.service();
  CHECK(second.meter("repaired") == 0);
  CHECK(desk.has("vox-001.wav.part"));
  CHECK(desk.has("vox-002.wav.part"));
}

TEST_CASE("other people's files are left alone by repairs", "[recorder]") {
  Desk desk;
  for (const char* name : {"vox-001.wav.part", "voxes-001.wav.part", "vox-a.wav.part", "vox-.wav.part"})
    std::ofstream(desk.folder.path(name)) << "not a sound";
  NodeRunner run("recorder", desk.options());
  run.process({}, 1);
  CHECK(run.meter("repaired") == 0);
  CHECK(desk.count() == 4);
  CHECK(desk.bytes("vox-001.wav.part") == "not a sound");
}

TEST_CASE("a worker of its own writes everything in order", "[recorder]") {
  Desk desk;
  {
    NodeRunner run("recorder", desk.options());
    run.automatic_service = false;
    std::atomic<bool> done{false};
    std::thread worker([&] {
      while (!done) {
        run.service();
        std::this_thread::yield();
      }
    });
    for (int take = 0; take < 10; take++) {
      run.set("record", 1);
      run.process(numbered(5000, size_t(take) * 5000), 5000);
      run.set("record", 0);
      run.process({}, 64);
    }
    done = true;
    worker.join();
  }
  for (int take = 0; take < 10; take++) {
    char name[32];
    std::snprintf(name, sizeof name, "vox-%03d.wav", take + 1);
    CHECK(read_sound(desk.folder.path(name)).channels == numbered(5000, size_t(take) * 5000));
  }
}
