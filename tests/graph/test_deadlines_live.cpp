// A node with 20 ms of work due every 200 ms, in blocks of 1.3 ms: whatever becomes of the threads that help, no block has more
// than its even share of it, and the sound is the same.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "graph/deadlines.h"
#include "graph/glide.h"
#include "tests/support/engine_runner.h"
#include "tests/support/test_types.h"

using namespace mixgraph;
using namespace std::chrono_literals;

namespace {

constexpr int kPeriod = 9600, kTicks = kPeriod / kTick;
constexpr int kSlices = 150;  // a tenth of a tick each
constexpr size_t kFloats = kPeriod / kSlices;

/// All that slices of the test's nodes meet.
struct Watch {
  void reset(const Engine& of) {
    engine = &of;
    audio = std::this_thread::get_id();
    helped = begun = 0;
    holds = false;
    by_tick.assign(10000, 0);
    took.clear();
  }
  /// Called in each slice; a helper stays in it while it is held.
  void enter() {
    if (std::this_thread::get_id() == audio) {
      by_tick[engine->frame() / kTick]++;
      return;
    }
    begun++;
    while (holds) std::this_thread::sleep_for(100us);
    helped++;
  }
  int most() const { return *std::max_element(by_tick.begin(), by_tick.end()); }

  const Engine* engine = nullptr;
  std::thread::id audio;
  std::atomic<int> helped{0}, begun{0}, lives{0};
  std::atomic<bool> holds{false};
  std::vector<int> by_tick;  ///< slices of the audio thread
  std::vector<std::chrono::nanoseconds> took;  ///< each of them
} watch;

/// Adds to what it hears a blur of what it heard in the period before the last one.
class Later {
 public:
  explicit Later(const Setup&) : job_({kSlices, kFloats, kPeriod}, slice, nullptr), heard_(kPeriod), tail_(kPeriod) { watch.lives++; }
  ~Later() { watch.lives--; }

  void process(baseline::Block<float> b) {
    if (b.time() % kPeriod == 0) next_period(b);
    for (int i = 0; i < b.frames(); i++) {
      const size_t at = size_t(b.time() + uint64_t(i)) % kPeriod;
      heard_[at] = b.in(0)[i];
      b.out(0)[i] = b.in(0)[i] + tail_[at];
    }
  }

 private:
  void next_period(const baseline::Block<float>& b) {
    if (job_.take())
      for (int s = 0; s < kSlices; s++) std::copy_n(job_.slice(s), kFloats, tail_.data() + size_t(s) * kFloats);
    const auto room = job_.free_room();
    std::copy(heard_.begin(), heard_.end(), job_.input(room));
    job_.post(b.deadlines(), room, b.time() + kPeriod);
  }
  static void slice(const void*, const float* input, int slice, float* to) {
    watch.enter();
    const auto begun = std::chrono::steady_clock::now();
    for (size_t i = 0; i < kFloats; i++) {
      float sum = 0;
      for (size_t k = 0; k < 20; k++) sum = sum * 0.7f + input[(size_t(slice) * kFloats + i + 61 * k) % kPeriod];
      to[i] = 0.1f * sum;
    }
    if (std::this_thread::get_id() == watch.audio) watch.took.push_back(std::chrono::steady_clock::now() - begun);
  }

  DeadlineJob job_;
  std::vector<float> heard_, tail_;
};

constexpr Port kIn[] = {{"in", 1}}, kOut[] = {{"out", 1}};
constexpr NodeType kLater{.id = "later",
                          .label = "Later",
                          .doc = "Has work that is due later.",
                          .category = "test",
                          .inputs = kIn,
                          .outputs = kOut,
                          .kernels = baseline::kSoloKernel<Later>};

NodeTypes types() {
  static const std::vector<const NodeType*> all = all_types_and({&kLater});
  return all;
}

float noise(int channel, uint64_t frame) {
  uint64_t x = (frame + 1) * 6364136223846793005ull + uint64_t(channel) * 1442695040888963407ull;
  x ^= x >> 33, x *= 0xff51afd7ed558ccdull, x ^= x >> 33;
  return float(double(int64_t(x)) / 9.3e18 * 0.5);
}

EngineSettings settings(int threads, double share_above_us) {
  EngineSettings s{.environment = {}, .inputs = 2, .outputs = 2, .ceiling_db = 60};
  s.threads = threads, s.share_above_us = share_above_us;
  return s;
}

void build(EngineRunner& r, int strips) {
  watch.reset(r.engine);
  r.input = noise;
  r.add("out", "output");
  for (int i = 0; i < strips; i++) {
    const std::string n = std::to_string(i);
    r.add("in/" + n, "input", {{"channels", std::to_string(i % 2 + 1)}});
    r.add("later/" + n, "later");
    r.add("eq/" + n, "eq", {{"2/gain", double(i)}});
    r.connect("in/" + n, "later/" + n);
    r.connect("later/" + n, "eq/" + n);
    r.connect("eq/" + n, "out");
  }
  r.update();
}

template <class Done>
bool await(Done done) {
  for (int i = 0; i < 60000 && !done(); i++) std::this_thread::sleep_for(1ms);
  return done();
}

enum class Helpers { none, running, stopped, stopped_within };

/// What it sounds like for eight periods. `block`: of the device.
std::vector<float> play(Helpers helpers, int strips, int block, double share_above_us = 1e6) {
  INFO(int(helpers) << ", " << strips << " strips in blocks of " << block);
  std::atomic<bool> starts{helpers != Helpers::stopped};
  EngineSettings s = settings(helpers == Helpers::none ? 1 : 3, share_above_us);
  s.on_thread_start = [&starts] { await([&] { return starts.load(); }); };
  std::vector<float> sound;
  {
    EngineRunner r(s, types());
    struct LetGo {
      std::atomic<bool>& starts;
      ~LetGo() { starts = true, watch.holds = false; }
    } let_go{starts};
    build(r, strips);
    watch.holds = helpers == Helpers::stopped_within;
    for (int period = 0; period < 8; period++) {
      const int helped = watch.helped;
      int done = 0;
      const auto run = [&](int frames) {
        const auto heard = r.run(frames, block);
        sound.insert(sound.end(), heard[0].begin(), heard[0].end());
        done += frames;
      };
      run(block);
      run(2 * kTick);
      const bool within = helpers == Helpers::stopped_within;
      if (within && period <= 4) CHECK(await([&] { return watch.begun == 2; }));
      if (within && period == 4) watch.holds = false;
      if (helpers == Helpers::running || (within && period == 6)) CHECK(await([&] { return watch.helped >= helped + 30; }));
      run(kPeriod - done);
    }
    CHECK(watch.most() <= strips * kSlices / kTicks);
    if (helpers == Helpers::none || helpers == Helpers::stopped) CHECK(watch.begun == 0);
  }
  return sound;
}

}  // namespace

TEST_CASE("20 ms of work due every 200 ms: an even share for each block, and the same sound with helpers, without, and with helpers stopped within a slice", "[deadlines]") {
  const std::vector<float> sound = play(Helpers::none, 1, 64);
  CHECK(*std::max_element(sound.begin() + 2 * kPeriod, sound.end()) > 0.5f);
  for (const Helpers helpers : {Helpers::running, Helpers::stopped, Helpers::stopped_within}) CHECK(play(helpers, 1, 64) == sound);
  for (const int block : {48, 1000, 17, 4096}) {
    CHECK(play(Helpers::none, 1, block) == sound);
    CHECK(play(Helpers::running, 1, block) == sound);
  }
}

TEST_CASE("work that is due later of nodes that several threads run", "[deadlines]") {
  const std::vector<float> sound = play(Helpers::none, 5, 64);
  for (const Helpers helpers : {Helpers::running, Helpers::stopped, Helpers::stopped_within}) CHECK(play(helpers, 5, 64, 0) == sound);
  CHECK(play(Helpers::running, 5, 333, 0) == sound);
}

TEST_CASE("a node may go while a helper is within its work, and is kept until the helper has left it", "[deadlines]") {
  EngineRunner r(settings(2, 1e6), types());
  build(r, 2);
  watch.holds = true;
  r.run(2 * kTick);
  REQUIRE(await([] { return watch.begun == 1; }));
  for (const char* path : {"later/0", "later/1"}) r.remove(path);
  r.update();
  r.run(2 * kPeriod);
  CHECK(r.engine.settled());
  CHECK(watch.lives == 2);
  watch.holds = false;
  CHECK(await([&] { return r.run(kTick), watch.lives == 0; }));
  CHECK(watch.begun == 1);
}

TEST_CASE("programs come and go while helpers do what is due later", "[deadlines]") {
  EngineRunner r(settings(3, 0), types()), one(settings(1, 0), types());
  build(one, 4);
  build(r, 4);
  for (int i = 0; i < 60; i++) {
    std::vector<std::vector<float>> heard[2];
    const std::string path = "later/" + std::to_string(i % 4), eq = "eq/" + std::to_string(i % 4);
    for (EngineRunner* e : {&r, &one}) {
      watch.engine = &e->engine;
      if (i % 3 == 0) e->disconnect(path, eq), e->remove(path);
      if (i % 3 == 1 && !e->graph.find(path)) e->add(path, "later"), e->connect("in/" + std::to_string(i % 4), path), e->connect(path, eq);
      e->update();
      heard[e == &one] = e->run(1000 + i * 37 % 5000, 64);
      std::this_thread::sleep_for(1ms);
    }
    REQUIRE(heard[0] == heard[1]);
  }
  CHECK(watch.helped > 0);
}

TEST_CASE("what is due later costs the type of its node", "[deadlines]") {
  EngineRunner r(settings(1, 8), types());
  build(r, 4);
  r.run(10 * kPeriod);
  std::sort(watch.took.begin(), watch.took.end());
  const double a_slice = double(watch.took[watch.took.size() / 2].count());
  bool found = false;
  for (const TypeCost& c : r.engine.costs()) {
    const double slices = double(c.frames) / kPeriod * 4 * kSlices;
    if (c.type != "later") CHECK(c.later_ns == 0);
    if (c.type != "later") continue;
    found = true;
    CHECK(c.later_ns > 0.5 * slices * a_slice);
    CHECK(c.later_ns < 5 * slices * a_slice);
    CHECK(c.ns > c.later_ns);
  }
  CHECK(found);
}
