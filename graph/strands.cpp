#include "graph/strands.h"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace mixgraph {
namespace {

/// Strands without needs become one as long as it takes no more than this share of the program.
constexpr double kGrain = 0.3;

class Splitter {
 public:
  Splitter(const Plan& plan, const Schedule& schedule, const std::vector<TypeCost>& costs)
      : plan_(plan), schedule_(schedule), strand_of_(schedule.runs.size()), cost_(schedule.runs.size()) {
    std::unordered_map<const Instance*, size_t> run_of;
    for (size_t r = 0; r < schedule.runs.size(); r++)
      for (size_t i : schedule.runs[r].members) run_of[plan.nodes[i].get()] = r;
    heard_.resize(schedule.runs.size());
    for (const Route& route : plan.routes) heard_[run_of.at(route.to.get())].insert(run_of.at(route.from.get()));
    share_costs(costs);
  }

  std::vector<Strand> run() {
    for (size_t r = 0; r < schedule_.runs.size(); r++)
      if (type(r).breaks_loops) place({r, false, true}, {});
    for (size_t r = 0; r < schedule_.runs.size(); r++)
      if (!type(r).breaks_loops && !is_output(r)) place({r}, strands_heard(r));
    place_outputs();
    for (size_t r = 0; r < schedule_.runs.size(); r++)
      if (type(r).breaks_loops) read_late(r);
    return compact();
  }

 private:
  const NodeType& type(size_t run) const { return schedule_.runs[run].bank->type(); }
  bool is_output(size_t run) const { return type(run).role == Role::device_output; }

  void share_costs(const std::vector<TypeCost>& costs) {
    std::unordered_map<std::string_view, double> ns, lanes;
    for (const TypeCost& c : costs) ns[c.type] = c.ns;
    for (const BankRun& r : schedule_.runs) lanes[r.bank->type().id] += r.bank->lanes();
    double all = 0;
    for (size_t r = 0; r < cost_.size(); r++) {
      double measured = ns[type(r).id];
      cost_[r] = double(schedule_.runs[r].bank->lanes()) * (measured > 0 ? measured / lanes[type(r).id] : ns.empty() ? 1 : 0);
      all += cost_[r];
    }
    for (double& c : cost_) c /= std::max(all, 1e-9);
  }

  std::set<size_t> strands_heard(size_t run) const {
    std::set<size_t> strands;
    for (size_t from : heard_[run]) strands.insert(strand_of_[from]);
    return strands;
  }

  /// Behind the only strand that it needs; with all those it needs, if these need nothing and are small; or by itself.
  void place(ProgramPart part, const std::set<size_t>& needs) {
    size_t to = strands_.size();
    if (needs.size() == 1)
      to = *needs.begin();
    else if (!needs.empty() && joinable(needs))
      to = join(needs);
    else
      strands_.push_back({{}, {needs.begin(), needs.end()}, 0});
    append(to, part);
  }
  void append(size_t strand, ProgramPart part) {
    strands_[strand].parts.push_back(part);
    strands_[strand].cost += part.reads && part.writes ? cost_[part.run] : cost_[part.run] / 2;
    if (part.writes) strand_of_[part.run] = strand;
  }
  // Outputs add to the same device channels, always in the same order: they are one strand.
  void place_outputs() {
    std::set<size_t> needs;
    std::vector<size_t> outputs;
    for (size_t r = 0; r < schedule_.runs.size(); r++) {
      if (!is_output(r)) continue;
      outputs.push_back(r);
      needs.merge(strands_heard(r));
    }
    if (outputs.empty()) return;
    place({outputs[0]}, needs);
    for (size_t o = 1; o < outputs.size(); o++) append(strand_of_[outputs[0]], {outputs[o]});
  }
  bool joinable(const std::set<size_t>& needs) const {
    double cost = 0;
    for (size_t s : needs) {
      if (!strands_[s].needs.empty()) return false;
      cost += strands_[s].cost;
    }
    return cost <= kGrain;
  }
  size_t join(const std::set<size_t>& needs) {
    size_t to = *needs.begin();
    for (size_t s : needs) {
      if (s == to) continue;
      Strand& from = strands_[s];
      for (const ProgramPart& part : from.parts) strand_of_[part.run] = to;
      strands_[to].parts.insert(strands_[to].parts.end(), from.parts.begin(), from.parts.end());
      strands_[to].cost += from.cost;
      from = {};
    }
    for (Strand& strand : strands_)
      for (size_t& need : strand.needs)
        if (needs.count(need)) need = to;
    return to;
  }
  // What breaks loops reads when all that it hears is done.
  void read_late(size_t run) {
    std::set<size_t> needs = strands_heard(run);
    needs.insert(strand_of_[run]);
    strands_.push_back({{}, {needs.begin(), needs.end()}, 0});
    append(strands_.size() - 1, {run, true, false});
  }

  // Without the empty ones, in an order in which each comes after those it needs.
  std::vector<Strand> compact() {
    std::vector<size_t> number(strands_.size(), SIZE_MAX);
    std::vector<Strand> sorted;
    for (bool more = true; more;) {
      more = false;
      for (size_t s = 0; s < strands_.size(); s++) {
        Strand& strand = strands_[s];
        if (strand.parts.empty() || number[s] != SIZE_MAX) continue;
        if (std::any_of(strand.needs.begin(), strand.needs.end(), [&](size_t n) { return number[n] == SIZE_MAX; })) continue;
        std::set<size_t> needs;
        for (size_t n : strand.needs) needs.insert(number[n]);
        number[s] = sorted.size();
        sorted.push_back({strand.parts, {needs.begin(), needs.end()}, strand.cost});
        more = true;
      }
    }
    return sorted;
  }

  const Plan& plan_;
  const Schedule& schedule_;
  std::vector<size_t> strand_of_;
  std::vector<double> cost_;  // of runs, as shares of the whole
  std::vector<std::set<size_t>> heard_;  // runs, by run
  std::vector<Strand> strands_;
};

}  // namespace

std::vector<Strand> make_strands(const Plan& plan, const Schedule& schedule, const std::vector<TypeCost>& costs, bool apart) {
  std::vector<Strand> strands = Splitter(plan, schedule, costs).run();
  if (apart || strands.empty()) return strands;
  // One after the other: then the sound of a group of strips stays in the nearest cache until it is mixed.
  std::vector<Strand> one(1);
  for (const Strand& strand : strands) one[0].parts.insert(one[0].parts.end(), strand.parts.begin(), strand.parts.end());
  return one;
}

double speed_up(const std::vector<Strand>& strands, int threads) {
  double whole = 0, longest = 0;
  std::vector<double> end(strands.size());
  for (size_t s = 0; s < strands.size(); s++) {
    for (size_t n : strands[s].needs) end[s] = std::max(end[s], end[n]);
    end[s] += strands[s].cost;
    whole += strands[s].cost;
    longest = std::max(longest, end[s]);
  }
  return longest > 0 ? std::min(double(threads), whole / longest) : 1;
}

}  // namespace mixgraph
