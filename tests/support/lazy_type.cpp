#include "tests/support/lazy_type.h"

#include <algorithm>
#include <limits>

namespace mixgraph {

LazyLives lazy_lives;

void LazyLives::note(const std::string& what, const std::string& file) {
  std::unique_lock lock(mutex_);
  events_.push_back({what, file, std::this_thread::get_id()});
  changed_.notify_all();
  changed_.wait(lock, [&] { return shut_ != what + " " + file; });
}
void LazyLives::shut(const std::string& what, const std::string& file) {
  std::lock_guard lock(mutex_);
  shut_ = what + " " + file;
}
void LazyLives::open() {
  std::lock_guard lock(mutex_);
  shut_.clear();
  changed_.notify_all();
}
int LazyLives::count(const std::string& what, const std::string& file) const {
  std::lock_guard lock(mutex_);
  return int(std::count_if(events_.begin(), events_.end(), [&](const Event& e) { return e.what == what && e.file == file; }));
}
int LazyLives::count_here() const {
  std::lock_guard lock(mutex_);
  return int(std::count_if(events_.begin(), events_.end(), [](const Event& e) { return e.thread == std::this_thread::get_id(); }));
}
void LazyLives::await(const std::string& what, const std::string& file, int wanted) {
  while (count(what, file) < wanted) std::this_thread::yield();
}
void LazyLives::clear() {
  std::lock_guard lock(mutex_);
  events_.clear();
  shut_.clear();
}

namespace {

enum Row { kFile, kLevel, kSpoil };
constexpr Parameter live(const char* id) { return {.id = id, .label = "Row", .doc = "A row.", .max = 1, .motion = Motion::jump}; }
constexpr Parameter kRows[] = {
    {.id = "file", .label = "File", .doc = "A name.", .curve = Curve::text, .update = Update::rebuild}, live("level"), live("spoil")};
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};

class Lazy {
 public:
  static Result<std::unique_ptr<Lazy>> create(const Setup& setup) {
    lazy_lives.note("make", setup.text(kFile));
    if (setup.text(kFile) == "bad") return Problem{"bad", "is bad", "a good one"};
    return std::make_unique<Lazy>(setup);
  }
  explicit Lazy(const Setup& setup) : file_(setup.text(kFile)), level_(float(setup.number(kLevel))) {}
  ~Lazy() { lazy_lives.note("end", file_); }
  void begin(const Setup& setup) { level_ = float(setup.number(kLevel)); }
  void service() { lazy_lives.note("serve", file_); }
  void process(baseline::Block<float> b) {
    const float level = b.ramp(kSpoil).begin() > 0.5f ? std::numeric_limits<float>::quiet_NaN() : level_;
    for (int c = 0; b.out(0) && c < b.channels(); c++) std::fill_n(b.out(c), b.frames(), level);
  }

 private:
  const std::string file_;
  float level_;
};

class LazySink : public Lazy {
 public:
  using Lazy::Lazy;
  static Result<std::unique_ptr<LazySink>> create(const Setup& setup) {
    lazy_lives.note("make", setup.text(kFile));
    return std::make_unique<LazySink>(setup);
  }
  void process(baseline::Block<float>) {}
};

Format count_channels(const Setup& setup) {
  lazy_lives.note("channels", setup.text(kFile));
  return setup.text(kFile).starts_with("stereo") ? 2 : 1;
}

}  // namespace

const NodeType kLazy{.id = "lazy",
                     .label = "Lazy",
                     .doc = "Takes its time.",
                     .category = "test",
                     .inputs = {},
                     .outputs = kOut,
                     .parameters = kRows,
                     .meters = {},
                     .kernels = baseline::kSoloKernel<Lazy>,
                     .format = count_channels,
                     .slow = true};
const NodeType kLazySink{.id = "lazy_sink",
                         .label = "Lazy sink",
                         .doc = "Takes its time.",
                         .category = "test",
                         .inputs = kIn,
                         .outputs = {},
                         .parameters = kRows,
                         .meters = {},
                         .kernels = baseline::kSoloKernel<LazySink>,
                         .slow = true};

}  // namespace mixgraph
