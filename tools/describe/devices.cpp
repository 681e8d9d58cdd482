#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "daemon/audio/device.h"
#include "tools/cli.h"

namespace mixgraph {
namespace {

std::string latency(const DeviceInfo& d) {
  const auto one = [](int channels, double ms) {
    return channels ? fmt::format("{:.1f}", ms) : std::string("-");
  };
  return one(d.inputs, d.input_latency_ms) + "/" + one(d.outputs, d.output_latency_ms);
}

std::string mark(const DeviceInfo& d) {
  if (d.default_input && d.default_output) return "default";
  if (d.default_output) return "default output";
  return d.default_input ? "default input" : "";
}

nlohmann::ordered_json to_json(const DeviceInfo& d) {
  return {{"name", d.full_name()},
          {"inputs", d.inputs},
          {"outputs", d.outputs},
          {"rate", d.rate},
          {"input_latency_ms", d.input_latency_ms},
          {"output_latency_ms", d.output_latency_ms},
          {"default_input", d.default_input},
          {"default_output", d.default_output}};
}

void print_table(const std::vector<DeviceInfo>& devices) {
  if (devices.empty()) {
    fmt::print("There is no sound device. mixgraphd runs on the `clock` driver, in silence.\n");
    return;
  }
  size_t width = 6;
  for (const DeviceInfo& d : devices) width = std::max(width, d.full_name().size());
  fmt::print("{:<{}}  {:>4} {:>4} {:>8}  {:>15}\n", "device", width, "in", "out", "rate", "latency ms i/o");
  for (const DeviceInfo& d : devices)
    fmt::print("{:<{}}  {:>4} {:>4} {:>8}  {:>15}  {}\n", d.full_name(), width, d.inputs, d.outputs, d.rate,
               latency(d), mark(d));
}

int print_devices(bool json) {
  auto devices = list_devices();
  if (!devices) return print_problems(devices.problems(), kFailed);
  if (!json) {
    print_table(*devices);
    return kDone;
  }
  auto list = nlohmann::ordered_json::array();
  for (const DeviceInfo& d : *devices) list.push_back(to_json(d));
  fmt::print("{}\n", list.dump(2));
  return kDone;
}

}  // namespace

void add_devices(CLI::App& program, Subcommands& all) {
  auto json = std::make_shared<bool>(false);
  CLI::App* app = program.add_subcommand(
      "devices",
      "List the sound devices of ALSA and JACK\n"
      "Names, or parts of them, are what `audio: {device: ...}` in a session and mixgraphd --device take.");
  app->add_flag("--json", *json, "Print JSON");
  app->footer(examples({"mixgraph devices", "mixgraph devices --json | jq '.[].name'"}));
  all.push_back({app, [json] { return print_devices(*json); }});
}

}  // namespace mixgraph
