#include "tests/support/click_bench.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <stdexcept>

namespace mixgraph {
namespace {

constexpr int kBlock = 64;
constexpr double kHertz[] = {100, 997, 0};
constexpr int kTexts = 4;
constexpr Parameter kSoundLevel{.id = "level", .label = "Level", .doc = "Of the sounds."};

std::string device_channels(int first, int count) {
  std::string text = std::to_string(first + 1);
  return count == 1 ? text : text + "+" + std::to_string(first + 2);
}

}  // namespace

HighPass::HighPass(double cutoff_hertz, double rate, size_t signals) : states_((signals + kWide - 1) / kWide) {
  double w = std::tan(std::numbers::pi * cutoff_hertz / rate);
  for (int i = 0; i < 4; i++) {
    double q = 1 / (2 * std::cos(std::numbers::pi * (2 * i + 1) / 16)), a0 = 1 + w / q + w * w;
    sections_[i] = {1 / a0, 2 * (w * w - 1) / a0, (1 - w / q + w * w) / a0};
  }
}

void HighPass::take(const double* frame, double* peaks) {
  for (size_t g = 0; g < states_.size(); g++) {
    State& s = states_[g];
    Wide x, peak;
    std::memcpy(&x, frame + g * kWide, sizeof x);
    std::memcpy(&peak, peaks + g * kWide, sizeof peak);
    for (int i = 0; i < 4; i++) {
      const Section& c = sections_[i];
      Wide in = c.b * x, y = in + s.s1[i];
      s.s1[i] = -2 * in - c.a1 * y + s.s2[i];
      s.s2[i] = in - c.a2 * y;
      x = y;
    }
    Wide size = x < 0 ? -x : x;
    peak = size > peak ? size : peak;
    std::memcpy(peaks + g * kWide, &peak, sizeof peak);
  }
}

ClickBench::ClickBench(const NodeType& type, Options options)
    : type_(type),
      options_(std::move(options)),
      random_(options_.seed),
      runner_({.environment = {.rate = options_.rate, .media_root = folder_.path(), .record_root = folder_.path()},
               .inputs = instances() * options_.channels,
               .outputs = instances() * outputs_each(),
               .ceiling_db = 120}),
      above4_(4000, options_.rate, size_t(instances() * outputs_each())),
      above8_(8000, options_.rate, size_t(instances() * outputs_each())) {
  for (int c = 0; c < instances() * options_.channels; c++) sounds_.push_back(one_second(kHertz[c / options_.channels % 3]));
  // They fade in, so that what rings for long has nothing else to ring from.
  sound_level_.rest(0);
  sound_level_.begin(kSoundLevel, 0, 1, 0.2 * options_.rate, Course::linear, shortest_move(options_.rate));
  runner_.input = [this](int c, uint64_t frame) {
    return float(sound_level_.cubic().at(double(frame % kTick))) * sounds_[size_t(c)][frame % sounds_[size_t(c)].size()];
  };
  build();
  run(0.7);
}

std::vector<float> ClickBench::one_second(double hertz) {
  double phase = std::uniform_real_distribution<double>(0, 1)(random_);
  std::vector<float> sound(size_t(options_.rate));
  for (size_t i = 0; i < sound.size(); i++)
    sound[i] = float(options_.level * (hertz > 0 ? std::sin(2 * std::numbers::pi * (hertz * double(i) / options_.rate + phase))
                                                 : phase < 0.5 ? 1 : -1));
  return sound;
}

void ClickBench::build() {
  bool files = std::any_of(type_.parameters.begin(), type_.parameters.end(), is_text) && type_.role == DeviceRole::none;
  std::vector<Edit> edits;
  for (int k = 0; k < instances(); k++) {
    if (files)
      for (const char* name : {"a", "b"}) write_file(std::to_string(k) + name + ".wav", kHertz[k % 3]);
    Node node = make_node("n/" + std::to_string(k), type_);
    for (const auto& [id, value] : options_.values) node.values[size_t(find_row(type_, id))] = value;
    edits.push_back(AddNode{std::move(node)});
  }
  runner_.edit(edits);
  for (int row = 0; row < int(type_.parameters.size()); row++)
    if (is_text(type_.parameters[size_t(row)])) {
      auto accepted = texts(row);
      if (accepted.empty()) throw std::runtime_error("the bench knows no text for " + std::string(type_.parameters[size_t(row)].id));
      for (int k = 0; k < instances(); k++) runner_.graph.set_value(path(k), row, text(accepted[0], k));
    }
  for (int k = 0; k < instances(); k++) wire(k);
  runner_.update();
}

void ClickBench::wire(int k) {
  std::string number = std::to_string(k), channels = device_channels(k * options_.channels, options_.channels);
  std::string before = "in/" + number, after = "out/" + number;
  bool sounds = !type_.outputs.empty(), hears = !type_.inputs.empty();
  if (type_.role != DeviceRole::device_output) runner_.add(after, "output", {{"to", device_channels(2 * k, 2)}});
  if (sounds) runner_.connect(path(k), after);
  if (!hears) return;
  runner_.add(before, "input", {{"channels", channels}});
  runner_.connect(before, path(k));
  if (!sounds && type_.role != DeviceRole::device_output) runner_.connect(before, after);
}

void ClickBench::write_file(const std::string& name, double hertz) {
  Channels once(size_t(options_.channels));
  for (auto& channel : once) {
    std::vector<float> second = one_second(hertz);
    for (int i = 0; i < 4; i++) channel.insert(channel.end(), second.begin(), second.end());
    // The file's own start and end are no clicks.
    for (size_t i = 0, fade = second.size() / 5; i < fade; i++) {
      float gain = float(0.5 - 0.5 * std::cos(std::numbers::pi * double(i) / double(fade)));
      channel[i] *= gain;
      channel[channel.size() - 1 - i] *= gain;
    }
  }
  write_sound(folder_.path(name), once, int(options_.rate));
}

std::string ClickBench::text(int number, int k) const {
  if (number < 2) return std::to_string(k) + (number == 0 ? "a.wav" : "b.wav");
  return device_channels((number == 2 ? k : (k + 3) % instances()) * options_.channels, options_.channels);
}

std::vector<int> ClickBench::texts(int row) const {
  std::vector<int> accepted;
  for (int n = 0; n < kTexts; n++) {
    std::vector<Value> values = runner_.graph.find(path(0))->values;
    values[size_t(row)] = text(n, 0);
    if (problems_of(type_, {runner_.engine.settings().environment, options_.channels, values}).empty()) accepted.push_back(n);
  }
  return accepted;
}

void ClickBench::move(int row, double value, double seconds, Course course) {
  std::vector<Move> moves;
  uint64_t frame = runner_.engine.frame() + random_() % (kBlock / 2);
  std::vector<std::string> paths;
  for (int k = 0; k < instances(); k++) paths.push_back(path(k));
  for (const std::string& p : paths) {
    runner_.graph.set_value(p, row, value);
    moves.push_back({p, row, value, frame, seconds, course});
  }
  runner_.engine.move(moves);
}

void ClickBench::edit(int row, double value) {
  for (int k = 0; k < instances(); k++) runner_.graph.set_value(path(k), row, value);
  runner_.update();
}
void ClickBench::edit_text(int row, int number) {
  for (int k = 0; k < instances(); k++) runner_.graph.set_value(path(k), row, text(number, k));
  runner_.update();
}

void ClickBench::sound_level(double share) {
  sound_level_.begin(kSoundLevel, runner_.engine.frame(), share, 0, Course::linear, shortest_move(options_.rate));
}

std::vector<ClickPeaks> ClickBench::run(double seconds) {
  int frames = std::max(1, int(seconds * options_.rate / kTick)) * kTick;
  std::vector<std::vector<float>> out;
  for (int done = 0; done < frames; done += kTick) {
    sound_level_.next_tick(kSoundLevel, runner_.engine.frame(), 1);
    auto piece = runner_.run(kTick, kBlock);
    out.resize(piece.size());
    for (size_t c = 0; c < out.size(); c++) out[c].insert(out[c].end(), piece[c].begin(), piece[c].end());
  }
  size_t width = above4_.width();
  std::vector<double> frame(width), at4(width), at8(width), level(width);
  for (size_t i = 0; i < out[0].size(); i++) {
    for (size_t c = 0; c < out.size(); c++) {
      frame[c] = double(out[c][i]);
      level[c] = std::max(level[c], std::abs(frame[c]));
    }
    above4_.take(frame.data(), at4.data());
    above8_.take(frame.data(), at8.data());
  }
  auto decibels = [](double x) { return 20 * std::log10(std::max(x, 1e-12)); };
  std::vector<ClickPeaks> peaks;
  for (size_t c = 0; c < out.size(); c++) peaks.push_back({decibels(at4[c]), decibels(at8[c]), decibels(level[c])});
  return peaks;
}

std::string ClickBench::sound(size_t output) const {
  constexpr const char* kNames[] = {"100 Hz", "997 Hz", "DC"};
  return kNames[output / size_t(outputs_each()) % 3];
}

}  // namespace mixgraph
