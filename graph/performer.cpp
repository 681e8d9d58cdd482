#include "graph/performer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "graph/crew.h"
#include "graph/deadline_board.h"
#include "graph/sharing.h"

namespace mixgraph {
namespace {

/// Adds to a count that only this thread writes.
void add(std::atomic<uint64_t>& count, uint64_t more) {
  if (more) count.store(count.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

/// The device's buffers are far away; asked for all at once, they come while the first nodes run.
void fetch(const DeviceBuffers& device, int frames) {
  constexpr int kLine = 16;  // floats
  for (int c = 0; c < device.inputs; c++)
    for (int i = 0; i < frames; i += kLine) __builtin_prefetch(device.in[c] + device.offset + i);
}

}  // namespace

Performer::Performer(const EngineSettings& settings, const FadeShape& shape, Handover& handover, CostMeter& costs, const Sharing& sharing, DeadlineBoard& board, Crew* crew)
    : settings_(settings),
      shape_(shape),
      handover_(handover),
      costs_(costs),
      sharing_(sharing),
      board_(board),
      crew_(crew),
      ceiling_(float(std::pow(10, settings.ceiling_db / 20))),
      transport_(settings.environment.rate) {
  // So that its pages are there before the audio thread needs them.
  waiting_.resize(Handover::kMostBatches);
  waiting_.clear();
}

Performer::~Performer() {
  for (Batch* batch : waiting_) delete batch;
}

void Performer::process(const float* const* in, float* const* out, int frames) noexcept {
  NoDenormals no_denormals;
  for (int c = 0; c < settings_.outputs; c++) std::fill_n(out[c], frames, 0.f);
  handover_.horizon.store(now() + uint64_t(frames), std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // who sees an older horizon has sent before this
  // What was sent before a program is begun in the block that takes it over, and what was sent after it is not seen before it.
  uint64_t mark = handover_.batches.readable();
  Program* next = handover_.incoming.exchange(nullptr, std::memory_order_acquire);
  if (next) mark = std::max(mark, next->mark);
  collect(mark);
  if (next) adopt(*next);
  const bool is_shared = running_ && running_->tasks.size() > 1;
  if (is_shared) crew_->begin_block();
  for (int done = 0; done < frames;) done += run_piece({in, out, settings_.inputs, settings_.outputs, done}, frames - done);
  for (int c = 0; c < settings_.outputs; c++) count(guard(out[c], frames, ceiling_));
  if (running_ && frames > 0) post_meters();
  if (is_shared) crew_->end_block();
  add(handover_.blocks, 1);
}

void Performer::collect(uint64_t mark) {
  auto& batches = handover_.batches;
  for (; batches.consumed() < mark; batches.pop()) {
    Batch* const batch = batches.front();
    glides_.add(std::exchange(batch->glides, {}));
    if (batch->automation) {
      if (Batch* before = automation_.exchange(batch, running_, now(), glides_)) handover_.done.push({&before, 1});
      continue;
    }
    if (batch->late || (batch->timed && batch->frame < now())) add(handover_.late, batch->orders.size());
    waiting_.push_back(batch);
    std::push_heap(waiting_.begin(), waiting_.end(), comes_after);
  }
}

void Performer::adopt(Program& next) {
  const Program* const before = std::exchange(running_, &next);
  for (Bank* bank : next.banks) bank->program_serial = next.serial;
  board_.keep(next.serial);
  if (crew_) handover_.cleared.store(crew_->dismiss(), std::memory_order_release);
  for (const LaneTransfer& t : next.transfers) {
    t.to->take_lane(t.lane, *t.from, t.from_lane, glides_);
    // Who looks for the fault may have looked in the wrong place.
    if (t.to->fault(t.lane) != Fault::none) handover_.faults.fetch_add(1, std::memory_order_release);
  }
  glides_.add(next.glides);
  for (const LaneTransfer& t : next.heirs) t.to->inherit_lane(t.lane, *t.from, t.from_lane, glides_);
  for (size_t b = 0; b < next.banks.size(); b++) next.banks[b]->set_members(next.members[b], glides_);
  if (before) automation_.move_over(*before, next, now(), glides_);
  // A bank that goes on may have had others in its lanes, whose feeds end with the program before.
  if (before)
    for (const Program::FeedPlace& f : before->feeds) f.bank->set_feeds(f.lane, nullptr);
  for (const Program::FeedPlace& f : next.feeds) f.bank->set_feeds(f.lane, f.feeds.get());
  if (before)
    for (Bank* bank : before->banks)
      if (bank->program_serial != next.serial) bank->give_back_glides(glides_);
  // The program before, and what only it kept alive, may go now.
  handover_.taken.store(next.serial, std::memory_order_release);
}

int Performer::run_piece(DeviceBuffers device, int most) {
  const uint64_t begin = now();
  const int at = int(begin % kTick);
  if (at == 0 && begin != ticked_) start_tick(begin);
  begin_due(begin);
  int frames = std::min(most, kTick - at);
  if (!waiting_.empty() && waiting_.front()->frame > begin && cuts_ < kMostCuts)
    frames = int(std::min<uint64_t>(uint64_t(frames), waiting_.front()->frame - begin));
  fetch(device, frames);
  if (running_) run_program(*running_, {frames, at, begin, device, fade_in_, fade_out_, handover_.faults, transport_.at(begin), &board_});
  handover_.frame.store(begin + uint64_t(frames), std::memory_order_relaxed);
  return frames;
}

void Performer::start_tick(uint64_t now) {
  ticked_ = cut_ = now;
  cuts_ = 0;
  begun_ = 0;
  if (!running_) return;
  const bool sparse = glides_.used() + automation_.moving() > kMostMoving;
  for (Bank* bank : running_->banks) bank->start_tick(now, sparse, glides_);
  board_.work(now);
  automation_.start_tick(now, *running_, sparse, glides_);
}

void Performer::begin_due(uint64_t now) {
  while (!waiting_.empty() && waiting_.front()->frame <= now) {
    Batch* const batch = waiting_.front();
    if (!fits(*batch, now)) return add(handover_.postponed, std::exchange(batch->postponed, true) ? 0 : 1);
    begin(*batch, now);
    std::pop_heap(waiting_.begin(), waiting_.end(), comes_after);
    waiting_.pop_back();
    handover_.done.push({&batch, 1});
  }
}

bool Performer::fits(const Batch& batch, uint64_t now) const {
  if (cut_ != now && cuts_ == kMostCuts) return false;
  return begun_ == 0 || begun_ + batch.orders.size() <= kMostBegun;
}

void Performer::begin(const Batch& batch, uint64_t now) {
  if (cut_ != now) cut_ = now, cuts_++;
  begun_ += batch.orders.size();
  if (batch.transport) transport_.change(*batch.transport, batch.frame);
  if (!running_) return;
  for (const Order& order : batch.orders)
    if (const LanePlace* place = running_->places.find(order.instance))
      if (automation_.take_away(order, batch.frame, *place, now, glides_)) place->bank->begin_move(order, place->lane, batch.frame, now, glides_);
}

void Performer::run_program(Program& program, const Chunk& chunk) {
  if (program.fades) {
    for (int i = 0; i < chunk.frames; i++) fade_in_[i] = shape_.gain(program.fade_at + i), fade_out_[i] = 1 - fade_in_[i];
    program.fade_at = std::min(program.fade_at + chunk.frames, shape_.length());
  }
  const bool is_shared = program.tasks.size() > 1;
  if ((!is_shared || sharing_.may_run_alone()) && costs_.begin()) {
    board_.account(chunk.frames);
    program.run(chunk, costs_);
  } else if (is_shared) {
    const uint64_t begun = CostMeter::clock();
    crew_->run(program, chunk);
    costs_.add_shared(CostMeter::clock() - begun, chunk.frames);
  } else {
    program.run(chunk);
  }
  if (program.fade_at == shape_.length()) handover_.faded.store(program.serial, std::memory_order_release);
}

void Performer::post_meters() {
  MeterBoard& board = running_->meters;
  if (board.filled.load(std::memory_order_acquire)) return;
  float* to = board.values.data();
  for (const LanePlace& p : board.nodes) {
    p.bank->read_meters(p.lane, to);
    to += p.bank->type().meters.size();
  }
  for (const LanePlace& p : board.nodes) p.bank->forget_meters();
  board.filled.store(true, std::memory_order_release);
}

void Performer::count(Guarded guarded) {
  add(handover_.bad_samples, guarded.bad);
  add(handover_.limited_samples, guarded.limited);
}

}  // namespace mixgraph
