#include <fmt/format.h>

#include "daemon/control/console.h"
#include "daemon/control/values.h"

namespace mixgraph {
namespace {

/// What a scene holds: the mix, not the files it is made of nor the transport of players and recorders.
bool is_in_scenes(const Parameter& p) {
  return !is_text(p) && (p.update == Update::rebuild || p.motion == Motion::smooth);
}

Scene snapshot(const Console& console, const Graph& graph) {
  Scene scene;
  for (const Entry& entry : console.document.names().entries())
    if (is_in_scenes(entry.parameter())) scene[entry.address.substr(1)] = value_in(graph, entry);
  return scene;
}

/// The parameter of a scene's value, if it is there and can take it.
const Entry* entry_of(const Console& console, const std::string& address, const Value& value) {
  const Entry* entry = console.document.names().find("/" + address);
  return entry && is_text(entry->parameter()) == std::holds_alternative<std::string>(value) ? entry : nullptr;
}

Problem unknown_scene(const Console& console, const std::string& name) {
  std::vector<std::string_view> names;
  for (const auto& [known, scene] : console.document.session().scenes) names.push_back(known);
  const std::string_view near = nearest_word(name, names);
  return {"", "there is no scene \"" + name + "\"",
          near.empty() ? "/scene/list lists them" : "did you mean \"" + std::string(near) + "\"?"};
}

/// A scene's values on their way, while what must be built anew for them is made.
struct Recall {
  Client client;
  uint64_t frame;
  Shared<Scene> scene;
  double seconds;
  std::string detail;
  std::vector<Prepared> prepared = {};
};

/// The values that differ from what will be at that time, and how many have lost their parameter.
std::pair<Change, size_t> change_of(const Console& console, const Recall& recall, const Graph& then) {
  Change change{.why = Change::Why::recall, .author = recall.client, .timing = {recall.frame, recall.seconds, Course::position}};
  change.prepared = recall.prepared;
  size_t left_out = 0;
  for (const auto& [address, value] : *recall.scene) {
    const Entry* entry = entry_of(console, address, value);
    if (!entry) {
      left_out++;
      continue;
    }
    const auto* number = std::get_if<double>(&value);
    const Value next = number ? Value(nearest(entry->parameter(), *number)) : value;
    // What waits says all of them, as others may be said before it is due.
    if (value_in(then, *entry) != next || (console.document.waits(change.timing) && can_move(entry->parameter())))
      change.values.push_back({entry, next});
  }
  return {std::move(change), left_out};
}

/// What recorders and players need of a disk is made on a worker, and then all is looked at again, as others may have said more.
Answer carry_out(Console& console, Recall recall) {
  const Graph then = console.document.graph_at(recall.frame);
  const auto [change, left_out] = change_of(console, recall, then);
  if (Problems problems = change.failed(); !problems.empty()) return problems;
  const auto outcome = console.document.outcome(change);
  if (!outcome) return outcome.problems();
  if (auto needs = console.needs(change, *outcome); !needs.empty())
    return console.prepare(change, **outcome, std::move(needs), [recall](Console& c, std::vector<Prepared> made) {
      Recall prepared = recall;
      prepared.prepared = std::move(made);
      return carry_out(c, std::move(prepared));
    });
  Scene before = snapshot(console, then);
  if (Problems problems = console.apply(change); !problems.empty()) return problems;
  console.before_recall = std::move(before);
  if (left_out == 0) return Done{recall.detail};
  return Done{recall.detail + fmt::format(" ({} values left out: their parameters are gone)", left_out)};
}

Answer recall(Console& console, const Call& call, Shared<Scene> scene, double seconds, const std::string& detail) {
  if (!(seconds >= 0 && seconds <= 3600)) return Problem{"", "the fade time is out of range", "0 to 3600 s"};
  return carry_out(console, {call.client, call.frame, std::move(scene), seconds, detail});
}

/// Of a scene in a file, about.
size_t bytes_of(const Scene& scene) {
  constexpr size_t kValue = 16;  // with colon, comma and spaces
  size_t bytes = 0;
  for (const auto& [address, value] : scene) bytes += address.size() + kValue;
  return bytes;
}

/// So that what is stored can be saved, and what is saved can be loaded.
std::optional<Problem> no_room(const Scenes& scenes, const std::string& name, const Scene& scene) {
  constexpr size_t kMostScenes = 1000, kMostBytes = kMaxYamlBytes / 4 * 3;
  if (scenes.size() >= kMostScenes && !scenes.contains(name))
    return Problem{"", "there are 1000 scenes already", "remove some"};
  size_t bytes = bytes_of(scene);
  for (const auto& [other, values] : scenes)
    if (other != name) bytes += bytes_of(values);
  if (bytes <= kMostBytes) return {};
  return Problem{"", fmt::format("all scenes together would take more than {} MiB", kMostBytes >> 20), "remove some"};
}

/// Nothing: it is removed.
Answer keep(Console& console, const Call& call, const std::string& name, std::optional<Shared<Scene>> scene) {
  Change change{.why = Change::Why::store, .author = call.client};
  change.session.scenes[name] = std::move(scene);
  if (Problems problems = console.apply(change); !problems.empty()) return problems;
  return Done{name};
}

Answer store_scene(Console& console, const Call& call) {
  constexpr size_t kLongestName = 200;  // bytes
  const std::string name = call.text(0);
  if (name.empty() || name.size() > kLongestName)
    return Problem{"", name.empty() ? "the name is empty" : "the name is too long", "a text of 1 to 200 bytes"};
  Scene scene = snapshot(console, console.document.graph_at(call.frame));
  if (const auto problem = no_room(console.document.session().scenes, name, scene)) return *problem;
  return keep(console, call, name, Shared<Scene>(std::move(scene)));
}

Answer recall_scene(Console& console, const Call& call) {
  const std::string name = call.text(0);
  const auto scene = console.document.session().scenes.find(name);
  if (scene == console.document.session().scenes.end()) return unknown_scene(console, name);
  return recall(console, call, scene->second, call.number(1), name);
}

Answer undo_scene(Console& console, const Call& call) {
  if (console.before_recall.empty()) return Problem{"", "no scene was recalled", "/scene/recall name"};
  return recall(console, call, Shared<Scene>(console.before_recall), call.number(0), "");
}

Answer list_scenes(Console& console, const Call& call) {
  std::vector<osc::Message> list;
  for (const auto& [name, scene] : console.document.session().scenes) list.push_back({"/scene/list", {name}});
  return console.answer_list(call, std::move(list));
}

Answer remove_scene(Console& console, const Call& call) {
  const std::string name = call.text(0);
  if (!console.document.session().scenes.contains(name)) return unknown_scene(console, name);
  return keep(console, call, name, std::nullopt);
}

Answer diff_scene(Console& console, const Call& call) {
  const std::string name = call.text(0);
  const auto scene = console.document.session().scenes.find(name);
  if (scene == console.document.session().scenes.end()) return unknown_scene(console, name);
  std::vector<osc::Message> list;
  for (const auto& [address, value] : *scene->second) {
    const Entry* entry = entry_of(console, address, value);
    if (!entry || value == value_in(console.document.graph(), *entry)) continue;
    const Parameter& p = entry->parameter();
    list.push_back(
        {"/scene/diff", {entry->address, argument_of(p, value), argument_of(p, value_in(console.document.graph(), *entry))}});
  }
  return console.answer_list(call, std::move(list));
}

constexpr Command kCommands[] = {
    {"/scene/store", "name", "s", "Keeps the values of all parameters, except files and transport.",
     store_scene, Right::scenes},
    {"/scene/recall", "name [seconds]", "s|n", "Sets them again, in so many seconds.", recall_scene, Right::scenes},
    {"/scene/undo", "[seconds]", "|n", "Sets the values before the last recall.", undo_scene, Right::scenes},
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
