#include "tools/render/measure.h"

#include <ebur128.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "tools/render/sound_file.h"

namespace mixgraph {
namespace {

constexpr int kMode =
    EBUR128_MODE_I | EBUR128_MODE_LRA | EBUR128_MODE_S | EBUR128_MODE_TRUE_PEAK | EBUR128_MODE_SAMPLE_PEAK;

struct Destroy {
  void operator()(ebur128_state* state) const { ebur128_destroy(&state); }
};
using State = std::unique_ptr<ebur128_state, Destroy>;

double decibels(double gain) {
  return 20 * std::log10(gain);
}

double highest(const State& state, int channels, int (*peak_of)(ebur128_state*, unsigned, double*)) {
  double highest = 0;
  for (int c = 0; c < channels; c++) {
    double peak = 0;
    peak_of(state.get(), unsigned(c), &peak);
    highest = std::max(highest, peak);
  }
  return decibels(highest);
}

double reading(const State& state, int (*read)(ebur128_state*, double*)) {
  double value = 0;
  read(state.get(), &value);
  return value;
}

// The library takes channels from the seventh on for silence, and knows no layouts.
void weigh_channels(const State& state, const SoundReader& file) {
  for (int c = 0; c < file.format().channels; c++) {
    const double weight = loudness_weight(file.format(), c);
    ebur128_set_channel(state.get(), file.order()[size_t(c)], weight == 0 ? EBUR128_UNUSED : weight > 1 ? EBUR128_LEFT_SURROUND : EBUR128_CENTER);
  }
}

// Feeds 10 ms at a time, so that the highest momentary loudness is exact enough (EBU Tech 3341, case 13); the
// short-term one is read ten times a second.
void feed(const State& state, SoundReader& file, Measurement& m) {
  const int step = std::max(1, m.rate / 100);
  std::vector<float> buffer(size_t(step) * size_t(m.channels));
  m.max_momentary = m.max_short_term = -HUGE_VAL;
  int64_t total = 0;
  while (int frames = file.read(buffer.data(), step)) {
    ebur128_add_frames_float(state.get(), buffer.data(), size_t(frames));
    total += frames;
    // A window that isn't full yet is no reading.
    if (total * 10 >= int64_t(4) * m.rate)
      m.max_momentary = std::max(m.max_momentary, reading(state, ebur128_loudness_momentary));
    if (total >= int64_t(3) * m.rate && total / step % 10 == 0)
      m.max_short_term = std::max(m.max_short_term, reading(state, ebur128_loudness_shortterm));
  }
  m.seconds = double(total) / m.rate;
}

nlohmann::json level(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::round(value * 1000) / 1000;
}

}  // namespace

Result<Measurement> measure(const std::string& path) {
  auto file = SoundReader::open(path);
  if (!file) return file.problems();
  Measurement m;
  m.rate = (*file)->rate();
  m.channels = (*file)->channels();
  State state(ebur128_init(unsigned(m.channels), static_cast<unsigned long>(m.rate), kMode));
  if (!state) return Problem{path, "its loudness can't be measured", "up to 64 channels, 16 Hz to 2.8 MHz"};
  weigh_channels(state, **file);
  feed(state, **file, m);
  m.integrated = reading(state, ebur128_loudness_global);
  m.range = reading(state, ebur128_loudness_range);
  m.true_peak = highest(state, m.channels, ebur128_true_peak);
  m.sample_peak = highest(state, m.channels, ebur128_sample_peak);
  return m;
}

std::string to_text(const Measurement& m) {
  return fmt::format(
      "duration {:.3f} s, {} channel{}, {} Hz\n"
      "integrated {:.1f} LUFS\n"
      "range {:.1f} LU\n"
      "true peak {:.2f} dBTP\n"
      "sample peak {:.2f} dBFS\n"
      "loudest momentary {:.1f} LUFS, short-term {:.1f} LUFS\n",
      m.seconds, m.channels, m.channels == 1 ? "" : "s", m.rate, m.integrated, m.range, m.true_peak,
      m.sample_peak, m.max_momentary, m.max_short_term);
}

std::string to_json(const std::string& path, const Measurement& m) {
  return nlohmann::ordered_json{{"file", path},
                                {"seconds", m.seconds},
                                {"rate", m.rate},
                                {"channels", m.channels},
                                {"integrated_lufs", level(m.integrated)},
                                {"range_lu", level(m.range)},
                                {"true_peak_dbtp", level(m.true_peak)},
                                {"sample_peak_dbfs", level(m.sample_peak)},
                                {"max_momentary_lufs", level(m.max_momentary)},
                                {"max_short_term_lufs", level(m.max_short_term)}}
      .dump();
}

}  // namespace mixgraph
