#pragma once
#include <cstdint>
#include <vector>

#include "graph/automation_reader.h"
#include "graph/engine.h"
#include "graph/handover.h"
#include "graph/program.h"

namespace mixgraph {

class Crew;
class DeadlineBoard;
class Sharing;

/// The audio side of an engine: takes programs over, begins what orders say at its sample, and runs the program block by
/// block. Work that orders make has a bound in each tick of 64 frames, wherever the device cuts its blocks: kMostCuts cuts
/// and kMostBegun rows. What doesn't fit begins with a later tick, in its order; a batch is never split, and a larger one
/// has a tick alone. [audio]
class Performer {
 public:
  static constexpr int kMostCuts = 16;
  static constexpr size_t kMostBegun = 4096;
  static constexpr size_t kMostMoving = 4096;  ///< rows; beyond that each takes its point every second tick

  Performer(const EngineSettings& settings, const FadeShape& shape, Handover& handover, CostMeter& costs, const Sharing& sharing, DeadlineBoard& board, Crew* crew);
  ~Performer();
  void process(const float* const* in, float* const* out, int frames) noexcept;

 private:
  void collect(uint64_t mark);
  void adopt(Program& next);
  int run_piece(DeviceBuffers device, int most);
  void start_tick(uint64_t now);
  void begin_due(uint64_t now);
  bool fits(const Batch& batch, uint64_t now) const;
  void begin(const Batch& batch, uint64_t now);
  void run_program(Program& program, const Chunk& chunk);
  void post_meters();
  void count(Guarded guarded);
  uint64_t now() const { return handover_.frame.load(std::memory_order_relaxed); }

  const EngineSettings& settings_;
  const FadeShape& shape_;
  Handover& handover_;
  CostMeter& costs_;
  const Sharing& sharing_;
  DeadlineBoard& board_;
  Crew* const crew_;
  const float ceiling_;
  Program* running_ = nullptr;
  std::vector<Batch*> waiting_;  // a heap: what comes first is on top
  GlidePool glides_;
  TransportClock transport_;
  AutomationReader automation_;
  uint64_t ticked_ = UINT64_MAX, cut_ = UINT64_MAX;  // frames of the latest tick and of the latest cut in it
  int cuts_ = 0;                                     // in this tick
  size_t begun_ = 0;                                 // rows, in this tick
  float fade_in_[kMaxBlock], fade_out_[kMaxBlock];
};

}  // namespace mixgraph
