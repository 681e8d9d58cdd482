#include <fmt/format.h>

#include "tools/cli.h"
#include "tools/render/song.h"

namespace mixgraph {
namespace {

std::string counted(size_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

std::string summary(const Song& song, int latency) {
  const Session& s = song.session;
  const double rate = song.engine.environment.rate;
  return fmt::format("{}: fine: \"{}\", {}, {}, {}, {}, {} Hz, latency {:.1f} ms", song.path, s.name,
                     counted(s.graph.nodes().size(), "node"), counted(s.graph.cables().size(), "cable"),
                     counted(s.graph.composites().size(), "composite"), counted(s.scenes.size(), "scene"), rate,
                     latency * 1000.0 / rate);
}

/// Loads a session and builds its graph.
Problems validate(const std::string& path, NodeTypes types, bool quiet) {
  auto song = load_song(path, types);
  if (!song) return song.problems();
  Engine engine(song->engine);
  if (Problems problems = engine.update(song->session.graph); !problems.empty())
    return with_lines(problems, path);
  if (!quiet) fmt::print("{}\n", summary(*song, engine.latency()));
  return {};
}

int validate_all(const std::vector<std::string>& paths, bool quiet) {
  int code = kDone;
  for (const std::string& path : paths)
    if (Problems problems = validate(path, node_types(), quiet); !problems.empty())
      code = print_problems(problems, kProblems);
  return code;
}

}  // namespace

void add_validate(CLI::App& program, Subcommands& all) {
  struct Options {
    std::vector<std::string> sessions;
    bool quiet = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = program.add_subcommand("validate",
                                         "Check session files\n"
                                         "Every problem is printed at once, as `file:line:column: what; "
                                         "hint`, on stderr. The graph is built as well, so loops and\n"
                                         "missing sound files are found. Exit code 3 if there are problems.");
  app->add_option("session", options->sessions, "Session files")->required()->type_name("FILE");
  app->add_flag("-q,--quiet", options->quiet, "Print nothing about files that are fine");
  app->footer(examples({"mixgraph validate song.yaml", "mixgraph validate -q config/examples/*.yaml"}));
  all.push_back({app, [options] { return validate_all(options->sessions, options->quiet); }});
}

}  // namespace mixgraph
