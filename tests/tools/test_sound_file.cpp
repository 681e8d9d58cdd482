#include <catch2/catch.hpp>
#include <filesystem>
#include <numeric>

#include "tests/tools/program.h"
#include "tools/render/sound_file.h"

using namespace mixgraph;
using namespace mixgraph::program;

namespace {

void write(const std::string& path, const std::vector<float>& samples, FileFormat format) {
  auto writer = SoundWriter::open(path, 48000, 1, format);
  REQUIRE(writer);
  const float* channels[] = {samples.data()};
  (*writer)->write(channels, int(samples.size()));
  REQUIRE((*writer)->close().empty());
}

double mean(const std::vector<float>& x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / double(x.size());
}

}  // namespace

TEST_CASE("Float files hold exactly what was written, and the same bytes each time", "[tools][sound_file]") {
  const Folder folder;
  const auto tone = sine(440, 1.5, 1);
  write(folder / "a.wav", tone, FileFormat::floating);
  write(folder / "b.wav", tone, FileFormat::floating);
  CHECK(read_sound(folder / "a.wav").channels[0] == tone);
  CHECK(bytes_of(folder / "a.wav") == bytes_of(folder / "b.wav"));
  // A PEAK chunk would hold the time of day.
  CHECK(bytes_of(folder / "a.wav").substr(0, 200).find("PEAK") == std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder / "a.wav.part"));
}

TEST_CASE("Dither keeps a level far below one step", "[tools][sound_file]") {
  const Folder folder;
  const double step = 1.0 / 32768;
  write(folder / "small.wav", std::vector<float>(200000, float(0.3 * step)), FileFormat::pcm16);
  const auto read = read_sound(folder / "small.wav").channels[0];
  // Rounding alone would give exactly 0. The error of a mean of n samples with triangular dither is 0.5 /
  // sqrt(n) steps.
  CHECK(mean(read) / step == Approx(0.3).margin(5 * 0.5 / std::sqrt(200000.0)));
  CHECK(*std::max_element(read.begin(), read.end()) <= float(2 * step));
  CHECK(*std::min_element(read.begin(), read.end()) >= float(-1 * step));
}

TEST_CASE("Integer formats hold what is beyond full scale at it, and stay within a step of the rest",
          "[tools][sound_file]") {
  const Folder folder;
  for (const auto& [format, bits, name] :
       {std::tuple(FileFormat::pcm24, 24, "x.flac"), std::tuple(FileFormat::pcm16, 16, "y.wav")}) {
    const double step = std::ldexp(1.0, 1 - bits);
    const auto tone = sine(440, 0.9, 0.5);
    write(folder / name, tone, format);
    const auto read = read_sound(folder / name).channels[0];
    REQUIRE(read.size() == tone.size());
    double worst = 0;
    for (size_t i = 0; i < read.size(); i++)
      worst = std::max(worst, std::abs(double(read[i]) - double(tone[i])));
    CHECK(worst <= 1.5 * step + 1e-7);
    write(folder / name, {2.f, -2.f, 1.f}, format);
    const auto loud = read_sound(folder / name).channels[0];
    CHECK(loud[0] == Approx(1 - step));
    CHECK(loud[1] == -1.f);
  }
}

TEST_CASE("A file that isn't closed leaves nothing behind", "[tools][sound_file]") {
  const Folder folder;
  { auto writer = SoundWriter::open(folder / "a.wav", 48000, 2, FileFormat::pcm24); }
  CHECK_FALSE(std::filesystem::exists(folder / "a.wav"));
  CHECK_FALSE(std::filesystem::exists(folder / "a.wav.part"));
}

TEST_CASE("What can't be written is refused with a hint", "[tools][sound_file]") {
  const Folder folder;
  CHECK_FALSE(SoundWriter::open(folder / "a.mp4", 48000, 2, FileFormat::floating));
  CHECK_FALSE(SoundWriter::open(folder / "a.flac", 48000, 2, FileFormat::floating));
  CHECK_FALSE(SoundWriter::open(folder / "a.flac", 48000, 9, FileFormat::pcm24));
  CHECK_FALSE(SoundWriter::open(folder / "none/a.wav", 48000, 2, FileFormat::floating));
}
