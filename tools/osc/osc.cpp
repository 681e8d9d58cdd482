#include "tools/osc/osc.h"

#include "tools/cli.h"

namespace mixgraph {
namespace {

void add_peer(CLI::App& app, OscOptions& o) {
  app.add_option("--host", o.host, "Where the daemon is")->capture_default_str();
  app.add_option("-p,--port", o.port, "Its OSC port")->check(CLI::Range(1, 65535))->capture_default_str();
  CLI::Option* tcp = app.add_flag("--tcp", o.tcp, "Connect by TCP instead of UDP");
  app.add_option("--framing", o.framing, "Of TCP: size (OSC 1.0, the default) or slip (OSC 1.1)")
      ->check(CLI::IsMember({"size", "slip"}))
      ->needs(tcp);
}

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& what,
                      const std::shared_ptr<OscOptions>& options, int (*run)(const OscOptions&),
                      Subcommands& all) {
  CLI::App* app = parent.add_subcommand(name, what);
  all.push_back({app, [options, run] { return run(*options); }});
  return app;
}

void add_send(CLI::App& parent, Subcommands& all) {
  auto options = std::make_shared<OscOptions>();
  CLI::App* app = add_command(parent, "send",
                              "Send a message, and print what is answered\n"
                              "Waits until the daemon has dealt with it. Exit code 1 if it was refused or "
                              "there is no answer. Whole numbers are sent as\n"
                              "ints, others as floats, true and false as T and F, all else as strings; i:3 "
                              "h:3 f:3 d:3 s:3 say the type.",
                              options, osc_send, all);
  app->add_option("address", options->address, "The OSC address, or a pattern")
      ->required()
      ->type_name("ADDRESS");
  app->add_option("value", options->values, "Arguments")->type_name("VALUE");
  app->add_option("--wait", options->wait_ms,
                  "For answers, at most; 0: not at all, for programs other than mixgraphd")
      ->check(CLI::Range(0, 600000))
      ->type_name("MS")
      ->capture_default_str();
  add_peer(*app, *options);
  app->footer(examples({"mixgraph osc send /mix/vox/fader -6",
                        "mixgraph osc send /mix/vox/fader -90 4 s-curve    (a fade of 4 s)",
                        "mixgraph osc send '/mix/*/mute' on", "mixgraph osc send /scene/recall chorus 2",
                        "mixgraph osc send --tcp --framing slip /graph/undo"}));
}

void add_get(CLI::App& parent, Subcommands& all) {
  auto options = std::make_shared<OscOptions>();
  CLI::App* app = add_command(parent, "get",
                              "Ask for the value at an address, and print it\n"
                              "With a pattern, those of all parameters and meters that it matches. Also asks "
                              "commands that answer: /status, /clock,\n"
                              "/help, /meters, /sync.",
                              options, osc_get, all);
  app->add_option("address", options->address, "The OSC address, or a pattern")
      ->required()
      ->type_name("ADDRESS");
  app->add_option("argument", options->values, "Arguments of a command")->type_name("VALUE");
  app->add_option("--wait", options->wait_ms, "For the answer, at most")
      ->check(CLI::Range(1, 600000))
      ->type_name("MS")
      ->capture_default_str();
  app->add_flag("-v,--value", options->bare, "Print the value alone");
  add_peer(*app, *options);
  app->footer(examples({"mixgraph osc get /mix/vox/fader", "mixgraph osc get -v /norm/mix/vox/fader",
                        "mixgraph osc get '/mix/*/fader'", "mixgraph osc get /status"}));
}

void add_watch(CLI::App& parent, Subcommands& all) {
  auto options = std::make_shared<OscOptions>();
  CLI::App* app =
      add_command(parent, "watch",
                  "Subscribe, and print what changes\n"
                  "Keeps the subscription alive until interrupted. Patterns below /meters are of meters.",
                  options, osc_watch, all);
  app->add_option("pattern", options->patterns, "Address patterns; all parameters without one")
      ->type_name("PATTERN");
  app->add_option("--every", options->interval_ms,
                  "Least time between two values of a parameter, or of meters")
      ->check(CLI::Range(10, 10000))
      ->type_name("MS");
  app->add_option("--for", options->seconds, "End after so long")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  app->add_option("--count", options->count,
                  "End after so many messages; exit code 1 if --for ends it before")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  app->add_flag("-v,--value", options->bare, "Print values alone");
  add_peer(*app, *options);
  app->footer(examples({"mixgraph osc watch", "mixgraph osc watch '/mix/*/fader' '/master//*'",
                        "mixgraph osc watch '/meters/master/*' --every 100 --for 10"}));
}

}  // namespace

void add_osc(CLI::App& program, Subcommands& all) {
  CLI::App* app =
      program.add_subcommand("osc", "Talk to a running mixgraphd, or to anything else that speaks OSC");
  app->require_subcommand(1);
  add_send(*app, all);
  add_get(*app, all);
  add_watch(*app, all);
}

}  // namespace mixgraph
