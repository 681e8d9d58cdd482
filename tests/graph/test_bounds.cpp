// What moves may cost within a tick of 64 frames: a bound that is counted, wherever the device cuts its blocks.
#include <catch2/catch.hpp>

#include "graph/performer.h"
#include "tests/support/engine_runner.h"
#include "tests/support/test_types.h"

using namespace mixgraph;

namespace {

constexpr int kRows = 100;
template <Motion kMotion>
struct Table {
  std::array<std::string, kRows> ids;
  std::array<Parameter, kRows> rows;
  Table() {
    for (int r = 0; r < kRows; r++) {
      ids[size_t(r)] = "row" + std::to_string(r);
      rows[size_t(r)] = {.id = ids[size_t(r)], .label = "Row", .doc = "One of many.", .motion = kMotion};
    }
  }
};

/// Puts out the last of its many rows.
template <class V>
struct Many {
  explicit Many(const Setup&) {}
  void process(baseline::Block<V> b) {
    for (int i = 0; i < b.frames(); i++) b.out(0)[i] = b.ramp(kRows - 1).at(b.at() + i) + b.in(0)[i];
  }
  V none = V(0.f);
};
constexpr Port kIn[] = {{"in", 1}}, kOut[] = {{"out", 1}};

template <Motion kMotion>
const NodeType& many() {
  static const Table<kMotion> table;
  static const NodeType type{.id = kMotion == Motion::jump ? "jumps" : "moves",
                             .label = "Many",
                             .doc = "Many rows.",
                             .category = "test",
                             .inputs = kIn,
                             .outputs = kOut,
                             .parameters = table.rows,
                             .meters = {},
                             .kernels = baseline::kLaneKernels<Many>};
  return type;
}

/// So many nodes with a hundred rows each; output 1 is the sum of their last rows.
struct Bench {
  std::vector<const NodeType*> list = all_types_and({&many<Motion::jump>(), &many<Motion::smooth>()});
  EngineRunner r{{.inputs = 1, .outputs = 1, .ceiling_db = 60}, list};
  std::vector<std::string> paths;
  Bench(int nodes, const char* type) {
    r.add("out", "output", {{"to", "1"}});
    for (int n = 0; n < nodes; n++) {
      paths.push_back("n" + std::to_string(100 + n));
      r.add(paths.back(), type);
      r.connect(paths.back(), "out");
    }
    r.update();
    r.run(640);
  }
  /// All rows of some nodes go to 1.
  std::vector<Move> batch(size_t first, size_t last, uint64_t frame, double seconds = 0) const {
    std::vector<Move> moves;
    for (size_t n = first; n < last; n++)
      for (int row = 0; row < kRows; row++) moves.push_back({paths[n], row, 1, frame, seconds, Course::position});
    return moves;
  }
};
size_t first_at(const std::vector<float>& x, float value) { return size_t(std::find(x.begin(), x.end(), value) - x.begin()); }

}  // namespace

TEST_CASE("A batch of moves is never split, and one that doesn't fit begins with the next tick") {
  Bench b(100, "jumps");
  const uint64_t frame = b.r.engine.frame() + 64;
  static_assert(Performer::kMostBegun >= 3000 && Performer::kMostBegun < 5000);
  b.r.engine.move(b.batch(0, 30, frame));
  b.r.engine.move(b.batch(30, 60, frame));   // doesn't fit beside the first
  b.r.engine.move(b.batch(60, 65, frame));   // would, but nothing goes past what is before it
  b.r.engine.move(b.batch(65, 100, frame));  // together with those before more than fits again
  const auto out = b.r.run(640, GENERATE(64, 48, 640))[0];
  CHECK(first_at(out, 30) == 64);
  CHECK(first_at(out, 65) == 128);
  CHECK(first_at(out, 100) == 192);
  CHECK(b.r.engine.counters().postponed == 2);
  CHECK(b.r.engine.counters().late_changes == 0);
}

TEST_CASE("A batch larger than a tick's bound has a tick alone") {
  Bench b(60, "jumps");
  const uint64_t frame = b.r.engine.frame() + 64;
  b.r.engine.move(b.batch(0, 1, frame));
  b.r.engine.move(b.batch(1, 59, frame));
  b.r.engine.move(b.batch(59, 60, frame));
  const auto out = b.r.run(640)[0];
  CHECK(first_at(out, 1) == 64);
  CHECK(first_at(out, 59) == 128);
  CHECK(first_at(out, 60) == 192);
}

TEST_CASE("Sixteen cuts in a tick are to the sample, and what more of them would be begins with the next tick") {
  Bench b(64, "jumps");
  const uint64_t frame = b.r.engine.frame() + 64;
  for (size_t n = 0; n < 40; n++) {
    const Move move{b.paths[n], kRows - 1, 1, frame + n, 0, Course::position};
    b.r.engine.move({&move, 1});
  }
  const auto out = b.r.run(640, GENERATE(1, 17, 64, 100))[0];
  // The first begins with the tick, which is no cut.
  for (size_t n = 0; n <= size_t(Performer::kMostCuts); n++) CHECK(first_at(out, float(n + 1)) == 64 + n);
  CHECK(first_at(out, float(Performer::kMostCuts + 2)) == out.size());
  CHECK(first_at(out, 40) == 128);
}

TEST_CASE("Rows beyond the sixty-fourth are told apart") {
  Bench b(1, "jumps");
  const Move other{b.paths[0], kRows - 1 - 64, 1, 0, 0, Course::position};
  b.r.engine.move({&other, 1});
  CHECK(b.r.run(64)[0] == std::vector<float>(64, 0.f));
  const Move last{b.paths[0], kRows - 1, 1, 0, 0, Course::position};
  b.r.engine.move({&last, 1});
  CHECK(b.r.run(64)[0] == std::vector<float>(64, 1.f));
}

TEST_CASE("Where very many rows move, each takes its point every second tick, on the same way to the same end") {
  auto render = [](int nodes, int block) {
    Bench b(nodes, "moves");
    b.r.engine.move(b.batch(0, size_t(nodes), b.r.engine.frame() + 100, 0.1));
    return b.r.run(9600, block)[0];
  };
  const auto many = render(60, 64), few = render(20, 64);
  static_assert(Performer::kMostMoving > 20 * kRows && Performer::kMostMoving < 60 * kRows);
  CHECK(many == render(60, 100));
  CHECK(many.back() == 60);
  float most = 0, steepest = 0;
  for (size_t i = 1; i < many.size(); i++) {
    most = std::max(most, std::abs(many[i] / 60 - few[i] / 20));
    steepest = std::max(steepest, std::abs(many[i] - many[i - 1]) / 60);
  }
  CHECK(most < 1e-3f);      // a cubic over two ticks follows the course a little less closely
  CHECK(most > 0);          // but not the same
  CHECK(steepest < 5e-4f);  // 1 in 4800 frames is 2.1e-4 on average
}
