// Feeds over OSC: who subscribes gets them, in the form that was asked for.
#include <catch2/catch.hpp>

#include <bit>

#include "tests/support/desk.h"

using namespace mixgraph;
using Lines = std::vector<std::string>;

namespace {

const char* const kSession =
    "mixgraph: 1\n"
    "mix:\n"
    "  vox: {type: strip, from: in/1}\n"
    "  look: {type: spectrum, from: vox, time: 0}\n"
    "master:\n"
    "  out: {type: output, from: mix/look, to: [1, 2]}\n";

std::vector<osc::Message> of_address(const std::vector<osc::Message>& messages, const std::string& address) {
  std::vector<osc::Message> found;
  for (const auto& m : messages)
    if (m.address == address) found.push_back(m);
  return found;
}
float number_at(const osc::Blob& blob, size_t i) {
  uint32_t bits = 0;
  for (size_t b = 0; b < 4; b++) bits = bits << 8 | blob.bytes[4 * i + b];
  return std::bit_cast<float>(bits);
}

}  // namespace

TEST_CASE("feeds are listed with their axes", "[feeds]") {
  Desk desk(kSession);
  desk.send("/feeds");
  desk.run(20);
  CHECK(desk.lines() == Lines{R"(/feed ,ssisssdd "/mix/vox/meter/peaks" "dB" 16 "Channel" "" "linear" 1 16)",
                              R"(/feed ,ssisssdd "/mix/vox/meter/rms" "dB" 16 "Channel" "" "linear" 1 16)",
                              R"(/feed ,ssisssdd "/mix/look/third_octave" "dB" 31 "Band" "Hz" "log" 20 20000)",
                              R"(/feed ,ssisssdd "/mix/look/fine" "dB" 256 "Frequency" "Hz" "log" 20 20000)", R"(/done ,s "/feeds")"});
}

TEST_CASE("a feed can't be got, and says so", "[feeds]") {
  Desk desk(kSession);
  desk.send("/mix/look/fine");
  CHECK(desk.lines() == Lines{R"(/error ,sss "/mix/look/fine" "is a feed" "/feeds/subscribe it")"});
}

TEST_CASE("a feed comes as a blob or as floats, as long as somebody wants it", "[feeds]") {
  Desk desk(kSession);
  desk.input = [](uint64_t frame) { return float(0.5 * std::sin(6.283185307 * 1000 * double(frame) / 48000)); };
  FeedBuffer* const thirds = desk.engine.feed("mix/look", 0);
  REQUIRE(thirds);
  desk.run(300);
  CHECK(thirds->next() == nullptr);
  desk.send("/feeds/subscribe", {"//third_octave", 50});
  desk.send("/feeds/subscribe", {"/floats/mix/look/fine"});
  desk.run(500);
  const auto received = desk.received();
  const auto blobs = of_address(received, "/feeds/mix/look/third_octave"), floats = of_address(received, "/floats/mix/look/fine");
  REQUIRE(blobs.size() >= 4);
  CHECK(blobs.size() <= 12);
  const auto& blob = std::get<osc::Blob>(blobs.back().arguments.at(0));
  REQUIRE(blob.bytes.size() == 31 * 4);
  // A peak of -6 dB is -9 RMS, and a strip's pan takes 3 dB.
  CHECK(number_at(blob, 17) == Approx(-12.04).margin(0.2));
  CHECK(number_at(blob, 5) < -60);
  REQUIRE(floats.size() >= 5);
  CHECK(floats.back().arguments.size() == 1 + 256 - 4 * 60);
  CHECK(std::get<int32_t>(floats.back().arguments[0]) == 240);
  SECTION("nobody wants it any more") {
    desk.send("/feeds/unsubscribe");
    desk.run(20);
    CHECK(thirds->next() == nullptr);
    desk.received();
    desk.run(300);
    CHECK(desk.received().empty());
  }
  SECTION("the node is built anew") {
    desk.send("/graph/remove", {"mix/look"});
    desk.run(100);
    desk.received();
    desk.send("/graph/add", {"mix/look", "spectrum", "from", "mix/vox"});
    desk.run(600);
    CHECK(of_address(desk.received(), "/feeds/mix/look/third_octave").size() >= 3);
  }
}
