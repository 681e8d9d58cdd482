// Work that is due later: done by whoever, when it must be, evenly, and always with the same result.
#include "graph/deadline_board.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <random>
#include <thread>

#include "graph/glide.h"
#include "tests/support/allocations.h"
#include "tests/support/syscall_trap.h"

using namespace mixgraph;

namespace {

/// What a slice of the tests makes of its input.
float plain(const float* input, size_t inputs, int slice, size_t i) {
  float sum = 0;
  for (size_t k = 0; k < inputs; k++) sum = sum * 0.75f + input[(k * 7 + i + size_t(slice)) % inputs];
  return sum;
}

constexpr size_t kInputs = 24, kFloats = 5;
void plain_slice(const void*, const float* input, int slice, float* to) {
  for (size_t i = 0; i < kFloats; i++) to[i] = plain(input, kInputs, slice, i);
}

/// A node without an engine: it posts noise now and then, takes it when it is due and compares it.
class Poster {
 public:
  Poster(int slices, unsigned seed, DeadlineJob::Compute compute = plain_slice, const void* fixed = nullptr)
      : slices_(slices), random_(seed), job_({slices, kFloats, kInputs}, compute, fixed) {}

  void run(DeadlineBoard* board, uint64_t frame) {
    if (wanted_ && frame >= due_) take();
    if (!wanted_ && random_() % 3 == 0) post(board, frame, frame + random_() % 1000);
  }
  void post(DeadlineBoard* board, uint64_t frame, uint64_t due) {
    const auto room = job_.free_room();
    spare += room == DeadlineJob::Room::spare;
    for (size_t i = 0; i < kInputs; i++) job_.input(room)[i] = input_[i] = float(random_() % 1000) / 500 - 1;
    due_ = due;
    job_.post({board, nullptr, frame}, room, due_);
    wanted_ = true;
  }
  void take() {
    wanted_ = false;
    taken++;
    REQUIRE(job_.take());
    REQUIRE(!job_.take());
    for (int s = 0; s < slices_; s++)
      for (size_t i = 0; i < kFloats; i++) wrong += job_.slice(s)[i] != plain(input_, kInputs, s, i);
  }
  int taken = 0, wrong = 0, spare = 0;

 private:
  int slices_;
  std::mt19937 random_;
  float input_[kInputs];
  uint64_t due_ = 0;
  bool wanted_ = false;
  DeadlineJob job_;
};

/// The audio thread and some helpers as one thread, in any order: what a helper is kept from is what happens in the middle of its
/// slice.
class Interleaving {
 public:
  explicit Interleaving(unsigned seed) : random_(seed) {
    for (unsigned i = 0; i < 3; i++) posters_.push_back(std::make_unique<Poster>(1 + int(random_() % 9), seed * 3 + i, slice, this));
  }
  void step() {
    if (random_() % 2 == 0) return audio();
    is_helper_ = true;
    board_.help();
    is_helper_ = false;
  }
  void check() {
    for (auto& p : posters_) {
      CHECK(p->wrong == 0);
      CHECK(p->taken > 10);
      spare += p->spare;
    }
  }
  int depth = 0, kept = 0, spare = 0;

 private:
  void audio() {
    if (frame_ % kTick == 0) board_.work(frame_);
    for (auto& p : posters_) p->run(&board_, frame_);
    frame_ += kTick / 2;
  }
  static void slice(const void* fixed, const float* input, int slice, float* to) {
    auto& here = *static_cast<Interleaving*>(const_cast<void*>(fixed));
    if (!std::exchange(here.is_helper_, false)) return plain_slice(nullptr, input, slice, to);
    const std::vector<float> before(input, input + kInputs);
    here.depth++;
    const int steps = here.depth < 4 && here.random_() % 3 == 0 ? int(here.random_() % 60) : 0;
    for (int i = 0; i < steps; i++) here.step();
    here.depth--;
    here.kept += steps > 30;
    REQUIRE(std::vector<float>(input, input + kInputs) == before);
    plain_slice(nullptr, input, slice, to);
  }

  std::mt19937 random_;
  DeadlineBoard board_;
  std::vector<std::unique_ptr<Poster>> posters_;
  uint64_t frame_ = 0;
  bool is_helper_ = false;
};

/// Slices that the audio thread did, by tick; and what happens while a helper is within one.
struct Count {
  int now = 0, most = 0, all = 0;
  std::function<void()> meanwhile;
  static void slice(const void* fixed, const float* input, int number, float* to) {
    auto& count = *static_cast<Count*>(const_cast<void*>(fixed));
    if (count.meanwhile)
      std::exchange(count.meanwhile, nullptr)();
    else
      count.now++;
    plain_slice(nullptr, input, number, to);
  }
  void end_tick() { most = std::max(most, now), all += std::exchange(now, 0); }
};

}  // namespace

TEST_CASE("work that is due later is what it would be at once, in whatever order helpers and the audio thread come", "[deadlines]") {
  int kept = 0, spare = 0;
  for (unsigned seed = 0; seed < 50; seed++) {
    INFO("seed " << seed);
    Interleaving interleaving(seed);
    for (int i = 0; i < 2000; i++) interleaving.step();
    interleaving.check();
    kept += interleaving.kept;
    spare += interleaving.spare;
  }
  CHECK(kept > 100);
  CHECK(spare > 100);
}

TEST_CASE("work that is due later is the same with threads that help", "[deadlines]") {
  DeadlineBoard board;
  std::vector<std::unique_ptr<Poster>> posters;
  for (unsigned i = 0; i < 4; i++) posters.push_back(std::make_unique<Poster>(3 + int(i) * 4, i));
  std::atomic<bool> ends{false};
  std::atomic<int> helped{0};
  std::vector<std::thread> helpers;
  for (int i = 0; i < 3; i++)
    helpers.emplace_back([&] {
      while (!ends) board.help() ? void(helped++) : std::this_thread::yield();
    });
  uint64_t frame = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (frame < 20000 * kTick || (helped < 100 && std::chrono::steady_clock::now() < until)) {
    board.work(frame);
    for (auto& p : posters) p->run(&board, frame);
    frame += kTick;
    if (frame % (100 * kTick) == 0) std::this_thread::yield();
  }
  ends = true;
  for (auto& h : helpers) h.join();
  for (auto& p : posters) CHECK(p->wrong == 0);
  CHECK(helped >= 100);
}

TEST_CASE("without a board, work that is due later is done when it is taken", "[deadlines]") {
  Poster poster(7, 1);
  for (uint64_t frame = 0; poster.taken < 20; frame += kTick) poster.run(nullptr, frame);
  CHECK(poster.wrong == 0);
}

TEST_CASE("the work of many nodes is spread evenly over the ticks until it is due", "[deadlines]") {
  DeadlineBoard board;
  Count count;
  std::vector<std::unique_ptr<Poster>> posters;
  const auto run = [&](uint64_t from, uint64_t ticks) {
    for (uint64_t t = from; t < from + ticks; t++) board.work(t * kTick), count.end_tick();
  };
  SECTION("if all of it is due at a time") {
    for (unsigned i = 0; i < 64; i++) posters.push_back(std::make_unique<Poster>(10, i, Count::slice, &count));
    for (auto& p : posters) p->post(&board, 0, 150 * kTick);
    run(1, 150);
    CHECK(count.all == 640);
    CHECK(count.most == 5);  // 640 / 150
  }
  SECTION("if there is much that has time and little that hasn't") {
    for (unsigned i = 0; i < 2; i++) posters.push_back(std::make_unique<Poster>(i == 0 ? 300 : 8, i, Count::slice, &count));
    posters[0]->post(&board, 0, 100 * kTick);
    run(1, 40);
    CHECK(count.all == 120);  // 3 in each
    posters[1]->post(&board, 40 * kTick, 44 * kTick + 63);
    run(41, 4);
    CHECK(count.all == 136);  // 4 in each, as 188 are due in 60 ticks
    posters[1]->take();
    CHECK(count.now == 0);
    run(45, 56);
    CHECK(count.all == 308);
    CHECK(count.most == 4);
    posters[0]->take();
    CHECK(count.now == 0);
  }
  SECTION("if each is due at another time") {
    std::mt19937 random(3);
    uint64_t dues[20];
    int by_tick[200] = {}, sum = 0, wanted = 0;
    for (unsigned i = 0; i < 20; i++) {
      dues[i] = 1 + random() % 199;
      const int slices = 1 + int(random() % 60);
      by_tick[dues[i]] += slices;
      posters.push_back(std::make_unique<Poster>(slices, i, Count::slice, &count));
      posters[i]->post(&board, 0, dues[i] * kTick);
    }
    for (int t = 1; t < 200; t++) sum += by_tick[t], wanted = std::max(wanted, (sum + t - 1) / t);
    for (uint64_t t = 1; t < 200; t++) {
      run(t, 1);
      for (unsigned i = 0; i < 20; i++)
        if (dues[i] == t) posters[i]->take();
      CHECK(count.now == 0);
    }
    CHECK(count.all == sum);
    CHECK(count.most == wanted);
  }
  SECTION("if a helper is kept within a slice of it") {
    for (unsigned i = 0; i < 2; i++) posters.push_back(std::make_unique<Poster>(i == 0 ? 20 : 9, i, Count::slice, &count));
    for (auto& p : posters) p->post(&board, 0, 10 * kTick);
    run(1, 1);
    count.meanwhile = [&] {
      run(2, 8);
      CHECK(count.all == 27);
      run(10, 1);
      CHECK(count.all == 29);
      for (auto& p : posters) p->take();
      CHECK(count.now == 0);
      for (auto& p : posters) p->post(&board, 10 * kTick, 20 * kTick);
      run(11, 10);
      for (auto& p : posters) p->take();
      CHECK(count.now == 0);
      CHECK(count.all == 58);
    };
    CHECK(board.help());
    CHECK(!count.meanwhile);
    CHECK(count.most == 3);
    CHECK(posters[0]->spare + posters[1]->spare == 1);
    for (auto& p : posters) p->post(&board, 20 * kTick, 30 * kTick);
    CHECK(posters[0]->spare + posters[1]->spare == 1);
    for (auto& p : posters) p->take();
  }
  SECTION("and at once if it was posted too late for any tick") {
    posters.push_back(std::make_unique<Poster>(10, 0, Count::slice, &count));
    posters[0]->post(&board, 10, 50);
    posters[0]->take();
    CHECK(count.now == 10);
    run(1, 1);
    CHECK(count.all == 10);
  }
  for (auto& p : posters) CHECK(p->wrong == 0);
}

TEST_CASE("what is due later makes no system call and takes no memory, whoever does it", "[deadlines]") {
  DeadlineBoard board;
  DeadlineJob job({20, kFloats, kInputs}, plain_slice, nullptr);
  std::optional<SyscallTrap> trap;
  if (SyscallTrap::available()) trap.emplace();
  AllocationCount counted;
  if (trap) trap->shut();
  for (uint64_t frame = 0; frame < 100 * kTick; frame += kTick) {
    board.work(frame);
    if (frame % (10 * kTick) == 0) {
      job.take();
      const auto room = job.free_room();
      job.input(room)[0] = float(frame);
      job.post({&board, nullptr, frame}, room, frame + 10 * kTick);
    }
    board.help();
    board.keep(1);
  }
  if (trap) trap->open();
  if (allocations_are_counted()) CHECK(counted.count() == 0);
  if (trap) CHECK(trap->caught() == 0);
  CHECK(job.take());
}
