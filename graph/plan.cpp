#include "graph/plan.h"

#include <algorithm>
#include <unordered_map>

#include "graph/listen.h"

namespace mixgraph {

bool Instance::fits(const NodeType& other, Format other_format, std::span<const Value> other_values) const {
  return type == &other && format == other_format && built_alike(*type, values, other_values);
}

bool Instance::may_share_bank(const Instance& other) const {
  return type == other.type && format == other.format && own == other.own && bank_key == other.bank_key && lanes_taken(*type, format) == 1;
}

std::vector<Value> Instance::first_values() const {
  std::vector<Value> first = values;
  for (auto h = held.rbegin(); h != held.rend(); ++h) first[size_t(h->order.row)] = h->before;
  return first;
}

bool Instance::is_odd() const {
  unsigned sum = 0;
  for (const char c : path) sum = sum * 31 + uint8_t(c);
  return (sum ^ sum >> 7) & 1;
}

namespace {

/// Sorts nodes so that each comes after those it hears; nodes that break loops count as hearing nothing.
class Sorting {
 public:
  Sorting(size_t count, const std::vector<std::pair<size_t, size_t>>& edges) : heard_by_(count), waits_(count) {
    for (auto [from, to] : edges) heard_by_[from].push_back(to), waits_[to]++;
    std::vector<size_t> ready;
    for (size_t i = count; i-- > 0;)
      if (waits_[i] == 0) ready.push_back(i);
    while (!ready.empty()) {
      size_t node = ready.back();
      ready.pop_back();
      sequence.push_back(node);
      for (size_t next : heard_by_[node])
        if (--waits_[next] == 0) ready.push_back(next);
    }
  }
  bool complete() const { return sequence.size() == waits_.size(); }

  /// A loop among the nodes that could not be sorted, from its first node round to itself.
  std::vector<size_t> loop() const {
    std::vector<size_t> hears(waits_.size(), waits_.size());
    for (size_t i = 0; i < heard_by_.size(); i++)
      if (waits_[i] > 0)
        for (size_t to : heard_by_[i])
          if (waits_[to] > 0) hears[to] = i;
    size_t node = size_t(std::find_if(hears.begin(), hears.end(), [&](size_t h) { return h < hears.size(); }) - hears.begin());
    std::vector<bool> seen(waits_.size());
    for (; !seen[node]; node = hears[node]) seen[node] = true;
    std::vector<size_t> path{node};
    for (size_t at = hears[node]; at != node; at = hears[at]) path.push_back(at);
    std::reverse(path.begin(), path.end());
    std::rotate(path.begin(), std::min_element(path.begin(), path.end()), path.end());
    path.push_back(path.front());
    return path;
  }
  std::vector<size_t> sequence;

 private:
  std::vector<std::vector<size_t>> heard_by_;
  std::vector<size_t> waits_;
};

/// Makes all of an instance that its values decide, unless it was prepared.
Problems build(Instance& instance, const Workshop& workshop, const Prepared* prepared) {
  const NodeType& type = *instance.type;
  Prepared alone;
  if (!type.runs_in_lanes()) alone = prepared ? *prepared : workshop.make({instance.path, &type, instance.format, instance.values});
  if (alone.bank) instance.bank = alone.bank, instance.bank->used = 1;
  if (alone.of.type) instance.format = alone.of.format;
  instance.without_files = alone.of.without_files;
  instance.built = alone.of.type ? std::move(alone.of.values) : instance.values;
  instance.told.resize(instance.values.size());
  const Setup setup = setup_of(instance, workshop.environment(), instance.values);
  instance.own = own_format(type, setup);
  instance.latency = alone.bank ? alone.bank->latency() : type.latency ? type.latency(setup) : 0;
  if (!type.feeds.empty()) {
    instance.feeds = std::make_shared<FeedBuffers>();
    for (const Feed& feed : type.feeds) instance.feeds->push_back(std::make_unique<FeedBuffer>(feed));
  }
  instance.bank_key = type.bank_key ? type.bank_key(setup) : 0;
  return type.runs_in_lanes() ? named(problems_of(type, setup), instance.path) : std::move(alone.problems);
}

/// It goes on where another instance of the node is, which has been told what it moves to.
void succeed(Instance& instance, const InstancePtr& old) {
  instance.id = old->id;
  instance.predecessor = old->sounding ? old : old->predecessor;
  instance.held = old->held;
  instance.feeds = old->feeds;
  for (int r = 0; r < told_row_count(*instance.type); r++)
    if (told_row(*instance.type, r).update == Update::live) {
      instance.values[size_t(r)] = old->values[size_t(r)];
      instance.told[size_t(r)] = old->told[size_t(r)];
    }
}

struct Edge {
  size_t from, to;
  int from_port, to_port;
};

/// Builds a plan in the order of the sound.
class Planner {
 public:
  Planner(const Graph& graph, const Plan& before, const Workshop& workshop, size_t memory, std::span<const Prepared> prepared)
      : graph_(graph), workshop_(workshop), memory_(memory), formats_(graph.nodes().size()) {
    before_.reserve(before.nodes.size());
    for (size_t i = 0, node = 0; i < before.nodes.size(); i++) {
      if (before.nodes[i]->leaving) continue;
      // Most nodes are where they were, one after the other.
      const bool is_next = node < graph.nodes().size() && graph.nodes()[node].path == before.nodes[i]->path;
      const size_t found = is_next ? node : graph.place_of(before.nodes[i]->path);
      if (found == Graph::kNone) continue;
      node = found;
      if (before_.size() <= node) before_.resize(graph.nodes().size());
      before_[node++] = before.nodes[i];
    }
    before_.resize(graph.nodes().size());
    keep_decoders(before);
    for (const Prepared& p : prepared)
      if (const Node* n = graph.find(p.of.path); n && p.fits(*n->type, n->values)) prepared_[graph.place_of(p.of.path)] = &p;
  }

  Result<Plan> run(uint32_t& next_id) {
    const Sorting sorting = sort();
    if (!sorting.complete()) return loop_problem(sorting.loop());
    plan_.nodes.resize(graph_.nodes().size());
    for (size_t node : sorting.sequence) plan_.nodes[node] = make_instance(node, next_id);
    if (is_too_large()) return memory_problem();
    if (!problems_.empty()) return std::move(problems_);
    align(sorting.sequence);
    if (!problems_.empty()) return std::move(problems_);
    return std::move(plan_);
  }

  /// What is refused before anything is made: with a channel each it takes too much already.
  Problems too_large() {
    for (const Node& n : graph_.nodes()) {
      const size_t bytes = memory_of(*n.type, {workshop_.environment(), 1, n.values});
      bytes_ += bytes;
      bytes_by_type_[n.type] += bytes;
    }
    if (is_too_large()) return {memory_problem()};
    return {};
  }

  std::vector<Preparation> needs() {
    std::vector<Preparation> list;
    const Sorting sorting = sort();
    if (!sorting.complete()) return list;
    for (size_t node : sorting.sequence) {
      const Node& n = graph_.nodes()[node];
      const Choice choice = choose(node);
      formats_[node] = choice.format;
      if (!n.type->slow || choice.stays || choice.prepared) continue;
      if (choice.format != Format() || n.type->inputs.empty()) list.push_back({n.path, n.type, choice.format, n.values});
    }
    return list;
  }

 private:
  /// What a node will be: the instance that there is, or one that was prepared, or another one.
  struct Choice {
    InstancePtr stays;
    const Prepared* prepared = nullptr;
    Format format;  // none: it is not known before it, or what it hears, has been made
  };

  Sorting sort() {
    read_edges();
    std::vector<std::pair<size_t, size_t>> edges;
    for (const Edge& e : edges_)
      if (!graph_.nodes()[e.to].type->breaks_loops) edges.push_back({e.from, e.to});
    return Sorting(graph_.nodes().size(), edges);
  }
  void read_edges() {
    const auto listening = listening_cables(graph_);
    const std::vector<Cable>& cables = listening ? *listening : graph_.cables();
    heard_.resize(graph_.nodes().size());
    edges_.reserve(cables.size());
    auto place = [&](const std::string& path) { return graph_.place_of(path); };
    const std::string* from = nullptr;
    size_t from_place = 0;
    for (const Cable& c : cables) {  // sorted: those from one node follow each other
      if (!from || *from != c.from) from = &c.from, from_place = place(c.from);
      edges_.push_back({from_place, place(c.to), c.from_port, c.to_port});
      heard_[edges_.back().to].push_back(edges_.size() - 1);
    }
    for (size_t node = 0; node < heard_.size(); node++) add_normalled(node);
  }
  void add_normalled(size_t node) {
    auto ports = graph_.nodes()[node].type->inputs;
    const std::vector<size_t> heard = heard_[node];
    for (int port = 0; port < int(ports.size()); port++) {
      if (ports[size_t(port)].normalled < 0) continue;
      if (std::any_of(heard.begin(), heard.end(), [&](size_t e) { return edges_[e].to_port == port; })) continue;
      for (size_t e : heard) {
        if (edges_[e].to_port != ports[size_t(port)].normalled) continue;
        edges_.push_back({edges_[e].from, node, edges_[e].from_port, port});
        heard_[node].push_back(edges_.size() - 1);
      }
    }
  }

  Problem loop_problem(const std::vector<size_t>& loop) const {
    std::string names;
    for (size_t i = 0; i < loop.size(); i++) names += (i ? " -> /" : "/") + graph_.nodes()[loop[i]].path;
    return {"/" + graph_.nodes()[loop.front()].path, "loop: " + names, "put a `feedback` node, which delays, into the loop"};
  }

  /// What a node's cables, and its rows, make of it; none: what it hears isn't made yet.
  Format infer_format(size_t node) {
    const Node& n = graph_.nodes()[node];
    const NodeType& type = *n.type;
    const Setup stereo{workshop_.environment(), 2, n.values};
    if (type.inputs.empty()) return type.format ? type.format(stereo) : stereo.format;
    if (type.breaks_loops) return stereo.format;
    const auto adaptive = std::find_if(type.inputs.begin(), type.inputs.end(), [](const Port& p) { return p.channels == kAdaptive; });
    if (adaptive == type.inputs.end()) return format_at(type.inputs[0], n, stereo.format);
    const bool has_own = std::any_of(type.outputs.begin(), type.outputs.end(), [](const Port& p) { return p.channels == kOwn; });
    if (const Format decided = type.format && !has_own ? type.format(stereo) : Format(); decided != Format()) return decided;
    Format format;
    for (size_t e : heard_[node]) {
      if (edges_[e].to_port != int(adaptive - type.inputs.begin())) continue;
      const Format heard = format_from(edges_[e]);
      if (heard == Format()) return heard;
      format = join(format, heard, n.path);
    }
    if (format.channels > 2 && type.multichannel == Multichannel::refused)
      problems_.push_back({"/" + n.path, "works in stereo, and hears " + name_of(format), "leave it out, or put a `sum` whose format is stereo before it"});
    if (format.channels > 2 && type.multichannel <= Multichannel::folded) return 2;
    return format.channels < type.least_channels ? Format(type.least_channels) : format;
  }
  Format join(Format a, Format b, const std::string& path) {
    if (a == b || a == Format()) return b;
    auto both = joined(a, b);
    if (both) return *both;
    for (const Problem& p : named(both.problems(), path))
      if (std::find(problems_.begin(), problems_.end(), p) == problems_.end()) problems_.push_back(p);
    return a;
  }
  Format format_at(const Port& port, const Node& n, Format adaptive) const {
    if (port.channels == kOwn) return n.type->format({workshop_.environment(), adaptive, n.values});
    return port.channels == kAdaptive ? adaptive : Format(port.channels);
  }
  Format format_from(const Edge& e) const {
    const Node& from = graph_.nodes()[e.from];
    return format_at(from.type->outputs[size_t(e.from_port)], from, formats_[e.from]);
  }

  Choice choose(size_t node) {
    const Node& n = graph_.nodes()[node];
    const InstancePtr& old = before_[node];
    const bool is_source = n.type->inputs.empty();
    const auto found = prepared_.find(node);
    const Prepared* const prepared = found == prepared_.end() ? nullptr : found->second;
    const bool is_late = old && old->without_files && prepared && prepared->bank;
    const auto stays = [&](Format format) { return old && !is_late && (!old->spoilt || n.type->slow) && old->fits(*n.type, format, n.values); };
    if (is_source && old && stays(old->format)) return {old, nullptr, old->format};
    // What files hold isn't looked up here.
    const Format format = !is_source || !n.type->slow ? infer_format(node) : prepared ? prepared->of.format : Format();
    if (!is_source && stays(format)) return {old, nullptr, format};
    return {nullptr, prepared && prepared->of.format == format ? prepared : nullptr, format};
  }

  InstancePtr make_instance(size_t node, uint32_t& next_id) {
    const Node& n = graph_.nodes()[node];
    const InstancePtr& old = before_[node];
    const Choice choice = choose(node);
    formats_[node] = choice.format == Format() ? Format(1) : choice.format;
    if (choice.stays) count(*choice.stays);
    if (choice.stays) return choice.stays;
    auto instance = std::make_shared<Instance>();
    instance->path = n.path, instance->type = n.type, instance->values = n.values, instance->format = choice.format;
    for (const Parameter& p : n.type->followers) instance->values.push_back(p.initial);
    if (refused_ && n.type->slow && !choice.prepared) return instance;  // nothing comes of it, so nobody waits for it
    const bool succeeds = old && old->type == n.type;
    if (!succeeds) instance->id = next_id++;
    constexpr int kUsualFile = 2;  // channels, before it has been looked at
    instance->bytes = memory_of(*n.type, {workshop_.environment(), choice.format != Format() ? choice.format : Format(kUsualFile), n.values});
    count(*instance);
    if (is_too_large()) return instance;
    for (const Problem& p : build(*instance, workshop_, choice.prepared)) problems_.push_back(p);
    refused_ |= choice.prepared && !choice.prepared->bank;
    recount(*instance);
    formats_[node] = instance->format;
    if (succeeds) succeed(*instance, old);
    return instance;
  }

  void count(const Instance& instance) {
    bytes_ += instance.bytes;
    bytes_by_type_[instance.type] += instance.bytes;
  }
  /// Now that its format is known.
  void recount(Instance& instance) {
    const size_t before = instance.bytes;
    instance.bytes = memory_of(*instance.type, {workshop_.environment(), instance.format != Format() ? instance.format : Format(1), instance.values});
    bytes_ += instance.bytes - before;
    bytes_by_type_[instance.type] += instance.bytes - before;
  }
  bool is_too_large() const { return bytes_ > memory_; }
  Problem memory_problem() const {
    const auto less = [](const auto& a, const auto& b) { return a.second < b.second; };
    const auto most = std::max_element(bytes_by_type_.begin(), bytes_by_type_.end(), less);
    const auto mebibytes = [](size_t bytes) { return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB"; };
    return {std::string(most->first->id), "the graph needs " + mebibytes(bytes_) + ", and " + mebibytes(memory_) + " are allowed",
            "nodes of this type take most, " + mebibytes(most->second) + ": use fewer, or allow more (audio: memory)"};
  }

  // To make one takes a millisecond.
  void keep_decoders(const Plan& before) {
    for (const Route& r : before.routes) {
      if (!r.matrix) continue;
      const std::pair formats(format_of(*r.from, r.from->type->outputs[size_t(r.from_port)]), format_of(*r.to, r.to->type->inputs[size_t(r.to_port)]));
      const auto is_same = [&](const auto& m) { return m.first == formats; };
      if (ambisonic_order(formats.first.layout) > 0 && std::none_of(matrices_.begin(), matrices_.end(), is_same)) matrices_.push_back({formats, r.matrix});
    }
  }
  /// How a cable's sound becomes what its port hears; nullptr: it is that already. What can't be is a problem.
  std::shared_ptr<const FormatMatrix> matrix_of(const Edge& e) {
    const Instance &from = *plan_.nodes[e.from], &to = *plan_.nodes[e.to];
    const Format a = format_of(from, from.type->outputs[size_t(e.from_port)]), b = format_of(to, to.type->inputs[size_t(e.to_port)]);
    if (a == b) return nullptr;
    for (const auto& [formats, matrix] : matrices_)
      if (formats == std::pair(a, b)) return matrix;
    auto made = conversion(a, b, workshop_.environment().downmix);
    if (made)
      matrices_.push_back({{a, b}, std::make_shared<const FormatMatrix>(std::move(*made))});
    else
      for (Problem p : made.problems()) problems_.push_back({"/" + from.path + " -> /" + to.path, p.what, p.hint});
    return made ? matrices_.back().second : nullptr;
  }

  // Delays every cable until the slowest path to the same node; what breaks loops starts paths anew.
  void align(const std::vector<size_t>& sequence) {
    std::vector<int> arrival(plan_.nodes.size());
    for (size_t node : sequence) {
      const Instance& i = *plan_.nodes[node];
      if (!i.type->breaks_loops)
        for (size_t e : heard_[node]) arrival[node] = std::max(arrival[node], arrival[edges_[e].from] + plan_.nodes[edges_[e].from]->latency);
      if (i.type->role == DeviceRole::device_output) plan_.latency = std::max(plan_.latency, arrival[node] + i.latency);
    }
    plan_.routes.reserve(edges_.size());
    for (const Edge& e : edges_) {
      const InstancePtr &from = plan_.nodes[e.from], &to = plan_.nodes[e.to];
      int delay = to->type->breaks_loops ? 0 : arrival[e.to] - arrival[e.from] - from->latency;
      plan_.routes.push_back({from, e.from_port, to, e.to_port, delay, Fading::none, matrix_of(e), {}});
    }
  }

  const Graph& graph_;
  const Workshop& workshop_;
  size_t memory_, bytes_ = 0;  // allowed and needed
  std::unordered_map<const NodeType*, size_t> bytes_by_type_;
  std::vector<InstancePtr> before_;  // by node; null: it is new
  std::unordered_map<size_t, const Prepared*> prepared_;  // by node
  std::vector<Format> formats_;  // by node, of those before it in the sequence
  std::vector<std::pair<std::pair<Format, Format>, std::shared_ptr<const FormatMatrix>>> matrices_;
  bool refused_ = false;       // something that was prepared can't be had
  std::vector<Edge> edges_;
  std::vector<std::vector<size_t>> heard_;
  Plan plan_;
  Problems problems_;
};

}  // namespace

Result<Plan> make_plan(const Graph& graph, const Plan& before, const Workshop& workshop, uint32_t& next_id, size_t memory, std::span<const Prepared> prepared) {
  return Planner(graph, before, workshop, memory, prepared).run(next_id);
}

Problems too_large(const Graph& graph, const Workshop& workshop, size_t memory) { return Planner(graph, {}, workshop, memory, {}).too_large(); }

std::vector<Preparation> needs_of(const Graph& graph, const Plan& before, const Workshop& workshop, std::span<const Prepared> prepared) {
  if (std::none_of(graph.nodes().begin(), graph.nodes().end(), [](const Node& n) { return n.type->slow; })) return {};
  return Planner(graph, before, workshop, SIZE_MAX, prepared).needs();
}

void build_as_told(Instance& instance, const Workshop& workshop) {
  const NodeType& type = *instance.type;
  if (instance.sounding || type.runs_in_lanes()) return;
  const std::vector<Value> first = instance.first_values();
  if (first == instance.built) return;
  instance.built = first;
  if (type.slow) return instance.bank->begin(setup_of(instance, workshop.environment(), first));
  const Prepared made = workshop.make({instance.path, &type, instance.format, first});
  if (made.bank) instance.bank = made.bank, instance.bank->used = 1;  // else it sounds as it was made
}

void replace_spoilt(Plan& plan, const Workshop& workshop, std::span<const Prepared> prepared) {
  std::unordered_map<const Instance*, InstancePtr> fresh;
  for (InstancePtr& i : plan.nodes) {
    if (!i->spoilt) continue;
    const auto successor = std::find_if(prepared.begin(), prepared.end(), [&](const Prepared& p) {
      return p.of.path == i->path && p.of.format == i->format && p.fits(*i->type, i->values);
    });
    const bool is_prepared = successor != prepared.end();
    if (i->type->slow && !is_prepared) continue;
    auto instance = std::make_shared<Instance>();
    instance->path = i->path, instance->type = i->type, instance->values = i->values;
    instance->format = i->format, instance->tail = i->tail, instance->bytes = i->bytes;
    i->given_up = !build(*instance, workshop, is_prepared ? &*successor : nullptr).empty();
    if (i->given_up) continue;
    succeed(*instance, i);
    i = fresh[i.get()] = instance;
  }
  for (Route& r : plan.routes)
    for (InstancePtr* end : {&r.from, &r.to})
      if (auto found = fresh.find(end->get()); found != fresh.end()) *end = found->second;
}

void number_nodes(const Plan& plan) {
  for (size_t i = 0; i < plan.nodes.size(); i++) plan.nodes[i]->place = i;
}

bool has_loop(const Plan& plan) {
  number_nodes(plan);
  std::vector<std::pair<size_t, size_t>> edges;
  edges.reserve(plan.routes.size());
  for (const Route& r : plan.routes)
    if (!r.to->type->breaks_loops) edges.push_back({r.from->place, r.to->place});
  return !Sorting(plan.nodes.size(), edges).complete();
}

}  // namespace mixgraph
