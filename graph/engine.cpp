#include "graph/engine.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "graph/crew.h"
#include "graph/ring.h"
#include "graph/sharing.h"
#include "graph/transition.h"

namespace mixgraph {
namespace {

constexpr size_t kRingSize = 1 << 16, kTimedSize = 1 << 14;

/// A move as the audio thread gets it.
struct Order {
  Bank* bank;
  uint32_t owner;  ///< the instance; if its lane has another one, the order is void
  int16_t row;
  int16_t lane;
  Course course;
  float length;  ///< frames
  double value;
  uint64_t frame;
  uint64_t number;  ///< in the order of their coming
};
bool later(const Order& a, const Order& b) { return a.frame != b.frame ? a.frame > b.frame : a.number > b.number; }

}  // namespace

struct Engine::State {
  explicit State(const EngineSettings& s) : settings(s), shape(s.environment.rate), orders(kRingSize), sharing(s.share_above_us, s.environment.rate), ceiling(float(std::pow(10, s.ceiling_db / 20))) {
    // So that its pages are there before the audio thread needs them.
    timed.resize(kTimedSize);
    timed.clear();
    if (s.threads > 1) crew = std::make_unique<Crew>(s.threads - 1, s.on_thread_start);
  }

  // --- control ---
  Problems update(const Graph& next) {
    auto made = make_plan(next, target, settings.environment, shape, next_id);
    if (!made) return made.problems();
    target = std::move(*made);
    arrived = false;
    sharing.forget();
    graph = next;
    by_path.clear();
    by_id.clear();
    for (size_t i = 0; i < target.nodes.size(); i++) {
      by_path[target.nodes[i]->path] = target.nodes[i].get();
      by_id[target.nodes[i]->id] = &graph.nodes()[i];
    }
    follow_values();
    list_services();
    advance();
    return {};
  }

  // Values that differ move; the rows that rebuild are the same, or there would be another instance.
  void follow_values() {
    std::vector<Move> moves;
    for (size_t i = 0; i < target.nodes.size(); i++) {
      Instance& instance = *target.nodes[i];
      const Node& node = graph.nodes()[i];
      instance.tail = node.type->tail ? node.type->tail(Setup{settings.environment, instance.channels, node.values}) : 0;
      for (int r = 0; r < row_count(*node.type); r++)
        if (node.values[size_t(r)] != instance.values[size_t(r)]) moves.push_back({node.path, r, std::get<double>(node.values[size_t(r)])});
    }
    move(moves);
  }

  void move(std::span<const Move> batch) {
    std::vector<Order> ready;
    for (const Move& m : batch) {
      auto found = by_path.find(m.path);
      if (found == by_path.end()) continue;
      Instance& i = *found->second;
      i.values[size_t(m.row)] = m.value;
      if (!i.sounding) continue;  // it will start there
      ready.push_back({i.bank.get(), i.id, int16_t(m.row), int16_t(i.lane), m.course, float(m.seconds * settings.environment.rate), m.value, m.frame, ++ordered});
    }
    if (!waiting.empty() || !orders.push(ready)) wait_with(ready);
  }
  // The ring is full: the newest value of every parameter is kept and tried again.
  void wait_with(const std::vector<Order>& batch) {
    for (const Order& o : batch) {
      auto same = [&](const Order& w) { return w.frame == 0 && o.frame == 0 && w.owner == o.owner && w.row == o.row; };
      auto old = std::find_if(waiting.begin(), waiting.end(), same);
      if (old == waiting.end())
        waiting.push_back(o);
      else
        *old = o;
    }
  }
  void retry() {
    while (!waiting.empty()) {
      size_t count = std::min<size_t>(waiting.size(), 1024);
      if (!orders.push(std::span(waiting).first(count))) return;
      waiting.erase(waiting.begin(), waiting.begin() + std::ptrdiff_t(count));
    }
  }

  void list_services() {
    std::vector<std::shared_ptr<Bank>> list;
    for (const Plan* plan : {&target, &sounding})
      for (const InstancePtr& i : plan->nodes)
        if (i->bank && i->bank->kernel().service) list.push_back(i->bank);
    std::lock_guard lock(services_mutex);
    services = std::move(list);
  }
  void service() {
    std::vector<std::shared_ptr<Bank>> list;
    {
      std::lock_guard lock(services_mutex);
      list = services;
    }
    for (auto& bank : list) bank->service();
  }

  bool audio_has_current() const { return !current || taken.load(std::memory_order_acquire) >= current->serial; }
  bool fading() const { return current && current->fades && faded.load(std::memory_order_acquire) < current->serial; }
  bool tails_ended() const {
    uint64_t now = frame.load(std::memory_order_relaxed);
    return std::any_of(sounding.nodes.begin(), sounding.nodes.end(), [&](const InstancePtr& i) { return i->leaving && i->silent_at <= now; });
  }

  // A node that was silenced gets a successor, which is faded in, but not for ever.
  void replace_spoilt() {
    uint64_t seen = fault_count.load(std::memory_order_acquire);
    if (seen == faults_seen) return;
    faults_seen = seen;
    for (const InstancePtr& i : target.nodes) {
      Fault fault = i->bank && i->sounding ? i->bank->fault(i->lane) : Fault::none;
      if (fault == Fault::none || i->spoilt || i->given_up) continue;
      auto& times = fault_times[i->path];
      times.push_back(frame.load(std::memory_order_relaxed));
      std::erase_if(times, [&](uint64_t t) { return t + uint64_t(10 * settings.environment.rate) < times.back(); });
      i->given_up = times.size() >= 3;
      i->spoilt = !i->given_up;
      faults.push_back({i->path, fault, i->given_up});
    }
    auto spoilt = [](const InstancePtr& i) { return i->spoilt; };
    if (std::any_of(target.nodes.begin(), target.nodes.end(), spoilt) && !update(Graph(graph)).empty())
      for (const InstancePtr& i : target.nodes) i->given_up = i->given_up || i->spoilt;
  }

  void advance() {
    retry();
    replace_spoilt();
    if (!audio_has_current()) return;
    if (previous) retired.push_back(std::move(previous));
    if (!crew || crew->is_clear_of(cleared.load(std::memory_order_acquire))) retired.clear();
    if (fading()) return;
    if (between) {
      between = false;
      send(sounding, false, 0);
      list_services();
    } else if (!arrived || tails_ended()) {
      begin_transition();
    } else if (crew && current && sharing.judge(frame.load(std::memory_order_relaxed), costs, current->speed_up)) {
      send(sounding, false, 0);
    }
  }

  void begin_transition() {
    Transition t = make_transition(sounding, target, frame.load(std::memory_order_relaxed), settings.environment.rate);
    arrived = t.complete;
    bool fades = std::any_of(t.during.routes.begin(), t.during.routes.end(), [](const Route& r) { return r.fading != Fading::none; });
    sounding = std::move(t.after);
    between = fades || t.during.nodes.size() != sounding.nodes.size();
    send(between ? t.during : sounding, fades, t.lead_in);
  }

  void send(const Plan& plan, bool fades, int lead_in) {
    auto program = compile(plan, settings.environment, shape, sharing.is_on() ? costs.read() : std::vector<TypeCost>(), sharing.is_on());
    program->serial = ++serial;
    program->fades = fades;
    program->fade_at = -lead_in;
    for (const InstancePtr& i : plan.nodes) i->sounding = true;
    tasks.store(program->tasks.size(), std::memory_order_relaxed);
    program->ring_mark = orders.pushed();
    previous = std::move(current);
    current = std::move(program);
    incoming.store(current.get(), std::memory_order_release);
  }

  std::vector<Reading> read_meters() {
    if (current && audio_has_current() && current->meters.filled.load(std::memory_order_acquire)) {
      size_t at = 0;
      for (const LaneOwner& o : current->meters.nodes) {
        size_t count = o.bank->type().meters.size();
        readings[o.id].assign(current->meters.values.begin() + std::ptrdiff_t(at), current->meters.values.begin() + std::ptrdiff_t(at + count));
        at += count;
      }
      current->meters.filled.store(false, std::memory_order_release);
    }
    std::vector<Reading> result;
    for (const InstancePtr& i : target.nodes) {
      auto found = readings.find(i->id);
      for (size_t m = 0; m < i->type->meters.size(); m++)
        result.push_back({by_id.at(i->id), int(m), found == readings.end() ? i->type->meters[m].rest : found->second[m]});
    }
    std::erase_if(readings, [&](auto& entry) { return !by_id.count(entry.first); });
    return result;
  }

  // --- audio ---
  void process(const float* const* in, float* const* out, int frames) noexcept {
    NoDenormals no_denormals;
    for (int c = 0; c < settings.outputs; c++) std::fill_n(out[c], frames, 0.f);
    horizon.store(frame.load(std::memory_order_relaxed) + uint64_t(frames), std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);  // who sees an older horizon has pushed before this
    uint64_t mark = orders.readable();
    Program* next = incoming.exchange(nullptr, std::memory_order_acquire);
    start_tick_if_due();
    if (next) {
      adopt(*next);
      mark = std::max(mark, next->ring_mark);
    }
    take_orders(mark);
    // The program before, and what only it kept alive, may go now that no order can name it.
    if (next) taken.store(next->serial, std::memory_order_release);
    for (int done = 0; done < frames;) done += run_piece({in, out, settings.inputs, settings.outputs, done}, frames - done);
    for (int c = 0; c < settings.outputs; c++) count(guard(out[c], frames, ceiling));
    if (running) post_meters();
    blocks.store(blocks.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  void adopt(Program& next) {
    running = &next;
    if (crew) cleared.store(crew->dismiss(), std::memory_order_release);
    for (Bank* bank : next.banks) bank->program_serial = next.serial;
    for (const LaneTransfer& t : next.transfers) t.to->take_lane(t.lane, *t.from, t.from_lane);
    for (const LaneOwner& o : next.owners) o.bank->set_owner(o.lane, o.id);
    std::erase_if(timed, [&](const Order& o) { return !in_force(o); });
    std::make_heap(timed.begin(), timed.end(), later);
  }
  bool in_force(const Order& o) const { return running && o.bank->program_serial == running->serial && o.bank->owner(o.lane) == o.owner; }

  void take_orders(uint64_t mark) {
    uint64_t now = frame.load(std::memory_order_relaxed);
    for (; orders.consumed() < mark; orders.pop()) {
      const Order& o = orders.front();
      if (!in_force(o)) continue;
      if (o.frame <= now) {
        late += o.frame != 0 && o.frame < now;
        execute(o, now);
      } else if (timed.size() < kTimedSize) {
        timed.push_back(o);
        std::push_heap(timed.begin(), timed.end(), later);
      } else {
        return;
      }
    }
  }
  void execute(const Order& o, uint64_t now) { o.bank->begin_move(o.row, o.lane, now, o.value, o.length, o.course); }

  // Before any move that begins on the tick's first frame.
  void start_tick_if_due() {
    uint64_t now = frame.load(std::memory_order_relaxed);
    if (now % kTick != 0 || now == ticked) return;
    ticked = now;
    if (running)
      for (Bank* bank : running->banks) bank->start_tick(now);
  }
  int run_piece(DeviceBuffers device, int most) {
    uint64_t now = frame.load(std::memory_order_relaxed);
    int at = int(now % kTick);
    start_tick_if_due();
    while (!timed.empty() && timed.front().frame <= now) {
      execute(timed.front(), now);
      std::pop_heap(timed.begin(), timed.end(), later);
      timed.pop_back();
    }
    int frames = std::min(most, kTick - at);
    if (!timed.empty()) frames = int(std::min<uint64_t>(uint64_t(frames), timed.front().frame - now));
    fetch(device, frames);
    if (running) run_program(*running, {frames, at, now, device, fade_in, fade_out, fault_count});
    frame.store(now + uint64_t(frames), std::memory_order_relaxed);
    return frames;
  }
  // The device's buffers are far away; asked for all at once, they come while the first nodes run.
  static void fetch(const DeviceBuffers& device, int frames) {
    constexpr int kLine = 16;  // floats
    for (int c = 0; c < device.inputs; c++)
      for (int i = 0; i < frames; i += kLine) __builtin_prefetch(device.in[c] + device.offset + i);
  }
  void run_program(Program& program, const Chunk& chunk) {
    if (program.fades) {
      for (int i = 0; i < chunk.frames; i++) fade_in[i] = shape.gain(program.fade_at + i), fade_out[i] = 1 - fade_in[i];
      program.fade_at = std::min(program.fade_at + chunk.frames, shape.length());
    }
    const bool is_shared = program.tasks.size() > 1;
    if ((!is_shared || sharing.may_run_alone()) && costs.begin()) {
      program.run(chunk, costs);
    } else if (is_shared) {
      const uint64_t begun = CostMeter::clock();
      crew->run(program, chunk);
      costs.add_shared(CostMeter::clock() - begun, chunk.frames);
    } else {
      program.run(chunk);
    }
    if (program.fade_at == shape.length()) faded.store(program.serial, std::memory_order_release);
  }
  void post_meters() {
    MeterBoard& board = running->meters;
    if (board.filled.load(std::memory_order_acquire)) return;
    float* to = board.values.data();
    for (const LaneOwner& o : board.nodes) {
      o.bank->read_meters(o.lane, to);
      to += o.bank->type().meters.size();
    }
    for (const LaneOwner& o : board.nodes) o.bank->forget_meters();
    board.filled.store(true, std::memory_order_release);
  }
  void count(Guarded g) {
    if (g.bad) bad_samples.store(bad_samples.load(std::memory_order_relaxed) + g.bad, std::memory_order_relaxed);
    if (g.limited) limited_samples.store(limited_samples.load(std::memory_order_relaxed) + g.limited, std::memory_order_relaxed);
    late_changes.store(late, std::memory_order_relaxed);
  }

  EngineSettings settings;
  FadeShape shape;
  Ring<Order> orders;

  // control
  Graph graph;
  Plan target, sounding;
  bool arrived = true;   // sounding is target
  bool between = false;  // a program with fades is under way; one without them follows
  uint32_t next_id = 1;
  uint64_t serial = 0, ordered = 0;
  std::unordered_map<std::string_view, Instance*> by_path;
  std::unordered_map<uint32_t, const Node*> by_id;
  std::unordered_map<uint32_t, std::vector<float>> readings;
  std::vector<Order> waiting;
  Sharing sharing;  // by the crew
  uint64_t faults_seen = 0;
  std::vector<NodeFault> faults;
  std::unordered_map<std::string, std::vector<uint64_t>> fault_times;  // frames, by path
  std::unique_ptr<Program> current, previous;
  std::vector<std::unique_ptr<Program>> retired;  // that one of the crew may still look at

  // control and worker
  std::mutex services_mutex;
  std::vector<std::shared_ptr<Bank>> services;

  // audio
  Program* running = nullptr;
  std::vector<Order> timed;
  float fade_in[kMaxBlock], fade_out[kMaxBlock];
  float ceiling;
  CostMeter costs;
  uint64_t late = 0, ticked = UINT64_MAX;

  // both
  std::unique_ptr<Crew> crew;
  std::atomic<Program*> incoming{nullptr};
  std::atomic<uint64_t> tasks{0}, cleared{0}, taken{0}, faded{0}, fault_count{0}, frame{0}, blocks{0}, bad_samples{0}, limited_samples{0}, late_changes{0}, horizon{0};
};

Engine::Engine(EngineSettings settings) : settings_(settings), state_(std::make_unique<State>(settings_)) {}
Engine::~Engine() = default;

Problems Engine::update(const Graph& next) { return state_->update(next); }
void Engine::move(std::span<const Move> batch) { state_->move(batch); }
void Engine::advance() { state_->advance(); }
bool Engine::settled() const {
  const State& s = *state_;
  return s.arrived && !s.between && s.audio_has_current() && s.waiting.empty();
}
size_t Engine::nodes_sounding() const { return state_->sounding.nodes.size(); }
std::vector<NodeFault> Engine::take_faults() { return std::exchange(state_->faults, {}); }
std::vector<Reading> Engine::meters() { return state_->read_meters(); }
int Engine::latency() const { return state_->target.latency; }
void Engine::service() { state_->service(); }

EngineCounters Engine::counters() const {
  const State& s = *state_;
  return {s.frame, s.blocks, s.late_changes, s.bad_samples, s.fault_count, s.limited_samples, s.taken, s.tasks};
}
std::vector<TypeCost> Engine::costs() const { return state_->costs.read(); }
uint64_t Engine::frame() const { return state_->frame.load(std::memory_order_relaxed); }
uint64_t Engine::horizon() const {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return state_->horizon.load(std::memory_order_relaxed);
}

void Engine::process(const float* const* in, float* const* out, int frames) noexcept { state_->process(in, out, frames); }

}  // namespace mixgraph
