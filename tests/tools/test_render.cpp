#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/tools/program.h"
#include "tools/render/measure.h"

using namespace mixgraph;
using namespace mixgraph::program;

namespace {

constexpr char kSession[] = R"(mixgraph: 1
name: Test
mix:
  tone: {type: player, file: tone.wav}
  level: {type: fader, from: tone, level: -6}
master:
  limiter: {type: limiter, from: mix/level, ceiling: -1}
  out: {type: output, from: limiter}
)";

/// A folder with a session that plays one second of noise and tone at half its level through a limiter that
/// has nothing to do.
struct Fixture {
  Fixture() {
    samples = sine(1000, 0.2, 1);
    uint32_t seed = 1;
    for (float& x : samples)
      seed = seed * 1664525u + 1013904223u, x += float(int32_t(seed)) * 0x1p-31f * 0.1f;
    write_sound(folder / "tone.wav", {samples, samples});
    session = folder.write("song.yaml", kSession);
  }
  Outcome render(std::vector<std::string> more, const std::string& name = "out.wav") {
    std::vector<std::string> arguments{"render", session, "-o", folder / name};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_mixgraph(arguments);
  }
  Folder folder;
  std::vector<float> samples;
  std::string session;
};

}  // namespace

TEST_CASE("A render begins with the first sample of the players, at the level set", "[tools][render]") {
  Fixture f;
  REQUIRE(f.render({}).code == 0);
  const auto out = read_sound(f.folder / "out.wav").channels;
  REQUIRE(out.size() == 2);
  // The player's second, and the second of silence that ends the file.
  REQUIRE(out[0].size() >= 2 * f.samples.size());
  CHECK(out[0].size() <= 2 * f.samples.size() + 480);
  const double gain = std::pow(10, -6 / 20.0);
  double worst = 0;
  for (size_t i = 0; i < f.samples.size(); i++)
    worst = std::max(worst, std::abs(double(out[0][i]) - gain * double(f.samples[i])));
  CHECK(worst < 1e-4);
  // Negative control: one frame off, and they differ.
  double off = 0;
  for (size_t i = 1; i < f.samples.size(); i++)
    off = std::max(off, std::abs(double(out[0][i]) - gain * double(f.samples[i - 1])));
  CHECK(off > 1e-2);
}

TEST_CASE("A render is the same, byte for byte, whatever the block size", "[tools][render]") {
  Fixture f;
  for (const char* format : {"float", "pcm16"}) {
    const std::vector<std::string> with{"--format", format, "--tail", "0.1"};
    for (const char* block : {"1", "17", "64", "1000"}) {
      auto arguments = with;
      arguments.insert(arguments.end(), {"--block", block});
      REQUIRE(f.render(arguments, std::string(block) + ".wav").code == 0);
    }
    const std::string reference = bytes_of(f.folder / "64.wav");
    CHECK(reference.size() > 100000);
    CHECK(bytes_of(f.folder / "1.wav") == reference);
    CHECK(bytes_of(f.folder / "17.wav") == reference);
    CHECK(bytes_of(f.folder / "1000.wav") == reference);
  }
}

TEST_CASE("The options --from and --length cut the same render", "[tools][render]") {
  Fixture f;
  REQUIRE(f.render({"--length", "1"}, "whole.wav").code == 0);
  REQUIRE(f.render({"--from", "0.25", "--length", "0.5"}, "part.wav").code == 0);
  const auto whole = read_sound(f.folder / "whole.wav").channels,
             part = read_sound(f.folder / "part.wav").channels;
  CHECK(whole[0].size() == 48000);
  REQUIRE(part[0].size() == 24000);
  CHECK(std::equal(part[0].begin(), part[0].end(), whole[0].begin() + 12000));
}

TEST_CASE("The loudness printed is that of the file", "[tools][render]") {
  Fixture f;
  const Outcome plain = f.render({});
  CHECK(plain.out.find("integrated ") != std::string::npos);
  CHECK(plain.out.find(" LUFS\n") != std::string::npos);
  CHECK(plain.out.find("range ") != std::string::npos);
  CHECK(plain.out.find("true peak ") != std::string::npos);
  const Outcome outcome = f.render({"--json", "--set", "/mix/level", "-12"});
  REQUIRE(outcome.code == 0);
  const auto json = nlohmann::json::parse(outcome.out);
  const auto m = measure(f.folder / "out.wav");
  REQUIRE(m);
  CHECK(json["integrated_lufs"].get<double>() == Approx(m->integrated).margin(0.001));
  const Outcome louder = f.render({"--json", "--set", "/mix/level", "-6"});
  CHECK(nlohmann::json::parse(louder.out)["integrated_lufs"].get<double>() - m->integrated ==
        Approx(6).margin(0.01));
}

TEST_CASE("FLAC and other rates", "[tools][render]") {
  Fixture f;
  REQUIRE(f.render({"--rate", "96000", "--length", "0.5"}, "out.flac").code == 0);
  const auto m = measure(f.folder / "out.flac");
  REQUIRE(m);
  CHECK(m->rate == 96000);
  CHECK(m->seconds == Approx(0.5));
  CHECK(m->sample_peak > -20);
}

TEST_CASE("Device inputs come from a file", "[tools][render]") {
  Fixture f;
  const std::string live =
      f.folder.write("live.yaml", "mixgraph: 1\nname: Live\nmaster:\n  out: {type: output, from: in/2}\n");
  write_sound(f.folder / "take.wav", {sine(500, 0.5, 0.5), sine(1000, 0.25, 0.5)});
  REQUIRE(run_mixgraph(
              {"render", live, "-o", f.folder / "out.wav", "--input", f.folder / "take.wav", "--tail", "0"})
              .code == 0);
  CHECK(read_sound(f.folder / "out.wav").channels[0] == sine(1000, 0.25, 0.5));
  const Outcome silent = run_mixgraph({"render", live, "-o", f.folder / "out.wav", "--length", "0.1"});
  CHECK(silent.code == 0);
  CHECK(silent.err.find("--input") != std::string::npos);
}

TEST_CASE("A render without an end is refused, and leaves no file", "[tools][render]") {
  Fixture f;
  const Outcome outcome = f.render({"--set", "/mix/tone/loop", "on"});
  CHECK(outcome.code == 3);
  CHECK(outcome.err.find("--length") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(f.folder / "out.wav"));
  CHECK(f.render({"--set", "/mix/tone/loop", "on", "--length", "2.5"}).code == 0);
  CHECK(read_sound(f.folder / "out.wav").channels[0].size() == 120000);
}

TEST_CASE("The option --set says what the session starts with, in live's language", "[tools][render]") {
  Fixture f;
  REQUIRE(f.render({"--length", "0.5", "--set", "/mix/level", "-20", "--set", "/mix/tone/position", "0.25"}).code == 0);
  const auto written = read_sound(f.folder / "out.wav").channels;
  std::string yaml = kSession;
  yaml.replace(yaml.find("level: -6"), 9, "level: -20");
  yaml.replace(yaml.find("tone.wav"), 8, "tone.wav, position: 0.25");
  f.session = f.folder.write("same.yaml", yaml + "scenes:\n  soft: {mix/level: -20, mix/tone/position: 0.25, master/limiter/lookahead: 2}\n");
  REQUIRE(f.render({"--length", "0.5"}).code == 0);
  CHECK(read_sound(f.folder / "out.wav").channels == written);  // from the first sample on: nothing moves there
  for (const auto& [address, value] : std::vector<std::pair<std::string, std::string>>{
           {"/mix/lev*", "-20"}, {"/norm/mix/level", "0.3"}, {"/scene/recall", "soft"}, {"/master/limiter/lookahead", "10"}}) {
    INFO(address);
    f.session = f.folder.write("loud.yaml", yaml + "scenes:\n  soft: {mix/level: -20}\n");
    REQUIRE(f.render({"--length", "0.5", "--set", "/mix/level", "0", "--set", address, value}).code == 0);
    CHECK((read_sound(f.folder / "out.wav").channels == written) == (address == "/mix/lev*" || address == "/scene/recall"));
  }
}

TEST_CASE("All problems of --set are told, and an unheard-of scene", "[tools][render]") {
  Fixture f;
  const Outcome outcome =
      f.render({"--set", "/mix/levl", "1", "--set", "/mix/level", "99", "--set", "/scene/recall", "x", "--set", "/mix/tone/file", "none.wav"});
  CHECK(outcome.code == 3);
  for (const char* part : {"/mix/levl: no such address; did you mean /mix/level", "/mix/level: \"99\" is out of range", "/scene/recall: there is no scene \"x\"",
                           "/mix/tone/file: there is no such file"})
    CHECK(outcome.err.find(part) != std::string::npos);
  const Outcome refused = f.render({"--set", "/graph/save", "x.yaml"});
  CHECK(refused.code == 3);
  CHECK(refused.err.find("means nothing to a render") != std::string::npos);
}
