#include "tests/support/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "graph/followers.h"
#include "graph/listen.h"
#include "tests/support/bomb.h"
#include "tests/support/engine_runner.h"

namespace mixgraph {
namespace {

constexpr double kLimit = -120;   // dBFS, of what fades
constexpr double kBehind = 6;     // dB more of what hears that, and may boost it
constexpr uint64_t kLookahead = 2400;

double decibels(float level) { return level > 0 ? 20 * std::log10(double(level)) : -999; }

/// Differences below are let pass: to look for large ones first.
double least_heard() {
  const char* text = std::getenv("MIXGRAPH_ORACLE_FROM_DB");
  return text ? std::atof(text) : -998;
}

/// "mix/n1" of "/mix/n1/eq".
std::string node_in(const std::string& address) {
  const size_t end = address.find('/', address.find('/', 1) + 1);
  return address.substr(1, end == std::string::npos ? end : end - 1);
}

/// With those of what is listened to.
std::vector<Cable> sounding(const Graph& graph) {
  const auto listening = listening_cables(graph);
  return listening ? *listening : graph.cables();
}

}  // namespace

void Touched::see_cables() {
  for (const Cable& c : sounding(last_)) cables_.emplace(c.from, c.to);
}

void Touched::note(const Step& step) {
  for (const osc::Message& m : step.messages) {
    const bool is_group = m.address.starts_with("/mix/g/") || m.address.ends_with("/solo");
    if (is_group || m.address.find('*') != std::string::npos) all_ = true;
    if (m.address.starts_with("/mix/") && !all_) set_row(node_in(m.address), m.address);
    const bool wires = m.address == "/graph/connect" || m.address == "/graph/disconnect";
    if (wires || m.address == "/graph/add" || m.address == "/graph/remove") changed_.insert(std::get<std::string>(m.arguments.at(wires)));
    if (m.address == "/graph/link") changed_.insert(std::get<std::string>(m.arguments.at(0))), changed_.insert(std::get<std::string>(m.arguments.at(1)));
    if (m.address == "/graph/add" || m.address == "/graph/remove") rebuilt_.insert(std::get<std::string>(m.arguments.at(0)));
  }
}

void Touched::set_row(const std::string& path, std::string_view id) {
  changed_.insert(path);
  if (id.ends_with("pfl") || id.ends_with("afl"))
    for (const Node& n : last_.nodes())
      if (listens(*n.type)) changed_.insert(n.path);
  const Node* node = last_.find(path);
  for (int r = 0; node && r < row_count(*node->type); r++)
    if (row(*node->type, r).update == Update::rebuild && id.ends_with(row(*node->type, r).id)) rebuilt_.insert(path);
}

/// With a solo on, whatever comes, goes or is wired may have any mute silenced.
void Touched::look_for_solo(const Graph& graph) {
  for (const Node& node : graph.nodes())
    if (const int solo = find_part(node.type->parameters, GroupPart::solo); solo >= 0 && node.values[size_t(solo)] == Value(1.0)) all_ = true;
}

void Touched::follow(const Graph& graph) {
  if (graph == last_) return;
  look_for_solo(graph);
  for (const Edit& edit : diff(last_, graph)) {
    if (const auto* add = std::get_if<AddNode>(&edit)) changed_.insert(add->node.path), rebuilt_.insert(add->node.path);
    if (const auto* remove = std::get_if<RemoveNode>(&edit)) changed_.insert(remove->path);
    if (const auto* connect = std::get_if<Connect>(&edit)) changed_.insert(connect->cable.to);
    if (const auto* disconnect = std::get_if<Disconnect>(&edit)) changed_.insert(disconnect->cable.to);
    if (const auto* fact = std::get_if<SetFact>(&edit)) changed_.insert(fact->path);
    if (const auto* set = std::get_if<SetValue>(&edit)) set_row(set->path, row(*graph.find(set->path)->type, set->row).id);
  }
  last_ = graph;
  see_cables();
}

std::set<std::string> Touched::paths() const {
  std::set<std::string> touched = changed_;
  for (size_t before = 0; before != touched.size();) {
    before = touched.size();
    for (const auto& [from, to] : cables_)
      if (all_ || touched.count(from)) touched.insert(to);
  }
  if (all_)
    for (const Node& node : last_.nodes()) touched.insert(node.path);
  return touched;
}

std::map<std::string, Memory> memories(const Graph& graph, const std::set<std::string>& rebuilt) {
  std::map<std::string, Memory> memory;
  for (const Node& node : graph.nodes()) {
    memory[node.path] = kind_of(node.type->id).memory;
    const int filter = find_row(*node.type, "mono_below");
    if (filter >= 0 && node.values[size_t(filter)] != Value(20.0)) memory[node.path] = Memory::fades;
    if (node.type->id == "reverb" && rebuilt.count(node.path)) memory[node.path] = Memory::stays;
  }
  const std::vector<Cable> cables = sounding(graph);
  for (bool changed = true; changed;) {
    changed = false;
    for (const Cable& c : cables) {
      Memory heard = memory[c.from];
      // Two sounds that differ by next to nothing may open a gate at different times.
      if (heard == Memory::fades && graph.find(c.to)->type->id == "gate") heard = Memory::stays;
      if (heard > memory[c.to]) memory[c.to] = heard, changed = true;
    }
  }
  return memory;
}

void Rule::note(const Step& step, uint64_t now) {
  const uint64_t frame = step.ahead > 0 ? now + uint64_t(step.ahead) : now;
  for (const osc::Message& m : step.messages) {
    if (!m.address.starts_with("/mix/") || m.address.find('*') != std::string::npos) {
      silent_ = silent_ || !(m.address.starts_with("/graph/connect") || m.address.starts_with("/graph/disconnect") || m.address == "/scene/store");
      continue;
    }
    auto& row = rows_[m.address];
    if (frame >= row.frame) row = {frame, *osc::number(m.arguments.front())};
    if (frame > now) waiting_.emplace(frame, m.address);
  }
}

void Rule::turn(uint64_t now) {
  while (!waiting_.empty() && waiting_.begin()->first < now + kLookahead) {
    const auto& [frame, address] = *waiting_.begin();
    if (frame < now) unclear_.insert(address);
    waiting_.erase(waiting_.begin());
  }
}

std::string Rule::check(const Graph& graph) const {
  std::string wrong;
  if (silent_) return wrong;
  for (const auto& [address, wins] : rows_) {
    const std::string path = node_in(address);
    const Node* node = graph.find(path);
    const int number = node ? find_row(*node->type, address.substr(path.size() + 2)) : -1;
    if (number < 0 || unclear_.count(address) || row(*node->type, number).update == Update::rebuild || is_heard_by(row(*node->type, number))) continue;
    if (node->values[size_t(number)] != Value(nearest(row(*node->type, number), wins.value)))
      wrong += fmt::format("{} is {} in the document, but what was set last is {}\n", address, std::get<double>(node->values[size_t(number)]), wins.value);
  }
  return wrong;
}

namespace {

/// One run of a sequence.
class Trial {
 public:
  explicit Trial(const Sequence& sequence)
      : sequence_(sequence), deck_(sequence.session, sequence.settings, types_with_bomb()), first_(deck_.control.graph()), touched_(first_) {
    deck_.after_turn = [this] {
      touched_.follow(deck_.control.graph());
      rule_.turn(deck_.engine.frame());
    };
  }

  std::string run() {
    for (const Step& step : sequence_.steps) play(step);
    // Till all that has a time is due and all that moves has arrived.
    deck_.run(24'000);
    for (int i = 0; i < 100 && !deck_.engine.settled(); i++) deck_.run(960);
    if (!deck_.engine.settled()) return "the engine does not settle\n";
    std::string wrong = compare_untouched();
    wrong += rule_.check(deck_.control.graph());
    return wrong + compare_fresh();
  }

 private:
  void play(const Step& step) {
    touched_.note(step);
    rule_.note(step, deck_.engine.frame());
    const std::vector<osc::Packet> packets(step.messages.begin(), step.messages.end());
    if (step.ahead > 0)
      deck_.send_ahead(step.ahead, packets);
    else if (step.ahead == 0)
      deck_.send(osc::Bundle{{}, packets});
    for (size_t i = 0; step.ahead < 0 && i < packets.size(); i++) {
      deck_.send(packets[i]);
      touched_.follow(deck_.control.graph());
    }
    touched_.follow(deck_.control.graph());
    if (step.frames > 0) deck_.run(uint64_t(step.frames), step.block, step.late);
  }

  std::string compare_untouched() {
    const std::set<std::string> touched = touched_.paths();
    EngineSettings settings = sequence_.settings;
    settings.threads = 1;
    EngineRunner still(settings, types_with_bomb());
    still.graph = first_;
    still.input = device_noise;
    still.update();
    const auto wanted = still.run(int(deck_.engine.frame()));
    return each_tap(first_, [&](const std::string& tap, int channel) {
      if (touched.count(tap)) return std::string();
      const float level = difference(deck_.heard[size_t(channel)], wanted[size_t(channel)], 0, wanted[0].size());
      return told(level, -999, "was not touched, and differs");
    });
  }

  std::string compare_fresh() {
    const auto unlike = unlike_fresh(deck_, uint64_t(sequence_.tails * Deck::kRate));
    const Graph& graph = deck_.control.graph();
    const auto memory = memories(graph, touched_.rebuilt());
    const std::vector<Cable> cables = sounding(graph);
    return each_tap(graph, [&](const std::string& tap, int channel) {
      const Memory m = memory.at(tap);
      if (m == Memory::stays) return std::string();
      const bool behind = std::any_of(cables.begin(), cables.end(), [&](const Cable& c) {
        return c.to == "mix/n" + std::to_string(channel / 2) && memory.at(c.from) == Memory::fades;
      });
      const double fades = behind ? kLimit + kBehind : kLimit;
      return told(unlike[size_t(channel)], m == Memory::none ? -999 : fades, m == Memory::none ? "(memoryless) is not as its document" : "(fades) is not as its document");
    });
  }

  static std::string told(float level, double limit, const char* what) {
    if (decibels(level) <= std::max(limit, least_heard())) return "";
    return fmt::format("{}, by {:.1f} dBFS", what, decibels(level));
  }

  template <class Check>
  std::string each_tap(const Graph& graph, Check check) {
    std::string wrong;
    for (int c = 0; c < deck_.engine.settings().outputs; c++) {
      const std::string tap = "master/t" + std::to_string(c / 2);
      const std::string found = check(tap, c);
      if (found.empty()) continue;
      const Node* node = graph.find("mix/n" + std::to_string(c / 2));
      wrong += fmt::format("output {}: /mix/n{} ({}) {}\n", c + 1, c / 2, node ? node->type->id : "not there", found);
    }
    return wrong;
  }

  const Sequence& sequence_;
  Deck deck_;
  const Graph first_;
  Touched touched_;
  Rule rule_;
};

}  // namespace

std::string judge(const Sequence& sequence) { return Trial(sequence).run(); }

Sequence shrunk(Sequence sequence) {
  for (size_t size = sequence.steps.size() / 2; size > 0;) {
    bool less = false;
    for (size_t at = 0; at + size <= sequence.steps.size();) {
      Sequence shorter = sequence;
      const auto first = shorter.steps.begin() + std::ptrdiff_t(at);
      shorter.steps.erase(first, first + std::ptrdiff_t(size));
      if (judge(shorter).empty()) {
        at += size;
      } else {
        sequence = std::move(shorter), less = true;
      }
    }
    if (!less || size > sequence.steps.size()) size /= 2;
  }
  return sequence;
}

}  // namespace mixgraph
