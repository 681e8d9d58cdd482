// What clients do to a small workspace, and a device that comes back, against the criterion of tests/nodes/test_clicks.cpp:
// at most -80 dBFS above 4 kHz and -90 dBFS above 8 kHz of 100 Hz, 997 Hz and DC at -6 dBFS.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <random>

#include "daemon/audio/engine_gate.h"
#include "tests/support/desk.h"
#include "tests/support/engine_runner.h"
#include "tests/support/sound_files.h"

using namespace mixgraph;

namespace {

constexpr const char* kConsole = R"(mixgraph: 1
name: Console
mix:
  vox:  {type: strip, from: in/1, eq: {2: {gain: 3, freq: 2500}}, compressor: {threshold: -30}, sends: {hall: -12}}
  gtr:  {type: strip, from: in/2, fader: -9, pan: -0.5}
  hall: {type: reverb, time: 1.2}
  echo: {type: delay, from: gtr, time: 130}
  sum:  {type: bus, from: [vox, gtr, hall, echo]}
master:
  eq:      {type: eq, from: mix/sum}
  limiter: {type: limiter, from: eq, ceiling: -1}
  out:     {type: output, from: limiter, to: [1, 2]}
)";
/// The same with other values, other wires, a rebuilt reverb, one node less and one more.
constexpr const char* kChanged = R"(mixgraph: 1
name: Console
mix:
  vox:  {type: strip, from: in/1, fader: -6, eq: {2: {gain: -9, freq: 500}}, sends: {hall: -6}}
  gtr:  {type: strip, from: in/2, fader: -20, pan: 0.5}
  hall: {type: reverb, time: 3, size: 1.6}
  wide: {type: width, from: gtr, width: 150}
  sum:  {type: bus, from: [vox, wide, hall]}
master:
  limiter: {type: limiter, from: mix/sum, ceiling: -9, lookahead: "10"}
  out:     {type: output, from: limiter, to: [1, 2]}
)";

int phases() {
  const char* asked = std::getenv("MIXGRAPH_CLICKS");
  return asked && std::string_view(asked) == "full" ? 16 : 2;
}

std::function<float(uint64_t)> sound(double hertz, double phase) {
  if (hertz == 0) return [phase](uint64_t) { return phase < 0.5 ? 0.5F : -0.5F; };
  return [=](uint64_t frame) { return float(0.5 * std::sin(2 * M_PI * (hertz * double(frame) / 48000 + phase))); };
}

struct Clicks {
  double at4 = -240, at8 = -240;
  void take(const std::vector<std::vector<float>>& output, size_t from) {
    for (auto& channel : output) {
      at4 = std::max(at4, click_level(channel, 4000, 48000, from));
      at8 = std::max(at8, click_level(channel, 8000, 48000, from));
    }
  }
};
void check_quiet(const Clicks& clicks) {
  CHECK(clicks.at4 <= -80);
  CHECK(clicks.at8 <= -90);
}

/// What clients do, each 0.6 s after what was before.
Clicks clicks_of(const std::vector<std::function<void(Desk&)>>& deeds) {
  Clicks worst;
  std::mt19937 random(5);
  for (double hertz : {100.0, 997.0, 0.0})
    for (int phase = 0; phase < phases(); phase++) {
      const TemporaryFolder folder;
      Desk desk(kConsole, {.session_file = folder.path("song.yaml")});
      // The sound sets in gently: what the console makes of its start is no click.
      auto tone = sound(hertz, std::uniform_real_distribution<double>(0, 1)(random));
      desk.input = [&](uint64_t frame) { return float(0.5 - 0.5 * std::cos(M_PI * std::min(1.0, double(frame) / 24000))) * tone(frame); };
      desk.run(1500);
      size_t from = desk.output[0].size();
      for (auto& deed : deeds) {
        deed(desk);
        desk.run(600 + double(random() % 20));
      }
      worst.take(desk.output, from);
    }
  return worst;
}
std::function<void(Desk&)> sending(std::string address, std::vector<osc::Argument> arguments = {}) {
  return [=](Desk& desk) { desk.send(address, arguments); };
}
osc::Argument text(const char* t) { return osc::Argument(std::string(t)); }

}  // namespace

TEST_CASE("what clients do to a console doesn't click", "[clicks]") {
  SECTION("mute and solo") {
    check_quiet(clicks_of({sending("/mix/vox/mute", {1}), sending("/mix/vox/mute", {0}), sending("/mix/*/mute", {1}), sending("/mix/*/mute", {0})}));
  }
  SECTION("add, wire, insert, remove, undo, redo") {
    check_quiet(clicks_of({sending("/graph/add", {text("mix/extra"), text("strip"), text("from"), text("in/1")}),
                           sending("/graph/connect", {text("mix/extra"), text("mix/sum")}),
                           sending("/graph/add", {text("mix/more"), text("reverb"), text("from"), text("mix/extra")}),
                           sending("/graph/connect", {text("mix/more"), text("mix/sum")}),
                           sending("/graph/disconnect", {text("mix/gtr"), text("mix/sum")}), sending("/graph/remove", {text("mix/extra")}),
                           sending("/graph/undo"), sending("/graph/undo"), sending("/graph/redo"), sending("/graph/undo"),
                           sending("/graph/undo"), sending("/graph/undo")}));
  }
  SECTION("scenes, at once and in time") {
    check_quiet(clicks_of({sending("/scene/store", {text("a")}),
                           [](Desk& desk) {
                             desk.send("/mix/vox/fader", {-30.0F});
                             desk.send("/mix/vox/eq/2/freq", {200.0F});
                             desk.send("/mix/vox/eq/2/gain", {12.0F});
                             desk.send("/mix/gtr/pan", {1.0F});
                             desk.send("/mix/gtr/fader", {0.0F});
                             desk.send("/mix/hall/time", {4.0F});
                             desk.send("/mix/hall/size", {0.5F});
                             desk.send("/mix/vox/highpass/slope", {2});
                           },
                           sending("/scene/store", {text("b")}), sending("/scene/recall", {text("a")}), sending("/scene/recall", {text("b"), 0.5F}),
                           sending("/scene/recall", {text("a"), 0.05F}), sending("/scene/undo")}));
  }
  SECTION("a session that was changed is loaded again, and again") {
    check_quiet(clicks_of({[](Desk& desk) { CHECK(desk.load(kChanged)); }, [](Desk& desk) { CHECK(desk.load(kConsole)); },
                           [](Desk& desk) {
                             CHECK(desk.load(kChanged));
                             desk.run(4);
                             CHECK(desk.load(kConsole));
                           }}));
  }
}

TEST_CASE("what is heard of a device's return is no click", "[clicks]") {
  Clicks faded, hard;
  for (double hertz : {100.0, 997.0, 0.0})
    for (int phase = 0; phase < 16; phase++)
      for (bool fade : {true, false}) {
        auto tone = sound(hertz, phase / 16.0 + 0.01);
        struct Source {
          std::function<float(uint64_t)> tone;
          uint64_t frame = 0;
        } source{tone};
        AudioCallback engine{&source, [](void* context, const float* const*, float* const* out, int frames) noexcept {
                               auto& s = *static_cast<Source*>(context);
                               for (int i = 0; i < frames; i++) out[0][i] = s.tone(s.frame++);
                             }};
        auto gate = std::make_shared<EngineGate>(engine, 48000, 1);
        EngineGate::Seat before(gate, 1), after(gate, 2);
        std::vector<std::vector<float>> heard(1, std::vector<float>(48 * 400));
        gate->admit(1, false);
        float lost[48];
        float* lost_out[] = {lost};
        for (int i = 0; i < 20; i++) before.callback().process(before.callback().context, nullptr, lost_out, 48);
        // The new device plays silence until it is let in.
        for (int i = 0; i < 400; i++) {
          if (i == 200) gate->admit(2, fade);
          float* out[] = {heard[0].data() + i * 48};
          after.callback().process(after.callback().context, nullptr, out, 48);
        }
        (fade ? faded : hard).take(heard, 4800);
      }
  check_quiet(faded);
  CHECK(hard.at8 > -40);  // negative control
}
