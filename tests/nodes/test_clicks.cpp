// Walks every row of every node type, as the tables name them, and listens for clicks.
//
// A change clicks if an 8th-order Butterworth high-pass leaves more than -80 dBFS of it above 4 kHz or -90 dBFS above
// 8 kHz, with 100 Hz, 997 Hz and DC at -6 dBFS coming in. Where more than that comes out, what is left may be as much
// louder as the output is.
//
// What a node adds to a sound by its nature is no click. Only a node whose gain depends on the sound's level can claim
// that (its output for a sound 40 dB weaker is not 40 dB weaker: tested, not listed), and only as much as it shows, within
// 3 dB, when no row can be to blame:
//  - with the row at rest at each of its values, while the sound comes and goes within 11 ms, which alone is no click;
//  - with the sound at rest, while the row takes two seconds from one end to the other.
// So a compressor may be as rough as its attack is when the threshold reaches the sound, but a gain may not be.
//
// MIXGRAPH_CLICKS=phases: 16 phases of each sound, not 2. =full: more settings of the other rows and more rates as well.
// =list: says for each row what was loudest.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>

#include "tests/support/click_bench.h"
#include "graph/listen.h"
#include "tests/support/test_types.h"

using namespace mixgraph;

namespace {

constexpr double kLimit4 = -80, kLimit8 = -90, kMargin = 3;

bool is_asked(std::string_view mode) {
  const char* asked = std::getenv("MIXGRAPH_CLICKS");
  return asked && mode == asked;
}
bool is_live(const Parameter& p) { return !is_text(p) && p.update == Update::live; }

/// What was loudest above 4 and 8 kHz, by the sound that came in.
using Residue = std::map<std::string, ClickPeaks>;

void keep_loudest(Residue& all, const std::string& sound, double at4, double at8) {
  ClickPeaks& most = all[sound];
  most.at4 = std::max(most.at4, at4);
  most.at8 = std::max(most.at8, at8);
}

/// A bench with an ear: what it hears from one call of judge() to the next is one event.
class Ear {
 public:
  Ear(const NodeType& type, ClickBench::Options options) : bench(type, std::move(options)) {}

  void listen(double seconds) {
    auto heard = bench.run(seconds);
    event_.resize(heard.size());
    for (size_t i = 0; i < heard.size(); i++) {
      event_[i].at4 = std::max(event_[i].at4, heard[i].at4);
      event_[i].at8 = std::max(event_[i].at8, heard[i].at8);
      event_[i].level = std::max(event_[i].level, heard[i].level);
    }
  }
  void judge(Residue& all) {
    for (size_t i = 0; i < event_.size(); i++) {
      double louder = std::max(0.0, event_[i].level - -6.02);
      keep_loudest(all, bench.sound(i), event_[i].at4 - louder, event_[i].at8 - louder);
    }
    event_.clear();
  }
  void forget() { event_.clear(); }
  /// A position along a row, 0..1.
  double random() { return double(bench.random()() % 1000) / 999; }

  ClickBench bench;

 private:
  std::vector<ClickPeaks> event_;
};

/// Everything that can be done to a row.
class RowWalk {
 public:
  RowWalk(const NodeType& type, int row, ClickBench::Options options)
      : type_(type), row_(row), p_(mixgraph::row(type, row)), options_(std::move(options)) {}

  /// What clicked, in words; empty: nothing.
  std::string faults() {
    Ear ear(type_, options_);
    is_live(p_) ? change(ear) : rebuild(ear);
    std::string text;
    for (auto& [event, residue] : heard_)
      for (auto& [sound, most] : residue) {
        if (most.at4 <= kLimit4 && most.at8 <= kLimit8) continue;
        ClickPeaks own = own_work(sound);
        if (most.at4 > std::max(kLimit4, own.at4 + kMargin) || most.at8 > std::max(kLimit8, own.at8 + kMargin))
          text += name() + ", " + event + " with " + sound + ": " + levels(most) + (own.at4 > -240 ? ", by nature " + levels(own) : "") + "\n";
      }
    if (is_asked("list")) std::cout << summary() << std::endl;
    return text;
  }

 private:
  std::string name() const {
    std::string text = std::string(type_.id) + " " + std::string(p_.id) + " (" + std::to_string(options_.channels) + " ch, " + std::to_string(int(options_.rate)) + " Hz";
    for (auto& v : options_.values) text += ", " + std::string(v.row) + " " + format_value(mixgraph::row(type_, find_row(type_, v.row)), v.value);
    return text + ")";
  }
  static std::string levels(const ClickPeaks& p) {
    char text[40];
    std::snprintf(text, sizeof text, "%.1f / %.1f", p.at4, p.at8);
    return text;
  }
  std::string summary() const {
    ClickPeaks most;
    for (auto& [event, residue] : heard_)
      for (auto& [sound, x] : residue) most = {std::max(most.at4, x.at4), std::max(most.at8, x.at8), 0};
    return name() + ": " + levels(most);
  }

  void change(Ear& ear) {
    jumps(ear);
    stairs(ear);
    if (p_.motion == Motion::smooth && row_ < int(type_.parameters.size())) moves(ear);
  }
  double at(double position) const { return from_position(p_, position); }

  void jumps(Ear& ear) {
    std::vector<double> values{p_.max, p_.min, p_.initial, p_.max, p_.initial, p_.min, at(1e-5), at(8e-5), at(3e-5)};
    for (int i = 0; i < 4; i++) values.push_back(at(ear.random()));
    for (double x : values) {
      ear.bench.move(row_, x);
      ear.listen(0.12 + 0.02 * ear.random());
      ear.judge(heard_["jumped"]);
    }
  }
  // A set in every block: up in a hundred steps, and to and fro.
  void stairs(Ear& ear) {
    for (int i = 0; i < 100; i++) step(ear, at(i / 99.0));
    ear.judge(heard_["in steps"]);
    for (int i = 0; i < 60; i++) step(ear, at(ear.random()));
    ear.listen(0.1);
    ear.judge(heard_["torn"]);
  }
  void step(Ear& ear, double value) {
    ear.bench.move(row_, value);
    ear.listen(64 / options_.rate);
  }
  void moves(Ear& ear) {
    for (double seconds : {0.001, 0.005, 0.02, 0.1, 0.1, 0.4})
      for (double x : {p_.max, p_.min}) {
        ear.bench.move(row_, x, seconds, Course(ear.bench.random()() % 4));
        ear.listen(seconds + 0.05);
        ear.judge(heard_["moved in " + std::to_string(int(seconds * 1000)) + " ms"]);
      }
    for (int i = 0; i < 10; i++) {
      ear.bench.move(row_, at(ear.random()), 0.05 * ear.random(), Course(ear.bench.random()() % 4));
      ear.listen(0.03 * ear.random());
    }
    ear.listen(0.1);
    ear.judge(heard_["moved again before it is there"]);
  }

  void rebuild(Ear& ear) {
    auto values = values_to_rebuild(ear);
    for (double x : values) {
      edit(ear, x);
      ear.listen(0.2);
      ear.judge(heard_["rebuilt"]);
    }
    for (double x : values) {
      edit(ear, x);
      ear.listen(0.01 * ear.random());
    }
    ear.listen(0.3);
    ear.judge(heard_["rebuilt again before it is there"]);
  }
  /// Numbers of texts for a text. Every pair of choices, and the ends.
  std::vector<double> values_to_rebuild(Ear& ear) const {
    if (is_text(p_)) {
      std::vector<double> numbers;
      for (int n : ear.bench.texts(row_)) numbers.push_back(n);
      numbers.insert(numbers.end(), numbers.begin(), numbers.end());
      return numbers;
    }
    std::vector<double> values{p_.max, p_.min, p_.initial, p_.max, p_.initial, p_.min};
    for (size_t i = 0; i < p_.choices.size(); i++)
      for (size_t j = 0; j < i; j++) values.insert(values.end(), {double(i), double(j)});
    return values;
  }
  void edit(Ear& ear, double value) const { is_text(p_) ? ear.bench.edit_text(row_, int(value)) : ear.bench.edit(row_, value); }

  ClickPeaks own_work(const std::string& sound) {
    if (!own_work_) {
      own_work_.emplace();
      if (depends_on_level()) measure_own_work();
    }
    auto found = own_work_->find(sound);
    return found == own_work_->end() ? ClickPeaks{} : found->second;
  }
  std::vector<double> resting_places() const { return {p_.min, p_.max, p_.initial}; }
  /// Goes to a value; a row that is rebuilt, unheard.
  void go(Ear& ear, double value, double seconds) const {
    if (is_live(p_)) return ear.bench.move(row_, value, seconds), ear.listen(seconds + 0.1);
    if (!is_text(p_)) edit(ear, value);
    ear.listen(0.5);
    ear.forget();
  }
  bool depends_on_level() const {
    ClickBench::Options weak = options_;
    weak.level /= 100;
    Ear loud(type_, options_), soft(type_, weak);
    for (double value : resting_places()) {
      go(loud, value, 0), go(soft, value, 0);
      auto a = loud.bench.run(0.1), b = soft.bench.run(0.1);
      for (size_t i = 0; i < a.size(); i++)
        if (a[i].level > -100 && std::abs(a[i].level - b[i].level - 40) > 0.05) return true;
    }
    return false;
  }
  void measure_own_work() {
    Ear ear(type_, options_);
    for (double value : resting_places()) {
      go(ear, value, 2);
      ear.judge(*own_work_);
      for (double share : {0.0, 1.0}) {
        ear.bench.sound_level(share);
        ear.listen(0.4);
        ear.judge(*own_work_);
      }
    }
  }

  const NodeType& type_;
  int row_;
  const Parameter& p_;
  ClickBench::Options options_;
  std::map<std::string, Residue> heard_;
  std::optional<Residue> own_work_;
};

/// Settings for all rows but one, at random.
std::vector<EngineRunner::Set> settings_beside(const NodeType& type, int row, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<EngineRunner::Set> values;
  for (int r = 0; r < int(type.parameters.size()); r++) {
    const Parameter& p = type.parameters[size_t(r)];
    double position = double(random() % 1000) / 999;
    if (r != row && !is_text(p) && takes_any_value(type, p)) values.push_back({p.id, from_position(p, position)});
  }
  return values;
}

std::string walk(const NodeType& type, int row) {
  bool full = is_asked("full"), all_phases = full || is_asked("phases");
  std::string faults;
  auto once = [&](int channels, double rate, unsigned settings) {
    // Sixteen phases at once would take more channels than a device has.
    for (unsigned half = 0; half < (all_phases ? 2 : 1); half++) {
      ClickBench::Options options{.channels = channels, .phases = all_phases ? 8 : 2, .seed = 17 * unsigned(row) + settings, .rate = rate};
      if (settings > 0) options.values = settings_beside(type, row, options.seed);
      options.seed += 1000 * half;
      faults += RowWalk(type, row, options).faults();
    }
  };
  once(2, 48000, 0);
  once(1, 48000, 1);
  if (!full) return faults;
  once(1, 48000, 0);
  for (unsigned settings : {2u, 3u, 4u}) once(2, 48000, settings);
  for (double rate : {44100.0, 96000.0, 192000.0}) once(2, rate, 0);
  return faults;
}

namespace bad {
using namespace mixgraph::baseline;

constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};
constexpr Parameter kGain[] = {{.id = "gain", .label = "Gain", .doc = "Gain.", .unit = Unit::decibel, .min = -20, .max = 0}};

/// Follows its gain without a step, but only block by block.
template <class V>
struct Blocks {
  explicit Blocks(const Setup&) {}
  void process(Block<V> b) {
    V gain = gain_of(b.ramp(0).at(b.at()));
    for (int c = 0; c < b.channels(); c++)
      for (int i = 0; i < b.frames(); i++) b.out(c)[i] = b.in(c)[i] * gain;
  }
};
/// Follows it in steps of 2 dB, which a slow move has as well.
template <class V>
struct Steps {
  explicit Steps(const Setup&) {}
  void process(Block<V> b) {
    for (int c = 0; c < b.channels(); c++)
      for (int i = 0; i < b.frames(); i++) {
        V db = b.ramp(0).at(b.at() + i) * V(0.5f), whole = (db + V(12582912.f)) - V(12582912.f);
        b.out(c)[i] = b.in(c)[i] * gain_of(whole + whole);
      }
  }
};
template <template <class> class Node>
constexpr NodeType type_of(std::string_view id) {
  return {.id = id, .label = id, .doc = id, .category = "test", .inputs = kIn, .outputs = kOut, .parameters = kGain, .meters = {}, .kernels = kAnyKernels<Node>};
}
constexpr NodeType kBlocks = type_of<Blocks>("blocks"), kSteps = type_of<Steps>("steps");
}  // namespace bad

}  // namespace

// In parts, to run beside each other.
TEMPLATE_TEST_CASE_SIG("no row of any node clicks, however it is changed", "[clicks]", ((int part), part), 0, 1, 2, 3, 4, 5, 6, 7) {
  int index = 0;
  for (const NodeType* type : node_types()) {
    // A graph has one listen, and the bench several of each type: its sound without its place in graphs.
    std::vector<Parameter> rows(type->parameters.begin(), type->parameters.end());
    for (Parameter& p : rows)
      if (p.group == GroupPart::listen) p.group = GroupPart::none;
    NodeType placeless = *type;
    placeless.parameters = rows;
    for (int row = 0; row < row_count(*type); row++)
      if (index++ % 8 == part && takes_any_value(*type, mixgraph::row(*type, row))) CHECK(walk(listens(*type) ? placeless : *type, row) == "");
  }
}

TEST_CASE("the walk hears rows that click", "[clicks]") {
  CHECK(walk(bad::kBlocks, 0) != "");
  CHECK(walk(bad::kSteps, 0) != "");
}
