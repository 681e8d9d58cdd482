#include <malloc.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <thread>

#include "tests/support/allocations.h"
#include "tests/support/random_edits.h"
#include "tests/support/sound_files.h"
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
extern "C" size_t __sanitizer_get_current_allocated_bytes();  // GCC has no header for it
#endif

using namespace mixgraph;

namespace {

/// Edits of the test: 400, or as many as MIXGRAPH_EDITS says.
int edits_asked() {
  const char* asked = std::getenv("MIXGRAPH_EDITS");
  return asked ? std::atoi(asked) : 400;
}

/// Bytes that a round may take for good: glides for as many rows as moved at a time.
constexpr double kMostMore = 1e6;

size_t bytes_in_use() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return __sanitizer_get_current_allocated_bytes();
#else
  return mallinfo2().uordblks + mallinfo2().hblkhd;
#endif
}

/// An engine that plays on a thread of its own while another one serves it.
class Playing {
 public:
  explicit Playing(Engine& engine) : engine_(engine) {
    audio_ = std::thread([this] { play(); });
    worker_ = std::thread([this] {
      while (!stop_) engine_.service(), std::this_thread::yield();
    });
  }
  ~Playing() {
    stop_ = true;
    audio_.join();
    worker_.join();
  }
  std::atomic<uint64_t> bad{0}, allocations{0};

 private:
  void play() {
    std::vector<float> noise(48), left(48), right(48);
    for (size_t i = 0; i < noise.size(); i++) noise[i] = float(i % 7) / 20;
    const float* in[] = {noise.data(), noise.data(), noise.data(), noise.data()};
    float* out[] = {left.data(), right.data()};
    while (!stop_) {
      AllocationCount counted;
      engine_.process(in, out, 48);
      allocations += counted.count();
      for (float x : left) bad += !std::isfinite(x);
    }
  }

  Engine& engine_;
  std::atomic<bool> stop_{false};
  std::thread audio_, worker_;
};

bool settles(Engine& engine) {
  for (int i = 0; i < 30000 && !engine.settled(); i++) {
    engine.advance();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return engine.settled();
}

}  // namespace

TEST_CASE("edits and moves from one thread while another plays and a third serves") {
  TemporaryFolder folder;
  write_sound(folder.path("tone.wav"), {std::vector<float>(30000, 0.1f)});
  EngineRunner r({.environment = {.media_root = folder.path(), .record_root = folder.path()}, .inputs = 4, .outputs = 2});
  add_every_type(r, "tone.wav");
  r.update();
  Playing playing(r.engine);
  RandomEdits edits(r, 7, "tone.wav");
  const int rounds = 4, each = edits_asked() / rounds;
  size_t in_use = 0;
  for (int round = 0; round < rounds; round++) {
    for (int i = 0; i < each; i++) {
      edits.step();
      r.engine.advance();
      if (i % 10 == 0) r.engine.meters();
      std::this_thread::sleep_for(std::chrono::microseconds(300));
    }
    edits.undo_all();
    // What rings out is gone after that, and with it all programs, banks and files but those of the graph that stays.
    REQUIRE(settles(r.engine));
    while (r.engine.nodes_sounding() > r.graph.nodes().size()) {
      r.engine.advance();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    REQUIRE(settles(r.engine));
    r.engine.advance();
    r.engine.meters();
    INFO("round " << round);
    // The worker may still hold what it serves at this moment.
    for (int i = 0; i < 5000 && round > 0 && double(bytes_in_use()) >= double(in_use) + kMostMore; i++) {
      r.engine.advance();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (round > 0) CHECK(double(bytes_in_use()) < double(in_use) + kMostMore);
    in_use = bytes_in_use();
  }
  CHECK(playing.bad == 0);
  if (allocations_are_counted()) CHECK(playing.allocations == 0);
  CHECK(edits.refused < edits_asked());
  CHECK(r.engine.counters().programs > 20);
}
