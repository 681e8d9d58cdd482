#pragma once
#include "tests/support/office.h"

namespace mixgraph {

inline constexpr const char* kPlayers =
    "mixgraph: 1\n"
    "mix:\n"
    "  song: {type: player, play: off}\n"
    "  vox: {type: strip, from: in/1}\n"
    "master:\n"
    "  out: {type: output, from: [mix/vox, mix/song], to: [1, 2]}\n";

/// An office with a player, and files for it.
struct PlayerOffice : Office {
  PlayerOffice() : Office(kPlayers) {}
  void record(const std::string& name) { write_sound(path(name), {std::vector<float>(4800, 0.5f)}); }
  std::string file_of(const Client& client) {
    desk.send(client, message("/mix/song/file"));
    return desk.lines(client).back();
  }
};

}  // namespace mixgraph
