#include "graph/strands.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

namespace mixgraph {
namespace {

/// Strands that need the same become one as long as that takes no more than this share of the program, or this time.
constexpr double kGrain = 0.05, kGrainNs = 1500;
/// What takes less than this share of that goes behind what it needs, even if others wait for that as well.
constexpr double kCrumb = 0.1;

using Numbers = std::set<size_t>;

/// What banks take, as shares of the whole.
class RunCosts {
 public:
  RunCosts(const Schedule& schedule, const std::vector<Numbers>& heard, const std::vector<TypeCost>& costs)
      : runs_(schedule.runs), shares_(runs_.size()), none_(costs.empty()) {
    double mixing = 0, all = 0, gathered = 0;
    uint64_t frames = 0;
    for (const TypeCost& c : costs) ns_[c.type] = c.ns - c.later_ns, frames = std::max(frames, c.frames);
    for (const BankRun& r : runs_) lanes_[r.bank->type().id] += r.bank->lanes();
    for (size_t r = 0; r < runs_.size(); r++) gathered += lanes_gathered(r, heard);
    if (gathered > 0) mixing = ns_["mixing"];
    for (size_t r = 0; r < runs_.size(); r++) {
      shares_[r] = kernel(r) + (mixing > 0 ? mixing * lanes_gathered(r, heard) / gathered : 0);
      all += shares_[r];
    }
    for (double& share : shares_) share /= std::max(all, 1e-9);
    if (frames > 0 && all > 0) grain_ = std::clamp(kGrainNs * double(frames) / (all * kMaxBlock), kGrain, 1.);
  }

  double of(size_t run) const { return shares_[run]; }
  /// What is worth a task of its own.
  double grain() const { return grain_; }

 private:
  double kernel(size_t run) const {
    const Bank& bank = *runs_[run].bank;
    const auto ns = ns_.find(bank.type().id);
    if (ns == ns_.end() || ns->second <= 0) return none_ ? bank.lanes() : 0;
    return bank.lanes() * ns->second / lanes_.at(bank.type().id);
  }
  /// Of all that it hears, unless that is one bank which it can read as it is.
  double lanes_gathered(size_t run, const std::vector<Numbers>& heard) const {
    double lanes = 0;
    for (size_t from : heard[run]) lanes += runs_[from].bank->lanes();
    return heard[run].size() == 1 && lanes == runs_[run].bank->lanes() ? 0 : lanes;
  }

  const std::vector<BankRun>& runs_;
  std::vector<double> shares_;
  std::unordered_map<std::string_view, double> ns_, lanes_;
  const bool none_;
  double grain_ = kGrain;
};

class Splitter {
 public:
  Splitter(const Plan& plan, const Schedule& schedule, const std::vector<TypeCost>& costs)
      : plan_(plan), schedule_(schedule), strand_of_(schedule.runs.size()), heard_(hearing(plan, schedule)), costs_(schedule, heard_, costs) {
    heard_by_.resize(heard_.size());
    for (size_t r = 0; r < heard_.size(); r++)
      for (size_t from : heard_[r]) heard_by_[from].insert(r);
  }

  std::vector<Strand> run() {
    for (size_t r = 0; r < schedule_.runs.size(); r++)
      if (type(r).breaks_loops) place({r, false, true}, {});
    for (size_t r = 0; r < schedule_.runs.size(); r++)
      if (!type(r).breaks_loops && !is_output(r)) place({r}, strands_heard(r));
    place_outputs();
    for (size_t r = 0; r < schedule_.runs.size(); r++)
      if (type(r).breaks_loops) read_late(r);
    return coarser(sorted());
  }

 private:
  /// The runs that each one hears.
  static std::vector<Numbers> hearing(const Plan& plan, const Schedule& schedule) {
    std::unordered_map<const Instance*, size_t> run_of;
    for (size_t r = 0; r < schedule.runs.size(); r++)
      for (size_t i : schedule.runs[r].members) run_of[plan.nodes[i].get()] = r;
    std::vector<Numbers> heard(schedule.runs.size());
    for (const Route& route : plan.routes) heard[run_of.at(route.to.get())].insert(run_of.at(route.from.get()));
    return heard;
  }
  const NodeType& type(size_t run) const { return schedule_.runs[run].bank->type(); }
  bool is_output(size_t run) const { return type(run).role == DeviceRole::device_output; }
  double cost(ProgramPart part) const { return part.reads && part.writes ? costs_.of(part.run) : costs_.of(part.run) / 2; }

  Numbers strands_heard(size_t run) const {
    Numbers strands;
    for (size_t from : heard_[run]) strands.insert(strand_of_[from]);
    return strands;
  }

  /// Behind the only strand that it needs, if nobody else waits for that, or not for long; or by itself.
  void place(ProgramPart part, const Numbers& needs) {
    const bool behind = needs.size() == 1 && (cost(part) <= kCrumb * costs_.grain() || is_heard_by_none_but(part.run, strands_[*needs.begin()]));
    if (!behind) strands_.push_back({{}, {needs.begin(), needs.end()}, 0});
    append(behind ? *needs.begin() : strands_.size() - 1, part);
  }
  void append(size_t strand, ProgramPart part) {
    strands_[strand].parts.push_back(part);
    strands_[strand].cost += cost(part);
    if (part.writes) strand_of_[part.run] = strand;
  }
  bool is_heard_by_none_but(size_t run, const Strand& strand) const {
    Numbers inside{run};
    for (const ProgramPart& part : strand.parts) inside.insert(part.run);
    return std::all_of(strand.parts.begin(), strand.parts.end(), [&](const ProgramPart& part) {
      const Numbers& by = heard_by_[part.run];
      return !part.writes || std::includes(inside.begin(), inside.end(), by.begin(), by.end());
    });
  }
  // Outputs add to the same device channels, always in the same order: they are one strand.
  void place_outputs() {
    Numbers needs;
    std::vector<size_t> outputs;
    for (size_t r = 0; r < schedule_.runs.size(); r++) {
      if (!is_output(r)) continue;
      outputs.push_back(r);
      needs.merge(strands_heard(r));
    }
    if (outputs.empty()) return;
    auto path = [&](size_t r) -> const std::string& { return plan_.nodes[schedule_.runs[r].members.front()]->path; };
    std::sort(outputs.begin(), outputs.end(), [&](size_t a, size_t b) { return path(a) < path(b); });
    place({outputs[0]}, needs);
    for (size_t o = 1; o < outputs.size(); o++) append(strand_of_[outputs[0]], {outputs[o]});
  }
  // What breaks loops reads when all that it hears is done.
  void read_late(size_t run) {
    Numbers needs = strands_heard(run);
    needs.insert(strand_of_[run]);
    strands_.push_back({{}, {needs.begin(), needs.end()}, 0});
    append(strands_.size() - 1, {run, true, false});
  }

  // In an order in which each comes after those it needs.
  std::vector<Strand> sorted() const {
    std::vector<size_t> number(strands_.size(), SIZE_MAX);
    std::vector<Strand> sorted;
    while (sorted.size() < strands_.size())
      for (size_t s = 0; s < strands_.size(); s++) {
        Strand strand = strands_[s];
        if (number[s] != SIZE_MAX || std::any_of(strand.needs.begin(), strand.needs.end(), [&](size_t n) { return number[n] == SIZE_MAX; })) continue;
        number[s] = sorted.size();
        for (size_t& need : strand.needs) need = number[need];
        sorted.push_back(std::move(strand));
      }
    return sorted;
  }
  // Many small ones would keep threads busy with asking each other.
  std::vector<Strand> coarser(const std::vector<Strand>& strands) const {
    std::vector<size_t> number(strands.size());
    std::vector<Strand> coarse;
    std::map<std::vector<size_t>, size_t> latest;  // by what they need
    for (size_t s = 0; s < strands.size(); s++) {
      Numbers needs;
      for (size_t need : strands[s].needs) needs.insert(number[need]);
      const auto [like, is_first] = latest.try_emplace({needs.begin(), needs.end()}, coarse.size());
      if (is_first || coarse[like->second].cost + strands[s].cost > costs_.grain()) {
        like->second = coarse.size();
        coarse.push_back({{}, like->first, 0});
      }
      number[s] = like->second;
      Strand& to = coarse[number[s]];
      to.parts.insert(to.parts.end(), strands[s].parts.begin(), strands[s].parts.end());
      to.cost += strands[s].cost;
    }
    return coarse;
  }

  const Plan& plan_;
  const Schedule& schedule_;
  std::vector<size_t> strand_of_;
  std::vector<Numbers> heard_, heard_by_;  // runs, by run
  RunCosts costs_;
  std::vector<Strand> strands_;
};

}  // namespace

std::vector<Strand> make_strands(const Plan& plan, const Schedule& schedule, const std::vector<TypeCost>& costs, int threads) {
  std::vector<Strand> strands = Splitter(plan, schedule, costs).run();
  if (threads > 1 || strands.empty()) return strands;
  // One after the other: then the sound of a group of strips stays in the nearest cache until it is mixed.
  std::vector<Strand> one(1);
  for (const Strand& strand : strands) one[0].parts.insert(one[0].parts.end(), strand.parts.begin(), strand.parts.end());
  return one;
}

// The thread that is free first takes, of all that is ready for it soonest, what most depends on.
double share_out(std::vector<Strand>& strands, int threads) {
  double whole = 0, last = 0;
  std::vector<double> way(strands.size()), end(strands.size()), free(size_t(threads), 0.);  // way: to the end, at least
  for (size_t s = strands.size(); s-- > 0;) {
    way[s] += strands[s].cost;
    whole += strands[s].cost;
    for (size_t n : strands[s].needs) way[n] = std::max(way[n], way[s]);
  }
  std::vector<bool> shared(strands.size());
  for (size_t turn = 0; turn < strands.size(); turn++) {
    const size_t thread = size_t(std::min_element(free.begin(), free.end()) - free.begin());
    size_t best = SIZE_MAX;
    double best_at = 0;
    for (size_t s = 0; s < strands.size(); s++) {
      const auto& needs = strands[s].needs;
      if (shared[s] || std::any_of(needs.begin(), needs.end(), [&](size_t n) { return !shared[n]; })) continue;
      double at = free[thread];
      for (size_t n : needs) at = std::max(at, end[n]);
      if (best == SIZE_MAX || at < best_at || (at == best_at && way[s] > way[best])) best = s, best_at = at;
    }
    shared[best] = true;
    strands[best].home = uint32_t(thread);
    free[thread] = end[best] = best_at + strands[best].cost;
    last = std::max(last, end[best]);
  }
  return last > 0 ? whole / last : 1;
}

}  // namespace mixgraph
