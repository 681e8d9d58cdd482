#include "tests/support/sins.h"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "tests/support/test_types.h"

namespace mixgraph {
namespace {

void* volatile kept = nullptr;
std::mutex free_lock, taken_lock;
char* untouched = nullptr;

void allocate(size_t bytes) {
  kept = std::malloc(bytes);
  static_cast<volatile char*>(kept)[0] = 1;
  std::free(kept);
}
void lock_free() {
  free_lock.lock();
  free_lock.unlock();
}
void hold_lock() {
  taken_lock.lock();
  usleep(200000);  // longer than a loaded machine takes to get there
  taken_lock.unlock();
}
void call_write() {
  if (write(STDERR_FILENO, "", 0) < 0) kept = nullptr;
}
void call_futex() {
  int word = 0;
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}
void touch_page() {
  *static_cast<volatile char*>(untouched) = 1;
  untouched += 8192;
}
void throw_and_catch() {
  try {
    throw std::runtime_error("thrown on the audio thread");
  } catch (const std::runtime_error&) {
  }
}

constexpr Sin kSins[] = {
    {"malloc", [] { allocate(100); }},
    {"large malloc", [] { allocate(40 << 20); }},
    {"lock", lock_free},
    {"lock that is taken", [] { taken_lock.lock(); taken_lock.unlock(); }},
    {"write", call_write},
    {"sleep", [] { usleep(100); }},
    {"futex", call_futex},
    {"page fault", touch_page},
    {"throw", throw_and_catch},
};

constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};
constexpr Parameter kParameters[] = {{.id = "sin", .label = "Sin", .doc = "Which.", .max = std::size(kSins), .motion = Motion::jump}};

struct Sinner {
  explicit Sinner(const Setup&) {}
  void process(baseline::Block<float> b) {
    int number = int(b.ramp(0).begin());
    if (b.touched(0) && number > 0) kSins[number - 1].commit();
    for (int c = 0; c < b.channels(); c++) std::copy_n(b.in(c), b.frames(), b.out(c));
  }
};
constexpr NodeType kSinner{.id = "sinner", .label = "Sinner", .doc = "Sins.", .category = "test", .inputs = kIn, .outputs = kOut,
                           .parameters = kParameters, .meters = {}, .kernels = baseline::kSoloKernel<Sinner>};

}  // namespace

std::span<const Sin> sins() { return kSins; }

void prepare_sins() {
  if (taken_lock.try_lock()) {
    taken_lock.unlock();
    std::thread(hold_lock).detach();
    usleep(2000);
  }
  if (untouched) return;
  constexpr size_t kBytes = 1 << 20;
  void* memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  madvise(memory, kBytes, MADV_NOHUGEPAGE);
  untouched = static_cast<char*>(memory);
}

NodeTypes types_with_a_sinner() {
  static const std::vector<const NodeType*> all = all_types_and({&kSinner});
  return all;
}

}  // namespace mixgraph
