// Nodes that only change levels or hand sound on: trim, fader, send, mute, sum, and the device's input and
// output.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/node_runner.h"

using namespace mixgraph;

namespace {

Channels constant(int channels, int frames, float level = 1) {
  return Channels(static_cast<size_t>(channels), std::vector<float>(size_t(frames), level));
}
float largest_step(const std::vector<float>& x) {
  float largest = 0;
  for (size_t i = 1; i < x.size(); i++) largest = std::max(largest, std::abs(x[i] - x[i - 1]));
  return largest;
}
Problems problems_of(std::string_view id, std::string text) {
  const Environment environment;
  const std::vector<Value> values{Value(std::move(text)), 0.0};
  return problems_of(find_type(id), Setup{environment, 2, values});
}

}  // namespace

TEST_CASE("faders and sends set the level in dB", "[levels]") {
  for (std::string_view id : {"fader", "send"}) {
    auto level = [&](double db) {
      return NodeRunner(id, {.values = {{"level", db}}}).process(constant(2, 100))[1][99];
    };
    CHECK(level(0) == 1.f);
    CHECK(level(-6.0206) == Approx(0.5).epsilon(1e-5));
    CHECK(level(10) == Approx(3.16228).epsilon(1e-5));
    CHECK(level(-89.9) > 0);
    CHECK(level(-90) == 0.f);
  }
}

TEST_CASE("a fader at 0 dB is a wire, to the bit", "[levels]") {
  NodeRunner run("fader");
  Channels in{{0.1f, -0.3f, 1e-20f, 3.7f}, {-1.f, 0.f, 0.7f, 1e20f}};
  CHECK(run.process(in) == in);
}

TEST_CASE("levels change without a step and arrive exactly", "[levels]") {
  struct Case {
    std::string_view id, row;
    double to;
    float arrives;
  };
  for (auto [id, row, to, arrives] : {Case{"fader", "level", -90, 0.f}, Case{"send", "level", -90, 0.f},
                                      Case{"mute", "on", 1, 0.f}, Case{"trim", "invert", 1, -1.f}}) {
    INFO(id);
    NodeRunner run(id);
    run.set(row, to);
    auto out = run.process(constant(2, 2000));
    CHECK(out[0][1999] == arrives);
    // An S-curve of 512 frames is nowhere steeper than two and a quarter times its mean slope.
    CHECK(largest_step(out[0]) < 1.01f * 2.25f / 512 * std::abs(1 - arrives));
    run.set(row, 0);
    run.process(constant(2, 2000));
    // Negative control: a jump is seen as one.
    auto before = run.process(constant(2, 10))[0];
    run.jump(row, to);
    before.push_back(run.process(constant(2, 10))[0][0]);
    CHECK(largest_step(before) == std::abs(1 - arrives));
  }
}

TEST_CASE("a muted channel is silent, and comes back", "[levels]") {
  NodeRunner run("mute", {.values = {{"on", true}}});
  CHECK(run.process(constant(2, 10)) == constant(2, 10, 0));
  run.set("on", 0);
  CHECK(run.process(constant(2, 1000))[1][999] == 1.f);
}

TEST_CASE("a sum hands on what it hears", "[levels]") {
  for (int channels : {1, 2}) {
    NodeRunner run("sum", {.channels = channels});
    CHECK(run.process(constant(channels, 333, 0.3f), 333, 17) == constant(channels, 333, 0.3f));
  }
}

TEST_CASE("an input plays the device channels that it names", "[levels]") {
  auto hears = [](const char* channels, int width) {
    NodeRunner run("input", {.channels = width, .values = {{"channels", channels}}});
    run.set_device({{1, 1}, {2, 2}, {3, 3}}, 0);
    auto out = run.process({}, 2, 1);
    return width == 1 ? std::vector<float>{out[0][1]} : std::vector<float>{out[0][1], out[1][1]};
  };
  CHECK(hears("3", 1) == std::vector<float>{3});
  CHECK(hears("", 1) == std::vector<float>{1});
  CHECK(hears("2+1", 2) == std::vector<float>{2, 1});
  CHECK(hears("3+4", 2) == std::vector<float>{3, 0});
}

TEST_CASE("an input is as wide as what it names", "[levels]") {
  Environment environment;
  auto width = [&](std::string text) {
    std::vector<Value> values{Value(std::move(text)), 0.0};
    return find_type("input").format(Setup{environment, 1, values}).channels;
  };
  CHECK(width("") == 1);
  CHECK(width("7") == 1);
  CHECK(width("1+2") == 2);
  CHECK(width("1-6") == 6);
  CHECK(width("3-5+9") == 4);
}

TEST_CASE("outputs add to the device channels that they name", "[levels]") {
  auto plays = [](const char* to, Channels in) {
    NodeRunner run("output", {.channels = int(in.size()), .values = {{"to", to}}});
    run.set_device({}, 3);
    run.process(in, 2, 1);
    std::vector<float> levels;
    for (auto& channel : run.device_output()) levels.push_back(channel[1]);
    return levels;
  };
  Channels stereo{{1, 1}, {3, 3}}, mono{{1, 1}};
  CHECK(plays("", stereo) == std::vector<float>{1, 3, 0});
  CHECK(plays("3+1", stereo) == std::vector<float>{3, 0, 1});
  CHECK(plays("2+2", stereo) == std::vector<float>{0, 4, 0});
  CHECK(plays("2+9", stereo) == std::vector<float>{0, 1, 0});
  CHECK(plays("3", mono) == std::vector<float>{0, 0, 1});
  CHECK(plays("2-3+1", {{1, 1}, {2, 2}, {3, 3}}) == std::vector<float>{3, 1, 2});
}

TEST_CASE("device channels that can't be are refused", "[levels]") {
  for (const char* text : {"0", "1+", "+2", "1-17", "3-2", "1-", "1-6-7", "one", "1,2", "-1", "65", "1 + 2", "99999999999"})
    for (const char* id : {"input", "output"}) {
      INFO(id << " " << text);
      auto problems = problems_of(id, text);
      REQUIRE(problems.size() == 1);
      CHECK(problems[0].what == "\"" + std::string(text) + "\" is not a list of device channels");
      CHECK(problems[0].hint.find("1+2") != std::string::npos);
    }
  CHECK(problems_of("input", "1+2").empty());
}
