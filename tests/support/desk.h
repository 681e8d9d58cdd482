#pragma once
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "daemon/control/control.h"

namespace mixgraph {

inline osc::Message message(const std::string& address, std::vector<osc::Argument> arguments = {}) { return {address, std::move(arguments)}; }

/// A session of two faders, each from an input to an output of its own.
inline constexpr const char* kTwoFaders =
    "mixgraph: 1\n"
    "mix:\n"
    "  left: {type: fader, from: in/1}\n"
    "  right: {type: fader, from: in/2}\n"
    "master:\n"
    "  a: {type: output, from: mix/left, to: 1}\n"
    "  b: {type: output, from: mix/right, to: 2}\n";

/// Control and an engine without sockets or clocks: the test plays the clients, the time and the device.
class Desk {
 public:
  static constexpr double kRate = 48000;
  /// A session as YAML; throws if it has problems.
  explicit Desk(const std::string& yaml, ControlSettings settings = {}, Environment environment = {});

  Client client(RouterPort port = kUdp);
  /// On another machine.
  Client stranger(RouterPort port = kUdp, const std::string& name = "test");
  /// One that the session names.
  Client surface();
  void send(const Client& client, const osc::Packet& packet);
  void send(const std::string& address, std::vector<osc::Argument> arguments = {}) {
    send(main, osc::Message{address, std::move(arguments)});
  }
  /// Lets time pass, with ticks every 2 ms.
  void run(double milliseconds);
  /// What came to a client since the last call; bundles as their messages.
  std::vector<osc::Message> received(const Client& client);
  std::vector<osc::Message> received() { return received(main); }
  /// The same as lines: `/mix/vox/fader ,f -6`.
  std::vector<std::string> lines(const Client& client);
  std::vector<std::string> lines() { return lines(main); }
  /// Sends a get and takes the number that is answered; NaN without an answer.
  double get(const std::string& address);
  /// So many milliseconds from now.
  osc::TimeTag at(double milliseconds) const {
    return osc::TimeTag::at(now.system_ns + int64_t(milliseconds * 1e6));
  }
  /// Writes the session's file, which must have a name, and sends /graph/load; false if that is refused.
  bool load(const std::string& yaml);

  Now now{0, 1'700'000'000 * kSecond, 1000 * kSecond, 1'700'000'000 * kSecond};
  std::function<float(uint64_t frame)> input = [](uint64_t) { return 0.5F; };  ///< of the device, both channels
  std::vector<std::vector<float>> output{{}, {}};                              ///< by channel, since the start
  Engine engine;
  Control control;
  const Client main{{.name = "main"}};
  size_t droppable = 0;  ///< packets that might have been dropped

 private:
  uint64_t clients_ = 0;
  std::map<Client, std::vector<osc::Message>> received_;
};

}  // namespace mixgraph
