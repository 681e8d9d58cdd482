#pragma once
#include <functional>
#include <string>
#include <vector>

#include "daemon/control/control.h"

namespace mixgraph {

/// What the device of a deck hears: noise of -24 dBFS at most, a function of channel and frame alone.
float device_noise(int channel, uint64_t frame);

/// Control and an engine on one thread, with blocks of any size, and a control side that may be late. No clock: time is
/// the frames that the device asked for.
class Deck {
 public:
  static constexpr double kRate = 48000;
  static constexpr uint64_t kTurn = 96;  ///< frames between control's turns
  /// A session as YAML; throws if it has problems.
  Deck(const std::string& yaml, EngineSettings settings, NodeTypes types);

  /// A packet comes, now.
  void send(const osc::Packet& packet, const Client& client = {});
  void send(const std::string& address, std::vector<osc::Argument> arguments = {}) {
    send(osc::Message{address, std::move(arguments)});
  }
  /// A bundle comes now, whose time is so many frames from now.
  void send_ahead(int64_t frames, std::vector<osc::Packet> messages, const Client& client = {});
  /// The device asks for so many frames. `late`: control has no turn meanwhile.
  void run(uint64_t frames, int block = 64, bool late = false);
  void run_to(uint64_t frame) { run(frame - engine.frame()); }
  /// A number in the document.
  double value(const std::string& path, std::string_view row) const;

  Engine engine;
  Control control;
  std::vector<std::vector<float>> heard;         ///< by output channel
  std::vector<std::string> errors;               ///< that were answered
  std::function<void()> after_turn = [] {};      ///< control's

 private:
  void turn();
  Now now() const;
  uint64_t next_turn_ = 0;
};

/// The deck plays so many frames more; a fresh engine on its document hears the same, from the start. By output channel:
/// the largest difference in the last tenth of a second. What was heard before is forgotten.
std::vector<float> unlike_fresh(Deck& deck, uint64_t frames);
/// The largest difference of two signals between two frames; infinite if one of them is no number.
float difference(const std::vector<float>& a, const std::vector<float>& b, size_t first, size_t last);

}  // namespace mixgraph
