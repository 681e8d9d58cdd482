#include "tools/bench/bench.h"

#include <time.h>

#include <cmath>

#include "tools/cli.h"

namespace mixgraph {
namespace {

int run_for_sets(const BenchOptions& options,
                 int (*bench)(const BenchOptions&, const std::vector<InstructionSet>&)) {
  if (options.isa == "all") return bench(options, available_instruction_sets());
  auto set = find_instruction_set(options.isa);
  if (!set) return print_problems(set.problems(), kUsage);
  return bench(options, {*set});
}

void add_common(CLI::App& app, BenchOptions& options, double seconds) {
  options.seconds = seconds;
  app.add_option("--seconds", options.seconds, "Sound per run")
      ->check(CLI::Range(0.01, 3600.0))
      ->capture_default_str();
  app.add_option("--runs", options.runs, "Runs; the fastest counts")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--isa", options.isa, "Instruction set: baseline, avx2, avx512, or all that the machine has")
      ->capture_default_str();
}

}  // namespace

double thread_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}

std::vector<float> pink_noise(size_t frames) {
  std::vector<float> noise(frames);
  uint32_t seed = 1;
  double a = 0, b = 0, c = 0, power = 0;
  for (float& x : noise) {
    seed = seed * 1664525u + 1013904223u;
    const double white = double(int32_t(seed)) * 0x1p-31;
    a = 0.99765 * a + white * 0.0990460;
    b = 0.96300 * b + white * 0.2965164;
    c = 0.57000 * c + white * 1.0526913;
    x = float(a + b + c + white * 0.1848);
    power += double(x) * x;
  }
  const float gain = float(0.1 / std::sqrt(power / double(frames)));
  for (float& x : noise) x *= gain;
  return noise;
}

void add_bench(CLI::App& program, Subcommands& all) {
  CLI::App* bench = program.add_subcommand("bench", "Measure how fast this machine mixes");
  bench->require_subcommand(1);

  auto console = std::make_shared<BenchOptions>();
  CLI::App* app = bench->add_subcommand("console64",
                                        "A console of 64 strips and a master on one core\n"
                                        "Strips of high-pass, four-band EQ, compressor, fader and pan into a "
                                        "master of EQ, compressor and limiter, at 48 kHz in\n"
                                        "blocks of 64 frames. Prints CPU time per strip and sample; the "
                                        "inputs are measured apart and taken off.");
  add_common(*app, *console, 60);
  app->add_option("--peer", console->peer,
                  "A command that prints lines `NAME ... ns_per_strip_sample=N` for other programs; the "
                  "ratios are printed");
  app->add_flag("--signals", console->signals,
                "Also with silence, with sound that is all denormal numbers, and with noise at full scale");
  app->add_flag("--mixed", console->mixed, "Also with strips of eight shapes of EQ and three slopes of high-pass");
  app->add_option("--threads", console->threads,
                  "Compare one thread with so many, by the clock on the wall, and their outputs bit by bit; "
                  "tasks=1: it is not shared, as that was seen not to pay here. Two runs at once that know nothing of "
                  "each other show whether the machine has two whole processors")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  app->add_flag("--paced", console->paced,
                "With --threads: also in blocks at the pace of a clock, as a device asks for them, where helpers have to find "
                "the rhythm")
      ->needs("--threads");
  app->add_option("--strips", console->strips, "Strips of the console")->check(CLI::Range(1, 1024))->capture_default_str();
  app->add_option("--reverbs", console->reverbs, "Reverbs, fed by sends of the strips")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  app->footer(examples({"mixgraph bench console64", "mixgraph bench console64 --isa avx2 --seconds 10",
                        "mixgraph bench console64 --threads 2",
                        "mixgraph bench console64 --threads 2 --strips 256 --reverbs 24 --paced --seconds 10",
                        "mixgraph bench console64 --peer ./scsynth-console64"}));
  all.push_back({app, [console] { return run_for_sets(*console, bench_console64); }});

  auto nodes = std::make_shared<BenchOptions>();
  app = bench->add_subcommand(
      "nodes",
      "Every node type alone\nCPU nanoseconds per sample of one instance, by itself and in a full bank.");
  add_common(*app, *nodes, 2);
  app->add_option("--type", nodes->type, "Only this node type");
  app->footer(examples({"mixgraph bench nodes", "mixgraph bench nodes --type compressor --isa avx512"}));
  all.push_back({app, [nodes] { return run_for_sets(*nodes, bench_nodes); }});

  auto formats = std::make_shared<BenchOptions>();
  app = bench->add_subcommand("formats",
                              "A 7.1.4 bus of twelve channels beside twelve mono buses\n"
                              "Each a sum, EQ, compressor, fader, mute and meter, fed by four sources. Prints the CPU time of the one as a share "
                              "of that of the twelve; the\n"
                              "inputs are measured apart and taken off.");
  add_common(*app, *formats, 10);
  app->footer(examples({"mixgraph bench formats", "mixgraph bench formats --isa avx2"}));
  all.push_back({app, [formats] { return run_for_sets(*formats, bench_formats); }});

  auto moves = std::make_shared<BenchOptions>();
  app = bench->add_subcommand("moves",
                              "The load of a console at rest, while every row of its strips moves, and under timed bundles\n"
                              "Strips of all their nodes, a bus and a master at 48 kHz in blocks of 64 frames: a recall of a "
                              "scene, and 10 000 bundles within\n"
                              "a second, each for a time of its own. Prints the share of a block's time that the audio thread "
                              "works, and how many blocks\n"
                              "took longer than they last.");
  add_common(*app, *moves, 2);
  app->add_option("--strips", moves->strips, "Strips of the console")->check(CLI::Range(1, 1024))->capture_default_str();
  app->footer(examples({"mixgraph bench moves", "mixgraph bench moves --strips 16 --isa avx2"}));
  all.push_back({app, [moves] { return run_for_sets(*moves, bench_moves); }});

  auto automation = std::make_shared<BenchOptions>();
  app = bench->add_subcommand("automation",
                              "The load of a console while breakpoints move 500 of its rows, a million of them in an hour\n"
                              "The same console plays without and with them, in turns; prints both loads, as shares of the time that "
                              "the sound lasts,\nand their ratio, and what control's side takes.");
  add_common(*app, *automation, 20);
  app->add_option("--strips", automation->strips, "Strips of the console")->check(CLI::Range(8, 1024))->capture_default_str();
  app->footer(examples({"mixgraph bench automation", "mixgraph bench automation --isa avx2 --seconds 60"}));
  all.push_back({app, [automation] { return run_for_sets(*automation, bench_automation); }});

  auto compile = std::make_shared<BenchOptions>();
  app = bench->add_subcommand("compile",
                              "Loading a large session, and editing one while it plays\n"
                              "Times from the text of a session to a program that is ready to run, and, in a session of "
                              "a tenth of the nodes that plays\n"
                              "on the clock, from an OSC message to the program that the audio thread runs because of it.");
  app->add_option("--nodes", compile->nodes, "Nodes of the large session")->check(CLI::Range(100, 20000))->capture_default_str();
  app->add_option("--runs", compile->runs, "Loads, and a fifth of the edits; the fastest counts")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app->footer(examples({"mixgraph bench compile", "mixgraph bench compile --nodes 2000 --runs 10"}));
  all.push_back({app, [compile] { return bench_compile(*compile); }});

  auto osc = std::make_shared<BenchOptions>();
  osc->seconds = 2;
  app = bench->add_subcommand("osc",
                              "Sets per second over TCP and UDP, and the delay from a packet to the block that takes it\n"
                              "mixgraphd, of the same folder as this program, plays 64 strips on the clock in blocks of 64 "
                              "frames. Delays are found in a recording: a\n"
                              "set that inverts a signal is sent beside nothing, a busy client, and a flood.");
  app->add_option("--seconds", osc->seconds, "Length of a flood")->check(CLI::Range(0.1, 60.0))->capture_default_str();
  app->add_option("--runs", osc->runs, "Floods; the fastest counts")->check(CLI::Range(1, 20))->capture_default_str();
  app->add_option("--peer", osc->peer,
                  "A command that starts another program, prints `NAME; port=N; ids=A-B; set=/address {id} {value}; "
                  "sync=/address; answer=/address`,\nand ends with its process group; it is flooded over TCP in turns "
                  "with mixgraphd");
  app->footer(examples({"mixgraph bench osc", "mixgraph bench osc --peer ./scsynth-osc"}));
  all.push_back({app, [osc] { return bench_osc(*osc); }});

  auto start = std::make_shared<BenchOptions>();
  start->runs = 20;
  app = bench->add_subcommand("start",
                              "From exec of mixgraphd to its first block of sound\n"
                              "It goes on with the live state of a session of strips, as after a kill, on the clock in blocks of 64 frames.");
  app->add_option("--strips", start->strips, "Strips of the session")->check(CLI::Range(1, 256))->capture_default_str();
  app->add_option("--runs", start->runs, "Starts")->check(CLI::Range(1, 1000))->capture_default_str();
  app->footer(examples({"mixgraph bench start", "mixgraph bench start --strips 16 --runs 100"}));
  all.push_back({app, [start] { return bench_start(*start); }});

  auto memory = std::make_shared<BenchOptions>();
  memory->seconds = 600;
  app = bench->add_subcommand("memory",
                              "What mixgraphd holds while it plays 64 strips\n"
                              "As many sets (360 000) and edits (1 200) as an hour brings, in less time.");
  app->add_option("--seconds", memory->seconds, "Time for them")->check(CLI::Range(10.0, 7200.0))->capture_default_str();
  app->footer(examples({"mixgraph bench memory", "mixgraph bench memory --seconds 60"}));
  all.push_back({app, [memory] { return bench_memory(*memory); }});
}

}  // namespace mixgraph
