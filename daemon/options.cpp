#include "daemon/options.h"

#include <CLI/CLI.hpp>

#include "daemon/audio/driver.h"

namespace mixgraph {
namespace {

constexpr const char* kVersion = "mixgraphd 0.1.0";
constexpr const char* kFooter = R"(Examples:
  mixgraphd song.yaml                        play on the sound card, OSC on port 9000
  mixgraphd song.yaml --driver clock         without a sound card
  mixgraphd song.yaml --device "JACK: system" --osc 7000
  mixgraphd song.yaml --bind 0.0.0.0 --allow 192.168.1.0/24
                                             let the machines of one network in
  mixgraphd song.yaml --check                only say what is wrong with the file
  mixgraphd song.yaml --fresh                from the file, not from where it was when it ended

Talk to it with any OSC program, for instance:
  oscsend localhost 9000 /mix/vox/fader f -6

Signals: INT and TERM fade out and stop. HUP loads the session again, unless it was
started in a terminal or with nohup: then HUP is ignored, and /graph/load does that.
Exit codes: 0 stopped as asked; 1 it could not run; 2 wrong usage; 3 the session has problems.)";

}  // namespace

std::optional<Options> read_options(int argc, char** argv, int& exit_code) {
  Options options;
  CLI::App app{"mixgraphd plays a session: a graph of mixing and mastering nodes, driven live over OSC.",
               "mixgraphd"};
  app.footer(kFooter);
  app.set_version_flag("--version", kVersion);
  auto* session = app.add_option("session", options.session, "Session file (YAML)")->type_name("SESSION");
  auto* probe = app.add_option("--probe-device", options.probe_device, "Used by mixgraphd itself")->group("");
  app.add_option("--osc", options.osc_port,
                 "Port for OSC over UDP and TCP; 0 takes a free one [session's, or 9000]")
      ->type_name("PORT")
      ->check(CLI::Range(0, 65535));
  app.add_option("--bind", options.bind,
                 "Address to listen on; may be given several times [127.0.0.1 and ::1]")
      ->type_name("ADDRESS");
  app.add_option(
         "--allow", options.allow,
         "Other machines that may talk to it: an address, a network such as 192.168.1.0/24, or any; may be "
         "given several times [session's, or none]")
      ->type_name("NETWORK");
  app.add_option("--driver", options.driver, "auto, portaudio or clock [session's, or auto]")
      ->type_name("NAME")
      ->check(CLI::IsMember({"auto", "portaudio", "clock"}));
  app.add_option("--device", options.device,
                 "Sound device, or part of its name; `mixgraph devices` lists them. One that isn't there is waited for")
      ->type_name("NAME");
  app.add_option("--rate", options.rate, "Sample rate [session's, or 48000]")
      ->type_name("HZ")
      ->check(CLI::Range(8000.0, 384000.0));
  app.add_option("--period", options.period,
                 "Frames per period of the device [session's, or the device's choice]")
      ->type_name("FRAMES")
      ->check(CLI::Range(kMinPeriod, kMaxPeriod));
  app.add_option("--state", options.state,
                 "Folder in which the live state is kept [$STATE_DIRECTORY, or ~/.local/state/mixgraph]")
      ->type_name("DIR");
  app.add_flag("--fresh", options.fresh, "Start from the session file; a live state is put aside");
  app.add_flag("--check", options.check, "Say what is wrong with the session, and end");
  app.add_flag("--no-restart", options.no_restart,
               "A crash or a stall ends the program, for debuggers; usually it starts itself again, with the "
               "state that it had");
  app.add_option("--log-level", options.log_level, "trace, debug, info, warn, error or off")
      ->type_name("LEVEL")
      ->capture_default_str()
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
  try {
    app.parse(argc, argv);
    if (probe->count() == 0 && session->count() == 0) throw CLI::RequiredError("SESSION");
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? 0 : kExitUsage;
    return {};
  }
  return options;
}

}  // namespace mixgraph
