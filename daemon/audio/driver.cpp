#include "daemon/audio/driver.h"

#include <algorithm>
#include <cmath>

#include "daemon/audio/clock_driver.h"
#include "daemon/audio/portaudio.h"

namespace mixgraph {
namespace {

std::string range(int least, int most) {
  return std::to_string(least) + ".." + std::to_string(most);
}

void check_count(Problems& problems, const char* what, int count, int least) {
  if (count >= least && count <= kMaxChannels) return;
  problems.push_back(
      {"audio", std::to_string(count) + " " + what, range(least, kMaxChannels) + " would be accepted"});
}

void check_map(Problems& problems, const char* what, std::vector<int> map, int channels, bool repeats) {
  if (map.empty()) return;
  if (static_cast<int>(map.size()) != channels) {
    problems.push_back({"audio",
                        "the map of " + std::to_string(channels) + " " + what + " has " +
                            std::to_string(map.size()) + " channels",
                        "one device channel for each would be accepted"});
  }
  std::sort(map.begin(), map.end());
  if (map.front() < 1)
    problems.push_back({"audio", "device channel " + std::to_string(map.front()), "they count from 1"});
  const auto twice = std::adjacent_find(map.begin(), map.end());
  if (!repeats && twice != map.end()) {
    problems.push_back({"audio",
                        "two " + std::string(what) + " go to device channel " + std::to_string(*twice),
                        "every device channel can be named once"});
  }
}

std::string texts(const Problems& problems) {
  std::string text;
  for (const Problem& problem : problems) text += (text.empty() ? "" : "; ") + problem.what;
  return text;
}

}  // namespace

Problems check(const DriverSettings& settings) {
  Problems problems;
  const std::string& driver = settings.driver;
  if (driver != "auto" && driver != "portaudio" && driver != "clock") {
    problems.push_back({"audio", "no driver `" + driver + "`", "auto, portaudio or clock would be accepted"});
  }
  if (!(settings.rate >= 8000 && settings.rate <= 384000)) {
    problems.push_back({"audio", "a rate of " + std::to_string(std::llround(settings.rate)) + " Hz",
                        "8000..384000 would be accepted"});
  }
  if (settings.period != 0 && (settings.period < kMinPeriod || settings.period > kMaxPeriod)) {
    problems.push_back({"audio", "a period of " + std::to_string(settings.period) + " frames",
                        range(kMinPeriod, kMaxPeriod) + ", or 0 for the device's own, would be accepted"});
  }
  check_count(problems, "inputs", settings.inputs, 0);
  check_count(problems, "outputs", settings.outputs, 1);
  check_map(problems, "inputs", settings.input_map, settings.inputs, true);
  check_map(problems, "outputs", settings.output_map, settings.outputs, false);
  return problems;
}

Result<std::unique_ptr<Driver>> open_driver(const DriverSettings& settings) {
  if (Problems problems = check(settings); !problems.empty()) return problems;
  if (settings.driver == "clock") return std::unique_ptr<Driver>(std::make_unique<ClockDriver>(settings));
  auto opened = open_portaudio(settings);
  // A device that was asked for by name is never replaced silently.
  const bool may_fall_back =
      settings.driver == "auto" && settings.device.empty() && settings.input_device.empty();
  if (opened || !may_fall_back) return opened;
  const std::string why = "no sound device can be used (" + texts(opened.problems()) + ")";
  return std::unique_ptr<Driver>(std::make_unique<ClockDriver>(settings, why));
}

}  // namespace mixgraph
