#pragma once
#include <string>
#include <vector>

namespace mixgraph {

/// Which sound servers and cards there are, seen from outside and without their libraries, which may hang:
/// the sockets on which JACK, PipeWire and PulseAudio listen on this machine, and the cards in /dev/snd.
/// A server that was started again has a new socket. Looking takes some microseconds. [any]
struct Presence {
  std::vector<std::string> servers, cards;  ///< path and identity of each

  static Presence look();
  /// Whether a server is here that was not there before, or a card.
  bool has_new_server(const Presence& before) const;
  bool has_new_card(const Presence& before) const;
};

}  // namespace mixgraph
