#include "tools/render/render.h"

#include <algorithm>
#include <cmath>

#include "graph/followers.h"
#include "tools/render/offline_control.h"

namespace mixgraph {
namespace {

/// Planar channels of one block.
class Planar {
 public:
  Planar(int channels, int frames) : samples_(size_t(channels) * size_t(frames)) {
    for (int c = 0; c < channels; c++) pointers_.push_back(samples_.data() + size_t(c) * size_t(frames));
  }
  float* const* data() { return pointers_.data(); }
  float& at(int channel, int frame) { return pointers_[size_t(channel)][frame]; }
  int channels() const { return int(pointers_.size()); }

 private:
  std::vector<float> samples_;
  std::vector<float*> pointers_;
};

/// The device's inputs, from a file; silence after its end, and if there is none.
class Input {
 public:
  Input(SoundReader* file, int frames)
      : file_(file),
        planar_(file ? file->channels() : 0, frames),
        mixed_(size_t(planar_.channels()) * size_t(frames)) {}

  const float* const* next(int frames) {
    if (!file_) return planar_.data();
    const int channels = planar_.channels(), got = file_->read(mixed_.data(), frames);
    for (int c = 0; c < channels; c++)
      for (int i = 0; i < frames; i++) planar_.at(c, i) = i < got ? mixed_[size_t(i * channels + c)] : 0.f;
    return planar_.data();
  }

 private:
  SoundReader* file_;
  Planar planar_;
  std::vector<float> mixed_;  // interleaved
};

/// Where a render ends: frame by frame, so that it doesn't depend on the block size.
class SpanEnd {
 public:
  explicit SpanEnd(const RenderSpan& span) : span_(span), quiet_(float(std::pow(10, kSilenceDb / 20))) {}

  /// Takes the next frames of the file; returns how many of them belong to it.
  int take(Planar& block, int offset, int frames) {
    for (int i = 0; i < frames; i++, position_++) {
      if (done()) return i;
      if (position_ < span_.length) continue;
      silent_for_ = is_silent(block, offset + i) ? silent_for_ + 1 : 0;
    }
    return frames;
  }
  bool done() const {
    return position_ >= span_.longest || (position_ >= span_.length && silent_for_ >= span_.silence);
  }
  int64_t position() const { return position_; }

 private:
  bool is_silent(Planar& block, int frame) const {
    for (int c = 0; c < block.channels(); c++)
      if (std::abs(block.at(c, frame)) >= quiet_) return false;
    return true;
  }

  RenderSpan span_;
  float quiet_;
  int64_t position_ = 0, silent_for_ = 0;
};

std::vector<std::string> starved_players(const Graph& graph, std::span<const float> readings) {
  std::vector<std::string> addresses;
  auto reading = readings.begin();
  for (const Node& node : graph.nodes())
    for (const Meter& meter : node.type->meters)
      if (*reading++ > 0 && meter.id == "underruns") addresses.push_back("/" + node.path);
  return addresses;
}

std::vector<std::string> soloed_nodes(const Graph& graph) {
  std::vector<std::string> paths;
  for (const Node& node : graph.nodes())
    if (const int solo = find_part(node.type->parameters, GroupPart::solo); solo >= 0 && node.values[size_t(solo)] == Value(1.0)) paths.push_back(node.path);
  return paths;
}

}  // namespace

Result<RenderReport> render(const Song& song, const RenderOptions& options, SoundReader* input,
                            const std::function<void(const float* const*, int)>& write,
                            const std::function<void(int64_t, int64_t)>& progress) {
  EngineSettings settings = song.engine;
  settings.inputs = input ? input->channels() : 0;
  Engine engine(settings);
  OfflineControl control(engine, song, song.script);
  if (Problems problems = control.start(options.tempo); !problems.empty()) return with_lines(problems, song.path);
  auto span = render_span(options, song, engine.latency());
  if (!span) return with_lines(span.problems(), song.path);

  const int most = std::min(options.block, kMaxBlock);
  Planar out(settings.outputs, most);
  std::vector<float*> from(size_t(settings.outputs));
  Input in(input, most);
  SpanEnd end(*span);
  int64_t skip = span->skip;
  for (int left = 0, frames; !end.done(); left -= frames) {
    if (left == 0) {
      engine.service();
      engine.advance();
      control.tick();
      if (!control.problems().empty()) return control.problems().begin()->second;
      left = kMaxBlock;
    }
    frames = std::min(most, left);
    engine.process(in.next(frames), out.data(), frames);
    const int offset = int(std::min<int64_t>(skip, frames));
    skip -= offset;
    for (size_t c = 0; c < from.size(); c++) from[c] = out.data()[c] + offset;
    write(from.data(), end.take(out, offset, frames - offset));
    progress(end.position(), end.position() < span->length ? span->length : end.position());
  }
  return RenderReport{engine.counters(), starved_players(control.session().graph, engine.meters()), control.notes(), control.left(),
                      soloed_nodes(control.session().graph), control.unfollowed(), engine.automation()};
}

}  // namespace mixgraph
