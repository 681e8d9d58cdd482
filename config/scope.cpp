#include "config/scope.h"

#include <algorithm>
#include <charconv>

namespace mixgraph {

std::string_view parent_of(std::string_view path) {
  size_t slash = path.rfind('/');
  return slash == path.npos ? std::string_view() : path.substr(0, slash);
}

std::string join(std::string_view base, std::string_view name) {
  std::string path(base);
  if (!base.empty()) path += '/';
  return path.append(name);
}

std::pair<std::string_view, std::string_view> split_port(std::string_view name) {
  size_t colon = name.rfind(':');
  if (colon == name.npos) return {name, {}};
  return {name.substr(0, colon), name.substr(colon + 1)};
}

bool is_in_section(std::string_view path) {
  std::string_view first = path.substr(0, path.find('/'));
  return first == "in" || first == "mix" || first == "master";
}

bool is_device_input(std::string_view path) {
  constexpr int kMost = 256;
  bool is_range = false;
  if (!path.starts_with("in/")) return false;
  path.remove_prefix(3);
  for (int channels = 1; channels <= kMostChannels; channels++) {
    int number = 0;
    auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), number);
    if (error != std::errc() || number < 1 || number > kMost || path.front() == '0') return false;
    path.remove_prefix(size_t(end - path.data()));
    if (path.empty()) return true;
    if (path.front() != '+' && (path.front() != '-' || is_range)) return false;
    is_range = path.front() == '-';
    path.remove_prefix(1);
  }
  return false;
}

void Scope::add(const Graph& graph, const Composites& composites) {
  for (const Node& node : graph.nodes()) add(node.path, {node.type, nullptr, {}});
  for (const auto& [path, type] : graph.composites())
    if (auto found = composites.find(type); found != composites.end())
      add(path, {nullptr, &found->second, {}});
}

const Item* Scope::at(std::string_view path) const {
  auto found = items_.find(path);
  return found == items_.end() ? nullptr : &found->second;
}

std::optional<std::string> Scope::find(std::string_view name, std::string_view inner,
                                       std::string_view outer) const {
  if (outer.empty() && name.starts_with('/')) {
    name.remove_prefix(1);
    return at(name) ? std::optional(std::string(name)) : std::nullopt;
  }
  for (std::string_view base = inner;; base = parent_of(base)) {
    std::string path = join(base, name);
    if (at(path)) return path;
    if (base.size() <= outer.size()) return {};
  }
}

bool Scope::is_broken(std::string_view name, std::string_view inner, std::string_view outer) const {
  for (std::string_view start = split_port(name).first; !start.empty(); start = parent_of(start))
    if (std::optional<std::string> path = find(start, inner, outer)) return at(*path)->is_broken();
  return false;
}

std::optional<End> Scope::source(std::string_view name, std::string_view inner,
                                 std::string_view outer) const {
  auto [word, port] = split_port(name);
  std::optional<std::string> path = find(word, inner, outer);
  if (!path) return {};
  const Item& item = *at(*path);
  if (item.composite) {
    if (!port.empty()) return {};
    return source(item.composite->output.text, *path, *path);
  }
  if (!item.type || item.type->outputs.empty()) return {};
  if (port.empty()) return End{*path, 0};
  for (size_t i = 0; i < item.type->outputs.size(); i++)
    if (item.type->outputs[i].id == port) return End{*path, int(i)};
  return {};
}

std::vector<End> Scope::targets(std::string_view name, std::string_view inner, std::string_view outer) const {
  auto [word, port] = split_port(name);
  std::optional<std::string> path = find(word, inner, outer);
  return path ? inputs(*path, port.empty() ? "from" : port) : std::vector<End>();
}

std::vector<End> Scope::inputs(std::string_view path, std::string_view port) const {
  const Item* item = at(path);
  if (!item || item->is_broken()) return {};
  std::vector<End> ends;
  if (item->composite) {
    auto found = item->composite->inputs.find(std::string(port));
    if (found == item->composite->inputs.end()) return {};
    for (const Word& part : found->second)
      for (End& end : targets(part.text, path, path)) ends.push_back(std::move(end));
    return ends;
  }
  for (size_t i = 0; i < item->type->inputs.size(); i++)
    if ((i == 0 && port == "from") || item->type->inputs[i].id == port)
      ends.push_back({std::string(path), int(i)});
  return ends;
}

std::vector<std::string> Scope::names(std::string_view inner, std::string_view outer) const {
  std::vector<std::string> names;
  for (std::string_view base = inner;; base = parent_of(base)) {
    std::string start = base.empty() ? "" : std::string(base) + "/";
    size_t first = names.size();
    for (auto at = items_.lower_bound(start); at != items_.end() && at->first.starts_with(start); ++at)
      if (!at->second.is_broken()) names.push_back(at->first.substr(start.size()));
    std::stable_partition(names.begin() + std::ptrdiff_t(first), names.end(),
                          [](const std::string& name) { return name.find('/') == name.npos; });
    if (base.size() <= outer.size()) return names;
  }
}

}  // namespace mixgraph
