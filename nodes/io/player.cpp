#include <atomic>
#include <cmath>
#include <string>

#include "graph/node.h"
#include "nodes/io/device_channels.h"
#include "nodes/io/read_ahead.h"

namespace mixgraph::MIXGRAPH_ISA {
namespace {

constexpr Parameter jumps(Parameter row, bool main = false) {
  row.motion = Motion::jump;
  row.main = main;
  return row;
}
enum Row { kFile, kPlay, kLoop, kPosition, kFormat, kFollow };
constexpr Parameter kParameters[] = {
    {.id = "file",
     .label = "File",
     .doc = "A sound file of any rate and up to 16 channels beneath the media folder; silence if empty.",
     .curve = Curve::text,
     .update = Update::rebuild},
    jumps(
        switch_row("play", "Play", "Plays on from where it stopped, or from the start after the end.", true),
        true),
    jumps(switch_row("loop", "Loop", "Goes on with the start after the end, without a gap.")),
    {.id = "position",
     .label = "Position",
     .doc = "Goes to this place in the file.",
     .unit = Unit::second,
     .max = 36000,
     .motion = Motion::jump},
    format_row("What the file's channels are; auto: as the file says, or as is usual for so many."),
    jumps(switch_row("follow", "Follow", "Plays while time rolls, at the place where that is, and not where Position says.")),
};
constexpr Port kOut[] = {{"out"}};
enum MeterRow { kPlace, kUnderruns };
constexpr Meter kMeters[] = {
    {"position", "Position", "Where in the file it is.", Unit::second, Fold::last, 0},
    {"underruns", "Underruns", "How often the disk was too slow: silence, then on where it would be by now.", Unit::none,
     Fold::last, 0},
};
constexpr double kFadeSeconds = 0.010;
constexpr double kToldAgain = 60;  // s, after which another underrun is told again

/// Where the file is heard, and how loud: stops, starts and jumps fade along a raised cosine. The file's own
/// start and end are as they are in the file, and so is what a new instance plays from its first frame on. While the disk
/// is too slow it is silent, and its place goes on, so that it stays in time with others.
class Player {
 public:
  static Result<std::unique_ptr<Player>> create(const Setup& setup) {
    if (setup.text(kFile).empty() || setup.without_files) return std::make_unique<Player>(setup, nullptr);
    auto file = ReadAhead::open(setup.environment.media_root, setup.text(kFile), setup.rate(),
                                setup.number(kPosition), setup.choice(kLoop) == 1);
    if (!file) return file.problems();
    if (Problems wrong = check_format_of_channels((*file)->channels(), setup.choice(kFormat)); !wrong.empty()) {
      wrong[0].where = setup.text(kFile);
      return wrong;
    }
    return std::make_unique<Player>(setup, std::move(*file));
  }

  Player(const Setup& setup, std::unique_ptr<ReadAhead> file)
      : file_(std::move(file)),
        order_(file_ ? order_of(file_->info(), setup.choice(kFormat)) : ChannelOrder{}),
        name_(setup.text(kFile)),
        rate_(setup.rate()),
        fade_length_(int(std::lround(setup.rate() * kFadeSeconds))),
        shape_(size_t(fade_length_) + 1),
        play_(starts(setup)),
        loop_(setup.choice(kLoop) == 1),
        fade_(play_ ? fade_length_ : 0),
        frame_(file_ ? file_->start() : 0) {
    for (int i = 0; i <= fade_length_; i++)
      shape_[size_t(i)] = float(0.5 - 0.5 * std::cos(M_PI * i / fade_length_));
    shape_[size_t(fade_length_)] = 1;
  }

  /// What the file has to be read anew for is asked for at once, so that it may be there before the first block.
  void begin(const Setup& setup) {
    const bool loop = setup.choice(kLoop) == 1;
    play_ = starts(setup);
    fade_ = play_ ? fade_length_ : 0;
    if (!file_) return;
    target_ = file_->frame_of(setup.number(kPosition));
    seeking_ = asked_ || target_ != frame_ || loop != loop_;
    loop_ = loop;
    file_->set_loop(loop);
    if (seeking_) fade_ = 0, ask();
  }

  void process(Block<float> b) {
    if (!file_) return silence(b);
    follow_rows(b);
    available_ = file_->available();
    for (int i = 0; i < b.frames(); i++) {
      if (seeking_) seek_on(b.time());
      play_frame(b, i);
    }
    file_->advance(ahead_);
    ahead_ = 0;
    is_new_ = false;
    b.meter(kPlace) = float(double(seeking_ ? target_ : frame_) / rate_);
    b.meter(kUnderruns) = float(underruns_);
  }

  void service() {
    if (file_) file_->service();
  }
  std::optional<Trouble> take_trouble() {
    if (!file_) return {};
    if (auto problem = file_->take_trouble()) return Trouble{std::move(*problem)};
    const uint64_t starved = starved_at_.load(std::memory_order_relaxed);
    if (starved <= told_until_) return {};
    told_until_ = starved + uint64_t(rate_ * kToldAgain);
    return Trouble{{name_, "comes too late from the disk", "it is silent until there is enough of it, and stays in time"}};
  }

 private:
  static ChannelOrder order_of(const SoundInfo& info, int choice) { return chosen_format(choice) == Format() ? info.order : order_in_files(chosen_format(choice)); }
  /// One that follows waits for what its first block says.
  static bool starts(const Setup& setup) { return setup.choice(kPlay) == 1 && setup.choice(kFollow) == 0; }
  static void silence(const Block<float>& b) {
    for (int c = 0; c < b.channels(); c++) std::fill_n(b.out(c), b.frames(), 0.f);
  }

  void follow_rows(const Block<float>& b) {
    bool play = b.ramp(kPlay).begin() > 0.5f;
    loop_ = b.ramp(kLoop).begin() > 0.5f;
    file_->set_loop(loop_);
    const bool follows = b.ramp(kFollow).begin() > 0.5f;
    if (follows)
      play = play && follow(b);
    else if (b.touched(kPosition))
      seek(file_->frame_of(double(b.ramp(kPosition).begin())));
    follows_ = follows;
    if (play && !play_) {
      if (frame_ == file_->length() && !follows) frame_ = 0;
      if (frame_ == 0 && fade_ == 0) fade_ = fade_length_;
    }
    play_ = play;
  }

  void seek(uint64_t target) {
    target_ = target;
    seeking_ = true;
    late_ = 0;
    settle_ = frames_to_settle();
  }
  int frames_to_settle() const { return (rises_ ? fade_length_ - fade_ : 0) + fade_length_; }

  /// Whether time rolls. When that isn't where the file is, it goes there: while it stands still, to wait in silence; while it
  /// rolls, to where it will be when the new sound begins.
  bool follow(const Block<float>& b) {
    const Transport& t = b.transport();
    const bool jumps = !follows_ || std::abs(t.seconds - next_seconds_) * rate_ > 1;
    next_seconds_ = t.seconds + (t.rolling ? b.frames() / rate_ : 0);
    if (seeking_ ? !jumps : is_at(place_of(t.seconds))) return t.rolling;
    if (t.rolling)
      seek(place_of(t.seconds + frames_to_settle() / rate_));
    else if (fade_ == 0)
      seek(place_of(t.seconds)), settle_ = 0;
    return t.rolling;
  }
  uint64_t place_of(double seconds) const {
    const auto frame = uint64_t(std::llround(seconds * rate_));
    return loop_ ? frame % file_->length() : std::min(frame, file_->length());
  }
  /// But for what the rounding of a place between two frames may be.
  bool is_at(uint64_t place) const {
    const uint64_t off = frame_ > place ? frame_ - place : place - frame_;
    return off <= 1 || (loop_ && off + 1 >= file_->length());
  }

  void ask() {
    if (asked_) return;
    file_->ask(target_ % file_->length());
    asked_for_ = target_;
    asked_ = true;
  }

  /// Asks for the place to go to, and goes there when the old sound has faded out. The wait is always the
  /// same, so that what is heard doesn't depend on how soon the worker answers; if it is slower than that, the sound
  /// begins where it would be by then.
  void seek_on(uint64_t time) {
    ask();
    if (settle_ > 0)
      settle_--;
    else if (file_->answered())
      arrive();
    else if (play_ && ++late_ == uint64_t(2 * fade_length_))
      note_underrun(time);
  }
  void arrive() {
    file_->advance(ahead_);
    file_->go();
    asked_ = false;
    seeking_ = target_ != asked_for_;
    const uint64_t left = file_->length() - asked_for_;
    const uint64_t passed = loop_ ? late_ : std::min(late_, left);
    ahead_ = int64_t(passed);
    available_ = file_->available();
    frame_ = passed <= left ? asked_for_ + passed : (passed - left) % file_->length();
    fade_ = is_new_ && play_ && passed == 0 ? fade_length_ : 0;
  }

  void note_underrun(uint64_t time) {
    underruns_++;
    starved_at_.store(time + 1, std::memory_order_relaxed);
  }

  void play_frame(const Block<float>& b, int i) {
    if (frame_ == file_->length() && loop_ && play_) frame_ = 0;
    bool wanted = play_ && !seeking_, starves = available_ - ahead_ < 2 * fade_length_;
    if (wanted && starves && !starved_) note_underrun(b.time());
    starved_ = starves;
    // A fade that has begun is completed before it turns back: a turn half-way would be a corner.
    if (fade_ == 0 || fade_ == fade_length_) rises_ = wanted && !starves;
    fade_ = std::clamp(fade_ + (rises_ ? 1 : -1), 0, fade_length_);
    bool moves = (wanted || fade_ > 0) && frame_ < file_->length();
    for (int c = 0; c < b.channels(); c++)
      b.out(c)[i] = moves && ahead_ < available_
                        ? file_->sample(ahead_, order_[size_t(c % file_->channels())]) * shape_[size_t(fade_)]
                        : 0.f;
    ahead_ += moves;
    frame_ += moves;
  }

  std::unique_ptr<ReadAhead> file_;
  const ChannelOrder order_;
  const std::string name_;
  double rate_;
  int fade_length_;
  Memory<float> shape_;
  bool play_, loop_, rises_ = false, is_new_ = true;
  bool follows_ = false;
  double next_seconds_ = 0;  // of the transport, if it does nothing but what it does now
  int fade_;               // 0: silence, fade_length_: as it is
  uint64_t frame_;         // of the file, next to be heard; length(): at the end
  int64_t ahead_ = 0;      // frames taken since the file was told
  int64_t available_ = 0;  // frames there, at that time
  bool seeking_ = false, asked_ = false, starved_ = false;
  uint64_t target_ = 0, asked_for_ = 0;
  uint64_t late_ = 0;  // frames that would have been heard by now, had the worker answered in time
  int settle_ = 0;  // frames until it may go
  uint64_t underruns_ = 0;
  std::atomic<uint64_t> starved_at_{0};  // frame of the engine after the latest underrun began
  uint64_t told_until_ = 0;              // [control]
};

Format format(const Setup& setup) {
  const Format chosen = chosen_format(setup.choice(kFormat)), without = chosen == Format() ? Format(2) : chosen;
  if (setup.text(kFile).empty() || setup.without_files) return without;
  auto info = read_sound_info(setup.environment.media_root, setup.text(kFile));
  if (!info) return without;
  return chosen.channels == info->channels ? chosen : info->format;
}

size_t memory_of_file(const Setup& setup) {
  return setup.text(kFile).empty() ? 0 : ReadAhead::memory(setup.rate(), setup.channels());
}

}  // namespace

extern constexpr NodeType player = declared({
    .id = "player",
    .label = "Player",
    .doc = "Plays a sound file.",
    .category = "file",
    .outputs = kOut,
    .parameters = kParameters,
    .meters = kMeters,
    .kernels = kSoloKernel<Player>,
    .format = format,
    .memory = memory_of_file,
    .slow = true,
    .multichannel = Multichannel::together,
});

}  // namespace mixgraph::MIXGRAPH_ISA
