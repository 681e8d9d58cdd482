#include <catch2/catch.hpp>
#include <algorithm>
#include <chrono>

#include "tests/support/engine_runner.h"

using namespace mixgraph;

namespace {

double ns_of(const std::vector<TypeCost>& costs, std::string_view type) {
  auto found = std::find_if(costs.begin(), costs.end(), [&](const TypeCost& c) { return c.type == type; });
  return found == costs.end() ? -1 : found->ns;
}

}  // namespace

TEST_CASE("the engine tells what each node type costs, and a reverb costs more than a trim") {
  EngineRunner r;
  r.add("in/1", "input");
  r.add("trim", "trim");
  r.add("hall", "reverb");
  r.add("out", "output");
  r.connect("in/1", "trim");
  r.connect("trim", "hall");
  r.connect("hall", "out");
  r.update();
  r.run(48000);
  auto costs = r.engine.costs();
  CHECK(ns_of(costs, "reverb") > ns_of(costs, "trim"));
  CHECK(ns_of(costs, "trim") > 0);
  CHECK(ns_of(costs, "mixing") >= 0);
  CHECK(ns_of(costs, "eq") == -1);
  CHECK(costs.front().frames > 0);
  CHECK(costs.front().frames < 48000 / 20);  // only now and then
}

TEST_CASE("costs leave out blocks in which the thread was interrupted, but not a load that has grown") {
  CostMeter meter;
  CostEntry* const eq[] = {&meter.entry("eq")};
  auto measure = [&](uint64_t ticks) {
    while (!meter.begin()) {}
    CostMeter::add(*eq[0], ticks);
    meter.end(64, eq);
  };
  for (int i = 0; i < 10; i++) measure(1000);
  const double usual = ns_of(meter.read(), "eq");
  measure(10'000'000);
  CHECK(ns_of(meter.read(), "eq") < 1.5 * usual);
  for (int i = 0; i < 10; i++) measure(100'000);
  CHECK(ns_of(meter.read(), "eq") > 50 * usual);
}

TEST_CASE("what is due later is a part of its type's cost, told apart, and no interruption") {
  CostMeter meter;
  CostEntry *const eq = &meter.entry("eq"), *const tail = &meter.entry("tail");
  CostEntry* const both[] = {eq, tail};
  for (int i = 0; i < 20; i++) {
    while (!meter.begin()) {}
    CostMeter::add_later(*tail, i < 10 ? 0 : 20'000);
    for (CostEntry* entry : both) CostMeter::add(*entry, 1000);
    meter.end(64, both);
  }
  const auto costs = meter.read();
  CHECK(ns_of(costs, "tail") == Approx(11 * ns_of(costs, "eq")));
  const TypeCost all = meter.all();
  CHECK(all.later_ns == Approx(5 * all.ns));
}
