#pragma once
#include <map>
#include <set>
#include <vector>

#include "graph/program.h"
#include "graph/strands.h"

namespace mixgraph {

/// Floats before and behind each buffer of a program, as sums read sixteen values even where they need one (Summand).
inline constexpr size_t kRoom = 16;

/// What the threads that share a program read of one another: it is published where it is made, and fetched before it is needed,
/// as a line of memory takes longer from one processor to another than many a node. [control]
class FarReads {
 public:
  /// `publish`: if not, everybody reads what was made where it was made.
  FarReads(const std::vector<Strand>& strands, std::vector<Floats>& storage, bool publish) : strands_(strands), storage_(storage), publish_(publish) {}

  /// Where strand `reader` reads a buffer of so many lanes that strand `maker` makes.
  const float* read(const float* made, int lanes, size_t maker, size_t reader);
  /// Gives the tasks, which are the strands in their order, what they publish and fetch.
  void finish(Program& program) const;

 private:
  struct Published {
    size_t maker;
    Publish copy;
    std::set<size_t> readers;  ///< strands
  };
  std::vector<size_t> who_can_fetch(const Published& published, size_t reader) const;

  const std::vector<Strand>& strands_;
  std::vector<Floats>& storage_;
  const bool publish_;
  std::map<const float*, Published> published_;
};

}  // namespace mixgraph
