#include "tools/describe/describe.h"

#include <fmt/format.h>

#include <memory>

#include "graph/graph.h"
#include "tools/cli.h"

namespace mixgraph {
namespace {

struct Options {
  std::string type;
  bool markdown = false, json = false;
};

template <class Type>
std::string described(const Type& type, const Options& options) {
  return options.markdown ? describe_markdown(type) : describe_text(type) + "\n";
}

Problem unknown(const std::string& type, const Composites& composites) {
  std::vector<std::string_view> names;
  for (const NodeType* t : node_types()) names.push_back(t->id);
  for (const auto& [name, composite] : composites) names.push_back(name);
  const std::string_view near = nearest_word(type, names);
  return {type, "no such node type",
          near.empty() ? fmt::format("one of {}", fmt::join(names, ", "))
                       : fmt::format("did you mean `{}`?", near)};
}

int describe(const Options& options) {
  const Composites composites = standard_composites();
  auto json = nlohmann::ordered_json::array();
  std::string text;
  const auto add = [&](const auto& type, std::string_view id) {
    if (!options.type.empty() && options.type != id) return;
    json.push_back(describe_json(type));
    text += described(type, options);
  };
  for (const NodeType* type : node_types()) add(*type, type->id);
  for (const auto& [name, composite] : composites) add(composite, name);
  if (json.empty()) return print_problems({unknown(options.type, composites)}, kUsage);
  if (options.json)
    fmt::print("{}\n", json.dump(2));
  else
    fmt::print("{}", text);
  return kDone;
}

}  // namespace

void add_describe(CLI::App& program, Subcommands& all) {
  auto options = std::make_shared<Options>();
  CLI::App* app = program.add_subcommand("describe",
                                         "Print the reference of a node type, or of all\n"
                                         "Ports, parameters with range, default, curve and whether a change "
                                         "is followed live or rebuilds the node, meters, latency\n"
                                         "(at 48 kHz with default settings); then the composite types.");
  app->add_option("type", options->type, "The node type; all without it")->type_name("TYPE");
  CLI::Option* json = app->add_flag("--json", options->json, "Print a JSON list of types");
  app->add_flag("--markdown", options->markdown, "Print Markdown")->excludes(json);
  app->footer(examples({"mixgraph describe compressor", "mixgraph describe --markdown > nodes.md",
                        "mixgraph describe --json | jq '.[].type'"}));
  all.push_back({app, [options] { return describe(*options); }});
}

}  // namespace mixgraph
