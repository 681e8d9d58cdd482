#include "graph/compile.h"

#include <algorithm>
#include <bit>
#include <map>
#include <unordered_map>

#include "graph/far_reads.h"
#include "graph/strands.h"

namespace mixgraph {
namespace {

/// Buffers of a program, handed out for as long as somebody still reads them.
class BufferPool {
 public:
  explicit BufferPool(std::vector<Floats>& storage) : storage_(storage) {}

  float* take(int lanes) {
    auto& free = free_[lanes];
    if (free.empty()) return allocate(size_t(lanes) * kMaxBlock);
    float* buffer = free.back();
    free.pop_back();
    return buffer;
  }
  void give_back(float* buffer, int lanes) { free_[lanes].push_back(buffer); }
  /// Zeros that nobody writes.
  const float* silence(int lanes) {
    if (size_t(lanes) * kMaxBlock > silence_size_) {
      silence_size_ = size_t(kMaxLanes) * kMaxBlock;
      storage_.emplace_back(silence_size_);
      silence_ = storage_.back().data();
    }
    return silence_;
  }

 private:
  // A load waits for an earlier store whose address differs by a multiple of 4096 bytes. Where large buffers begin is
  // spread, so that a node that reads one and writes the next doesn't meet that.
  float* allocate(size_t size) {
    constexpr size_t kPage = 1024;  // floats
    constexpr size_t kStarts[] = {0, 512, 256, 768};
    if (size < kPage) return storage_.emplace_back(size + 2 * kRoom).data() + kRoom;
    float* memory = storage_.emplace_back(size + kPage + 2 * kRoom).data() + kRoom;
    size_t at = reinterpret_cast<uintptr_t>(memory) / sizeof(float) % kPage;
    return memory + (kStarts[large_++ % 4] + kPage - at) % kPage;
  }

  std::vector<Floats>& storage_;
  size_t large_ = 0;
  std::map<int, std::vector<float*>> free_;
  const float* silence_ = nullptr;
  size_t silence_size_ = 0;
};

/// A sound on its way into one lane of an input channel.
struct Source {
  const float* buffer;
  int lanes, lane;
  float gain;
  size_t maker;  ///< strand
  Column column() const { return {buffer + lane, lanes, gain}; }
};

class Compiler {
 public:
  Compiler(const Plan& plan, Schedule schedule, std::vector<Strand> strands, bool publish)
      : plan_(plan), schedule_(std::move(schedule)), strands_(std::move(strands)), program_(std::make_unique<Program>()), far_reads_(strands_, program_->buffers, publish) {
    number_nodes(plan);
    incoming_.resize(plan.nodes.size());
    for (const Route& r : plan.routes) {
      incoming_[r.to->place].push_back(&r);
      readers_[r.from->bank.get()]++;
    }
    keep_shared_outputs();
    count_single_reads();
  }

  std::unique_ptr<Program> run() {
    for (size_t s = 0; s < strands_.size(); s++) emit(s);
    far_reads_.finish(*program_);
    program_->task_states = std::make_unique<TaskState[]>(program_->tasks.size());
    for (const BankRun& r : schedule_.runs) keep(r);
    program_->transfers = schedule_.transfers;
    for (auto& bank : schedule_.templates) program_->kept_banks.push_back(bank);
    for (const Route& r : plan_.routes)
      for (auto& delay : r.delays)
        if (delay) program_->kept_delays.push_back(delay);
    list_places();
    list_heirs();
    list_meters();
    for (const InstancePtr& i : plan_.nodes)
      if (i->feeds && !i->leaving) program_->feeds.push_back({i->bank.get(), i->lane, i->feeds});
    return std::move(program_);
  }

 private:
  // What other strands read is never written over by a later bank of the same strand, which may run first.
  void keep_shared_outputs() {
    std::unordered_map<const Bank*, size_t> writer, reader;
    for (size_t s = 0; s < strands_.size(); s++)
      for (const ProgramPart& part : strands_[s].parts) {
        if (part.writes) writer[schedule_.runs[part.run].bank.get()] = s;
        if (part.reads) reader[schedule_.runs[part.run].bank.get()] = s;
      }
    for (const Route& r : plan_.routes)
      if (writer.at(r.from->bank.get()) != reader.at(r.to->bank.get())) readers_[r.from->bank.get()] = SIZE_MAX;
    maker_ = std::move(writer);
  }

  // A sum that takes single lanes from all over a bank reads as much memory for each as for sixteen of them, and far worse if
  // another processor has written it. Where that happens often, the bank's outputs are laid out lane by lane once.
  void count_single_reads() {
    for (const auto& routes : incoming_)
      for (size_t k = 0; k < routes.size(); k++) {
        const Route &r = *routes[k], *next = k + 1 < routes.size() ? routes[k + 1] : nullptr, *before = k > 0 ? routes[k - 1] : nullptr;
        const auto beside = [&](const Route* other, int step) {
          return other && other->to_port == r.to_port && other->from->bank == r.from->bank && other->from->lane == r.from->lane + step;
        };
        const bool is_sum = routes.size() > 2 && r.from->bank->lanes() > 1 && r.delay == 0;
        if (is_sum && !beside(next, 1) && !beside(before, -1)) single_reads_[r.from->bank.get()]++;
      }
  }
  bool is_worth_turning(const Bank& bank) const {
    const auto reads = single_reads_.find(&bank);
    return reads != single_reads_.end() && 2 * reads->second >= bank.lanes();
  }

  void emit(size_t strand) {
    strand_ = strand;
    size_t first = program_->steps.size();
    BufferPool pool(program_->buffers);
    pool_ = &pool;
    for (const ProgramPart& part : strands_[strand].parts) {
      const BankRun& r = schedule_.runs[part.run];
      std::vector<const float*> in = part.reads ? inputs(r) : std::vector<const float*>();
      if (part.writes)
        emit_outputs(r, std::move(in));
      else
        program_->steps.push_back(RunBank{r.bank.get(), std::move(in), {}});
      if (part.reads) release(r);
    }
    program_->tasks.push_back({first, program_->steps.size(), {strands_[strand].needs.begin(), strands_[strand].needs.end()}, strands_[strand].home});
  }
  void emit_outputs(const BankRun& r, std::vector<const float*> in) {
    std::vector<float*> out;
    const Instance& model = *plan_.nodes[r.members.front()];
    for (const Port& port : r.bank->type().outputs)
      for (int c = 0; c < buffers_of(model, port); c++) out.push_back(pool_->take(r.bank->lanes()));
    outputs_[r.bank.get()] = out;
    program_->steps.push_back(RunBank{r.bank.get(), std::move(in), out});
    if (is_worth_turning(*r.bank))
      for (const float* buffer : out) turn(buffer, r.bank->lanes());
    if (readers_[r.bank.get()] == 0) free_outputs(r.bank.get());
  }
  /// Channels lie in buffers of their own, or side by side in the lanes of one.
  static int buffers_of(const Instance& i, const Port& port) { return i.bank->taken() > 1 ? 1 : channels_of(i, port); }
  void turn(const float* buffer, int lanes) {
    float* to = pool_->take(lanes);
    planar_[buffer] = to;
    program_->steps.push_back(MakePlanar{to, buffer, lanes});
  }
  void free_outputs(const Bank* bank) {
    for (float* buffer : outputs_.at(bank)) {
      pool_->give_back(buffer, bank->lanes());
      if (const auto planar = planar_.extract(buffer)) pool_->give_back(planar.mapped(), bank->lanes());
    }
  }
  // What these instances read has one reader less, as have the buffers made for them.
  void release(const BankRun& r) {
    for (auto [buffer, lanes] : assembled_) pool_->give_back(buffer, lanes);
    assembled_.clear();
    for (size_t i : r.members)
      for (const Route* route : incoming_[i]) {
        size_t& readers = readers_[route->from->bank.get()];
        if (readers != SIZE_MAX && --readers == 0) free_outputs(route->from->bank.get());
      }
  }

  std::vector<const float*> inputs(const BankRun& r) {
    std::vector<const float*> in;
    const Instance& model = *plan_.nodes[r.members.front()];
    for (int port = 0; port < int(r.bank->type().inputs.size()); port++) {
      const int count = buffers_of(model, r.bank->type().inputs[size_t(port)]);
      for (int c = 0; c < count; c++) in.push_back(assemble(r, port, c));
    }
    return in;
  }

  const float* assemble(const BankRun& r, int port, int channel) {
    std::vector<std::vector<Source>> by_lane(size_t(r.bank->lanes()));
    size_t count = 0;
    for (size_t i : r.members)
      for (int c = channel; c < std::max(channel + 1, r.bank->taken()); c++) {
        auto& sources = by_lane[size_t(plan_.nodes[i]->lane + (c - channel))];
        for (const Route* route : incoming_[i])
          if (route->to_port == port) add_sources(*route, c, sources);
        count += sources.size();
      }
    if (count == 0) return pool_->silence(r.bank->lanes());
    for (auto& sources : by_lane)
      if (sources.size() <= 2)
        for (Source& s : sources) s = readable(s);
    if (const float* same = alias(r, by_lane)) return same;
    float* to = pool_->take(r.bank->lanes());
    assembled_.emplace_back(to, r.bank->lanes());
    if (r.bank->lanes() == 1)
      fill_one(to, by_lane[0]);
    else if (!sum_buffers(to, by_lane, lanes_of(r)))
      fill_lanes(to, by_lane);
    return to;
  }

  /// Adds what comes by a route to a channel of the port that it goes to.
  void add_sources(const Route& r, int channel, std::vector<Source>& sources) {
    const int from_channels = channels_of(*r.from, r.from->type->outputs[size_t(r.from_port)]);
    for (int c = 0; c < from_channels; c++) {
      const float gain = r.matrix ? r.matrix->at(channel, c) : c == channel ? 1.f : 0.f;
      if (gain == 0) continue;
      CableDelay* delay = r.delays.empty() ? nullptr : r.delays[size_t(channel * from_channels + c)].get();
      const Source source = source_of(*r.from, r.from_port, c, gain);
      sources.push_back(delay || r.fading != Fading::none ? mixed(source, r.fading, delay) : source);
    }
  }
  Source source_of(const Instance& from, int port, int channel, float gain) const {
    const auto& buffers = outputs_.at(from.bank.get());
    int first = 0;
    for (int p = 0; p < port; p++) first += buffers_of(from, from.type->outputs[size_t(p)]);
    const bool side_by_side = from.bank->taken() > 1;
    return {buffers[size_t(side_by_side ? first : first + channel)], from.bank->lanes(), from.lane + (side_by_side ? channel : 0), gain, maker_.at(from.bank.get())};
  }
  /// The source with all that is done to it on its way.
  Source mixed(const Source& source, Fading fading, CableDelay* delay) {
    float* to = pool_->take(1);
    assembled_.emplace_back(to, 1);
    program_->steps.push_back(MixCable{to, 1, readable(source).column(), fading, delay});
    return {to, 1, 0, 1, strand_};
  }
  /// Where this strand's thread reads it.
  Source readable(Source source) {
    source.buffer = far_reads_.read(source.buffer, source.lanes, source.maker, strand_);
    source.maker = strand_;
    return source;
  }

  // A buffer that has the only source of every member in the member's lane needs no copy. A member without a source must
  // hear nothing of what is in its lane there.
  const float* alias(const BankRun& r, const std::vector<std::vector<Source>>& by_lane) const {
    const float* buffer = nullptr;
    for (uint64_t left = lanes_of(r); left; left &= left - 1) {
      const auto lane = size_t(std::countr_zero(left));
      if (by_lane[lane].size() != 1) return nullptr;
      const Source& s = by_lane[lane][0];
      const bool fits = s.gain == 1 && s.lanes == int(by_lane.size()) && s.lane == int(lane);
      if (!fits || (buffer && buffer != s.buffer)) return nullptr;
      buffer = s.buffer;
    }
    return buffer;
  }

  /// The lanes that its members have, as bits.
  uint64_t lanes_of(const BankRun& r) const {
    uint64_t lanes = 0;
    for (size_t i : r.members) lanes |= plan_.nodes[i]->lanes_used();
    return lanes;
  }

  void fill_one(float* to, const std::vector<Source>& sources) {
    if (sources.size() == 1)
      program_->steps.push_back(MixCable{to, 1, sources[0].column(), Fading::none, nullptr});
    else
      emit_sum(to, 1, sources);
  }

  /// Sums whole buffers, if each of them has one source of every member, in the member's lane; whether it did.
  bool sum_buffers(float* to, std::vector<std::vector<Source>>& by_lane, uint64_t members) {
    const auto& model = by_lane[size_t(std::countr_zero(members))];
    if (model.size() <= 2) return false;
    for (uint64_t left = members; left; left &= left - 1) {
      const auto lane = size_t(std::countr_zero(left));
      if (by_lane[lane].size() != model.size()) return false;
      for (size_t k = 0; k < model.size(); k++) {
        const Source& s = by_lane[lane][k];
        if (s.gain != 1 || s.buffer != model[k].buffer || s.lanes != int(by_lane.size()) || s.lane != int(lane)) return false;
      }
    }
    SumBuffers step{to, int(by_lane.size()), {}};
    for (const Source& s : model) step.from.push_back(readable(s).buffer);
    program_->steps.push_back(std::move(step));
    return true;
  }

  // Lanes with one source are copied, those with two have the second one added; the others are sums of their own.
  void fill_lanes(float* to, const std::vector<std::vector<Source>>& by_lane) {
    copy_round(to, by_lane, 0, Into::all);
    copy_round(to, by_lane, 1, Into::add);
    for (size_t l = 0; l < by_lane.size(); l++)
      if (by_lane[l].size() > 2) emit_sum(to + l, int(by_lane.size()), by_lane[l]);
  }
  void copy_round(float* to, const std::vector<std::vector<Source>>& by_lane, size_t round, Into into) {
    const int lanes = int(by_lane.size());
    std::vector<std::pair<const float*, std::vector<int32_t>>> same_lane;
    std::vector<Column> columns(by_lane.size());
    for (size_t l = 0; l < by_lane.size(); l++) {
      if (by_lane[l].size() <= round || by_lane[l].size() > 2) continue;
      const Source& s = by_lane[l][round];
      if (s.lanes != lanes || s.lane != int(l) || s.gain != 1) {
        columns[l] = s.column();
        continue;
      }
      auto at = std::find_if(same_lane.begin(), same_lane.end(), [&](auto& entry) { return entry.first == s.buffer; });
      if (at == same_lane.end()) at = same_lane.insert(at, {s.buffer, std::vector<int32_t>(by_lane.size())});
      at->second[l] = -1;
    }
    const bool any_column = std::any_of(columns.begin(), columns.end(), [](const Column& c) { return c.data; });
    const auto next_into = [&into] { return std::exchange(into, into == Into::all ? Into::some : into); };
    if (any_column || (into == Into::all && same_lane.empty())) program_->steps.push_back(GatherLanes{to, std::move(columns), next_into()});
    for (auto& [buffer, mask] : same_lane) program_->steps.push_back(CopyLanes{to, buffer, lanes, std::move(mask), next_into()});
  }

  // Sources that lie side by side in their buffer, within one sixteen, are one summand.
  void emit_sum(float* to, int to_stride, std::vector<Source> sources) {
    SumSources step{to, to_stride, {}};
    for (Source& s : sources)
      if (s.gain != 1) s = mixed(s, Fading::none, nullptr);
    // Single lanes; neighbours are read side by side.
    for (size_t k = 0; k < sources.size(); k++) {
      Source& s = sources[k];
      const bool beside = (k + 1 < sources.size() && is_next(s, sources[k + 1])) || (k > 0 && is_next(sources[k - 1], s));
      if (const auto planar = planar_.find(s.buffer); planar != planar_.end() && !beside) s = {planar->second + s.lane * kMaxBlock, 1, 0, 1, s.maker};
    }
    for (Source& s : sources) s = readable(s);
    for (size_t k = 0; k < sources.size();) {
      const Source& s = sources[k];
      const size_t first = k % 16, most = std::min(sources.size() - k, 16 - first);
      size_t count = 1;
      while (count < most && is_next(sources[k + count - 1], sources[k + count])) count++;
      Summand summand{s.buffer + s.lane - int(first), s.lanes, count == 16, {}};
      std::fill_n(summand.mask + first, count, -1);
      step.from.push_back(summand);
      k += count;
    }
    program_->steps.push_back(std::move(step));
  }

  static bool is_next(const Source& a, const Source& b) { return b.buffer == a.buffer && b.lane == a.lane + 1; }

  void keep(const BankRun& r) {
    const Mixing* mixing = r.bank->kernel().mixing;
    if (!program_->mixing || program_->mixing->native < mixing->native) program_->mixing = mixing;
    program_->banks.push_back(r.bank.get());
    program_->kept_banks.push_back(r.bank);
    program_->members.push_back(lanes_of(r));
  }
  // An instance that has gone, or was replaced, hears no orders any more, unless its successor isn't in this program.
  void list_places() {
    program_->places = Places(plan_.nodes.size());
    for (const bool leaving : {false, true})
      for (const InstancePtr& i : plan_.nodes)
        if (i->leaving == leaving) program_->places.add({i->id, i->lane, i->bank.get()});
  }
  void list_heirs() {
    for (const InstancePtr& i : plan_.nodes)
      if (const Instance* before = i->sounding ? nullptr : i->predecessor.get()) program_->heirs.push_back({i->bank.get(), i->lane, before->bank.get(), before->lane});
  }
  void list_meters() {
    size_t total = 0;
    for (const InstancePtr& i : plan_.nodes) {
      if (i->leaving || i->type->meters.empty()) continue;
      program_->meters.nodes.push_back({i->id, i->lane, i->bank.get()});
      total += i->type->meters.size();
    }
    program_->meters.values.resize(total);
  }

  const Plan& plan_;
  Schedule schedule_;
  std::vector<Strand> strands_;
  std::unique_ptr<Program> program_;
  size_t strand_ = 0;           // at hand
  BufferPool* pool_ = nullptr;  // the strand's
  std::vector<std::vector<const Route*>> incoming_;
  std::unordered_map<const Bank*, size_t> readers_;
  std::unordered_map<const Bank*, std::vector<float*>> outputs_;
  std::unordered_map<const Bank*, int> single_reads_;
  std::unordered_map<const float*, float*> planar_;  // of outputs' buffers
  std::unordered_map<const Bank*, size_t> maker_;    // strand
  FarReads far_reads_;
  std::vector<std::pair<float*, int>> assembled_;
};

}  // namespace

std::unique_ptr<Program> compile(const Plan& plan, const Environment& environment, const FadeShape& shape, const std::vector<TypeCost>& costs, int threads,
                                 bool publish) {
  Schedule schedule = make_schedule(plan, environment, shape);
  std::vector<Strand> strands = make_strands(plan, schedule, costs, threads);
  const double speed_up = share_out(strands, threads);
  auto program = Compiler(plan, std::move(schedule), std::move(strands), publish).run();
  program->speed_up = speed_up;
  return program;
}

}  // namespace mixgraph
