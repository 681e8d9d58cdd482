// Breakpoints as the source of rows' courses, against a plain model: a line from breakpoint to breakpoint.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "graph/automated_row.h"
#include "tests/support/allocations.h"
#include "tests/support/engine_runner.h"
#include "tests/support/test_types.h"

using namespace mixgraph;

namespace {

constexpr double kRate = 48000;
constexpr uint64_t kSettled = 512 * 16;  // frames after a jump, whatever its row

constexpr Parameter kRows[] = {
    {.id = "linear", .label = "Linear", .doc = "A row.", .min = -10, .max = 10},
    {.id = "level", .label = "Level", .doc = "A row.", .unit = Unit::decibel, .curve = Curve::fader, .min = -90, .max = 10},
    {.id = "freq", .label = "Frequency", .doc = "A row.", .unit = Unit::hertz, .curve = Curve::log, .min = 20, .max = 20000, .initial = 1000},
};

/// The line from breakpoint to breakpoint, in the row's domain; nothing before the first, and where it is too steep or jumps.
std::optional<double> model(const Parameter& p, const std::vector<Breakpoint>& points, uint64_t frame, uint64_t begins = 0) {
  size_t next = 0;
  while (next < points.size() && points[next].frame <= frame) next++;
  if (next == 0 || frame < std::max(points[0].frame, begins) + kSettled) return {};
  for (size_t i = 1; i < points.size(); i++) {
    const bool jumps = points[i].steps || leaps(p, points[i - 1], points[i], kRate);
    const uint64_t from = points[i].steps ? points[i].frame : points[i - 1].frame;
    if (jumps && from <= frame && frame < points[i].frame + kSettled) return {};
  }
  const Breakpoint& before = points[next - 1];
  if (next == points.size() || points[next].steps) return to_domain(p, before.value);
  const double share = double(frame - before.frame) / double(points[next].frame - before.frame);
  return to_domain(p, course_value(p, before.value, points[next].value, points[next].course, share));
}

std::vector<Breakpoint> random_points(std::mt19937& random, const Parameter& p, int most = 12) {
  std::vector<Breakpoint> points;
  uint64_t frame = random() % 3000;
  for (int left = 1 + int(random() % unsigned(most)); left > 0; left--) {
    points.push_back({frame, from_position(p, double(random() % 1000) / 999), Course(random() % 4), random() % 5 == 0});
    frame += random() % 4 == 0 ? random() % 200 : 600 + random() % 20'000;
  }
  return points;
}

/// An automation of one row.
std::shared_ptr<const Automation> of_one(std::string path, const NodeType& type, std::string_view row, std::vector<Breakpoint> points) {
  return std::make_shared<const Automation>(Automation{{{std::move(path), &type, find_row(type, row), std::move(points)}}});
}

/// A level that is heard: what comes in is 1.
struct Level {
  EngineRunner r{{.inputs = 1, .outputs = 1, .ceiling_db = 60}};
  Level() {
    r.input = [](int, uint64_t) { return 1.f; };
    r.add("in", "input", {{"channels", std::string("1")}});
    r.add("fader", "fader");
    r.add("out", "output", {{"to", std::string("1")}});
    r.connect("in", "fader");
    r.connect("fader", "out");
    r.update();
    r.run(6400);
  }
  const Parameter& row() const { return r.graph.find("fader")->type->parameters[0]; }
  std::shared_ptr<const Automation> automation(std::vector<Breakpoint> points) const { return of_one("fader", *r.graph.find("fader")->type, row().id, std::move(points)); }
  /// Breakpoints at frames of the engine, from now on.
  void play(std::vector<Breakpoint> points) { r.engine.automate(automation(std::move(points)), r.engine.frame(), r.engine.frame()); }
  std::vector<float> run(int frames, int block = 64) { return r.run(frames, block)[0]; }
  /// The document follows what was set.
  void follow() {
    for (const DueMove& due : r.engine.take_due()) r.graph.set_value(due.path, due.row, due.value);
  }
};

}  // namespace

TEST_CASE("An automated row has the breakpoints' value at each tick, and no step in value or slope", "[automation]") {
  static NodeType type;
  type.parameters = kRows;
  std::mt19937 random{1};
  size_t compared = 0;
  for (int trial = 0; trial < 600; trial++) {
    const int row = trial % 3;
    const Parameter& p = kRows[row];
    const auto automation = std::make_shared<const Automation>(Automation{{{"x", &type, row, random_points(random, p)}}});
    const auto& points = automation->tracks[0].points;
    const uint64_t begins = trial % 4 ? 0 : random() % 20'000;
    AutomatedRow automated(automation, automation->tracks[0], 1, row, 0, begins, kRate);
    const Glide::Cubic start{{to_domain(p, from_position(p, 0.3)), 0, 0, 0}};
    double value = start.c[0], slope = 0;
    for (uint64_t at = 0; at < points.back().frame + 3 * kSettled; at += 64) {
      const bool wakes = automated.wakes() < at + 64;
      if (wakes && !automated.is_at_work()) automated.take_over(at, start);
      if (wakes) automated.next_tick(at, 1);
      if (!automated.is_at_work()) continue;
      const Glide::Cubic& c = automated.cubic();
      REQUIRE(c.c[0] == Approx(value).margin(1e-9));
      REQUIRE(c.c[1] * 64 == Approx(slope * 64).margin(1e-9));
      value = wakes ? c.at(64) : c.c[0], slope = wakes ? c.slope(64) : 0;
      const auto expected = model(p, points, at, begins);
      if (!expected) continue;
      REQUIRE(c.c[0] == Approx(*expected).epsilon(1e-12).margin(1e-12));
      compared++;
    }
    CHECK(automated.wakes() == UINT64_MAX);
    CHECK(value == to_domain(p, points.back().value));
  }
  CHECK(compared > 100'000);
}

TEST_CASE("What is heard is exact to the tick, whatever the block", "[automation]") {
  std::vector<float> first;
  for (const int block : {64, 1, 17, 1024}) {
    Level level;
    std::mt19937 random{7};
    std::vector<Breakpoint> points = random_points(random, level.row(), 10);
    for (Breakpoint& point : points) point.frame += 9600;
    level.play(points);
    const auto out = level.run(200'064, block);
    size_t compared = 0;
    for (uint64_t at = 6400; at < 6400 + out.size(); at += 64)
      if (const auto expected = model(level.row(), points, at)) {
        REQUIRE(out[at - 6400] == Approx(*expected).epsilon(1e-6));
        compared++;
      }
    CHECK(compared > 1000);
    if (first.empty()) first = out;
    CHECK(out == first);
  }
}

namespace {

/// Puts out how many frames each block had in which it ran.
template <class V>
struct Pieces {
  explicit Pieces(const Setup&) {}
  void process(baseline::Block<V> b) {
    for (int i = 0; i < b.frames(); i++) b.out(0)[i] = V(float(b.frames()));
  }
  V none = V(0.f);
};
constexpr Port kMonoOut[] = {{"out", 1}}, kMonoIn[] = {{"in", 1}};
constexpr Parameter kPieceRows[] = {{.id = "a", .label = "A", .doc = "A row."}, {.id = "b", .label = "B", .doc = "A row."}};
const NodeType kPieces{.id = "pieces",
                       .label = "Pieces",
                       .doc = "Counts.",
                       .category = "test",
                       .inputs = kMonoIn,
                       .outputs = kMonoOut,
                       .parameters = kPieceRows,
                       .kernels = baseline::kLaneKernels<Pieces>};

}  // namespace

TEST_CASE("Thousands of breakpoints cut no block, and cost the audio thread no memory", "[automation]") {
  const auto types = all_types_and({&kPieces});
  EngineRunner r({.inputs = 1, .outputs = 1, .ceiling_db = 60}, types);
  r.add("in", "input", {{"channels", std::string("1")}});
  r.add("out", "output", {{"to", std::string("1")}});
  auto automation = std::make_shared<Automation>();
  for (int n = 0; n < 50; n++) {
    const std::string path = "p" + std::to_string(n);
    r.add(path, "pieces");
    r.connect("in", path);
    if (n == 0) r.connect(path, "out");
    for (int row = 0; row < 2; row++) {
      Track track{path, &kPieces, row, {}};
      for (uint64_t i = 0; i < 500; i++) track.points.push_back({i * 97 + uint64_t(n), double((i * 7 + uint64_t(n)) % 10) / 10, Course::linear, false});
      automation->tracks.push_back(std::move(track));
    }
  }
  r.update();
  r.run(6400);
  r.engine.automate(automation, 6464);
  const auto out = r.run(48'000)[0];
  CHECK(std::all_of(out.begin(), out.end(), [](float x) { return x == 64; }));
  CHECK(r.engine.counters().postponed == 0);
  AllocationCount allocations;
  const float silence[64] = {};
  float heard[64];
  const float* in[] = {silence};
  float* to[] = {heard};
  for (int i = 0; i < 100; i++) r.engine.process(in, to, 64);
  CHECK(allocations.count() == 0);
}

TEST_CASE("A set takes a row away from its breakpoints, smoothly and for good", "[automation]") {
  Level level;
  level.play({{9600, -20}, {96'000, 0}, {192'000, -40}});
  auto out = level.run(48'000);
  level.follow();
  CHECK_FALSE(level.r.engine.automation()[0].is_taken);
  const Move set = level.r.move("fader", level.row().id, -6);
  level.r.engine.move({&set, 1});
  const auto after = level.run(200'000);
  level.follow();
  out.insert(out.end(), after.begin(), after.end());
  CHECK(out.back() == Approx(std::pow(10, -6 / 20.)));
  CHECK(level.r.engine.automation()[0].is_taken);
  for (size_t i = 1; i < out.size(); i++) REQUIRE(std::abs(out[i] - out[i - 1]) < 0.006);
  CHECK(level.r.engine.rests());
}

TEST_CASE("What is said before a row's first breakpoint stays until that", "[automation]") {
  Level level;
  level.play({{48'000, -20}});
  const Move set = level.r.move("fader", level.row().id, -6);
  level.r.engine.move({&set, 1});
  CHECK(level.run(38'400).back() == Approx(std::pow(10, -6 / 20.)));
  CHECK(level.run(9600).back() == Approx(std::pow(10, -1)));
  CHECK_FALSE(level.r.engine.automation()[0].is_taken);
}

TEST_CASE("An automation that is played from its midst on, or ended there", "[automation]") {
  Level level;
  level.r.engine.automate(level.automation({{0, -60}, {96'000, 0, Course::exponential}}), 12'800, 48'000);
  CHECK(level.run(6400).back() == Approx(1));
  level.run(6400);  // to frame 19 200
  const auto out = level.run(64);
  CHECK(out[0] == Approx(std::pow(10, (-30 + 6400. / 96'000 * 60) / 20)).epsilon(1e-5));
  level.follow();
  CHECK(std::get<double>(level.r.graph.find("fader")->values[0]) == 0);
  level.r.engine.automate(nullptr);
  const auto rest = level.run(4800);
  CHECK(std::abs(rest[0] - out[63]) < 1e-3);
  CHECK(rest.back() == rest[2400]);
  CHECK(level.r.engine.automation().empty());
}

TEST_CASE("Automation goes on through edits, and instances that are built anew", "[automation]") {
  const std::vector<Breakpoint> points{{9600, -20}, {57'600, 0}, {105'600, -30, Course::linear}};
  Level plain, edited;
  for (Level* level : {&plain, &edited}) level->play(points);
  plain.run(120'000);
  std::mt19937 random{3};
  int extra = 0;
  for (uint64_t at = 6400; at < 126'400; at += 4800) {
    edited.follow();
    const std::string path = "x" + std::to_string(extra++);
    edited.r.add(path, "fader");
    edited.r.connect("in", path);
    if (random() % 2) edited.r.connect(path, "out"), edited.r.set(path, "level", -90.0);
    if (extra > 3) edited.r.remove("x" + std::to_string(extra - 3));
    edited.r.update();
    const auto out = edited.run(4800);
    for (uint64_t tick = (at + 63) / 64 * 64; tick < at + 4800; tick += 64)
      if (const auto expected = model(edited.row(), points, tick)) REQUIRE(out[tick - at] == Approx(*expected).epsilon(1e-6).margin(1e-6));
  }
  CHECK_FALSE(edited.r.engine.automation()[0].is_taken);
}

TEST_CASE("A group's automated level moves its members, whoever joins meanwhile", "[automation][groups]") {
  EngineRunner r({.inputs = 1, .outputs = 2, .ceiling_db = 60});
  r.input = [](int, uint64_t) { return 1.f; };
  r.add("in", "input", {{"channels", std::string("1")}});
  r.add("drums", "vca");
  for (const char* n : {"1", "2"}) {
    const std::string strip = std::string("s") + n;
    r.add(strip + "/fader", "fader");
    r.add(strip + "/mute", "mute");
    r.add(std::string("out") + n, "output", {{"to", std::string(n)}});
    r.connect("in", strip + "/fader");
    r.connect(strip + "/fader", strip + "/mute");
    r.connect(strip + "/mute", std::string("out") + n);
  }
  r.edit({SetFact{"s1", std::string(kGroupsFact), "drums"}});
  r.update();
  r.run(6400);
  const NodeType& vca = *r.graph.find("drums")->type;
  const std::vector<Breakpoint> points{{6400, 0}, {54'400, -20, Course::exponential}};
  r.engine.automate(of_one("drums", vca, vca.parameters[0].id, points), r.engine.frame(), r.engine.frame());
  const auto level_at = [](double frame) { return std::pow(10, -20 * (frame - 6400) / 48'000 / 20); };
  auto out = r.run(12'800);
  CHECK(out[0][6400] == Approx(level_at(12'800)).epsilon(1e-4));
  CHECK(out[1][6400] == 1);
  for (const DueMove& due : r.engine.take_due()) r.graph.set_value(due.path, due.row, due.value);
  r.edit({SetFact{"s2", std::string(kGroupsFact), "drums"}});
  r.update();
  out = r.run(12'800);
  for (const size_t c : {size_t(0), size_t(1)}) CHECK(out[c][6400] == Approx(level_at(25'600)).epsilon(1e-4));
  for (size_t i = 1; i < 12'800; i++) REQUIRE(std::abs(out[1][i] - out[1][i - 1]) < 0.006);
}

TEST_CASE("Random automation, sets, edits and ends: once it settles it sounds like a fresh engine on the document", "[automation][law]") {
  for (uint32_t seed = 1; seed <= 40; seed++) {
    INFO("seed " << seed);
    std::mt19937 random{seed};
    Level level;
    auto& r = level.r;
    std::vector<Breakpoint> points = random_points(random, level.row());
    for (Breakpoint& point : points) point.frame /= 4;
    r.engine.automate(level.automation(points), r.engine.frame() + random() % 1000, random() % 3 ? 0 : random() % 5000);
    int extra = 0;
    for (int step = 0; step < 12; step++) {
      level.run(int(random() % 3000) + 1, 1 + int(random() % 200));
      level.follow();
      switch (random() % 6) {
        case 0: {
          const double value = from_position(level.row(), double(random() % 100) / 100);
          const Move set = r.move("fader", level.row().id, value, random() % 2 ? 0 : r.engine.frame() + random() % 2000, random() % 2 ? 0 : 0.02);
          r.engine.move({&set, 1});
          if (set.frame == 0) r.graph.set_value("fader", set.row, value);
          break;
        }
        case 1:
          r.add("x" + std::to_string(extra++), "fader");
          r.update();
          break;
        case 2:
          if (r.graph.find("fader")->values.size() > 0) r.set("fader", level.row().id, from_position(level.row(), 0.5)), r.update();
          break;
        case 3: {
          auto more = random_points(random, level.row());
          for (Breakpoint& point : more) point.frame /= 4;
          r.engine.automate(level.automation(more), r.engine.frame() + random() % 1000);
          break;
        }
        default: break;
      }
    }
    level.run(100'000);
    level.follow();
    Level fresh;
    fresh.r.graph.set_value("fader", 0, std::get<double>(r.graph.find("fader")->values[0]));
    fresh.r.update();
    fresh.run(9600);
    CHECK(level.run(64) == fresh.run(64));
  }
}

TEST_CASE("Jumps take the row's shortest way, and what can't be followed is told", "[automation]") {
  Level level;
  level.play({{6400, 0}, {12'800, -90, Course::position, true}, {19'200, -90}, {19'300, 0}, {19'310, -1}, {19'320, -2}, {38'400, -2}});
  const auto out = level.run(32'000);
  CHECK(out[6400] == 1);
  CHECK(out[6400 + 512] == 0);
  for (size_t i = 1; i < out.size(); i++) REQUIRE(std::abs(out[i] - out[i - 1]) < 0.006);
  CHECK(out[13'900] == Approx(std::pow(10, -2 / 20.)).epsilon(1e-5));
  const auto told = unfollowed(*level.automation({{6400, 0}, {12'800, -90, Course::position, true}, {19'200, -90}, {19'300, 0}, {19'310, -1}, {19'320, -2}, {38'400, -2}}), kRate);
  REQUIRE(told.size() == 1);
  CHECK(told[0].frame == 19'300);
  CHECK(told[0].count == 3);
}

TEST_CASE("More rows than take a point every tick take one every second tick", "[automation]") {
  EngineRunner r({.inputs = 1, .outputs = 1, .ceiling_db = 60});
  r.input = [](int, uint64_t) { return 1.f; };
  r.add("in", "input", {{"channels", std::string("1")}});
  r.add("out", "output", {{"to", std::string("1")}});
  const NodeType& fader = r.type("fader");
  auto automation = std::make_shared<Automation>();
  for (int n = 0; n < 4200; n++) {
    const std::string path = "f" + std::to_string(n);
    r.add(path, "fader");
    r.connect("in", path);
    if (n == 7) r.connect(path, "out");
    automation->tracks.push_back({path, &fader, find_row(fader, fader.parameters[0].id), {{6400, 0}, {64'000, -20, Course::exponential}}});
  }
  r.update();
  r.run(6400);
  r.engine.automate(automation, r.engine.frame(), r.engine.frame());
  const auto out = r.run(57'600)[0];
  for (size_t at = 4096; at + 256 < out.size(); at += 64) REQUIRE(out[at] == Approx(std::pow(10, -double(at) / 57'600)).epsilon(1e-5));
  CHECK(r.run(6400)[0].back() == Approx(0.1));
}
