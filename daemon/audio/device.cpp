#include "daemon/audio/device.h"

#include <algorithm>
#include <cctype>
#include <functional>

namespace mixgraph {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool usable(const DeviceInfo& device, Direction direction) {
  return (direction == Direction::input ? device.inputs : device.outputs) > 0;
}

bool is_default(const DeviceInfo& device, Direction direction) {
  return direction == Direction::input ? device.default_input : device.default_output;
}

/// "USB Audio (hw:1,0)" -> "USB Audio".
std::string without_card_number(const std::string& name) {
  const auto at = name.rfind(" (hw:");
  return at == std::string::npos ? name : name.substr(0, at);
}

/// A wanted device: an API in lower case (empty = any) and the rest.
struct Wanted {
  std::string api, name;

  explicit Wanted(const std::string& text) : name(lower(text)) {
    for (const char* known : {"jack", "alsa"}) {
      const std::string prefix = std::string(known) + ":";
      if (name.rfind(prefix, 0) != 0) continue;
      api = known;
      name.erase(0, std::min(name.size(), name.find_first_not_of(' ', prefix.size())));
      return;
    }
  }
};

std::string names_of(const std::vector<DeviceInfo>& devices) {
  std::string names;
  for (const DeviceInfo& device : devices) names += (names.empty() ? "`" : ", `") + device.full_name() + "`";
  return names;
}

std::vector<DeviceInfo> filter(const std::vector<DeviceInfo>& devices,
                               const std::function<bool(const DeviceInfo&)>& keep) {
  std::vector<DeviceInfo> kept;
  std::copy_if(devices.begin(), devices.end(), std::back_inserter(kept), keep);
  return kept;
}

std::vector<DeviceInfo> best_matches(const std::vector<DeviceInfo>& candidates, const Wanted& wanted) {
  auto same = filter(candidates, [&](const DeviceInfo& d) { return lower(d.name) == wanted.name; });
  if (!same.empty()) return same;
  const std::string bare = without_card_number(wanted.name);
  same = filter(candidates, [&](const DeviceInfo& d) { return without_card_number(lower(d.name)) == bare; });
  if (!same.empty()) return same;
  return filter(candidates,
                [&](const DeviceInfo& d) { return lower(d.name).find(wanted.name) != std::string::npos; });
}

}  // namespace

Result<DeviceInfo> find_device(const std::vector<DeviceInfo>& devices, const std::string& text,
                               Direction direction) {
  const Wanted wanted(text);
  const char* kind = direction == Direction::input ? "input" : "output";
  const auto all = filter(devices, [&](const DeviceInfo& d) { return usable(d, direction); });
  const auto candidates =
      filter(all, [&](const DeviceInfo& d) { return wanted.api.empty() || lower(d.api) == wanted.api; });
  const auto matches = wanted.name.empty()
                           ? filter(candidates, [&](const DeviceInfo& d) { return is_default(d, direction); })
                           : best_matches(candidates, wanted);
  if (matches.size() == 1) return matches.front();
  if (matches.size() > 1) {
    return Problem{"audio", "`" + text + "` fits several " + kind + " devices",
                   "one of " + names_of(matches) + " would be accepted"};
  }
  return Problem{"audio", "no " + std::string(kind) + " device `" + text + "`",
                 all.empty() ? "there are no " + std::string(kind) + " devices; `clock` needs none"
                             : "there are " + names_of(all)};
}

std::vector<DeviceInfo> default_devices(const std::vector<DeviceInfo>& devices, Direction direction) {
  std::vector<DeviceInfo> found;
  for (const char* api : {"JACK", "ALSA"}) {
    for (const DeviceInfo& device : devices) {
      if (device.api == api && usable(device, direction) && is_default(device, direction))
        found.push_back(device);
    }
  }
  return found;
}

}  // namespace mixgraph
