#include <catch2/catch.hpp>

#include "tests/support/engine_runner.h"

using namespace mixgraph;

TEST_CASE("Readings come in the order of the graph, and follow nodes that come and go") {
  EngineRunner r;
  r.input = [](int channel, uint64_t) { return channel == 0 ? 0.5f : 0.25f; };
  const auto add_metered = [&](const std::string& path, const std::string& channel) {
    r.add("in/" + path, "input", {{"channels", channel}});
    r.add(path, "meter");
    r.connect("in/" + path, path);
  };
  add_metered("b", "1");
  r.update();
  r.run(24'000);
  r.meter("b", "peak_l");
  r.run(4800);
  CHECK(r.meter("b", "peak_l") == Approx(-6.02).margin(0.1));

  add_metered("a", "2");
  add_metered("c", "2");
  r.update();
  CHECK(r.meter("b", "peak_l") == Approx(-6.02).margin(0.1));  // it wasn't measured since
  r.run(24'000);
  for (int i = 0; i < 2; i++) r.meter("a", "peak_l"), r.run(4800);
  CHECK(r.meter("a", "peak_l") == Approx(-12.04).margin(0.1));
  CHECK(r.meter("b", "peak_l") == Approx(-6.02).margin(0.1));
  CHECK(r.meter("c", "peak_l") == Approx(-12.04).margin(0.1));

  r.remove("b");
  r.update();
  for (int i = 0; i < 3; i++) r.run(4800), r.meter("c", "peak_l");
  CHECK(r.meter("a", "peak_l") == Approx(-12.04).margin(0.1));
  CHECK(r.meter("c", "peak_l") == Approx(-12.04).margin(0.1));
}

TEST_CASE("An engine rests when nothing will come of itself") {
  EngineRunner r;
  r.add("in/1", "input");
  r.add("f", "fader");
  r.add("out", "output");
  r.connect("in/1", "f");
  r.connect("f", "out");
  CHECK(r.engine.rests());
  r.run(64);
  r.update();
  CHECK_FALSE(r.engine.rests());
  r.run(4800);
  r.engine.advance();
  CHECK(r.engine.rests());
  const Move later = r.move("f", "level", -6, r.engine.frame() + 9600);
  r.engine.move({&later, 1});
  CHECK_FALSE(r.engine.rests());
  r.run(4800);
  CHECK_FALSE(r.engine.rests());
  r.run(9600);
  r.engine.advance();
  CHECK(r.engine.rests());
}
