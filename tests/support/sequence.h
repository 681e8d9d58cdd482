#pragma once
#include <string>
#include <vector>

#include "daemon/osc/osc.h"
#include "graph/engine.h"

namespace mixgraph {

/// What a node's output owes to what it heard: nothing, something that fades, something that stays.
enum class Memory { none, fades, stays };

/// A node type as sequences use it: within values at which all that fades is gone soon.
struct Kind {
  struct Span {
    std::string_view row;  ///< its id, or the last part of it
    double least, most;    ///< beyond the row's own range: its ends come often
  };
  std::string_view type;
  Memory memory = Memory::none;
  double tail = 0;  ///< seconds, at most
  std::vector<Span> spans = {};
};
const Kind& kind_of(std::string_view type);

/// Messages that come at once, and the time that passes after them.
struct Step {
  std::vector<osc::Message> messages;
  int ahead = -1;     ///< frames from now, the time of a bundle of them; 0: immediately; -1: no bundle
  int frames = 0;     ///< that pass then
  int block = 64;
  bool late = false;  ///< control has no turn meanwhile
};
std::string text(const Step& step);

/// A session, and what is done to it: always the same for a seed. Its nodes are mix/n0, mix/n1, ...; each is heard alone
/// at master/t0, ..., outputs 1 and 2, 3 and 4, ....
struct Sequence {
  static constexpr int kSlots = 12;
  unsigned seed = 0;
  std::string session;
  EngineSettings settings;
  double tails = 0;  ///< seconds in which all that fades has faded
  std::vector<Step> steps;
};
Sequence make_sequence(unsigned seed, int steps);
std::string text(const Sequence& sequence);

}  // namespace mixgraph
