#include "graph/node.h"
#include "nodes/io/recording.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

constexpr Parameter record_row() {
  Parameter row =
      switch_row("record", "Record", "Records a new take; takes are numbered and never overwritten. Goes back to 0 if that fails.");
  row.motion = Motion::jump;
  row.main = true;
  return row;
}
constexpr std::string_view kFormats[] = {"float", "pcm24", "pcm16"};
enum Row { kFile, kRecord, kFormat };
constexpr Parameter kParameters[] = {
    {.id = "file",
     .label = "File",
     .doc = "What takes are called, beneath the folder for recordings: \"vox\" makes vox-001.wav; take if "
            "empty.",
     .curve = Curve::text,
     .update = Update::rebuild},
    record_row(),
    {.id = "format",
     .label = "Format",
     .doc = "Samples in the file: 32-bit float, or 24 or 16 bits, rounded and clipped at 0 dBFS.",
     .curve = Curve::stepped,
     .max = 2,
     .choices = kFormats,
     .update = Update::rebuild},
};
constexpr Port kIn[] = {{"in"}};
enum MeterRow { kDuration, kLost, kFailed, kRepaired };
constexpr Meter kMeters[] = {
    {"duration", "Duration", "Length of the take so far, or of the last one.", Unit::second, Fold::last, 0},
    {"lost", "Lost", "Frames that could not be written; silence is in their place.", Unit::none, Fold::last,
     0},
    {"failed", "Failed", "1 if the disk was full or refused the take.", Unit::none, Fold::last, 0},
    {"repaired", "Repaired", "Takes found unfinished after a crash, and repaired.", Unit::none, Fold::last,
     0},
};

class Recorder {
 public:
  static Result<std::unique_ptr<Recorder>> create(const Setup& setup) {
    auto recording = Recording::create({.root = setup.environment.record_root,
                                        .name = setup.text(kFile),
                                        .format = setup.format,
                                        .rate = setup.rate(),
                                        .samples = SampleFormat(setup.choice(kFormat))},
                                       setup.without_files);
    if (!recording) return recording.problems();
    return std::make_unique<Recorder>(setup, std::move(*recording));
  }
  Recorder(const Setup& setup, std::unique_ptr<Recording> recording)
      : recording_(std::move(recording)), order_(order_in_files(setup.format)), rate_(setup.rate()) {}

  void process(Block<float> b) {
    const float* channels[kMostChannels];
    for (int c = 0; c < b.channels(); c++) channels[order_[size_t(c)]] = b.in(c);
    recording_->record(b.ramp(kRecord).begin() > 0.5f);
    recording_->push(channels, b.frames());
    b.meter(kDuration) = float(double(recording_->frames()) / rate_);
    b.meter(kLost) = float(recording_->lost());
    b.meter(kFailed) = recording_->failed() ? 1.f : 0.f;
    b.meter(kRepaired) = float(recording_->repaired());
  }
  void service() { recording_->service(); }
  std::optional<Trouble> take_trouble() {
    auto failure = recording_->take_failure();
    if (!failure) return {};
    return Trouble{std::move(failure->problem), failure->goes_on ? -1 : int(kRecord)};
  }

 private:
  std::unique_ptr<Recording> recording_;
  const ChannelOrder order_;
  double rate_;
};

}  // namespace

extern constexpr NodeType recorder = declared({
    .id = "recorder",
    .label = "Recorder",
    .doc = "Records what comes in to a WAV file, of any length.",
    .category = "file",
    .inputs = kIn,
    .parameters = kParameters,
    .meters = kMeters,
    .kernels = kSoloKernel<Recorder>,
    .memory = [](const Setup& setup) { return Recording::memory(setup.rate(), setup.channels()); },
    .slow = true,
    .multichannel = Multichannel::together,
});

}  // namespace mixgraph::MIXGRAPH_ISA
