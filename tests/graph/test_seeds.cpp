// A seed for each instance, from its path.
#include <catch2/catch.hpp>
#include <set>

#include "tests/support/engine_runner.h"
#include "tests/support/test_types.h"

using namespace mixgraph;

namespace {

/// Puts out a number made of its seed.
template <class V>
struct Seeded {
  explicit Seeded(const Setup& setup) : seed(V(float(setup.seed >> 48))) {}
  void process(baseline::Block<V> b) {
    for (int i = 0; i < b.frames(); i++) b.out(0)[i] = seed;
  }
  V seed;
};
constexpr Port kIn[] = {{"in", 1}}, kOut[] = {{"out", 1}};
const NodeType kSeeded{.id = "seeded", .label = "Seeded", .doc = "Has a seed.", .category = "test", .inputs = kIn, .outputs = kOut, .kernels = baseline::kLaneKernels<Seeded>};

/// What the node at this path puts out, beside some others.
float seed_at(const std::string& path, int others) {
  const auto types = all_types_and({&kSeeded});
  EngineRunner r({.inputs = 1, .outputs = 1, .ceiling_db = 200}, types);
  for (int i = 0; i < others; i++) r.add("other" + std::to_string(i), "seeded");
  r.add(path, "seeded");
  r.add("out", "output", {{"to", std::string("1")}});
  r.connect(path, "out");
  r.update();
  return r.run(6400)[0].back();
}

}  // namespace

TEST_CASE("An instance's seed is its path's, whoever runs beside it and whenever it was made", "[seeds]") {
  std::set<float> seeds;
  for (const char* path : {"a", "b", "mix/vox/1", "mix/vox/2", "mix/1/vox"}) {
    const float seed = seed_at(path, 0);
    for (const int others : {0, 1, 7, 40}) CHECK(seed_at(path, others) == seed);
    seeds.insert(seed);
  }
  CHECK(seeds.size() == 5);
}

TEST_CASE("What is built anew has the seed that it had", "[seeds]") {
  const auto types = all_types_and({&kSeeded});
  EngineRunner r({.inputs = 1, .outputs = 1, .ceiling_db = 200}, types);
  r.add("a", "seeded");
  r.add("out", "output", {{"to", std::string("1")}});
  r.connect("a", "out");
  r.update();
  const float seed = r.run(6400)[0].back();
  r.remove("a");
  r.update();
  CHECK(r.run(6400)[0].back() == 0);
  for (int i = 0; i < 20; i++) r.add("b" + std::to_string(i), "seeded");
  r.add("a", "seeded");
  r.connect("a", "out");
  r.update();
  CHECK(r.run(6400)[0].back() == seed);
}
