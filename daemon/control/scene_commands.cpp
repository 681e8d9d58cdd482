#include <fmt/format.h>

#include <functional>

#include "daemon/control/workspace.h"
#include "daemon/control/node_selection.h"
#include "daemon/control/scene_values.h"
#include "daemon/control/values.h"

namespace mixgraph {
namespace {

Problem unknown_scene(const Workspace& workspace, const std::string& name) {
  std::vector<std::string_view> names;
  for (const auto& [known, scene] : workspace.document.session().scenes) names.push_back(known);
  const std::string_view near = nearest_word(name, names);
  return {"", "there is no scene \"" + name + "\"",
          near.empty() ? "/scene/list lists them" : "did you mean \"" + std::string(near) + "\"?"};
}

/// A scene's values on their way, while what must be built anew for them is made.
struct Recall {
  Client client;
  uint64_t frame;
  std::function<SceneValues(const Namespace&)> wanted;
  double seconds;
  std::string detail;
  std::vector<Prepared> prepared = {};
};

struct RecallChange {
  Change change;
  Scene::Scope before;  ///< the values that it replaces
  size_t left_out;
};

/// The values that differ from what will be at that time.
RecallChange change_of(const Workspace& workspace, const Recall& recall) {
  const Graph then = workspace.document.graph_at(recall.frame);
  SceneValues wanted = recall.wanted(workspace.document.names());
  if (!workspace.document.links().empty()) {
    const NewValues linked = workspace.document.with_links(wanted.values);
    wanted.values.assign(linked.begin(), linked.end());
  }
  RecallChange made{{.why = Change::Why::recall, .author = recall.client, .timing = {recall.frame, recall.seconds, Course::position}},
                    {}, wanted.left_out};
  made.change.prepared = recall.prepared;
  for (NewValue& said : wanted.values) {
    const Value& old = value_in(then, *said.entry);
    // What waits says all of them, as others may be said before it is due.
    if (old == said.value && !(workspace.document.waits(made.change.timing) && can_move(said.entry->parameter()))) continue;
    made.before.try_emplace(said.entry->path, Scene::Part{said.entry->type, {}}).first->second.values[said.entry->row] = old;
    made.change.values.push_back(std::move(said));
  }
  return made;
}

/// What recorders and players need of a disk is made on a worker, and then all is looked at again, as others may have said more.
Answer carry_out(Workspace& workspace, Recall recall) {
  auto [change, before, left_out] = change_of(workspace, recall);
  if (Problems problems = change.failed(); !problems.empty()) return problems;
  const auto outcome = workspace.document.outcome(change);
  if (!outcome) return outcome.problems();
  if (auto needs = workspace.needs(change, *outcome); !needs.empty())
    return workspace.prepare(change, **outcome, std::move(needs), [recall](Workspace& c, std::vector<Prepared> made) {
      Recall prepared = recall;
      prepared.prepared = std::move(made);
      return carry_out(c, std::move(prepared));
    });
  if (Problems problems = workspace.apply(change); !problems.empty()) return problems;
  workspace.before_recall = std::move(before);
  if (left_out == 0) return Done{recall.detail};
  return Done{recall.detail + fmt::format(" ({} values left out: their parameters are gone)", left_out)};
}

Answer recall(Workspace& workspace, const Call& call, std::function<SceneValues(const Namespace&)> wanted, double seconds,
              const std::string& detail) {
  if (!(seconds >= 0 && seconds <= 3600)) return Problem{"", "the fade time is out of range", "0 to 3600 s"};
  return carry_out(workspace, {call.client, call.frame, std::move(wanted), seconds, detail});
}

/// So that what is stored can be saved, and what is saved can be loaded.
std::optional<Problem> no_room(const Scenes& scenes, const std::string& name, const Scene& scene) {
  constexpr size_t kMostScenes = 1000, kMostBytes = kMaxYamlBytes / 4 * 3;
  if (scenes.size() >= kMostScenes && !scenes.contains(name))
    return Problem{"", "there are 1000 scenes already", "remove some"};
  size_t bytes = bytes_of(scene);
  for (const auto& [other, kept] : scenes)
    if (other != name) bytes += bytes_of(kept);
  if (bytes <= kMostBytes) return {};
  return Problem{"", fmt::format("all scenes together would take more than {} MiB", kMostBytes >> 20), "remove some"};
}

/// Nothing: it is removed.
Answer keep(Workspace& workspace, const Call& call, const std::string& name, std::optional<Shared<Scene>> scene) {
  Change change{.why = Change::Why::store, .author = call.client};
  change.session.scenes[name] = std::move(scene);
  if (Problems problems = workspace.apply(change); !problems.empty()) return problems;
  return Done{name};
}

Result<Scene::Scope> scope_of(Workspace& workspace, const Call& call) {
  const Graph graph = workspace.document.graph_at(call.frame);
  NodeSelection selection(graph);
  if (call.count() == 1) selection.add_all();
  for (size_t i = 1; i < call.count(); i++) {
    const std::string text = call.text(i), address = text.starts_with('/') ? text : "/" + text;
    if (is_pattern(address) && workspace.patterns.patterns-- <= 0) return Problem{"", "too many patterns in one packet", "name paths"};
    if (auto problem = selection.add(address)) return *problem;
  }
  Scene::Scope scope;
  for (const Node* node : selection.nodes()) scope[node->path] = part_of(*node);
  return scope;
}

Answer store_scene(Workspace& workspace, const Call& call) {
  constexpr size_t kLongestName = 200;  // bytes
  const std::string name = call.text(0);
  if (name.empty() || name.size() > kLongestName)
    return Problem{"", name.empty() ? "the name is empty" : "the name is too long", "a text of 1 to 200 bytes"};
  auto scope = scope_of(workspace, call);
  if (!scope) return scope.problems();
  Scene scene{std::move(*scope), {}};
  if (const auto problem = no_room(workspace.document.session().scenes, name, scene)) return *problem;
  return keep(workspace, call, name, Shared<Scene>(std::move(scene)));
}

Answer recall_scene(Workspace& workspace, const Call& call) {
  const std::string name = call.text(0);
  const auto scene = workspace.document.session().scenes.find(name);
  if (scene == workspace.document.session().scenes.end()) return unknown_scene(workspace, name);
  return recall(workspace, call, [scene = scene->second](const Namespace& names) { return values_of(names, *scene); }, call.number(1), name);
}

Answer undo_scene(Workspace& workspace, const Call& call) {
  if (!workspace.before_recall) return Problem{"", "no scene was recalled", "/scene/recall name"};
  return recall(workspace, call, [replaced = *workspace.before_recall](const Namespace& names) { return values_of(names, replaced); },
                call.number(0), "");
}

Answer list_scenes(Workspace& workspace, const Call& call) {
  std::vector<osc::Message> list;
  for (const auto& [name, scene] : workspace.document.session().scenes) list.push_back({"/scene/list", {name}});
  return workspace.answer_list(call, std::move(list));
}

Answer remove_scene(Workspace& workspace, const Call& call) {
  const std::string name = call.text(0);
  if (!workspace.document.session().scenes.contains(name)) return unknown_scene(workspace, name);
  return keep(workspace, call, name, std::nullopt);
}

Answer diff_scene(Workspace& workspace, const Call& call) {
  const std::string name = call.text(0);
  const auto scene = workspace.document.session().scenes.find(name);
  if (scene == workspace.document.session().scenes.end()) return unknown_scene(workspace, name);
  std::vector<osc::Message> list;
  for (const auto& [entry, value, said] : values_of(workspace.document.names(), *scene->second).values) {
    const Value& now = value_in(workspace.document.graph(), *entry);
    if (value == now) continue;
    list.push_back({"/scene/diff", {entry->address, argument_of(entry->parameter(), value), argument_of(entry->parameter(), now)}});
  }
  return workspace.answer_list(call, std::move(list));
}

constexpr Command kCommands[] = {
    {"/scene/store", "name [path or pattern ...]", "s*s",
     "Keeps all values of all nodes, or of those that are named, except files and transport.",
     store_scene, Right::scenes},
    {"/scene/recall", "name [seconds]", "s|n",
     "Sets them again, in so many seconds; nodes that were added since stay as they are.", recall_scene, Right::scenes},
    {"/scene/undo", "[seconds]", "|n", "Sets the values that the last recall replaced.", undo_scene, Right::scenes},
    {"/scene/list", "", "", "Sends /scene/list NAME for each, then /done.", list_scenes, Right::view},
    {"/scene/remove", "name", "s", "Forgets a scene.", remove_scene, Right::scenes},
    {"/scene/diff", "name", "s", "Sends /scene/diff ADDRESS STORED NOW for each that differs, then /done.",
     diff_scene, Right::view},
};

}  // namespace

std::span<const Command> scene_commands() {
  return kCommands;
}

}  // namespace mixgraph
