#include "graph/engine.h"

#include "graph/conductor.h"
#include "graph/crew.h"
#include "graph/deadline_board.h"
#include "graph/performer.h"
#include "graph/sharing.h"
#include "graph/slow_work.h"

#include <unistd.h>

#include <algorithm>

namespace mixgraph {

size_t usual_memory() {
  constexpr size_t kMost = size_t(1) << 30;
  const long pages = ::sysconf(_SC_PHYS_PAGES), bytes = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && bytes > 0 ? std::min(kMost, size_t(pages) / 2 * size_t(bytes)) : kMost;
}

/// The conductor is the control thread's, the performer the audio thread's; the rest says of itself whose it is.
struct Engine::Rooms {
  explicit Rooms(const EngineSettings& s)
      : shape(s.environment.rate),
        sharing(s.share_above_us, s.environment.rate),
        crew(s.threads > 1 ? std::make_unique<Crew>(s.threads - 1, board, s.on_thread_start) : nullptr),
        performer(s, shape, handover, costs, sharing, board, crew.get()),
        workshop(s.environment, shape),
        work(workshop),
        conductor(s, workshop, work, handover, costs, sharing, crew.get()) {}

  FadeShape shape;
  Handover handover;
  CostMeter costs;
  Sharing sharing;
  DeadlineBoard board;
  std::unique_ptr<Crew> crew;
  Performer performer;
  Workshop workshop;  // ends last what the conductor lets go of
  SlowWork work;
  Conductor conductor;
};

Engine::Engine(EngineSettings settings) : settings_(std::move(settings)), rooms_(std::make_unique<Rooms>(settings_)) {}
Engine::~Engine() { rooms_->crew.reset(); }  // nobody helps with what ends now

Problems Engine::update(const Graph& next, std::vector<Prepared> prepared) { return rooms_->conductor.update(next, prepared); }
Problems Engine::too_large(const Graph& next) const { return rooms_->conductor.too_large(next); }
std::vector<Preparation> Engine::needs(const Graph& next, std::span<const Prepared> have) const { return rooms_->conductor.needs(next, have); }
Prepared Engine::make(Preparation preparation) const { return rooms_->workshop.make(std::move(preparation)); }
std::vector<Preparation> Engine::lacking_files() const { return rooms_->conductor.lacking_files(); }
void Engine::move(std::span<const Move> batch) { rooms_->conductor.orders().say(batch); }
uint64_t Engine::now() const { return rooms_->conductor.orders().now(); }
std::vector<DueMove> Engine::take_due(bool all) {
  rooms_->conductor.orders().look_at_clock(all);
  return rooms_->conductor.orders().take_due();
}
std::vector<DueMove> Engine::due_until(uint64_t frame) const { return rooms_->conductor.orders().due_until(frame); }
void Engine::automate(std::shared_ptr<const Automation> automation, uint64_t frame, uint64_t from) {
  rooms_->conductor.orders().automate(std::move(automation), frame, from);
}
std::vector<AutomationState> Engine::automation() const { return rooms_->conductor.orders().automation(); }
void Engine::change_transport(const TransportChange& change, uint64_t frame) { rooms_->conductor.orders().change_transport(change, frame); }
Transport Engine::transport(uint64_t frame) const { return rooms_->conductor.orders().transport(frame); }
void Engine::advance() {
  rooms_->conductor.orders().look_at_clock();
  rooms_->conductor.advance();
}
bool Engine::settled() const { return rooms_->conductor.settled(); }
size_t Engine::nodes_sounding() const { return rooms_->conductor.nodes_sounding(); }
bool Engine::rests() const {
  if (rooms_->handover.blocks.load(std::memory_order_relaxed) == 0) return true;
  return rooms_->conductor.settled() && !rooms_->conductor.orders().waits();
}
std::span<const float> Engine::meters() { return rooms_->conductor.read_meters(); }
FeedBuffer* Engine::feed(std::string_view path, int number) const {
  const Instance* instance = rooms_->conductor.orders().find(path);
  return instance && instance->feeds && size_t(number) < instance->feeds->size() ? (*instance->feeds)[size_t(number)].get() : nullptr;
}
std::vector<NodeFault> Engine::take_faults() { return rooms_->conductor.take_faults(); }
std::vector<NodeTrouble> Engine::take_troubles() { return rooms_->work.take_troubles(); }
int Engine::latency() const { return rooms_->conductor.latency(); }
bool Engine::service() { return rooms_->work.service(); }

EngineCounters Engine::counters() const {
  const Handover& h = rooms_->handover;
  return {h.frame, h.blocks, h.late, h.postponed, h.bad_samples, h.faults, h.limited_samples, h.taken, h.tasks};
}
std::vector<TypeCost> Engine::costs() const { return rooms_->costs.read(); }
uint64_t Engine::frame() const { return rooms_->handover.frame.load(std::memory_order_relaxed); }
uint64_t Engine::horizon() const {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return rooms_->handover.horizon.load(std::memory_order_relaxed);
}

void Engine::process(const float* const* in, float* const* out, int frames) noexcept { rooms_->performer.process(in, out, frames); }

}  // namespace mixgraph
