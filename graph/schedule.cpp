#include "graph/schedule.h"

#include <algorithm>
#include <bit>
#include <deque>
#include <map>
#include <unordered_map>

namespace mixgraph {
namespace {

/// List scheduling: of all that is ready, a whole bank first, else the largest share of a group of like instances.
class Scheduler {
 public:
  Scheduler(const Plan& plan, const Environment& environment, const FadeShape& shape)
      : plan_(plan), environment_(environment), shape_(shape), waits_(plan.nodes.size()), heard_by_(plan.nodes.size()), source_(plan.nodes.size(), plan.nodes.size()) {
    read_routes();
    is_joined_.resize(plan.nodes.size());
    for (size_t i = 0; i < plan.nodes.size(); i++) enter(i);
    join_running_banks();
  }

  Schedule run() {
    for (size_t i = 0; i < plan_.nodes.size(); i++)
      if (waits_[i] == 0) becomes_ready(i);
    for (;;) {
      if (!whole_.empty())
        emit_bank(whole_.back());
      else if (Group* group = best_group())
        emit_group(*group);
      else if (Bank* blocked = most_ready_bank())
        split(blocked);
      else
        return std::move(schedule_);
    }
  }

 private:
  struct Group {  // unbanked instances that may share a bank
    std::vector<size_t> ready;
    size_t remaining = 0;
  };
  struct Members {  // of a bank
    std::shared_ptr<Bank> bank;
    std::vector<size_t> all;
    size_t waiting = 0;
    bool emitted = false;
  };

  const Instance& at(size_t i) const { return *plan_.nodes[i]; }

  void read_routes() {
    number_nodes(plan_);
    for (const Route& r : plan_.routes) {
      size_t from = r.from->place, to = r.to->place;
      if (r.to_port == 0 && source_[to] == plan_.nodes.size()) source_[to] = from;
      if (r.to->type->breaks_loops) continue;
      heard_by_[from].push_back(to);
      waits_[to]++;
    }
  }
  void enter(size_t i) {
    if (!at(i).bank) return;
    if (!at(i).sounding && !at(i).type->runs_in_lanes()) start(at(i), *at(i).bank, 0);
    auto [place, is_new] = place_of_bank_.try_emplace(at(i).bank.get(), banks_.size());
    if (is_new) banks_.push_back({at(i).bank, {}});
    Members& m = banks_[place->second];
    m.all.push_back(i);
    m.waiting++;
  }
  Members& members_of(const Bank* bank) { return banks_[place_of_bank_.at(bank)]; }

  // New instances take free lanes of running banks; if that can't be scheduled, split() takes them out again.
  void join_running_banks() {
    std::map<const NodeType*, std::vector<Members*>> by_type;
    for (Members& m : banks_)
      if (m.bank->lanes() > 1) by_type[&m.bank->type()].push_back(&m);
    for (size_t i = 0; i < plan_.nodes.size(); i++) {
      Instance& instance = *plan_.nodes[i];
      if (instance.bank) continue;
      for (Members* m : by_type[instance.type]) {
        const uint64_t all = (1ull << m->bank->lanes()) - 1;
        if ((m->bank->used & all) == all || !instance.may_share_bank(at(m->all.front()))) continue;
        take_lane(instance, m->bank, free_lane(*m->bank, i));
        m->all.push_back(i);
        m->waiting++;
        is_joined_[i] = true;
        break;
      }
      if (!instance.bank) groups_of_.emplace_back(i, &group_of(instance)), groups_of_.back().second->remaining++;
    }
    for (auto& [i, group] : groups_of_) group_[i] = group;
  }
  Group& group_of(const Instance& instance) {
    for (auto& [model, group] : groups_[instance.type->id])
      if (model->may_share_bank(instance)) return group;
    auto& list = groups_[instance.type->id];
    list.emplace_back(&instance, Group{});
    return list.back().second;
  }

  void becomes_ready(size_t i) {
    if (!at(i).bank) {
      group_.at(i)->ready.push_back(i);
      return;
    }
    Members& m = members_of(at(i).bank.get());
    if (--m.waiting == 0) whole_.push_back(at(i).bank.get());
  }
  void emit(BankRun run) {
    std::vector<size_t> members = run.members;
    schedule_.runs.push_back(std::move(run));
    place_of_[schedule_.runs.back().bank.get()] = schedule_.runs.size();
    for (size_t i : members)
      for (size_t next : heard_by_[i])
        if (--waits_[next] == 0) becomes_ready(next);
  }
  void emit_bank(Bank* bank) {
    std::erase(whole_, bank);
    Members& m = members_of(bank);
    m.emitted = true;
    for (size_t i : m.all)
      if (is_joined_[i]) fill_lane_of_running_bank(*plan_.nodes[i]);
    emit({m.bank, m.all});
  }

  Group* best_group() {
    Group* best = nullptr;
    for (auto& [type, list] : groups_)
      for (auto& [model, group] : list) {
        if (group.ready.empty()) continue;
        auto share = [](const Group& g) { return double(g.ready.size()) / double(g.remaining); };
        if (!best || share(group) > share(*best) || (share(group) == share(*best) && group.ready.size() > best->ready.size())) best = &group;
      }
    return best;
  }
  void emit_group(Group& group) {
    std::vector<size_t> ready = std::exchange(group.ready, {});
    group.remaining -= ready.size();
    const NodeType& type = *at(ready.front()).type;
    const Instance& model = at(ready.front());
    const size_t most = size_t(kernels_for(type, model.format, model.own).back().lanes);
    const std::vector<size_t> goal = goals(ready, std::max<size_t>(most / 2, 2));
    // Those that are summed by one node stay together, and of them those whose sound comes from one bank, in the same lanes;
    // the rest is in the order in which inputs add their sources: so lanes are read and summed as they lie.
    std::sort(ready.begin(), ready.end(), [&](size_t a, size_t b) {
      if (goal[a] != goal[b]) return goal[a] < goal[b];
      const auto x = origin(a), y = origin(b);
      return x != y ? x < y : at(a).path < at(b).path;
    });
    std::vector<size_t> members, rest;
    auto emit_members = [&](std::vector<size_t>& list) {
      if (!list.empty()) emit({build_bank(list), list});
      list.clear();
    };
    for (size_t k = 0; k < ready.size(); k++) {
      members.push_back(ready[k]);
      const bool ends = k + 1 == ready.size() || goal[ready[k + 1]] != goal[ready[k]];
      if (members.size() == most || (ends && 2 * members.size() >= most)) emit_members(members);
      if (!ends) continue;
      // Few for one node share a bank with those for others.
      for (size_t i : std::exchange(members, {})) {
        rest.push_back(i);
        if (rest.size() == most) emit_members(rest);
      }
    }
    emit_members(rest);
  }
  /// For each instance of a list the node that sums most of them; none: it sums less than `few`, for which it isn't worth
  /// while to take them out of their lanes.
  std::vector<size_t> goals(const std::vector<size_t>& list, size_t few) const {
    std::vector<size_t> heard(plan_.nodes.size()), latest(plan_.nodes.size(), plan_.nodes.size()), goal = latest;
    for (size_t i : list)
      for (size_t to : heard_by_[i])
        if (std::exchange(latest[to], i) != i) heard[to]++;  // it may be heard by several inputs of it
    for (size_t i : list)
      for (size_t to : heard_by_[i])
        if (heard[to] >= few && (goal[i] == plan_.nodes.size() || heard[to] > heard[goal[i]])) goal[i] = to;
    return goal;
  }
  std::pair<size_t, int> origin(size_t i) const {
    size_t from = source_[i];
    if (from == plan_.nodes.size() || !at(from).bank || at(from).bank->lanes() == 1) return {SIZE_MAX, 0};
    auto place = place_of_.find(at(from).bank.get());
    return {place == place_of_.end() ? SIZE_MAX : place->second, at(from).lane};
  }

  std::shared_ptr<Bank> build_bank(const std::vector<size_t>& members) {
    const Instance& model = at(members.front());
    const auto kernels = kernels_for(*model.type, model.format, model.own);
    const int taken = lanes_taken(*model.type, model.format), lanes = std::max(taken, int(members.size()));
    size_t k = 0;
    while (k + 1 < kernels.size() && kernels[k].lanes < lanes) k++;
    size_t from = source_[members.front()];
    int upstream = from < plan_.nodes.size() && at(from).bank ? at(from).bank->lanes() : 0;
    for (size_t wider = k; wider < kernels.size(); wider++)
      if (kernels[wider].lanes == upstream && (taken > 1 ? at(from).bank->taken() > 1 : lanes * 2 > upstream)) k = wider;
    // Those that run in lanes were checked when they were planned: nothing fails now.
    std::shared_ptr<Bank> bank = std::move(*Bank::create(*model.type, kernels[k], setup_of(model, environment_, model.values), shape_));
    for (size_t i : members) {
      Instance& instance = *plan_.nodes[i];
      take_lane(instance, bank, free_lane(*bank, i));
      start(instance, *bank, instance.lane);
    }
    return bank;
  }
  // The lane of the node that it hears, if it can be had: then their buffers fit without copying.
  int free_lane(const Bank& bank, size_t i) const {
    size_t from = source_[i];
    if (bank.taken() > 1) return 0;
    if (from < plan_.nodes.size() && at(from).bank && at(from).bank->lanes() == bank.lanes() && !(bank.used >> at(from).lane & 1)) return at(from).lane;
    return std::countr_one(bank.used);
  }
  static void take_lane(Instance& instance, std::shared_ptr<Bank> bank, int lane) {
    instance.lane = lane;
    bank->used |= instance.lanes_used();
    instance.bank = std::move(bank);
  }

  void start(const Instance& instance, Bank& bank, int lane) const {
    const std::vector<Value> values = instance.first_values();
    bank.start_lane(lane, setup_of(instance, environment_, values), instance.is_odd());
  }
  void fill_lane_of_running_bank(Instance& instance) {
    std::shared_ptr<Bank> model = std::move(*Bank::create(*instance.type, kernels_for(*instance.type, instance.format, instance.own)[0], setup_of(instance, environment_, instance.values), shape_));
    start(instance, *model, 0);
    schedule_.templates.push_back(model);
    schedule_.transfers.push_back({instance.bank.get(), instance.lane, model.get(), 0});
  }

  Bank* most_ready_bank() {
    Bank* best = nullptr;
    size_t most = 0;
    for (Members& m : banks_)
      if (!m.emitted && m.all.size() - m.waiting > most) best = m.bank.get(), most = m.all.size() - m.waiting;
    return best;
  }
  // Takes the ready members out into a bank of their own: one of them has to run before another of the same bank.
  void split(Bank* bank) {
    Members& m = members_of(bank);
    std::vector<size_t> out;
    for (size_t i : m.all)
      if (waits_[i] == 0) out.push_back(i);
    std::erase_if(m.all, [&](size_t i) { return waits_[i] == 0; });
    std::vector<std::pair<std::shared_ptr<Bank>, int>> old;
    for (size_t i : out) {
      old.emplace_back(at(i).bank, at(i).lane);
      schedule_.templates.push_back(at(i).bank);
      bank->used &= ~at(i).lanes_used();
      plan_.nodes[i]->bank = nullptr;
    }
    std::shared_ptr<Bank> fresh = build_bank(out);
    for (size_t k = 0; k < out.size(); k++)
      if (!is_joined_[out[k]])
        schedule_.transfers.push_back({fresh.get(), at(out[k]).lane, old[k].first.get(), old[k].second});
    emit({fresh, out});
  }

  const Plan& plan_;
  const Environment& environment_;
  const FadeShape& shape_;
  std::vector<size_t> waits_;
  std::vector<std::vector<size_t>> heard_by_;
  std::vector<size_t> source_;  // whom each one hears first
  std::vector<Members> banks_;  // in the order of their first members
  std::unordered_map<const Bank*, size_t> place_of_bank_;
  std::map<std::string_view, std::deque<std::pair<const Instance*, Group>>> groups_;  // by type
  std::vector<std::pair<size_t, Group*>> groups_of_;
  std::unordered_map<size_t, Group*> group_;
  std::vector<Bank*> whole_;
  std::vector<bool> is_joined_;
  std::unordered_map<const Bank*, size_t> place_of_;  // in the sequence, of those emitted
  Schedule schedule_;
};

}  // namespace

Schedule make_schedule(const Plan& plan, const Environment& environment, const FadeShape& shape) {
  return Scheduler(plan, environment, shape).run();
}

}  // namespace mixgraph
