// A film mix: from files to a 5.1 WAV, and what it is in stereo.
#include <catch2/catch.hpp>
#include <cmath>
#include <ebur128.h>
#include <sndfile.h>

#include "tests/tools/program.h"
#include "tools/render/measure.h"

using namespace mixgraph;
using namespace mixgraph::program;

namespace {

constexpr char kMix[] = R"(mixgraph: 1
mix:
  voice:   {type: player, file: voice.wav}
  music:   {type: player, file: music.wav}
  car:     {type: player, file: car.wav}
  centre:  {type: pan, from: voice, format: 5.1}
  passing: {type: pan, from: car, format: 5.1, position: 0.5, front: 0, lfe: -12}
  film:    {type: sum, from: [centre, music, passing]}
  level:   {type: fader, from: film, level: -3}
master:
  loudness: {type: loudness, from: mix/level}
  out:      {type: output, from: loudness, to: )";

std::vector<float> tone(double hertz, double seed) {
  std::vector<float> x(4 * 48000);
  for (size_t i = 0; i < x.size(); i++) x[i] = float(0.12 * std::sin(2 * M_PI * hertz * double(i) / 48000 + seed));
  return x;
}

struct Film {
  Film() {
    for (int c = 0; c < 6; c++) music.push_back(tone(200 + 130 * c, c));
    write_sound(folder / "voice.wav", {voice});
    write_sound(folder / "music.wav", music);
    write_sound(folder / "car.wav", {car});
  }
  Sound render(const std::string& to, const std::string& name) {
    const std::string session = folder.write(name + ".yaml", kMix + to + "}\n");
    const Outcome outcome = run_mixgraph({"render", session, "-o", folder / (name + ".wav")});
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    return read_sound(folder / (name + ".wav"));
  }
  Folder folder;
  Channels music;
  std::vector<float> voice = tone(500, 0.3), car = tone(90, 0.9);
};

double level_of_difference(const std::vector<float>& a, const std::vector<double>& b) {
  double different = 0, all = 0;
  for (size_t i = 0; i < b.size(); i++) different += std::pow(double(a[i]) - b[i], 2), all += b[i] * b[i];
  return 10 * std::log10(different / all);
}

}  // namespace

TEST_CASE("A 5.1 film mix from files to a WAV says which channel is which, and folds as BS.775 says", "[tools][render][formats]") {
  Film film;
  const Channels surround = film.render("1-6", "surround").channels, stereo = film.render("1+2", "stereo").channels;
  REQUIRE(surround.size() == 6);
  const double level = std::pow(10, -3 / 20.), lfe = std::pow(10, -12 / 20.);
  // Half-way to the right from the middle of the front row, half-way to the back: powers of a half.
  const double half = std::sqrt(0.5);
  const double right = 0.75 * 0.75 * (3 - 2 * 0.75);  // of the back row, eased
  const double car[] = {0, half * half, half * half, lfe, half * std::cos(M_PI / 2 * right), half * std::sin(M_PI / 2 * right)};
  std::vector<std::vector<double>> wanted(6, std::vector<double>(film.car.size()));
  for (size_t c = 0; c < 6; c++) {
    for (size_t i = 0; i < film.car.size(); i++)
      wanted[c][i] = level * (double(film.music[c][i]) + (c == 2 ? double(film.voice[i]) : 0) + car[c] * double(film.car[i]));
    CHECK(level_of_difference(surround[c], wanted[c]) < -110);
  }
  for (size_t side = 0; side < 2; side++) {
    std::vector<double> folded(film.car.size());
    for (size_t i = 0; i < folded.size(); i++) folded[i] = wanted[side][i] + half * (wanted[2][i] + wanted[4 + side][i]);
    CHECK(level_of_difference(stereo[side], folded) < -110);
  }
  // The file says that it is 5.1.
  SF_INFO info{};
  SNDFILE* file = sf_open((film.folder / "surround.wav").c_str(), SFM_READ, &info);
  int map[6] = {};
  CHECK(sf_command(file, SFC_GET_CHANNEL_MAP_INFO, map, sizeof map) == SF_TRUE);
  CHECK(map[2] == SF_CHANNEL_MAP_CENTER);
  CHECK(map[3] == SF_CHANNEL_MAP_LFE);
  CHECK(map[4] == SF_CHANNEL_MAP_REAR_LEFT);
  sf_close(file);
}

TEST_CASE("The loudness of 5.1 that a render prints is libebur128's", "[tools][render][formats]") {
  Film film;
  const Channels surround = film.render("1-6", "surround").channels;
  ebur128_state* state = ebur128_init(6, 48000, EBUR128_MODE_I);  // six channels are 5.1 to it
  std::vector<float> frames;
  for (size_t i = 0; i < surround[0].size(); i++)
    for (const auto& channel : surround) frames.push_back(channel[i]);
  ebur128_add_frames_float(state, frames.data(), surround[0].size());
  double wanted = 0;
  ebur128_loudness_global(state, &wanted);
  ebur128_destroy(&state);
  CHECK(measure(film.folder / "surround.wav")->integrated == Approx(wanted).margin(1e-6));
}

TEST_CASE("A third-order ambisonic path comes out of 5.1 where it was put", "[tools][render][formats]") {
  Film film;
  const auto gains = [&](const std::string& place) {
    const std::string session = film.folder.write("a.yaml", R"(mixgraph: 1
mix:
  voice: {type: player, file: voice.wav}
  at:    {type: pan, from: voice, format: ambisonic_3, )" + place + R"(}
  field: {type: sum, from: at}
  eq:    {type: eq, from: field}
master:
  out: {type: output, from: mix/eq, to: 1-6}
)");
    const Outcome outcome = run_mixgraph({"render", session, "-o", film.folder / "a.wav"});
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    std::vector<double> powers;
    for (const auto& channel : read_sound(film.folder / "a.wav").channels) {
      double power = 0;
      for (float x : channel) power += double(x) * double(x);
      powers.push_back(power);
    }
    return powers;
  };
  const auto loudest = [](const std::vector<double>& powers) { return std::max_element(powers.begin(), powers.end()) - powers.begin(); };
  CHECK(loudest(gains("position: 0, front: 1")) == 2);
  CHECK(loudest(gains("position: -0.5, front: 0.866")) == 0);
  CHECK(loudest(gains("position: 0.94, front: -0.34")) == 5);
  CHECK(gains("position: 0, front: 1")[3] == 0);
}
