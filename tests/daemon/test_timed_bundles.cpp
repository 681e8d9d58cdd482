#include <catch2/catch.hpp>

#include "nodes/list.h"
#include "daemon/control/control.h"

using namespace mixgraph;

namespace {

constexpr double kRate = 48000;
constexpr int64_t kStart = 1'700'000'000 * kSecond;

/// Control and an engine whose device calls for periods of one length; control's turn comes every 2 ms.
class Rig {
 public:
  explicit Rig(int period)
      : period_(period),
        engine_({.environment = {}, .inputs = 1, .outputs = 2, .ceiling_db = 60}),
        control_(engine_, session(), node_types(), [this](const Client&, const osc::Packet& packet, bool) {
          if (const auto* message = std::get_if<osc::Message>(&packet)) answers.push_back(osc::describe(*message));
        }) {
    REQUIRE(control_.start().empty());
  }

  void send(int64_t time_ns, const std::string& address, osc::Argument value) {
    osc::Bundle bundle{osc::TimeTag::at(time_ns), {osc::Message{address, {value}}}};
    send(bundle);
  }
  void send(const osc::Packet& packet) { control_.receive({}, osc::encode(packet), now_); }
  int64_t time_of(uint64_t frame) const { return now_.time_of(frame, kRate); }

  /// The device's calls until it has asked for so many frames in all; its input is 0.5.
  const std::vector<float>& run_to(uint64_t frames) {
    const std::vector<float> in(size_t(period_), 0.5f);
    std::vector<float> left(in.size()), right(in.size());
    const float* ins[] = {in.data()};
    float* outs[] = {left.data(), right.data()};
    while (heard.size() < frames) {
      while (next_tick_ <= engine_.frame()) tick();
      engine_.process(ins, outs, period_);
      heard.insert(heard.end(), left.begin(), left.end());
    }
    return heard;
  }
  /// Somebody sets the system's clock.
  void step(int64_t ns) { now_.zero_ns += ns, now_.system_ns += ns; }
  const ControlCounters& counters() const { return control_.workspace().counters; }

  std::vector<float> heard;
  std::vector<std::string> answers;

 private:
  static Session session() {
    auto session = parse_session(
        "mixgraph: 1\nmix:\n  gain: {type: trim, from: in/1}\nmaster:\n  out: {type: output, from: mix/gain, to: [1]}\n", "t.yaml", ".",
        node_types());
    REQUIRE(session);
    return std::move(*session);
  }
  void tick() {
    now_.frame = engine_.frame();
    now_.system_ns = time_of(now_.frame);
    now_.monotonic_ns = now_.system_ns - now_.zero_ns;
    engine_.advance();
    control_.tick(now_);
    next_tick_ += 96;
  }

  const int period_;
  uint64_t next_tick_ = 0;
  Now now_{0, kStart, 0, kStart};
  Engine engine_;
  Control control_;
};

/// What is heard when the engine itself is told, ahead of time, to invert at some frames.
std::vector<float> reference(const std::vector<std::pair<uint64_t, double>>& moves, size_t frames) {
  Rig rig(64);
  for (auto [frame, value] : moves) rig.send(rig.time_of(frame), "/mix/gain/invert", int32_t(value));
  rig.run_to(frames);
  return std::vector<float>(rig.heard.begin(), rig.heard.begin() + std::ptrdiff_t(frames));
}

size_t first_change(const std::vector<float>& sound, size_t from) {
  for (size_t i = from; i < sound.size(); i++)
    if (sound[i] != sound[from]) return i;
  return 0;
}

}  // namespace

TEST_CASE("A bundle 100 ms ahead is heard from its sample on, whatever the period", "[timed]") {
  const int period = GENERATE(16, 17, 64, 100, 128, 256, 441, 1024);
  INFO("period " << period);
  constexpr uint64_t kAim = 12'345;  // 100 ms after the frame at which it is sent
  Rig rig(period);
  rig.run_to(kAim - 4800 - uint64_t(period));
  rig.send(rig.time_of(kAim), "/mix/gain/invert", 1);
  rig.run_to(20'000);
  const std::vector<float> heard(rig.heard.begin(), rig.heard.begin() + 20'000);
  // The first frame of a move has its old value, so what differs first is the one after.
  CHECK(first_change(heard, 2000) == kAim + 1);
  CHECK(heard == reference({{kAim, 1}}, 20'000));
  CHECK(heard != reference({{kAim + 1, 1}}, 20'000));  // one sample off would be seen
  CHECK(rig.counters().late_bundles == 0);
}

TEST_CASE("Two bundles keep their distance to the sample, whatever the period", "[timed]") {
  const int period = GENERATE(17, 64, 100, 1024);
  const uint64_t distance = GENERATE(1u, 63u, 64u, 65u, 1000u, 4801u);
  INFO("period " << period << ", distance " << distance);
  Rig rig(period);
  rig.run_to(4000);
  rig.send(rig.time_of(12'000 + distance), "/mix/gain/invert", 0);  // in any order
  rig.send(rig.time_of(12'000), "/mix/gain/invert", 1);
  rig.run_to(24'000);
  const std::vector<float> heard(rig.heard.begin(), rig.heard.begin() + 24'000);
  CHECK(heard == reference({{12'000, 1}, {12'000 + distance, 0}}, 24'000));
}

TEST_CASE("Bundles for the same sample take effect in the order in which they came", "[timed]") {
  Rig rig(64);
  rig.run_to(4000);
  for (int i = 0; i < 50; i++) rig.send(rig.time_of(12'000), "/mix/gain", float(-i));
  rig.run_to(20'000);
  Rig last(64);
  last.run_to(4000);
  last.send(last.time_of(12'000), "/mix/gain", -49.f);
  last.run_to(20'000);
  CHECK(rig.heard == last.heard);
}

TEST_CASE("A late bundle is applied at once, counted, and answered with how late it is", "[timed]") {
  const int period = GENERATE(64, 1024);
  Rig rig(period);
  rig.run_to(24'000);
  rig.send(rig.time_of(rig.heard.size() - 4800), "/mix/gain/invert", 1);
  const size_t sent = rig.heard.size();
  rig.run_to(sent + 2000);
  CHECK(first_change(rig.heard, sent - 100) == sent + 1);
  CHECK(rig.counters().late_bundles == 1);
  REQUIRE(rig.answers.size() == 1);
  CHECK(rig.answers[0].find("late by") != std::string::npos);
}

TEST_CASE("A bundle that comes before its time, but after the audio thread has begun that block, is late", "[timed]") {
  Rig rig(1024);
  rig.run_to(24'576);  // control's clock is at the start of the last period: 24 576 - 1024
  rig.send(rig.time_of(24'000), "/mix/gain/invert", 1);
  rig.run_to(30'000);
  CHECK(first_change(rig.heard, 24'400) == 24'577);
  CHECK(rig.counters().late_bundles == 1);
  REQUIRE(rig.answers.size() == 1);
  CHECK(rig.answers[0].find("late by 12.0 ms") != std::string::npos);  // 576 frames
}

TEST_CASE("A bundle that begins with /on_tick is heard from the next tick on, whatever the period", "[timed]") {
  const int period = GENERATE(17, 64, 100, 1024);
  const auto [aim, due] = GENERATE(table<uint64_t, uint64_t>({{12'289, 12'352}, {12'351, 12'352}, {12'352, 12'352}}));
  INFO("period " << period << ", aimed at " << aim);
  Rig rig(period);
  rig.run_to(4000);
  rig.send(osc::Bundle{osc::TimeTag::at(rig.time_of(aim)), {osc::Message{"/on_tick", {}}, osc::Message{"/mix/gain/invert", {1}}}});
  rig.run_to(20'000);
  CHECK(first_change(rig.heard, 4000) == due + 1);
  CHECK(rig.answers.empty());
}

TEST_CASE("/on_tick is met by bundles for now, and by late ones", "[timed]") {
  const int period = GENERATE(17, 64, 100, 1024);
  const bool late = GENERATE(false, true);
  Rig rig(period);
  rig.run_to(8000);
  const size_t sent = rig.heard.size();
  const osc::TimeTag time = late ? osc::TimeTag::at(rig.time_of(4000)) : osc::TimeTag{};
  rig.send(osc::Bundle{time, {osc::Message{"/on_tick", {}}, osc::Message{"/mix/gain/invert", {1}}}});
  rig.run_to(12'000);
  CHECK(first_change(rig.heard, 4000) == next_tick(sent) + 1);
  CHECK(rig.answers.size() == size_t(late));
}

TEST_CASE("/on_tick is refused where it can't do anything", "[timed]") {
  Rig rig(64);
  rig.send(osc::Message{"/on_tick", {}});
  rig.send(osc::Bundle{{}, {osc::Message{"/mix/gain/invert", {1}}, osc::Message{"/on_tick", {}}}});
  rig.send(osc::Bundle{{}, {osc::Message{"/on_tick", {1}}}});
  REQUIRE(rig.answers.size() == 3);
  CHECK(rig.answers[0].find("first message of a bundle") != std::string::npos);
  CHECK(rig.answers[1] == rig.answers[0]);
  CHECK(rig.answers[2].find("takes none") != std::string::npos);
}

TEST_CASE("A step of the system's clock moves no bundle that waits", "[timed]") {
  const int64_t step = GENERATE(-3600 * kSecond, 3600 * kSecond);
  Rig rig(64);
  rig.run_to(4000);
  rig.send(rig.time_of(16'000), "/mix/gain/invert", 1);
  rig.step(step);
  rig.run_to(8000);
  rig.send(rig.time_of(17'000), "/mix/gain/invert", 0);  // aimed by the new clock
  rig.run_to(24'000);
  const std::vector<float> heard(rig.heard.begin(), rig.heard.begin() + 24'000);
  CHECK(heard == reference({{16'000, 1}, {17'000, 0}}, 24'000));
  CHECK(rig.answers.empty());
}
