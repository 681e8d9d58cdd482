#include "graph/costs.h"

#include <time.h>

#include <algorithm>

namespace mixgraph {
namespace {

constexpr double kInterrupted = 4;  // times what a block usually takes

/// Goes on while the machine sleeps, as cycle counters do.
int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * 1'000'000'000ll + now.tv_nsec;
}

}  // namespace

CostMeter::CostMeter() : start_ticks_(clock()), start_ns_(now_ns()) {}

uint64_t CostMeter::clock() noexcept {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  uint64_t ticks;
  asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#else
  return uint64_t(now_ns());
#endif
}

CostEntry& CostMeter::entry(std::string_view type) {
  constexpr std::string_view kMixing = "mixing";
  const std::string_view id = type.empty() ? kMixing : type;
  auto found = entries_.find(id);
  if (found == entries_.end()) found = entries_.emplace(id, std::make_unique<CostEntry>()).first;
  return *found->second;
}

bool CostMeter::Usual::takes(double per_frame) {
  const bool unusual = ticks > 0 && per_frame > kInterrupted * ticks, interrupted = unusual && skipped < kMostSkipped;
  skipped = interrupted ? skipped + 1 : 0;
  if (!interrupted) ticks = unusual || ticks == 0 ? per_frame : ticks + 0.1 * (per_frame - ticks);
  return !interrupted;
}

void CostMeter::end(int frames, std::span<CostEntry* const> entries) noexcept {
  until_next_ = kEvery;
  uint64_t all = 0;
  for (const CostEntry* e : entries) all += e->now_;
  if (alone_.takes(double(all) / frames)) {
    for (CostEntry* e : entries) {
      e->ticks_.store(e->ticks_.load(std::memory_order_relaxed) + e->now_, std::memory_order_relaxed);
      e->later_.store(e->later_.load(std::memory_order_relaxed) + e->later_now_, std::memory_order_relaxed);
    }
    frames_.store(frames_.load(std::memory_order_relaxed) + uint64_t(frames), std::memory_order_release);
  }
  for (CostEntry* e : entries) e->now_ = e->later_now_ = 0;
}

void CostMeter::add_shared(uint64_t ticks, int frames) noexcept {
  if (!together_.takes(double(ticks) / frames)) return;
  shared_ticks_.store(shared_ticks_.load(std::memory_order_relaxed) + ticks, std::memory_order_relaxed);
  shared_frames_.store(shared_frames_.load(std::memory_order_relaxed) + uint64_t(frames), std::memory_order_release);
}

TypeCost CostMeter::shared() const {
  const uint64_t frames = shared_frames_.load(std::memory_order_acquire);
  return {{}, double(shared_ticks_.load(std::memory_order_relaxed)) * ns_per_tick(), frames};
}

double CostMeter::ns_per_tick() const {
  const uint64_t ticks = clock() - start_ticks_;
  return ticks ? double(now_ns() - start_ns_) / double(ticks) : 0;
}

TypeCost CostMeter::all() const {
  TypeCost all;
  for (const TypeCost& c : read()) all.ns += c.ns - c.later_ns, all.later_ns += c.later_ns, all.frames = c.frames;
  return all;
}

std::vector<TypeCost> CostMeter::read() const {
  std::vector<TypeCost> costs;
  const double scale = ns_per_tick();
  const uint64_t frames = frames_.load(std::memory_order_acquire);
  for (const auto& [type, entry] : entries_) {
    const double later = double(entry->later_.load(std::memory_order_relaxed)) * scale;
    costs.push_back({type, double(entry->ticks_.load(std::memory_order_relaxed)) * scale + later, frames, later});
  }
  return costs;
}

}  // namespace mixgraph
