#include "tests/support/node_runner.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <stdexcept>

#include "graph/deadlines.h"
#include "graph/lane_state.h"
#include "tests/support/allocations.h"

namespace mixgraph {
namespace {

constexpr float kUnwritten = std::numeric_limits<float>::quiet_NaN();

int total_channels(std::span<const Port> ports, Format adaptive, Format own) {
  int total = 0;
  for (const Port& p : ports) total += channels_of(p, adaptive, own);
  return total;
}

const Kernel& kernel_for(const NodeType& type, Format adaptive, Format own, int lanes) {
  const auto kernels = kernels_for(type, adaptive, own);
  const auto k = std::find_if(kernels.begin(), kernels.end(), [&](const Kernel& one) { return one.lanes == lanes; });
  if (k == kernels.end() || lanes_taken(type, adaptive) > 1)
    throw std::invalid_argument(std::string(type.id) + " has no kernel of " + std::to_string(lanes) +
                                " lanes");
  return *k;
}

/// As a kernel counts them: the type's own rows, then its followers.
size_t rows_of(const NodeType& type) { return type.parameters.size() + type.followers.size(); }
const Parameter& row_at(const NodeType& type, size_t i) {
  return i < type.parameters.size() ? type.parameters[i] : type.followers[i - type.parameters.size()];
}

int row_of(const NodeType& type, std::string_view id) {
  for (size_t i = 0; i < rows_of(type); i++)
    if (row_at(type, i).id == id) return int(i);
  throw std::invalid_argument(std::string(type.id) + " has no row " + std::string(id));
}

Value value_for(const Parameter& p, const Value& given) {
  auto text = std::get_if<std::string>(&given);
  if (is_text(p) && !text) throw std::invalid_argument(std::string(p.id) + " is a text");
  if (is_text(p) || !text) return given;
  auto parsed = parse_value(p, *text);
  if (!parsed) throw std::invalid_argument(std::string(p.id) + ": " + parsed.problems()[0].text());
  return *parsed;
}

std::vector<Value> values_for(const NodeType& type, const std::vector<Setting>& settings) {
  std::vector<Value> values;
  for (int i = 0; i < row_count(type); i++) values.push_back(initial_value(row(type, i)));
  for (const Setting& s : settings) {
    int i = row_of(type, s.row);
    values[size_t(i)] = value_for(row(type, i), s.value);
  }
  return values;
}

std::vector<Setting> with(std::vector<Setting> settings, const std::vector<Setting>& more) {
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

const std::vector<float>* channel_of(const Channels& channels, int c) {
  return size_t(c) < channels.size() ? &channels[size_t(c)] : nullptr;
}

}  // namespace

const NodeType& find_type(std::string_view id, InstructionSet set) {
  for (const NodeType* type : node_types(set))
    if (type->id == id) return *type;
  throw std::invalid_argument("no node type " + std::string(id));
}
const NodeType& find_type(std::string_view id) {
  return find_type(id, available_instruction_sets().back());
}

const Kernel* find_kernel(const NodeType& type, int lanes) {
  for (const Kernel& k : type.kernels)
    if (k.lanes == lanes) return &k;
  return nullptr;
}

NodeRunner::Buffers::Buffers(int channels, int lanes, float x)
    : stride_(size_t(kMaxBlock) * size_t(lanes)),
      size_(stride_ * size_t(std::max(channels, 1))),
      data_(static_cast<float*>(::operator new[](size_ * sizeof(float), std::align_val_t(64)))) {
  fill(x);
}
NodeRunner::Buffers::~Buffers() {
  ::operator delete[](data_, std::align_val_t(64));
}
void NodeRunner::Buffers::fill(float x) {
  std::fill_n(data_, size_, x);
}

NodeRunner::NodeRunner(const NodeType& type, RunnerOptions options)
    : type_(type),
      environment_{
          .rate = options.rate, .media_root = options.media_root, .record_root = options.record_root},
      format_(options.channels.channels < type.least_channels ? Format(type.least_channels) : options.channels),
      own_(own_format(type, {environment_, format_, values_for(type, options.values)})),
      kernel_(kernel_for(type, format_, own_, options.lanes)),
      time_(options.time),
      tick_(options.time / kTick),
      glides_(rows_of(type) * size_t(options.lanes)),
      gliding_(glides_.size()),
      touched_(rows_of(type)),
      last_change_(size_t(options.lanes), options.time / kTick),
      in_(total_channels(type.inputs, format_, own_), options.lanes, 0.f),
      out_(total_channels(type.outputs, format_, own_), options.lanes, kUnwritten),
      ramps_(int(rows_of(type)), options.lanes, 0.f),
      meters_(int(type.meters.size()), options.lanes, 0.f),
      folded_(type.meters.size() * size_t(options.lanes)) {
  auto values = values_for(type, options.values);
  auto made = kernel_.create(Setup{environment_, format_, values});
  if (!made) throw std::invalid_argument(made.problems()[0].text());
  node_ = *made;
  for (const Feed& feed : type.feeds)
    for (int l = 0; l < options.lanes; l++) {
      feed_buffers_.push_back(std::make_unique<FeedBuffer>(feed));
      feeds_.push_back(feed_buffers_.back().get());
    }
  for (int l = 0; l < options.lanes && options.lanes > 1; l++) {
    if (size_t(l) < options.lane_values.size()) values = values_for(type, with(options.values, options.lane_values[size_t(l)]));
    make_lane(kernels_for(type, format_, own_)[0], node_, options.lanes, l, Setup{environment_, format_, values});
  }
  for (size_t i = 0; i < rows_of(type); i++) {
    const Value value = i < type.parameters.size() ? values[i] : initial_value(row_at(type, i));
    if (auto number = std::get_if<double>(&value))
      for (int l = 0; l < options.lanes; l++) {
        glide(int(i), l).rest(to_domain(row_at(type, i), *number));
        write_ramp(int(i), l);
      }
  }
  for (size_t m = 0; m < type.meters.size(); m++)
    for (int l = 0; l < options.lanes; l++)
      folded_[m * size_t(options.lanes) + size_t(l)] =
          meters_.channel(0)[m * size_t(options.lanes) + size_t(l)] = type.meters[m].rest;
}

std::vector<float> NodeRunner::feed(std::string_view id, int lane) {
  for (size_t f = 0; f < type_.feeds.size(); f++)
    if (type_.feeds[f].id == id) {
      FeedBuffer& buffer = *feeds_[f * size_t(kernel_.lanes) + size_t(lane)];
      buffer.want(true);
      const auto values = buffer.take();
      return {values.begin(), values.end()};
    }
  throw std::invalid_argument(std::string(type_.id) + " has no feed " + std::string(id));
}

NodeRunner::~NodeRunner() {
  kernel_.destroy(node_);
}

int NodeRunner::input_channels() const {
  return total_channels(type_.inputs, format_, own_);
}
int NodeRunner::output_channels() const {
  return total_channels(type_.outputs, format_, own_);
}

int NodeRunner::live_row(std::string_view id) const {
  int i = row_of(type_, id);
  const Parameter& p = row_at(type_, size_t(i));
  if (p.update == Update::rebuild || is_text(p))
    throw std::invalid_argument(std::string(id) + " is not live: give it to the constructor");
  return i;
}

template <class F>
void NodeRunner::change(std::string_view id, int lane, F f) {
  int i = live_row(id);
  const Parameter& p = row_at(type_, size_t(i));
  enter_tick();
  for (int l = std::max(lane, 0); l < (lane < 0 ? kernel_.lanes : lane + 1); l++) {
    last_change_[size_t(l)] = time_ / kTick;
    hurried_ |= uint64_t(1) << l;
    gliding_[size_t(i * kernel_.lanes + l)] = f(p, glide(i, l));
    write_ramp(i, l);
  }
  touched_[size_t(i)] = 1;
}

void NodeRunner::set(std::string_view id, double value, int lane) {
  if (row_at(type_, size_t(live_row(id))).motion == Motion::jump) return jump(id, value, lane);
  move(id, value, 0, lane);
}
void NodeRunner::set(std::string_view id, std::string_view choice, int lane) {
  const Parameter& p = row_at(type_, size_t(live_row(id)));
  set(id, std::get<double>(value_for(p, Value(std::string(choice)))), lane);
}
void NodeRunner::move(std::string_view id, double value, double seconds, int lane) {
  double frames = std::round(seconds * environment_.rate);
  change(id, lane, [&](const Parameter& p, Glide& g) {
    g.begin(p, time_, to_domain(p, value), frames, Course::position, shortest_move(environment_.rate));
    return true;
  });
}
void NodeRunner::jump(std::string_view id, double value, int lane) {
  change(id, lane, [&](const Parameter& p, Glide& g) {
    g.rest(to_domain(p, value));
    return false;
  });
}

void NodeRunner::write_ramp(int row, int lane) {
  float* out = ramps_.channel(0) + row * 4 * kernel_.lanes + lane;
  for (int k = 0; k < 4; k++) out[k * kernel_.lanes] = float(glide(row, lane).cubic().c[k]);
}

// Once per tick, before anything else happens in it.
void NodeRunner::enter_tick() {
  if (time_ / kTick == tick_) return;
  tick_ = time_ / kTick;
  uint64_t slow = 0, fast = 0;
  for (size_t i = 0; i < glides_.size(); i++) {
    if (!gliding_[i]) continue;
    int r = int(i) / kernel_.lanes, l = int(i) % kernel_.lanes;
    last_change_[size_t(l)] = tick_;
    gliding_[i] = glides_[i].next_tick(row_at(type_, size_t(r)), tick_ * kTick, 1);
    (glides_[i].is_slow(row_at(type_, size_t(r))) ? slow : fast) |= uint64_t(1) << l;
    write_ramp(r, l);
  }
  hurried_ = ~slow | fast;
}

void NodeRunner::load(const std::vector<Channels>& input, int first, int frames) {
  int lanes = kernel_.lanes, c = 0;
  std::vector<int> start_of_port;
  for (const Port& port : type_.inputs) {
    start_of_port.push_back(c);
    for (int i = 0; i < channels_of(port, format_, own_); i++, c++)
      for (int l = 0; l < lanes; l++) {
        const Channels& given = input[std::min(size_t(l), input.size() - 1)];
        auto* samples = channel_of(given, c);
        if (!samples && port.normalled >= 0) {
          int other = std::min(i, channels_of(type_.inputs[size_t(port.normalled)], format_, own_) - 1);
          samples = channel_of(given, start_of_port[size_t(port.normalled)] + other);
        }
        float* to = in_.channel(c) + l;
        for (int f = 0; f < frames; f++) {
          size_t index = size_t(first + f);
          to[f * lanes] = samples && index < samples->size() ? (*samples)[index] : 0.f;
        }
      }
  }
}

void NodeRunner::call_kernel(int frames, const float* const* in, float* const* out) {
  std::vector<const float*> device_in;
  std::vector<float*> device_out;
  for (auto& c : device_in_) device_in.push_back(c.data());
  for (auto& c : device_out_) device_out.push_back(c.data());
  DeviceBuffers device{device_in.data(), device_out.data(), int(device_in.size()), int(device_out.size()),
                       int(device_time_)};
  uint64_t restless = 0;
  for (size_t l = 0; l < last_change_.size(); l++)
    if (time_ / kTick - last_change_[l] <= 1) restless |= uint64_t(1) << l;
  Deadlines deadlines{.time = time_};  // all that is due later is done when it is taken
  RawBlock raw{.frames = frames,
               .at = int(time_ % kTick),
               .time = time_,
               .channels = format_.channels,
               .own_channels = own_.channels,
               .in = in,
               .out = out,
               .ramps = ramps_.channel(0),
               .restless = restless,
               .hurried = restless & hurried_,
               .touched = touched_.data(),
               .meters = meters_.channel(0),
               .feeds = feeds_.empty() ? nullptr : feeds_.data(),
               .device = &device,
               .transport = &transport_,
               .deadlines = &deadlines};
  AllocationCount allocations;
  kernel_.process(node_, raw);
  allocations_ += allocations.count();
}

void NodeRunner::run_block(const std::vector<Channels>& input, std::vector<Channels>& output, int first,
                           int frames) {
  std::vector<const float*> in, no_in(size_t(input_channels()), nullptr);
  std::vector<float*> out, no_out(size_t(output_channels()), nullptr);
  for (int c = 0; c < input_channels(); c++) in.push_back(in_.channel(c));
  for (int c = 0; c < output_channels(); c++) out.push_back(out_.channel(c));
  load(input, first, frames);
  out_.fill(kUnwritten);
  enter_tick();
  for (auto& c : device_in_) c.resize(std::max(c.size(), device_time_ + size_t(frames)));
  for (auto& c : device_out_) c.resize(std::max(c.size(), device_time_ + size_t(frames)));
  if (type_.breaks_loops) {
    call_kernel(frames, no_in.data(), out.data());
    call_kernel(frames, in.data(), no_out.data());
  } else {
    call_kernel(frames, in.data(), out.data());
  }
  for (size_t l = 0; l < output.size(); l++)
    for (int c = 0; c < output_channels(); c++)
      for (int f = 0; f < frames; f++)
        output[l][size_t(c)][size_t(first + f)] = out_.channel(c)[size_t(f) * output.size() + l];
  fold_meters();
  std::fill(touched_.begin(), touched_.end(), uint8_t(0));
  time_ += uint64_t(frames);
  device_time_ += size_t(frames);
}

void NodeRunner::fold_meters() {
  for (size_t i = 0; i < folded_.size(); i++) {
    float reading = meters_.channel(0)[i];
    Fold fold = fold_starts_ ? Fold::last : type_.meters[i / size_t(kernel_.lanes)].fold;
    if (fold == Fold::last) folded_[i] = reading;
    if (fold == Fold::max) folded_[i] = std::max(folded_[i], reading);
    if (fold == Fold::min) folded_[i] = std::min(folded_[i], reading);
  }
  fold_starts_ = false;
}

std::vector<Channels> NodeRunner::process_lanes(const std::vector<Channels>& input, int frames,
                                                int block_size) {
  static const std::vector<Channels> kSilence(1);
  std::vector<Channels> output(size_t(kernel_.lanes),
                               Channels(size_t(output_channels()), std::vector<float>(size_t(frames))));
  fold_starts_ = true;
  for (int done = 0; done < frames;) {
    int in_period = done % block_size, at = int(time_ % kTick);
    if (in_period == 0 && automatic_service) service();
    int count = std::min({block_size - in_period, kTick - at, frames - done});
    run_block(input.empty() ? kSilence : input, output, done, count);
    done += count;
  }
  return output;
}

Channels NodeRunner::process(const Channels& input, int frames, int block_size) {
  return process_lanes({input}, frames, block_size)[0];
}

float NodeRunner::meter(std::string_view id, int lane) const {
  for (size_t m = 0; m < type_.meters.size(); m++)
    if (type_.meters[m].id == id) return folded_[m * size_t(kernel_.lanes) + size_t(lane)];
  throw std::invalid_argument(std::string(type_.id) + " has no meter " + std::string(id));
}

void NodeRunner::set_device(Channels inputs, int outputs) {
  device_in_ = std::move(inputs);
  device_out_ = Channels(size_t(outputs));
  device_time_ = 0;
}

void NodeRunner::service() {
  if (kernel_.service) kernel_.service(node_);
}

}  // namespace mixgraph
