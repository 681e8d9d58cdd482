#include "tests/support/real_time_load.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "daemon/audio/prefault.h"

namespace mixgraph {
namespace {

EngineSettings settings_in(const std::string& folder) {
  return {.environment = {.media_root = folder, .record_root = folder}, .inputs = 4, .outputs = 2};
}

}  // namespace

RealTimeLoad::RealTimeLoad() : runner_(settings_in(folder_.path())) {
  write_sound(folder_.path("tone.wav"), {std::vector<float>(30000, 0.1f)});
  add_every_type(runner_, "tone.wav");
  for (int i = 0; i < kFrames; i++) sound_[i] = float(i % 7) / 20, left_[i] = right_[i] = 0;
  prefault_program();
  runner_.update();
}

void RealTimeLoad::run(const std::function<void()>& audio) {
  std::atomic<bool> done{false};
  std::thread audio_thread([&] {
    prefault_stack();
    audio();
    done = true;
  });
  std::thread worker([&] {
    while (!done) runner_.engine.service(), std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  RandomEdits edits(runner_, 11, "tone.wav");
  while (!done) {
    edits.step();
    runner_.engine.advance();
    runner_.engine.meters();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  audio_thread.join();
  worker.join();
}

}  // namespace mixgraph
