#include "graph/conductor.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "graph/compile.h"
#include "graph/crew.h"
#include "graph/sharing.h"
#include "graph/transition.h"

namespace mixgraph {

Conductor::Conductor(const EngineSettings& settings, const Workshop& workshop, SlowWork& work, Handover& handover, CostMeter& costs, Sharing& sharing, Crew* crew)
    : settings_(settings), workshop_(workshop), work_(work), handover_(handover), costs_(costs), sharing_(sharing), crew_(crew), orders_(handover, settings.environment.rate) {}

Problems Conductor::update(const Graph& next, std::span<const Prepared> prepared) {
  auto made = make_plan(next, target_, workshop_, next_id_, settings_.memory, prepared);
  if (!made) return made.problems();
  target_ = std::move(*made);
  arrived_ = false;
  sharing_.forget();
  orders_.know(target_);
  orders_.know(next);
  readings_.know(target_);
  follow_values(next);
  orders_.settle_followers();
  orders_.renew_automation();
  advance();
  if (!arrived_) list_services();  // else it was done when the transition began
  return {};
}

std::vector<Preparation> Conductor::lacking_files() const {
  std::vector<Preparation> lacking;
  for (const InstancePtr& i : target_.nodes)
    if (i->without_files) lacking.push_back({i->path, i->type, i->type->inputs.empty() ? Format() : i->format, i->values});
  return lacking;
}

// Values that differ move; the rows that rebuild are the same, or there would be another instance.
void Conductor::follow_values(const Graph& next) {
  std::vector<Move> moves;
  for (size_t i = 0; i < target_.nodes.size(); i++) {
    const Node& node = next.nodes()[i];
    for (int r = 0; r < row_count(*node.type); r++)
      if (row(*node.type, r).update == Update::live && node.values[size_t(r)] != target_.nodes[i]->values[size_t(r)])
        moves.push_back({.path = node.path, .row = r, .value = std::get<double>(node.values[size_t(r)])});
  }
  orders_.say(moves);
}

void Conductor::list_services() {
  std::vector<SlowWork::Served> list;
  enum : size_t { kListed, kNew };
  for (const Plan* plan : {&target_, &sounding_})
    for (const InstancePtr& i : plan->nodes) i->place = kNew;
  for (const Plan* plan : {&target_, &sounding_})
    for (const InstancePtr& i : plan->nodes)
      if (std::exchange(i->place, kListed) == kNew && i->bank && i->bank->kernel().service) list.push_back({i->bank, i->path});
  work_.serve(std::move(list));
}

bool Conductor::performer_has_current() const { return !current_ || handover_.taken.load(std::memory_order_acquire) >= current_->serial; }
bool Conductor::fading() const { return current_ && current_->fades && handover_.faded.load(std::memory_order_acquire) < current_->serial; }
bool Conductor::tails_ended() const { return handover_.frame.load(std::memory_order_relaxed) >= tail_ends_; }

bool Conductor::settled() const { return arrived_ && !between_ && performer_has_current() && orders_.is_idle(); }

// False: it happened too often.
bool Conductor::note_fault(Instance& instance, Fault fault) {
  constexpr size_t kMostFaults = 3;
  constexpr double kWithin = 10;  // s
  auto& times = fault_times_[instance.path];
  times.push_back(handover_.frame.load(std::memory_order_relaxed));
  std::erase_if(times, [&](uint64_t t) { return t + uint64_t(kWithin * settings_.environment.rate) < times.back(); });
  const bool again = times.size() < kMostFaults;
  faults_.push_back({instance.path, fault, !again});
  return again;
}

// Whether there are any that can have a successor at once; those of slow types have one made.
bool Conductor::find_spoilt() {
  const uint64_t seen = handover_.faults.load(std::memory_order_acquire);
  if (seen == faults_seen_ || !performer_has_current()) return false;  // lanes may have another's fault until they are taken over
  faults_seen_ = seen;
  bool any = false;
  for (const InstancePtr& i : target_.nodes) {
    const Fault fault = i->bank && i->sounding ? i->bank->fault(i->lane) : Fault::none;
    if (fault == Fault::none || i->spoilt || i->given_up) continue;
    i->spoilt = note_fault(*i, fault);
    i->given_up = !i->spoilt;
    if (i->spoilt && i->type->slow) work_.order({i->path, i->type, i->format, i->values});
    any |= i->spoilt && !i->type->slow;
  }
  return any;
}

// A node that was silenced gets a successor, which is faded in, but not for ever. Nothing else changes.
void Conductor::replace_spoilt() {
  const bool found = find_spoilt();
  const std::vector<Prepared> made = work_.take_made();
  if (!found && made.empty()) return;
  mixgraph::replace_spoilt(target_, workshop_, made);
  arrived_ = false;
  orders_.know(target_);
  list_services();
}

void Conductor::advance() {
  orders_.advance();
  replace_spoilt();
  if (!performer_has_current()) return;
  if (previous_) {
    readings_.absorb(previous_->meters);
    retired_.push_back(std::move(previous_));
  }
  if (!crew_ || crew_->is_clear_of(handover_.cleared.load(std::memory_order_acquire))) retired_.clear();
  if (fading()) return;
  if (between_) {
    between_ = false;
    send(sounding_, false, 0);
  } else if (!arrived_ || tails_ended()) {
    begin_transition();
  } else if (crew_ && current_ && judge_sharing()) {
    send(sounding_, false, 0);
  }
}

bool Conductor::judge_sharing() {
  const uint64_t frame = handover_.frame.load(std::memory_order_relaxed);
  const auto now = std::chrono::steady_clock::now();
  return sharing_.is_due(frame, now) && sharing_.judge(frame, now, costs_.all(), costs_.shared(), current_->speed_up);
}

void Conductor::begin_transition() {
  for (const InstancePtr& i : sounding_.nodes)
    if (i->type->tail && !i->leaving) i->tail = i->type->tail(Setup{settings_.environment, i->format, i->values});
  Transition t = make_transition(sounding_, target_, handover_.frame.load(std::memory_order_relaxed), settings_.environment.rate);
  arrived_ = t.complete;
  const bool fades = std::any_of(t.during.routes.begin(), t.during.routes.end(), [](const Route& r) { return r.fading != Fading::none; });
  sounding_ = std::move(t.after);
  tail_ends_ = UINT64_MAX;
  for (const InstancePtr& i : sounding_.nodes)
    if (i->leaving) tail_ends_ = std::min(tail_ends_, i->silent_at);
  between_ = fades || t.during.nodes.size() != sounding_.nodes.size();
  send(between_ ? t.during : sounding_, fades, t.lead_in);
  for (const InstancePtr& i : target_.nodes)
    if (i->sounding) i->predecessor = nullptr;
}

void Conductor::send(const Plan& plan, bool fades, int lead_in) {
  std::vector<InstancePtr> heirs;
  for (const InstancePtr& i : plan.nodes)
    if (!i->sounding && i->predecessor) heirs.push_back(i);
  for (const InstancePtr& i : plan.nodes) build_as_told(*i, workshop_);
  auto program = compile(plan, settings_.environment, workshop_.shape(), sharing_.is_on() ? costs_.read() : std::vector<TypeCost>(), sharing_.is_on() ? settings_.threads : 1,
                         sharing_.publishes());
  program->count_costs(costs_);
  handover_.tasks.store(program->tasks.size(), std::memory_order_relaxed);
  program->serial = ++serial_;
  program->fades = fades;
  program->fade_at = -lead_in;
  program->glides = orders_.reserve(heirs);
  program->mark = handover_.batches.pushed();
  for (const InstancePtr& i : plan.nodes) i->sounding = true;
  previous_ = std::move(current_);
  current_ = std::move(program);
  handover_.incoming.store(current_.get(), std::memory_order_release);
  orders_.send_held();
  list_services();
}

std::span<const float> Conductor::read_meters() {
  if (previous_) readings_.absorb(previous_->meters);
  if (current_) readings_.absorb(current_->meters);
  return readings_.tell();
}

}  // namespace mixgraph
