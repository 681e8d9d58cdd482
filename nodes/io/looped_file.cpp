#include "nodes/io/looped_file.h"

#include "graph/mixing.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace mixgraph {
namespace {

constexpr size_t kChunk = 4096;    // frames read from the file at once
constexpr double kRunUp = 4096;    // source frames that fill the converter's filter before a seek's target
constexpr int kAlignments = 8192;  // source frames among which the best aligned one is looked for

constexpr size_t kShortPass =
    16384;  // frames; making a converter for each pass would take longer than the sound

/// A source frame to start converting at, so that one of the frames made falls on `frame`, and which of them
/// that is. `ratio` is source frames per frame made.
struct Start {
  uint64_t source, skip;
};
Start best_start(uint64_t frame, double ratio) {
  double target = double(frame) * ratio, latest = std::floor(target - kRunUp);
  if (latest <= 0) return {0, frame};
  double best = 0, best_error = 1;
  for (double s = latest; s > std::max(0.0, latest - kAlignments) && best_error > 1e-7; s--) {
    double skip = double(frame) - s / ratio, error = std::abs(skip - std::round(skip));
    if (error < best_error) best = s, best_error = error;
  }
  return {uint64_t(best), uint64_t(std::llround(double(frame) - best / ratio))};
}

}  // namespace

Result<std::unique_ptr<LoopedFile>> LoopedFile::open(const std::string& root, const std::string& name,
                                                     double rate) {
  auto file = open_sound(root, name);
  if (!file) return file.problems();
  return std::unique_ptr<LoopedFile>(new LoopedFile(std::move(*file), name, rate));
}

LoopedFile::LoopedFile(OpenSound file, std::string name, double rate)
    : file_(std::move(file)),
      info_(file_.info),
      rate_(rate),
      length_(std::max<uint64_t>(1, uint64_t(std::llround(double(info_.frames) * rate / info_.rate)))),
      source_(kChunk * size_t(info_.channels)),
      name_(std::move(name)) {}

void LoopedFile::seek(uint64_t frame) {
  start_pass(std::min(frame, length_ - 1));
}

void LoopedFile::start_pass(uint64_t frame) {
  joined_ = join_next_;
  frame_ = frame;
  from_short_pass_ = !joined_ && !short_pass_.empty();
  if (from_short_pass_) return;
  if (rate_ == info_.rate) {
    source_frame_ = frame;
    sf_seek(file_.sound.get(), sf_count_t(frame), SF_SEEK_SET);
    return;
  }
  // With joined ends, exactly one pass of the file makes exactly length() frames.
  double from = joined_ ? double(info_.frames) : info_.rate, to = joined_ ? double(length_) : rate_;
  soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
  soxr_quality_spec_t quality = soxr_quality_spec(SOXR_VHQ, 0);
  converter_.reset(soxr_create(from, to, unsigned(info_.channels), nullptr, &io, &quality, nullptr));
  bool whole = !joined_ && length_ <= kShortPass;
  Start start = best_start(whole ? 0 : frame, from / to);
  source_frame_ = start.source;
  source_at_ = source_count_ = 0;
  drained_ = false;
  sf_seek(file_.sound.get(), sf_count_t(start.source), SF_SEEK_SET);
  if (!whole) return skip_converted(start.skip);
  short_pass_.resize(length_ * size_t(channels()));
  convert(short_pass_.data(), length_);
  from_short_pass_ = true;
}

void LoopedFile::skip_converted(uint64_t frames) {
  std::vector<float> unheard(kChunk * size_t(channels()));
  while (frames > 0) {
    size_t count = size_t(std::min<uint64_t>(frames, kChunk));
    convert(unheard.data(), count);
    frames -= count;
  }
}

void LoopedFile::read(float* to, size_t frames) {
  while (frames > 0) {
    if (frame_ == length_) {
      bool goes_on = joined_ && join_next_ && converter_;
      if (goes_on)
        frame_ = 0;
      else
        start_pass(0);
    }
    size_t count = size_t(std::min<uint64_t>(frames, length_ - frame_)), width = size_t(channels());
    if (from_short_pass_)
      std::copy_n(&short_pass_[frame_ * width], count * width, to);
    else if (converter_)
      convert(to, count);
    else
      read_source(to, count);
    frame_ += count;
    to += count * width;
    frames -= count;
  }
}

/// Frames of the file from source_frame_ on, at most to its end; what can't be read, or isn't a number, is
/// silence.
size_t LoopedFile::read_source(float* to, size_t frames) {
  size_t count = size_t(std::min<uint64_t>(frames, info_.frames - source_frame_)), width = size_t(channels());
  sf_count_t got = std::max<sf_count_t>(0, sf_readf_float(file_.sound.get(), to, sf_count_t(count)));
  std::fill(to + size_t(got) * width, to + count * width, 0.f);
  for (size_t i = 0; i < count * width; i++)
    if (!(std::abs(to[i]) <= kLoudestSample)) to[i] = 0;
  if (size_t(got) < count) note_gap(source_frame_ + uint64_t(got));
  source_frame_ += count;
  return count;
}

void LoopedFile::note_gap(uint64_t frame) {
  if (std::exchange(told_, true)) return;
  char place[32];
  std::snprintf(place, sizeof place, "%.1f s", double(frame) / info_.rate);
  trouble_.put({name_, std::string("can't be read at ") + place, "there is silence where it can't; name the file again when it is whole"});
}

void LoopedFile::feed() {
  if (source_frame_ == info_.frames && joined_) {
    source_frame_ = 0;
    sf_seek(file_.sound.get(), 0, SF_SEEK_SET);
  }
  source_at_ = 0;
  source_count_ = read_source(source_.data(), kChunk);
}

/// Exactly `frames` frames of the converter; silence after the last that it has.
size_t LoopedFile::convert(float* to, size_t frames) {
  size_t done = 0, width = size_t(channels());
  while (done < frames && !drained_) {
    if (source_at_ == source_count_) feed();
    bool at_end = source_count_ == 0;
    size_t used = 0, made = 0;
    soxr_process(converter_.get(), at_end ? nullptr : source_.data() + source_at_ * width,
                 source_count_ - source_at_, &used, to + done * width, frames - done, &made);
    source_at_ += used;
    done += made;
    drained_ = at_end && made == 0;
  }
  std::fill(to + done * width, to + frames * width, 0.f);
  return frames;
}

}  // namespace mixgraph
