#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "tools/cli.h"
#include "tools/render/measure.h"
#include "tools/render/offline_control.h"
#include "tools/render/progress.h"
#include "tools/render/render.h"

namespace mixgraph {
namespace {

struct RenderCommand : RenderOptions {
  bool progress = false, json = false;
};

FileFormat format_of(const RenderCommand& command) {
  const bool flac = command.output.ends_with(".flac") || command.output.ends_with(".FLAC");
  if (command.format == "pcm16") return FileFormat::pcm16;
  return command.format == "pcm24" || (command.format.empty() && flac) ? FileFormat::pcm24
                                                                       : FileFormat::floating;
}

Result<Song> load(const RenderCommand& command, NodeTypes types) {
  auto song = load_song(command.session, types, command.rate);
  if (!song) return song.problems();
  auto settings = script_of(command.set);
  if (!settings) return settings.problems();
  auto session = rehearse(*song, *settings);
  if (!session) return session.problems();
  song->session = std::move(*session);
  if (command.moves.empty()) return song;
  std::ifstream stream(command.moves, std::ios::binary);
  if (!stream) return Problem{command.moves, "can't be read", ""};
  std::stringstream text;
  text << stream.rdbuf();
  LineProblems unread;
  song->script = read_script(command.moves, text.view(), song->engine.environment.rate, Namespace(song->session.graph), unread);
  auto last = rehearse(*song, song->script, std::move(unread));
  if (!last) return last.problems();
  return song;
}

Result<std::unique_ptr<SoundReader>> open_input(const RenderCommand& command, const Song& song) {
  if (command.input.empty()) return std::unique_ptr<SoundReader>();
  auto file = SoundReader::open(command.input);
  if (file && (*file)->rate() != song.engine.environment.rate)
    return Problem{
        command.input,
        fmt::format("is at {} Hz, the session at {} Hz", (*file)->rate(), song.engine.environment.rate),
        "convert it, or render with --rate"};
  return file;
}

void warn(const RenderReport& report, const Song& song, bool has_input) {
  for (const std::string& note : report.notes) fmt::print(stderr, "{}\n", note);
  if (report.lines_left > 0)
    fmt::print(stderr, "{}: {} of its lines lie beyond the end of the render\n", song.script.path, report.lines_left);
  for (const Unfollowed& row : report.unfollowed)
    fmt::print(stderr, "{}: {} of its breakpoints come faster than it can follow, the first at {:.3f} s\n", address_of(row.path, mixgraph::row(*row.type, row.row)),
               row.count, double(row.frame) / song.engine.environment.rate);
  for (const AutomationState& state : report.automation)
    if (state.is_taken)
      fmt::print(stderr, "{}: it was set by a line after its first breakpoint, and followed none after that\n", address_of(state.path, mixgraph::row(*state.type, state.row)));
  for (const std::string& soloed : report.soloed)
    fmt::print(stderr, "/{}: its solo is on at the end, so what it silences isn't heard; /solo/clear takes all solos back\n", soloed);
  for (const std::string& player : report.underruns)
    fmt::print(stderr, "{}: the player lacked data: its sound has gaps\n", player);
  if (report.counters.bad_samples)
    fmt::print(stderr, "{} samples weren't finite and were silenced\n", report.counters.bad_samples);
  if (report.counters.limited_samples)
    fmt::print(stderr,
               "{} samples were held at the outputs' ceiling of {} dBFS: lower the level or add a limiter\n",
               report.counters.limited_samples, song.engine.ceiling_db);
  for (const Node& node : song.session.graph.nodes())
    if (node.type->role == DeviceRole::device_input && !has_input)
      return fmt::print(stderr, "/{} is silent; --input FILE feeds the device inputs\n", node.path);
}

int print_measurement(const RenderCommand& command) {
  auto measured = measure(command.output);
  if (!measured) return print_problems(measured.problems(), kFailed);
  if (command.json)
    fmt::print("{}\n", to_json(command.output, *measured));
  else
    fmt::print("{}\n{}", command.output, to_text(*measured));
  return kDone;
}

int run(const RenderCommand& command) {
  auto types = find_node_types(command.isa);
  if (!types) return print_problems(types.problems(), kUsage);
  auto song = load(command, *types);
  if (!song) return print_problems(song.problems(), kProblems);
  auto input = open_input(command, *song);
  if (!input) return print_problems(input.problems(), kProblems);
  const double rate = song->engine.environment.rate;
  auto writer = SoundWriter::open(command.output, int(rate), format_of_render(*song), format_of(command));
  if (!writer) return print_problems(writer.problems(), kFailed);

  auto report = [&] {
    Progress bar(command.progress || Progress::wanted(), 0);
    return render(
        *song, command, input->get(),
        [&](const float* const* channels, int frames) { (*writer)->write(channels, frames); },
        [&](int64_t at, int64_t end) { bar.at(double(at) / rate, double(end) / rate); });
  }();
  if (!report) return print_problems(report.problems(), kProblems);
  if (Problems problems = (*writer)->close(); !problems.empty()) return print_problems(problems, kFailed);
  warn(*report, *song, *input != nullptr);
  const int code = print_measurement(command);
  return code == kDone && !report->underruns.empty() ? kFailed : code;
}

void add_options(CLI::App& app, RenderCommand& c) {
  app.add_option("session", c.session, "The session file")->required()->type_name("FILE");
  app.add_option("-o,--output", c.output, "The file to write: .wav (RF64 beyond 4 GB) or .flac")
      ->required()
      ->type_name("FILE");
  app.add_option("--format", c.format,
                 "Samples: float (the default for WAV), pcm24 (for FLAC) or pcm16; the latter two with "
                 "triangular dither")
      ->check(CLI::IsMember({"float", "pcm24", "pcm16"}));
  app.add_option("--from", c.from, "Start at this second; all before it is computed, and not written")
      ->check(CLI::NonNegativeNumber)
      ->type_name("SECONDS");
  app.add_option("--length", c.length,
                 "Write this much; without it until all players have ended and the output has been\nbelow "
                 "-90 dBFS for 1 s (30 s after them at most)")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  app.add_option("--tail", c.tail, "Write this much after the last player's end")
      ->check(CLI::NonNegativeNumber)
      ->type_name("SECONDS")
      ->excludes("--length");
  app.add_option("--rate", c.rate, "Sample rate, if not the session's")
      ->check(CLI::Range(8000, 384000))
      ->type_name("HZ");
  app.add_option("--tempo", c.tempo, "Beats per minute, while time rolls from the start")
      ->check(CLI::Range(kLeastTempo, kMostTempo))
      ->type_name("BPM")
      ->capture_default_str();
  app.add_option("--block", c.block, "Frames computed at a time, at most 64; the result is the same")
      ->check(CLI::Range(1, 8192))
      ->capture_default_str();
  app.add_option("--isa", c.isa,
                 "Instruction set: baseline, avx2 or avx512; without it the widest that the machine has");
  app.add_option("--input", c.input, "Feed device inputs 1, 2 ... from this file's channels")
      ->type_name("FILE");
  app.add_option("--set", c.set,
                 "Start with this, in the language of OSC: a parameter and its value, a pattern, /scene/recall\n"
                 "and a name; can be repeated")
      ->type_name("ADDRESS VALUE");
  app.add_option("--moves", c.moves,
                 "Carry out OSC messages at their times, as the daemon would, to the sample: lines of\n"
                 "TIME ADDRESS [VALUE ...], the time in seconds (1.5) or frames (72000f). Sets, moves, patterns,\n"
                 "/norm/, scenes, edits of the graph, the transport: daemon/control/PROTOCOL.md, \"The same offline\".\n"
                 "Breakpoints are TIME ADDRESS = VALUE [CURVE]: thousands of them cost next to nothing\n"
                 "The bytes are those of a live session if both start on a tick: there with a bundle that begins\n"
                 "with /on_tick, here at a multiple of 64 frames")
      ->type_name("FILE");
  app.add_flag("--progress", c.progress, "Show progress even if stderr is no terminal");
  app.add_flag("--json", c.json, "Print the measurement as one line of JSON");
}

}  // namespace

void add_render(CLI::App& program, Subcommands& all) {
  auto command = std::make_shared<RenderCommand>();
  CLI::App* app = program.add_subcommand("render",
                                         "Render a session to a sound file, and measure it\n"
                                         "The file is read again, and its loudness (integrated and range; "
                                         "ITU-R BS.1770, EBU R 128), true peak and sample peak\n"
                                         "are printed. The graph's latency is taken off at the start, so the "
                                         "file begins with the first sample of the players.");
  add_options(*app, *command);
  app->footer(examples(
      {"mixgraph render song.yaml -o song.wav",
       "mixgraph render song.yaml -o song.flac --format pcm16 --tail 3",
       "mixgraph render song.yaml -o louder.wav --set /master/limiter/gain 3 --set /mix/vox/fader -6",
       "mixgraph render song.yaml -o verse.wav --set /scene/recall verse --set '/mix/{drums,bass}/mute' on",
       "mixgraph render song.yaml -o song.wav --moves fades.txt    # 12.5 /mix/vox/fader -6 4 s-curve",
       "mixgraph render song.yaml -o song.wav --moves curves.txt   # 12.5 /mix/vox/fader = -6",
       "mixgraph render live.yaml --input take.wav -o mix.wav --json"}));
  all.push_back({app, [command] { return run(*command); }});
}

}  // namespace mixgraph
