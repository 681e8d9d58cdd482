#include <catch2/catch.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "tests/tools/program.h"

using namespace mixgraph;
using namespace mixgraph::program;

namespace {

struct Song {
  Song() {
    write_sound(folder / "ones.wav", {std::vector<float>(48'000, 0.5f)});
    session = folder.write("song.yaml", R"(mixgraph: 1
name: Moves
mix:
  ones: {type: player, file: ones.wav, play: on}
  gain: {type: trim, from: ones}
master:
  out: {type: output, from: mix/gain, to: [1]}
)");
  }
  Outcome render(const std::string& moves, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"render", session, "-o", folder / "out.wav", "--length", "0.5", "--moves",
                                       folder.write("moves.txt", moves)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_mixgraph(arguments);
  }
  std::vector<float> sound() const { return read_sound(folder / "out.wav").channels[0]; }
  Folder folder;
  std::string session;
};

}  // namespace

TEST_CASE("A render moves parameters at their times, in frames and in seconds, whatever the block", "[tools][moves]") {
  Song song;
  const std::string moves = "# polarity\n12345f /mix/gain/invert on\n0.4 /mix/gain -6 0.05 exponential  # and level\n";
  REQUIRE(song.render(moves).code == 0);
  const auto sound = song.sound();
  CHECK(sound[12'345] == sound[12'000]);  // a move's first frame has the old value
  CHECK(sound[12'346] != sound[12'345]);
  CHECK(sound[13'000] == Approx(-0.5));
  CHECK(sound[19'200] == sound[19'000]);
  CHECK(sound[19'264] != sound[19'200]);
  CHECK(sound[22'000] == Approx(-0.5 * 0.501187).epsilon(1e-4));
  for (const char* block : {"1", "17", "1024"}) {
    REQUIRE(song.render(moves, {"--block", block}).code == 0);
    CHECK(song.sound() == sound);
  }
}

TEST_CASE("All problems of a file of moves are told, with their lines", "[tools][moves]") {
  Song song;
  const Outcome outcome = song.render(
      "soon /mix/gain 1\n\n1 /mix/gian 1\n1 /mix/gain 99\n1 /mix/ones/file x\n1 /mix/gain -6 long\n1 /mix/gain -6 1 wavy\n1 /mix/gain\n");
  CHECK(outcome.code == 3);
  for (const char* part : {":1: `soon` is not a time", ":3: `/mix/gian`: no such address; did you mean /mix/gain", ":4: ", ":5: ",
                           ":6: `/mix/gain`: the second argument is not a time in seconds", ":7: `/mix/gain`: the third argument is not a curve",
                           ":8: this is not a move"})
    CHECK(outcome.err.find(part) != std::string::npos);
  CHECK(song.render("1 /mix/gain 1\n").code == 0);
}

namespace {

/// Three strips of ones, that are heard on an output each, with scenes.
struct Strips : Song {
  Strips() {
    session = folder.write("song.yaml", R"(mixgraph: 1
name: Strips
mix:
  ones: {type: player, file: ones.wav, play: on}
  a: {type: trim, from: ones}
  b: {type: trim, from: ones}
  mute: {type: mute, from: ones}
  low: {type: highpass, from: ones, freq: 20}
master:
  out1: {type: output, from: mix/a, to: [1]}
  out2: {type: output, from: mix/b, to: [2]}
  out3: {type: output, from: mix/mute, to: [3]}
  out4: {type: output, from: mix/low, to: [4]}
scenes:
  soft: {mix/a: -20, mix/b: -20}
  the end: {mix/a: -40}
)");
  }
  /// The level of a channel at a frame, beside the ones that come in.
  double level(size_t channel, size_t frame) const {
    return 20 * std::log10(std::abs(read_sound(folder / "out.wav").channels[channel][frame]) / 0.5);
  }
};

}  // namespace

TEST_CASE("A file of moves speaks live's language: patterns, positions, names, scenes", "[tools][moves]") {
  Strips song;
  REQUIRE(song.render("1000f /mix/{a,b} -6\n"
                      "3000f /norm/mix/a 0.5\n"
                      "5000f /mix/mute on\n"
                      "7000f /scene/recall soft 0.05\n"
                      "10000f /scene/undo\n"
                      "12000f /scene/recall \"the end\"  # quoted\n"
                      "14000f /mix/[ab] f:-12 0.02 s-curve\n")
              .code == 0);
  CHECK(song.level(0, 999) == Approx(0).margin(0.01));
  for (size_t channel : {0, 1}) CHECK(song.level(channel, 2900) == Approx(-6).margin(0.01));
  CHECK(song.level(0, 4900) == Approx(-18).margin(0.01));
  CHECK(song.level(2, 4900) == Approx(0).margin(0.01));
  CHECK(song.level(2, 6000) < -90);
  for (size_t channel : {0, 1}) CHECK(song.level(channel, 9900) == Approx(-20).margin(0.01));
  CHECK(song.level(1, 8200) > -15);  // on its way
  CHECK(song.level(0, 11'900) == Approx(-18).margin(0.01));
  CHECK(song.level(1, 11'900) == Approx(-6).margin(0.01));
  CHECK(song.level(0, 13'900) == Approx(-40).margin(0.01));
  for (size_t channel : {0, 1}) CHECK(song.level(channel, 23'000) == Approx(-12).margin(0.01));
}

TEST_CASE("Scenes, edits and rows that rebuild give the same bytes whatever the block", "[tools][moves]") {
  Strips song;
  const std::string moves =
      "1001f /mix/low/slope 24\n2345f /scene/recall soft 0.1\n3333f /graph/add mix/c delay time 2\n3334f /graph/connect mix/a mix/c\n"
      "3335f /graph/connect mix/c master/out2\n6001f /mix/c/time 5\n9999f /graph/undo\n12000f /mix/*/invert 1\n";
  REQUIRE(song.render(moves).code == 0);
  const std::string bytes = bytes_of(song.folder / "out.wav");
  REQUIRE(song.render("").code == 0);
  CHECK(bytes_of(song.folder / "out.wav") != bytes);
  for (const char* block : {"1", "17", "1000"}) {
    REQUIRE(song.render(moves, {"--block", block}).code == 0);
    CHECK(bytes_of(song.folder / "out.wav") == bytes);
  }
}

TEST_CASE("Rows that rebuild their node change with the tick that the frame is in", "[tools][moves]") {
  Strips song;
  const auto render = [&](const std::string& frame) {
    REQUIRE(song.render(frame + "f /mix/low/slope 24\n").code == 0);
    return read_sound(song.folder / "out.wav").channels[3];
  };
  const auto first = render("6400");
  CHECK(render("6463") == first);
  CHECK(render("6464") != first);
  REQUIRE(song.render("").code == 0);
  const auto without = read_sound(song.folder / "out.wav").channels[3];
  CHECK(std::mismatch(first.begin(), first.end(), without.begin()).first - first.begin() >= 6400);
}

TEST_CASE("What a render can't do, or the session hasn't got, is told before it starts", "[tools][moves]") {
  Strips song;
  const Outcome outcome = song.render(
      "9 /graph/save\n8 /subscribe\n7 /restart\n6 /mix/x*/mute 1\n5 /scene/recall sof\n4 /mix/mute maybe\n3 /norm/mix/a 2\n"
      "2 mix/a 1\n1 /mix/a \"1\n0.5 /status\n0.4 /scene/recall\n0.3 /scene/store now\n0.35 /scene/recall now\n"
      "0.2 /graph/remove mix/b\n0.3 /mix/b 1\n0.1 /on_tick\n");
  CHECK(outcome.code == 3);
  INFO(outcome.err);
  for (const char* part :
       {":1: `/graph/save` means nothing to a render", ":2: `/subscribe` means", ":3: `/restart` means", ":4: `/mix/x*/mute`: matches no parameter",
        ":5: `/scene/recall`: there is no scene \"sof\"; did you mean \"soft\"?", ":6: `/mix/mute`: \"maybe\" is not a choice; one of off, on",
        ":7: `/norm/mix/a`: 2 is out of range", ":8: `mix/a`: ", ":9: a quotation mark is missing", ":10: `/status` means",
        ":11: `/scene/recall`: 0 arguments", ":15: `/mix/b`: no such address", ":16: `/on_tick` means"})
    CHECK(outcome.err.find(part) != std::string::npos);
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 13);
  CHECK_FALSE(std::filesystem::exists(song.folder / "out.wav"));
}

TEST_CASE("Of many lines all that are wrong are told, each with a suggestion", "[tools][moves]") {
  Strips song;
  std::string moves;
  for (int i = 0; i < 300; i++) moves += "0.1 /mix/aa/gain 1\n";
  const Outcome outcome = song.render(moves);
  CHECK(outcome.err.find(":300: `/mix/aa/gain`: no such address; did you mean /mix/a") != std::string::npos);
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '?') == 300);
}

TEST_CASE("More patterns at one time than a daemon takes in one turn, and more lines than wait for it", "[tools][moves]") {
  Strips song;
  std::string moves;
  for (int i = 0; i < 20'000; i++) moves += std::to_string(i / 2) + "f /mix/[ab] " + std::to_string(-i % 10) + "\n";
  for (int i = 0; i < 1000; i++) moves += "12000f /mix/[ab] -6\n";
  REQUIRE(song.render(moves).code == 0);
  CHECK(song.level(1, 13'000) == Approx(-6).margin(0.01));
}

TEST_CASE("Lines beyond the end are told of", "[tools][moves]") {
  Strips song;
  const Outcome outcome = song.render("0.1 /mix/a -3\n7 /mix/a -6\n8 /mix/a -6\n");
  CHECK(outcome.code == 0);
  CHECK(outcome.err.find("moves.txt: 2 of its lines lie beyond the end") != std::string::npos);
}

TEST_CASE("Breakpoints in a file of moves: exact at every tick, whatever the block, beside messages", "[tools][moves][automation]") {
  Strips song;
  const std::string moves =
      "# breakpoints\n0 /mix/a = 0\n0.1 /mix/a = 0\n0.3 /mix/a = -20 exponential\n0.05 /norm/mix/b = 0.5\n0.1 /mix/mute = on\n0.2 /mix/mute = off\n12345f /mix/low/freq 40\n";
  REQUIRE(song.render(moves).code == 0);
  for (size_t at = 4864; at < 14'400; at += 64) REQUIRE(song.level(0, at) == Approx(-20 * (double(at) - 4800) / 9600).margin(1e-4));
  CHECK(song.level(0, 20'000) == Approx(-20).margin(1e-4));
  CHECK(song.level(1, 20'000) == Approx(-18).margin(0.01));
  CHECK(song.level(2, 6000) < -90);
  CHECK(song.level(2, 12'000) == Approx(0).margin(0.01));
  const std::string bytes = bytes_of(song.folder / "out.wav");
  for (const char* block : {"1", "17", "1000"}) {
    REQUIRE(song.render(moves, {"--block", block}).code == 0);
    CHECK(bytes_of(song.folder / "out.wav") == bytes);
  }
}

TEST_CASE("What breakpoints are refused, and what of them isn't followed, is told", "[tools][moves][automation]") {
  Strips song;
  const Outcome refused = song.render("1 /mix/a = 99\n1 /mix/aa = 1\n1 /mix/ones/play = on\n1 /mix/a =\n1 /mix/a = 1 wavy\n1 /norm/mix/a = x\n1 /mix/low/slope = 24\n");
  CHECK(refused.code == 3);
  INFO(refused.err);
  for (const char* part : {":1: `/mix/a`: ", ":2: `/mix/aa`: no such address; did you mean /mix/a", ":3: `/mix/ones/play`: it switches at once", ":4: ", ":5: `/mix/a`: `wavy` is not a curve",
                           ":6: `/norm/mix/a`: `x` is not a position", ":7: `/mix/low/slope`: it switches at once"})
    CHECK(refused.err.find(part) != std::string::npos);
  const Outcome told = song.render("0 /mix/a = 0\n0.1 /mix/a = 0\n4801f /mix/a = -60\n0.2 /mix/b = 0\n0.3 /mix/b -6\n0.4 /mix/b = -1\n2 /mix/b = 0\n");
  CHECK(told.code == 0);
  CHECK(told.err.find("/mix/a: 1 of its breakpoints come faster than it can follow, the first at 0.100 s") != std::string::npos);
  CHECK(told.err.find("/mix/b: it was set by a line after its first breakpoint") != std::string::npos);
  CHECK(told.err.find("1 of its lines lie beyond the end") != std::string::npos);
  CHECK(song.level(1, 23'000) == Approx(-6).margin(0.01));
}

TEST_CASE("Time rolls in a render, and a player follows it", "[tools][moves][transport]") {
  Song song;
  std::vector<float> numbers(48'000);
  for (size_t i = 0; i < numbers.size(); i++) numbers[i] = float(i) / 65'536;
  write_sound(song.folder / "ones.wav", {numbers});
  song.session = song.folder.write("song.yaml", R"(mixgraph: 1
name: Follows
mix:
  ones: {type: player, file: ones.wav, follow: on}
master:
  out: {type: output, from: mix/ones, to: [1]}
)");
  const std::string moves = "4800f /transport/stop\n9600f /transport/locate 0.5\n12800f /transport/play\n16000f /transport/locate 0.1\n";
  REQUIRE(song.render(moves).code == 0);
  const auto sound = song.sound();
  for (size_t i = 0; i < 4800; i++) REQUIRE(sound[i] == numbers[i]);
  for (size_t i = 5400; i < 12'800; i++) REQUIRE(sound[i] == 0);
  for (size_t i = 13'300; i < 16'000; i++) REQUIRE(sound[i] == numbers[i - 12'800 + 24'000]);
  for (size_t i = 17'000; i < 20'000; i++) REQUIRE(sound[i] == numbers[i - 16'000 + 4800]);
  for (const char* block : {"1", "17", "1000"}) {
    REQUIRE(song.render(moves, {"--block", block}).code == 0);
    CHECK(song.sound() == sound);
  }
}
