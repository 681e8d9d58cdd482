#pragma once
#include <cmath>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/engine.h"
#include "nodes/list.h"

namespace mixgraph {

/// An engine with a graph that tests write down, and a device that plays a function of channel and frame.
class EngineRunner {
 public:
  struct Set {
    std::string_view row;
    Value value;
  };
  using Signal = std::function<float(int channel, uint64_t frame)>;

  explicit EngineRunner(EngineSettings settings = {.inputs = 4, .outputs = 2, .ceiling_db = 60}, NodeTypes types = node_types());

  /// Edits of the graph; they throw std::runtime_error with the problem's text.
  void add(const std::string& path, std::string_view type, std::vector<Set> values = {});
  void connect(const std::string& from, const std::string& to, int to_port = 0);
  void disconnect(const std::string& from, const std::string& to, int to_port = 0);
  void remove(const std::string& path);
  void set(const std::string& path, std::string_view row, Value value);
  void edit(const std::vector<Edit>& edits);
  /// Hands the graph to the engine; throws if it refuses.
  void update();
  /// A move of a live row.
  Move move(std::string_view path, std::string_view row, double value, uint64_t frame = 0, double seconds = 0,
            Course course = Course::position) const;

  /// Runs the device for some frames in periods of `block` and returns what it put out, per channel.
  std::vector<std::vector<float>> run(int frames, int block = 64);
  float meter(std::string_view path, std::string_view id);

  const NodeType& type(std::string_view id) const;
  NodeTypes types() const { return types_; }
  Graph graph;
  Engine engine;
  Signal input = [](int, uint64_t) { return 0.f; };

 private:
  NodeTypes types_;
};

/// A sine of amplitude 0.5 (-6 dBFS). `phase` in turns.
inline EngineRunner::Signal sine(double hertz, double phase = 0, double rate = 48000) {
  return [=](int, uint64_t frame) { return float(0.5 * std::sin(6.283185307179586 * (hertz * double(frame) / rate + phase))); };
}

/// The loudest sample, in dBFS, of what an 8th-order Butterworth high-pass leaves of a signal: what is heard of a click.
/// The first `skip` frames, in which the filter settles, don't count.
double click_level(const std::vector<float>& signal, double cutoff_hertz, double rate = 48000, size_t skip = 4800);

}  // namespace mixgraph
