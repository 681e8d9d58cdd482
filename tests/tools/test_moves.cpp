#include <catch2/catch.hpp>

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
                           ":6: `long` is not a time", ":7: `wavy` is not a curve", ":8: this is not a move"})
    CHECK(outcome.err.find(part) != std::string::npos);
  CHECK(song.render("1 /mix/gain 1\n").code == 0);
}
