#include <algorithm>
#include <map>
#include <unordered_map>

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
    if (size < kPage) return storage_.emplace_back(size).data();
    float* memory = storage_.emplace_back(size + kPage).data();
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
  Fading fading;
  CableDelay* delay;
  bool plain() const { return fading == Fading::none && !delay; }
  Column column() const { return {buffer + lane, lanes, gain}; }
};

class Compiler {
 public:
  Compiler(const Plan& plan, Schedule schedule, std::vector<Strand> strands)
      : plan_(plan), schedule_(std::move(schedule)), strands_(std::move(strands)), program_(std::make_unique<Program>()) {
    number_nodes(plan);
    incoming_.resize(plan.nodes.size());
    for (const Route& r : plan.routes) {
      incoming_[r.to->place].push_back(&r);
      readers_[r.from->bank.get()]++;
    }
    keep_shared_outputs();
  }

  std::unique_ptr<Program> run() {
    for (size_t s = 0; s < strands_.size(); s++) emit(s);
    program_->task_states = std::make_unique<TaskState[]>(program_->tasks.size());
    program_->speed_up = speed_up(strands_, 2);
    for (const BankRun& r : schedule_.runs) keep(r);
    program_->transfers = schedule_.transfers;
    for (auto& bank : schedule_.templates) program_->kept_banks.push_back(bank);
    for (const Route& r : plan_.routes)
      for (auto& delay : r.delays)
        if (delay) program_->kept_delays.push_back(delay);
    for (const Route& r : plan_.routes) program_->fades |= r.fading != Fading::none;
    list_meters();
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
  }

  void emit(size_t strand) {
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
    program_->tasks.push_back({first, program_->steps.size(), {strands_[strand].needs.begin(), strands_[strand].needs.end()}});
  }
  void emit_outputs(const BankRun& r, std::vector<const float*> in) {
    std::vector<float*> out;
    const Instance& model = *plan_.nodes[r.members.front()];
    for (const Port& port : r.bank->type().outputs)
      for (int c = 0; c < channels_of(model, port); c++) out.push_back(pool_->take(r.bank->lanes()));
    outputs_[r.bank.get()] = out;
    program_->steps.push_back(RunBank{r.bank.get(), std::move(in), out});
    if (readers_[r.bank.get()] == 0) free_outputs(r.bank.get());
  }
  void free_outputs(const Bank* bank) {
    for (float* buffer : outputs_.at(bank)) pool_->give_back(buffer, bank->lanes());
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
      int channels = channels_of(model, r.bank->type().inputs[size_t(port)]);
      for (int c = 0; c < channels; c++) in.push_back(assemble(r, port, c, channels));
    }
    return in;
  }

  const float* assemble(const BankRun& r, int port, int channel, int channels) {
    std::vector<std::vector<Source>> by_lane(size_t(r.bank->lanes()));
    size_t count = 0;
    for (size_t i : r.members) {
      auto& sources = by_lane[size_t(plan_.nodes[i]->lane)];
      for (const Route* route : incoming_[i])
        if (route->to_port == port) add_sources(*route, channel, channels, sources);
      count += sources.size();
    }
    if (count == 0) return pool_->silence(r.bank->lanes());
    if (const float* same = alias(by_lane)) return same;
    float* to = pool_->take(r.bank->lanes());
    assembled_.emplace_back(to, r.bank->lanes());
    bool written = r.bank->lanes() == 1 ? sum_into_one(to, by_lane[0]) : fill_lanes(to, by_lane);
    add_moving_cables(to, by_lane, written);
    return to;
  }

  void add_sources(const Route& r, int channel, int channels, std::vector<Source>& sources) {
    int from_channels = channels_of(*r.from, r.from->type->outputs[size_t(r.from_port)]), first = 0;
    for (int p = 0; p < r.from_port; p++) first += channels_of(*r.from, r.from->type->outputs[size_t(p)]);
    bool fold = from_channels == 2 && channels == 1;  // both sides into one: their mean
    for (int c = 0; c < from_channels; c++) {
      if (!fold && c != (from_channels == 1 ? 0 : channel)) continue;
      CableDelay* delay = r.delays.empty() ? nullptr : r.delays[size_t(channel * 2 + c)].get();
      const float* buffer = outputs_.at(r.from->bank.get())[size_t(first + c)];
      sources.push_back({buffer, r.from->bank->lanes(), r.from->lane, fold ? 0.5f : 1.f, r.fading, delay});
    }
  }

  // A buffer that has every lane's only source in the same lane needs no copy.
  static const float* alias(const std::vector<std::vector<Source>>& by_lane) {
    const float* buffer = nullptr;
    for (size_t l = 0; l < by_lane.size(); l++) {
      if (by_lane[l].empty()) continue;
      const Source& s = by_lane[l][0];
      bool fits = by_lane[l].size() == 1 && s.plain() && s.gain == 1 && s.lanes == int(by_lane.size()) && s.lane == int(l);
      if (!fits || (buffer && buffer != s.buffer)) return nullptr;
      buffer = s.buffer;
    }
    return buffer;
  }

  bool sum_into_one(float* to, const std::vector<Source>& sources) {
    bool written = false;
    std::vector<bool> done(sources.size());
    for (size_t i = 0; i < sources.size(); i++) {
      const Source& s = sources[i];
      if (done[i] || !s.plain()) continue;
      SumLanes sum{to, {}, {}, s.lanes, s.gain, written};
      for (size_t j = i; s.lanes > 1 && j < sources.size(); j++)
        if (!done[j] && sources[j].plain() && sources[j].lanes == s.lanes && sources[j].gain == s.gain) add_summand(sum, sources, j, done);
      if (sum.from.size() > 1 || (sum.from.size() == 1 && std::count(sum.masks[0].begin(), sum.masks[0].end(), -1) > 1))
        program_->steps.push_back(std::move(sum));
      else
        program_->steps.push_back(MixCable{to, 1, s.column(), Fading::none, nullptr, written});
      written = true;
    }
    return written;
  }
  /// All lanes of the buffer of sources[first] that are heard with the same gain, each once.
  static void add_summand(SumLanes& sum, const std::vector<Source>& sources, size_t first, std::vector<bool>& done) {
    const float* buffer = sources[first].buffer;
    std::vector<int32_t> mask(size_t(sum.lanes));
    for (size_t j = first; j < sources.size(); j++) {
      const Source& s = sources[j];
      if (done[j] || !s.plain() || s.buffer != buffer || s.gain != sum.gain || mask[size_t(s.lane)]) continue;
      mask[size_t(s.lane)] = -1;
      done[j] = true;
    }
    const bool all = std::count(mask.begin(), mask.end(), -1) == sum.lanes;
    sum.masks.push_back(std::move(mask));  // what it holds stays where it is when the list grows
    sum.from.push_back({buffer, all ? nullptr : sum.masks.back().data()});
  }

  bool fill_lanes(float* to, std::vector<std::vector<Source>>& by_lane) {
    int lanes = int(by_lane.size());
    std::map<const float*, std::vector<int32_t>> same_lane;
    std::vector<const float*> order;
    std::vector<std::vector<Column>> rounds;
    for (size_t l = 0; l < by_lane.size(); l++) {
      size_t round = 0;
      for (const Source& s : by_lane[l]) {
        if (!s.plain()) continue;
        if (s.lanes == lanes && s.lane == int(l) && s.gain == 1) {
          auto& mask = same_lane[s.buffer];
          if (mask.empty()) mask.resize(by_lane.size()), order.push_back(s.buffer);
          mask[l] = -1;
          continue;
        }
        if (round == rounds.size()) rounds.emplace_back(by_lane.size());
        rounds[round++][l] = s.column();
      }
    }
    bool written = false;
    for (const float* buffer : order) program_->steps.push_back(CopyLanes{to, buffer, lanes, same_lane[buffer], std::exchange(written, true)});
    for (auto& columns : rounds) program_->steps.push_back(GatherLanes{to, std::move(columns), std::exchange(written, true)});
    return written;
  }

  void add_moving_cables(float* to, const std::vector<std::vector<Source>>& by_lane, bool written) {
    int lanes = int(by_lane.size());
    bool any = std::any_of(by_lane.begin(), by_lane.end(), [](auto& list) { return std::any_of(list.begin(), list.end(), [](const Source& s) { return !s.plain(); }); });
    if (!any) return;
    if (!written) program_->steps.push_back(GatherLanes{to, std::vector<Column>(by_lane.size()), false});
    for (size_t l = 0; l < by_lane.size(); l++)
      for (const Source& s : by_lane[l])
        if (!s.plain()) program_->steps.push_back(MixCable{to + l, lanes, s.column(), s.fading, s.delay, true});
  }

  void keep(const BankRun& r) {
    const Mixing* mixing = r.bank->kernel().mixing;
    if (!program_->mixing || program_->mixing->native < mixing->native) program_->mixing = mixing;
    program_->banks.push_back(r.bank.get());
    program_->kept_banks.push_back(r.bank);
    for (size_t i : r.members) program_->owners.push_back({r.bank.get(), plan_.nodes[i]->lane, plan_.nodes[i]->id});
  }
  void list_meters() {
    size_t total = 0;
    for (const InstancePtr& i : plan_.nodes) {
      if (i->leaving || i->type->meters.empty()) continue;
      program_->meters.nodes.push_back({i->bank.get(), i->lane, i->id});
      total += i->type->meters.size();
    }
    program_->meters.values.resize(total);
  }

  const Plan& plan_;
  Schedule schedule_;
  std::vector<Strand> strands_;
  std::unique_ptr<Program> program_;
  BufferPool* pool_ = nullptr;  // the strand's
  std::vector<std::vector<const Route*>> incoming_;
  std::unordered_map<const Bank*, size_t> readers_;
  std::unordered_map<const Bank*, std::vector<float*>> outputs_;
  std::vector<std::pair<float*, int>> assembled_;
};

}  // namespace

std::unique_ptr<Program> compile(const Plan& plan, const Environment& environment, const FadeShape& shape, const std::vector<TypeCost>& costs, bool apart) {
  Schedule schedule = make_schedule(plan, environment, shape);
  std::vector<Strand> strands = make_strands(plan, schedule, costs, apart);
  return Compiler(plan, std::move(schedule), std::move(strands)).run();
}

}  // namespace mixgraph
