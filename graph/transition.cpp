#include "graph/transition.h"

#include <algorithm>
#include <functional>
#include <unordered_set>

namespace mixgraph {
namespace {

/// Routes by what makes them the same, to find them quickly.
class RouteIndex {
 public:
  explicit RouteIndex(const std::vector<Route>& routes) {
    size_t slots = 16;
    while (slots < 2 * routes.size()) slots *= 2;
    slots_.resize(slots);
    for (const Route& r : routes) {
      size_t at = hash(r);
      while (slots_[at & (slots - 1)]) at++;
      slots_[at & (slots - 1)] = &r;
    }
  }
  const Route* find(const Route& r) const {
    for (size_t at = hash(r);; at++) {
      const Route* here = slots_[at & (slots_.size() - 1)];
      if (!here || same(*here, r)) return here;
    }
  }

 private:
  static bool same(const Route& a, const Route& b) {
    return a.from == b.from && a.from_port == b.from_port && a.to == b.to && a.to_port == b.to_port && a.delay == b.delay;
  }
  static size_t hash(const Route& r) {
    size_t h = size_t(r.from.get()) * 0x9e3779b97f4a7c15u ^ size_t(r.to.get()) * 0xc2b2ae3d27d4eb4fu;
    h ^= size_t(r.from_port * 64 + r.to_port) * 0x165667b19e3779f9u + size_t(r.delay) * 0x27d4eb2f165667c5u;
    return h ^ h >> 29;
  }
  std::vector<const Route*> slots_;
};

// Seconds for which a new node is fed before it is heard: a narrow filter rings from the start of its input.
constexpr double kSettle = 0.010;

/// What becomes of an instance.
enum Fate : size_t {
  kStays,
  kRings,     ///< it goes, but its tail is heard until it is over
  kReplaced,  ///< another one takes its place
  kGoes,
  kEnds,      ///< it goes, and nothing hears it
  kNew,
};
/// What becomes of a cable that isn't wanted any more, by the fates of its ends.
enum class Way : uint8_t {
  fades,
  stays,     ///< as it is while the fades last: what comes after it fades
  rings_on,  ///< as it is, and after the fades
};
constexpr Way kDeparting[][5] = {
    // to one that stays   rings          is replaced  goes         ends     from one that
    {Way::fades,    Way::fades,    Way::stays, Way::fades, Way::fades},  // stays
    {Way::rings_on, Way::rings_on, Way::stays, Way::stays, Way::fades},  // rings; then what goes and hears it rings as well
    {Way::fades,    Way::fades,    Way::stays, Way::stays, Way::fades},  // is replaced
    {Way::fades,    Way::fades,    Way::stays, Way::stays, Way::fades},  // goes
};

class Planner {
 public:
  Planner(const Plan& before, const Plan& target, uint64_t now, double rate) : before_(before), target_(target), now_(now), rate_(rate), settle_(int(rate * kSettle)), routes_before_(before.routes), routes_wanted_(target.routes) {
    // Their places tell them apart.
    for (const InstancePtr& i : target.nodes) i->place = kNew;
    for (const InstancePtr& i : before.nodes) i->place = kGoes;
    for (const InstancePtr& i : target.nodes) i->place = i->place == kGoes ? kStays : kNew;
  }

  Transition run() {
    mark_leaving();
    for (Plan* plan : {&result_.during, &result_.after}) {
      plan->nodes.reserve(target_.nodes.size() + 16);
      plan->routes.reserve(target_.routes.size() + 16);
    }
    for (const InstancePtr& i : target_.nodes) result_.during.nodes.push_back(i), result_.after.nodes.push_back(i);
    for (const InstancePtr& i : before_.nodes) {
      if (!gone(*i)) continue;
      result_.during.nodes.push_back(i);
      if (rings(*i)) result_.after.nodes.push_back(i);
    }
    for (const Route& r : target_.routes) arrive(r);
    for (const Route& r : before_.routes) depart(r);
    result_.during.latency = result_.after.latency = target_.latency;
    return std::move(result_);
  }

 private:
  Fate fate(const Instance& i) const {
    if (i.place != kGoes) return Fate(i.place);
    if (i.silent_at > now_) return kRings;
    if (i.type->outputs.empty()) return kEnds;
    return i.replaced ? kReplaced : kGoes;
  }
  static bool is_new(const Instance& i) { return i.place == kNew; }
  static bool gone(const Instance& i) { return i.place == kGoes; }
  bool rings(const Instance& i) const { return fate(i) == kRings; }

  // When the last of it will have been heard: its own tail, after the last of what feeds it.
  void mark_leaving() {
    std::vector<Instance*> leaving;
    for (const InstancePtr& i : before_.nodes) {
      if (!gone(*i) || i->leaving) continue;
      if (paths_.empty())
        for (const InstancePtr& wanted : target_.nodes) paths_.insert(wanted->path);
      i->leaving = true;
      i->replaced = paths_.count(i->path) > 0;
      leaving.push_back(i.get());
      i->silent_at = i->tail > 0 && !i->replaced ? now_ + uint64_t(i->tail * rate_) : 0;
    }
    if (leaving.empty()) return;
    const auto most = std::count_if(before_.nodes.begin(), before_.nodes.end(), [](const InstancePtr& i) { return i->leaving; });
    for (auto pass = most; pass > 0; pass--) {
      bool changed = false;
      for (const Route& r : before_.routes) {
        Instance &from = *r.from, &to = *r.to;
        if (!to.leaving || to.replaced || !from.leaving || from.silent_at == 0) continue;
        uint64_t end = from.silent_at + uint64_t(to.tail * rate_);
        if (end > to.silent_at) to.silent_at = end, changed = true;
      }
      if (!changed) break;
    }
  }

  void arrive(const Route& route) {
    Route r = route;
    if (const Route* old = routes_before_.find(route)) {
      r.delays = old->delays;
      r.fading = Fading::none;
    } else {
      make_delays(r);
      // What keeps sound for long would put out the start of it after it has itself been faded in.
      bool through = is_new(*r.to) && !r.to->type->outputs.empty(), fed_before_heard = through && !r.to->type->tail;
      r.fading = before_.nodes.empty() || fed_before_heard ? Fading::none : Fading::in;
      if (!before_.nodes.empty()) result_.lead_in = std::max({result_.lead_in, r.delay + r.from->latency, through ? settle_ : 0});
    }
    result_.during.routes.push_back(r);
    r.fading = Fading::none;
    result_.after.routes.push_back(r);
  }
  static void make_delays(Route& r) {
    if (r.delay == 0) return;
    int from = channels_of(*r.from, r.from->type->outputs[size_t(r.from_port)]), to = channels_of(*r.to, r.to->type->inputs[size_t(r.to_port)]);
    r.delays.resize(size_t(to * from));
    for (int c = 0; c < to; c++)
      for (int s = 0; s < from; s++)
        if (r.matrix ? r.matrix->at(c, s) != 0 : s == c) r.delays[size_t(c * from + s)] = std::make_shared<CableDelay>(r.delay);
  }

  void depart(const Route& route) {
    if (routes_wanted_.find(route)) return;
    const Way way = kDeparting[fate(*route.from)][fate(*route.to)];
    Route r = route;
    r.fading = way == Way::fades ? Fading::out : Fading::none;
    result_.during.routes.push_back(r);
    if (way == Way::rings_on) result_.after.routes.push_back(r);
  }

  const Plan &before_, &target_;
  uint64_t now_;
  double rate_;
  int settle_;  // frames
  RouteIndex routes_before_, routes_wanted_;
  std::unordered_set<std::string_view> paths_;  // that are wanted; made when it is needed
  Transition result_;
};

// What both have, for a first step that only takes away. What is to be replaced stays until its successor comes.
Plan common(const Plan& before, const Plan& target) {
  Plan plan;
  plan.latency = target.latency;
  std::unordered_set<const Instance*> sounding;
  for (const InstancePtr& i : before.nodes) sounding.insert(i.get());
  RouteIndex routes(before.routes);
  const auto there = [&](const InstancePtr& i) { return i->predecessor && !sounding.count(i.get()) ? i->predecessor : i; };
  for (const InstancePtr& i : target.nodes)
    if (sounding.count(there(i).get())) plan.nodes.push_back(there(i));
  for (Route r : target.routes) {
    r.from = there(r.from), r.to = there(r.to);
    if (routes.find(r)) plan.routes.push_back(r);
  }
  return plan;
}

}  // namespace

Transition make_transition(const Plan& before, const Plan& target, uint64_t now, double rate) {
  Transition straight = Planner(before, target, now, rate).run();
  if (!has_loop(straight.during)) return straight;
  Plan rest = common(before, target);
  Transition first = Planner(before, rest, now, rate).run();
  first.complete = false;
  return first;
}

}  // namespace mixgraph
