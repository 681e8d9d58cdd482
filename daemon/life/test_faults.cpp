#include "daemon/life/test_faults.h"

#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "daemon/osc/osc.h"

namespace mixgraph {
namespace {

constexpr const char* kSwitch = "MIXGRAPH_TEST_FAULTS";

int number_at(const osc::Message& message, size_t i) {
  if (i >= message.arguments.size()) return 0;
  return int(osc::number(message.arguments[i]).value_or(0));
}

bool names_audio(const osc::Message& message) {
  const auto* thread = message.arguments.empty() ? nullptr : std::get_if<std::string>(&message.arguments[0]);
  return thread && *thread == "audio";
}

}  // namespace

TestFaults::TestFaults(Sound& sound)
    : sound_(sound), on_(getenv(kSwitch) && std::string_view(getenv(kSwitch)) == "1") {}

bool TestFaults::take(std::span<const uint8_t> packet) {
  if (!on_) return false;
  const auto decoded = osc::decode(packet);
  const auto* message = decoded ? std::get_if<osc::Message>(&*decoded) : nullptr;
  if (!message) return false;
  if (message->address == "/test/stall_audio") {
    sound_.stall(std::chrono::milliseconds(number_at(*message, 0)));
  } else if (message->address == "/test/stall_control") {
    std::this_thread::sleep_for(std::chrono::milliseconds(number_at(*message, 0)));
  } else if (message->address == "/test/crash" && names_audio(*message)) {
    sound_.crash(number_at(*message, 1));
  } else if (message->address == "/test/crash") {
    raise(number_at(*message, 1));
  } else {
    return false;
  }
  return true;
}

}  // namespace mixgraph
