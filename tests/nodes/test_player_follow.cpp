// A player that follows musical time.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/engine_runner.h"
#include "tests/support/sound_files.h"

using namespace mixgraph;

namespace {

constexpr double kRate = 48000;

/// A player of a ramp: what is heard says from which frame of the file it is.
struct Follower {
  TemporaryFolder folder;
  std::unique_ptr<EngineRunner> r;
  explicit Follower(std::vector<EngineRunner::Set> values = {}, size_t length = 48'000) {
    std::vector<float> ramp(length);
    for (size_t i = 0; i < length; i++) ramp[i] = float(i + 1) / 65'536;
    write_sound(folder.path("x.wav"), {ramp}, int(kRate));
    r = std::make_unique<EngineRunner>(EngineSettings{.environment = {.rate = kRate, .media_root = folder.path()}, .inputs = 1, .outputs = 1, .ceiling_db = 60});
    values.push_back({"file", std::string("x.wav")});
    values.push_back({"follow", 1.0});
    r->add("player", "player", values);
    r->add("out", "output", {{"to", std::string("1")}});
    r->connect("player", "out");
    r->update();
  }
  void change(const TransportChange& change, uint64_t frame) { r->engine.change_transport(change, frame); }
  /// The frame of the file that is heard in each frame; 0: silence; -1: it fades.
  std::vector<int> run(int frames, int block = 64) {
    std::vector<int> heard;
    const auto out = r->run(frames, block);
    for (const float x : out[0]) {
      const double frame = double(x) * 65'536;
      heard.push_back(frame == std::floor(frame) ? int(frame) : -1);
    }
    return heard;
  }
};

}  // namespace

TEST_CASE("A player that follows is silent until time rolls, then plays from its very frame", "[player][transport]") {
  for (const int block : {64, 17, 1000}) {
    Follower f;
    f.change({.rolling = true}, 6400);
    f.change({.rolling = false}, 12'800);
    f.change({.rolling = true}, 19'200);
    const auto heard = f.run(32'000, block);
    for (size_t i = 0; i < 6400; i++) REQUIRE(heard[i] == 0);
    for (size_t i = 6400; i < 12'800; i++) REQUIRE(heard[i] == int(i - 6400) + 1);
    for (size_t i = 12'800 + 480; i < 19'200; i++) REQUIRE(heard[i] == 0);
    for (size_t i = 19'200 + 480; i < 32'000; i++) REQUIRE(heard[i] == int(i - 12'800) + 1);
  }
}

TEST_CASE("It goes with time to another place, while that stands and while it rolls", "[player][transport]") {
  Follower f({}, 96'000);
  f.change({.seconds = 0.5}, 3200);
  f.change({.rolling = true}, 6400);
  f.change({.seconds = 1.5}, 12'801);
  f.change({.seconds = 100}, 24'000);
  f.change({.seconds = 0.25}, 32'000);
  const auto heard = f.run(48'000);
  for (size_t i = 6400 + 480; i < 12'801; i++) REQUIRE(heard[i] == int(i - 6400 + 24'000) + 1);
  for (size_t i = 12'801 + 1000; i < 24'000; i++) REQUIRE(heard[i] == int(i - 12'801 + 72'000) + 1);
  for (size_t i = 24'000 + 1000; i < 32'000; i++) REQUIRE(heard[i] == 0);
  for (size_t i = 32'000 + 1500; i < 48'000; i++) REQUIRE(heard[i] == int(i - 32'000 + 12'000) + 1);
}

TEST_CASE("In a loop it is where it would be by now", "[player][transport]") {
  Follower f({{"loop", 1.0}}, 10'000);
  f.change({.rolling = true}, 640);
  f.change({.seconds = 1}, 32'000);
  const auto heard = f.run(64'000);
  for (size_t i = 640; i < 32'000; i++) REQUIRE(heard[i] == int((i - 640) % 10'000) + 1);
  for (size_t i = 33'500; i < 64'000; i++) REQUIRE(heard[i] == int((i - 32'000 + 48'000) % 10'000) + 1);
}

TEST_CASE("One that is told to follow while time rolls finds its place, and keeps it when it is told not to", "[player][transport]") {
  Follower f({{"play", 0.0}});
  f.change({.rolling = true}, 640);
  auto heard = f.run(9600);
  for (const int frame : heard) REQUIRE(frame == 0);
  const Move play = f.r->move("player", "play", 1, 12'800);
  f.r->engine.move({&play, 1});
  heard = f.run(9600);
  for (size_t i = 4200; i < 9600; i++) REQUIRE(heard[i] == int(i + 9600 - 640) + 1);
  const Move alone = f.r->move("player", "follow", 0, 22'400);
  f.r->engine.move({&alone, 1});
  f.change({.rolling = false}, 25'600);
  heard = f.run(9600);
  for (size_t i = 0; i < 9600; i++) REQUIRE(heard[i] == int(i + 19'200 - 640) + 1);
}
