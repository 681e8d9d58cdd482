#pragma once
#include <random>
#include <string>
#include <vector>

#include "graph/glide.h"
#include "tests/support/engine_runner.h"
#include "tests/support/sound_files.h"

namespace mixgraph {

/// What an 8th-order Butterworth high-pass leaves of many signals at once, sample by sample.
class HighPass {
 public:
  HighPass(double cutoff_hertz, double rate, size_t signals);
  /// Takes a frame of all signals in, and keeps the largest magnitude that came out of each.
  void take(const double* frame, double* peaks);
  size_t width() const { return kWide * states_.size(); }  ///< signals, rounded up; what take() reads and writes

 private:
  static constexpr size_t kWide = 8;
  using Wide = double __attribute__((vector_size(8 * kWide)));
  struct Section {
    double b, a1, a2;
  };
  struct State {
    Wide s1[4], s2[4];
  };
  Section sections_[4];
  std::vector<State> states_;
};

/// What is loudest of one output during a run, in dBFS: above 4 kHz, above 8 kHz, and as it is.
struct ClickPeaks {
  double at4 = -240, at8 = -240, level = -240;
};

/// Instances of one node type, each between inputs and outputs of its own, that hear 100 Hz, 997 Hz and DC at
/// -6 dBFS in several phases. A source plays files of them. All do the same things at the same time.
class ClickBench {
 public:
  struct Options {
    int channels = 2;    ///< of adaptive inputs
    int phases = 4;      ///< of each sound
    unsigned seed = 1;   ///< for the phases and for when things are done
    double rate = 48000;
    double level = 0.5;  ///< of the sounds
    std::vector<EngineRunner::Set> values = {};
  };
  ClickBench(const NodeType& type, Options options);

  /// Moves a live row of all instances, from a random frame of the next millisecond on.
  void move(int row, double value, double seconds = 0, Course course = Course::position);
  /// Sets any row by an edit of the graph.
  void edit(int row, double value);
  /// The same for a row that is a text, to one of texts().
  void edit_text(int row, int number);
  /// The texts that the row takes, by number: names of files, or of device channels.
  std::vector<int> texts(int row) const;
  /// Takes the sounds to a share of their level from now on, within 11 ms and without a click.
  void sound_level(double share);
  /// Lets time pass and returns what was heard of each output during it.
  std::vector<ClickPeaks> run(double seconds);
  /// What the instance before an output hears: "997 Hz".
  std::string sound(size_t output) const;
  /// For when things are done at random.
  std::mt19937& random() { return random_; }

 private:
  int instances() const { return 3 * options_.phases; }
  int outputs_each() const { return type_.role == DeviceRole::device_output ? options_.channels : 2; }
  static std::string path(int k) { return "n/" + std::to_string(k); }
  std::string text(int number, int k) const;
  std::vector<float> one_second(double hertz);
  void write_file(const std::string& name, double hertz);
  void build();
  void wire(int k);

  const NodeType& type_;
  Options options_;
  std::mt19937 random_;
  std::vector<std::vector<float>> sounds_;  // a second of each device channel
  Glide sound_level_;
  TemporaryFolder folder_;
  EngineRunner runner_;
  HighPass above4_, above8_;
};

}  // namespace mixgraph
