#include <fmt/format.h>

#include <map>
#include <memory>

#include "graph/plan.h"
#include "tools/cli.h"
#include "tools/render/song.h"

namespace mixgraph {
namespace {

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (char c : text) result += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return result + "\"";
}

/// The nodes by the parts of their paths.
struct Group {
  std::map<std::string, Group> groups;
  std::vector<const Instance*> nodes;
};

Group grouped(const Plan& plan) {
  Group root;
  for (const InstancePtr& node : plan.nodes) {
    Group* at = &root;
    std::string_view rest = node->path;
    for (size_t slash; (slash = rest.find('/')) != std::string_view::npos; rest.remove_prefix(slash + 1))
      at = &at->groups[std::string(rest.substr(0, slash))];
    at->nodes.push_back(node.get());
  }
  return root;
}

/// Writes a plan in Graphviz's language.
class Dot {
 public:
  Dot(const Song& song, const Plan& plan) : song_(song), plan_(plan) {}

  std::string text() {
    text_ = "digraph " + in_quotes(song_.session.name) +
            " {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\", fontsize=10];\n";
    text_ += "  edge [fontname=\"sans-serif\", fontsize=8];\n";
    add(grouped(plan_), "", "  ");
    for (const Route& route : plan_.routes) add(route);
    return text_ + "}\n";
  }

 private:
  double milliseconds(int frames) const { return frames * 1000.0 / song_.engine.environment.rate; }

  void add(const Group& group, const std::string& path, const std::string& indent) {
    for (const Instance* node : group.nodes) add(*node, indent);
    for (const auto& [name, inner] : group.groups) {
      const std::string inner_path = path.empty() ? name : path + "/" + name;
      text_ += indent + "subgraph " + in_quotes("cluster_" + inner_path) + " {\n" + indent +
               "  label=" + in_quotes(label(name, inner_path)) + ";\n";
      add(inner, inner_path, indent + "  ");
      text_ += indent + "}\n";
    }
  }
  std::string label(const std::string& name, const std::string& path) const {
    const std::string type(song_.session.graph.composite_of(path));
    return type.empty() ? name : name + " (" + type + ")";
  }

  void add(const Instance& node, const std::string& indent) {
    std::string label = node.path.substr(node.path.rfind('/') + 1) + "\n" + std::string(node.type->id);
    if (node.latency) label += fmt::format("\n{:.1f} ms", milliseconds(node.latency));
    text_ += fmt::format("{}{} [label={}{}];\n", indent, in_quotes(node.path), with_breaks(in_quotes(label)),
                         node.type->role == DeviceRole::none ? "" : ", shape=cds");
  }
  static std::string with_breaks(std::string text) {
    for (size_t at; (at = text.find('\n')) != std::string::npos;) text.replace(at, 1, "\\n");
    return text;
  }

  void add(const Route& route) {
    const Port& from = route.from->type->outputs[size_t(route.from_port)];
    const Port& to = route.to->type->inputs[size_t(route.to_port)];
    std::string label;
    if (route.from_port > 0) label += std::string(from.id) + " ";
    if (route.to_port > 0) label += "to " + std::string(to.id) + " ";
    if (route.delay) label += fmt::format("+{:.1f} ms", milliseconds(route.delay));
    text_ += fmt::format("  {} -> {} [penwidth={}", in_quotes(route.from->path), in_quotes(route.to->path),
                         channels_of(*route.from, from));
    if (!label.empty()) text_ += ", label=" + in_quotes(label);
    if (route.to->type->breaks_loops) text_ += ", style=dashed, constraint=false";
    text_ += "];\n";
  }

  const Song& song_;
  const Plan& plan_;
  std::string text_;
};

int print_dot(const std::string& path) {
  auto song = load_song(path, node_types());
  if (!song) return print_problems(song.problems(), kProblems);
  uint32_t next_id = 1;
  const FadeShape shape(song->engine.environment.rate);
  auto plan = make_plan(song->session.graph, {}, Workshop(song->engine.environment, shape), next_id);
  if (!plan) return print_problems(with_lines(plan.problems(), path), kProblems);
  fmt::print("{}", Dot(*song, *plan).text());
  return kDone;
}

}  // namespace

void add_dot(CLI::App& program, Subcommands& all) {
  auto path = std::make_shared<std::string>();
  CLI::App* app = program.add_subcommand("dot",
                                         "Print the graph of a session for Graphviz\n"
                                         "Nodes stand in boxes by their paths, with latencies; thick cables "
                                         "are stereo, those that the engine delays to align\n"
                                         "paths say by how much, and loops close with dashed ones.");
  app->add_option("session", *path, "The session file")->required()->type_name("FILE");
  app->footer(examples({"mixgraph dot song.yaml | dot -Tsvg > song.svg"}));
  all.push_back({app, [path] { return print_dot(*path); }});
}

}  // namespace mixgraph
