#include "daemon/control/scene_values.h"

namespace mixgraph {
namespace {

/// What a scene holds: the mix, not the files it is made of nor the transport of players and recorders.
bool is_in_scenes(const Parameter& p) {
  return !is_text(p) && (p.update == Update::rebuild || p.motion == Motion::smooth);
}

/// The parameter of a scene's value, if it is there and can take it.
const Entry* entry_of(const Namespace& names, const std::string& address, const Value& value) {
  const Entry* entry = names.find("/" + address);
  return entry && is_text(entry->parameter()) == std::holds_alternative<std::string>(value) ? entry : nullptr;
}

/// `all`: rows that a part doesn't name go to their initial values.
SceneValues values_of(const Namespace& names, const Scene::Scope& scope, bool all) {
  SceneValues found;
  for (const auto& [path, part] : scope) {
    const Entry* first = names.find(path, 0);
    const bool is_there = first && first->type == part.type;  // another type may have fewer rows
    for (int i = 0; i < row_count(*part.type); i++) {
      const auto named = part.values.find(i);
      const Parameter& p = row(*part.type, i);
      if (named == part.values.end() && !(all && is_in_scenes(p))) continue;
      if (is_there)
        found.values.push_back({&names.entries()[names.index(*first) + size_t(i)], named == part.values.end() ? initial_value(p) : named->second});
      else
        found.left_out++;
    }
  }
  return found;
}

}  // namespace

Scene::Part part_of(const Node& node) {
  Scene::Part part{node.type, {}};
  for (int i = 0; i < row_count(*node.type); i++) {
    const Parameter& p = row(*node.type, i);
    const Value& value = node.values[size_t(i)];
    if (is_in_scenes(p) && value != initial_value(p)) part.values[i] = value;
  }
  return part;
}

SceneValues values_of(const Namespace& names, const Scene& scene) {
  SceneValues found = values_of(names, scene.scope, true);
  for (const auto& [address, value] : scene.values) {
    const Entry* entry = entry_of(names, address, value);
    if (!entry) {
      found.left_out++;
      continue;
    }
    const auto* number = std::get_if<double>(&value);
    found.values.push_back({entry, number ? Value(nearest(entry->parameter(), *number)) : value});
  }
  return found;
}

SceneValues values_of(const Namespace& names, const Scene::Scope& replaced) {
  return values_of(names, replaced, false);
}

}  // namespace mixgraph
