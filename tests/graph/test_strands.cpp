#include "graph/strands.h"

#include <catch2/catch.hpp>
#include <set>

#include "tests/support/engine_runner.h"

using namespace mixgraph;

namespace {

std::string numbered(const std::string& start, int number) { return start + std::to_string(number); }

/// Strips into a sum, each with a send to one of the reverbs.
void build(EngineRunner& r, int strips, int reverbs) {
  r.add("mix/sum", "sum");
  for (int i = 0; i < reverbs; i++) r.add(numbered("mix/reverb", i), "reverb"), r.connect(numbered("mix/reverb", i), "mix/sum");
  for (int i = 0; i < strips; i++) {
    const std::string in = numbered("in/", i), eq = numbered("mix/eq", i), send = numbered("mix/send", i);
    r.add(in, "input");
    r.add(eq, "eq");
    r.add(send, "send");
    r.connect(in, eq);
    r.connect(eq, "mix/sum");
    r.connect(eq, send);
    if (reverbs > 0) r.connect(send, numbered("mix/reverb", i % reverbs));
  }
  r.add("master/limiter", "limiter");
  r.add("out", "output");
  r.connect("mix/sum", "master/limiter");
  r.connect("master/limiter", "out");
}

struct Division {
  std::vector<Strand> strands;
  size_t parts = 0;  // banks
};
/// `ns`: of a block of 64 frames, by type.
Division divide(const EngineRunner& r, const std::vector<std::pair<std::string_view, double>>& ns) {
  const FadeShape shape(48000);
  const Environment environment;
  uint32_t id = 1;
  auto plan = make_plan(r.graph, {}, Workshop(environment, shape), id);
  REQUIRE(plan);
  const Schedule schedule = make_schedule(*plan, environment, shape);
  std::vector<TypeCost> costs;
  for (auto [type, took] : ns) costs.push_back({std::string(type), took, kMaxBlock});
  return {make_strands(*plan, schedule, costs, 2), schedule.runs.size()};
}

/// The time in which so many threads are done, as a share of the whole, if each takes of its own tasks the first that is ready.
double time_of(std::vector<Strand> strands, size_t threads) {
  share_out(strands, int(threads));
  std::vector<double> free(threads), end(strands.size(), HUGE_VAL);
  std::set<size_t> left;
  for (size_t s = 0; s < strands.size(); s++) left.insert(s);
  double last = 0;
  while (!left.empty()) {
    auto begin = [&](size_t s) {
      REQUIRE(strands[s].home < threads);
      double at = free[strands[s].home];
      for (size_t n : strands[s].needs) at = std::max(at, end[n]);
      return at;
    };
    size_t next = *std::min_element(left.begin(), left.end(), [&](size_t a, size_t b) { return begin(a) < begin(b); });
    end[next] = begin(next) + strands[next].cost;
    last = std::max(last, free[strands[next].home] = end[next]);
    left.erase(next);
  }
  return last;
}

void check_order(const Division& d) {
  size_t parts = 0;
  double whole = 0;
  for (size_t s = 0; s < d.strands.size(); s++) {
    for (size_t n : d.strands[s].needs) CHECK(n < s);
    parts += d.strands[s].parts.size();
    whole += d.strands[s].cost;
  }
  CHECK(parts == d.parts);
  CHECK(whole == Approx(1));
}

}  // namespace

TEST_CASE("a console with reverbs is divided so that two threads, and four, have the same to do") {
  for (int strips : {64, 256})
    for (int reverbs : {2, 5, 24}) {
      INFO(strips << " strips, " << reverbs << " reverbs");
      EngineRunner r;
      build(r, strips, reverbs);
      const Division d = divide(r, {{"mixing", 60. * strips}, {"input", 12. * strips}, {"eq", 30. * strips}, {"send", 6. * strips}, {"reverb", 3000. * reverbs}, {"limiter", 1000}});
      check_order(d);
      CHECK(d.strands.size() <= 40);
      std::vector<Strand> strands = d.strands;
      CHECK(share_out(strands, 2) > (reverbs == 24 ? 1.8 : 1.5));
      CHECK(time_of(d.strands, 2) < (reverbs == 24 ? 0.55 : 0.65));
      if (reverbs == 24) CHECK(time_of(d.strands, 4) < 0.35);
    }
}

TEST_CASE("what is small, or in a row, is one strand") {
  EngineRunner r;
  build(r, 8, 3);
  const Division small = divide(r, {{"input", 100}, {"eq", 300}, {"send", 50}, {"reverb", 900}, {"limiter", 300}});
  check_order(small);
  CHECK(small.strands.size() <= 3);

  EngineRunner chain;
  build(chain, 8, 0);
  CHECK(divide(chain, {{"eq", 1e5}, {"send", 10}, {"limiter", 1e5}}).strands.size() == 1);
}

TEST_CASE("a console without reverbs is a strand for each bank, and one for the master") {
  EngineRunner r;
  build(r, 64, 0);
  const Division d = divide(r, {{"input", 600}, {"eq", 7000}, {"send", 50}, {"limiter", 500}});
  check_order(d);
  CHECK(d.strands.size() == 3);
  CHECK(time_of(d.strands, 2) < 0.6);
}

TEST_CASE("many nodes that run alone are not as many strands") {
  EngineRunner r;
  r.add("mix/sum", "sum");
  for (int i = 0; i < 300; i++) {
    r.add(numbered("mix/delay", i), "delay");
    r.add(numbered("in/", i), "input");
    r.connect(numbered("in/", i), numbered("mix/delay", i));
    r.connect(numbered("mix/delay", i), "mix/sum");
  }
  r.add("out", "output");
  r.connect("mix/sum", "out");
  const Division d = divide(r, {{"input", 500}, {"delay", 30000}, {"mixing", 1000}});
  check_order(d);
  CHECK(d.strands.size() < 45);
  CHECK(time_of(d.strands, 2) < 0.6);
}
