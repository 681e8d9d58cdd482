#include "daemon/control/namespace.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <iterator>

namespace mixgraph {
namespace {
constexpr size_t kListed = 16;  // names in a hint
}

void Namespace::Index::reset(size_t most) {
  size_t slots = 16;
  while (slots < most * 2) slots *= 2;
  slots_.assign(slots, {});
}

void Namespace::Index::add(std::string_view address, size_t index) {
  const auto hash = uint32_t(std::hash<std::string_view>{}(address));
  size_t at = hash;
  while (slots_[at & (slots_.size() - 1)].index != UINT32_MAX) at++;
  slots_[at & (slots_.size() - 1)] = {hash, uint32_t(index)};
}

template <class Is>
size_t Namespace::Index::find(std::string_view address, Is is) const {
  const auto hash = uint32_t(std::hash<std::string_view>{}(address));
  for (size_t at = hash;; at++) {
    const Slot& slot = slots_[at & (slots_.size() - 1)];
    if (slot.index == UINT32_MAX) return kNone;
    if (slot.hash == hash && is(slot.index)) return slot.index;
  }
}

Namespace::Namespace(const Graph& graph) {
  add_nodes(graph, nullptr);
  build_indices(graph.nodes().size());
}

std::string address_of(const std::string& path, const Parameter& p) {
  return p.main ? "/" + path : "/" + path + "/" + std::string(p.id);
}

Namespace::Namespace(const Graph& graph, Namespace&& before) {
  entries_.reserve(before.entries_.size() + 64);
  add_nodes(graph, &before);
  build_indices(graph.nodes().size());
}

void Namespace::add_nodes(const Graph& graph, Namespace* before) {
  for (size_t place = 0; const Node& node : graph.nodes()) {
    add_entries(node, place++, before);
    add_meters(node);
  }
}

void Namespace::add_entries(const Node& node, size_t place, Namespace* before) {
  const int rows = row_count(*node.type);
  const Entry* old = before && rows > 0 ? before->find(node.path, 0) : nullptr;
  if (old && old->type == node.type) {
    const auto first = before->entries_.begin() + std::ptrdiff_t(before->index(*old));
    entries_.insert(entries_.end(), std::make_move_iterator(first), std::make_move_iterator(first + rows));
    for (auto entry = entries_.end() - rows; entry != entries_.end(); ++entry) entry->place = place;
    return;
  }
  const std::string base = "/" + node.path;
  for (int i = 0; i < rows; i++) {
    const Parameter& p = row(*node.type, i);
    entries_.push_back({address_of(node.path, p), p.main ? base + "/" + std::string(p.id) : "", node.path, node.type, i, place});
  }
}

void Namespace::add_meters(const Node& node) {
  for (size_t i = 0; i < node.type->meters.size(); i++)
    meters_.push_back({"/" + node.path + "/" + std::string(node.type->meters[i].id), node.path, node.type, int(i)});
}

void Namespace::build_indices(size_t nodes) {
  by_address_.reset(entries_.size() + nodes);
  first_row_.reset(nodes);
  meter_by_address_.reset(meters_.size());
  for (size_t i = 0; i < entries_.size(); i++) {
    by_address_.add(entries_[i].address, i);
    if (!entries_[i].alias.empty()) by_address_.add(entries_[i].alias, i);
    if (entries_[i].row == 0) first_row_.add(entries_[i].path, i);
  }
  for (size_t i = 0; i < meters_.size(); i++) meter_by_address_.add(meters_[i].address, i);
}

const Entry* Namespace::find(std::string_view address) const {
  const size_t found = by_address_.find(
      address, [&](size_t i) { return entries_[i].address == address || entries_[i].alias == address; });
  return found == kNone ? nullptr : &entries_[found];
}

const Entry* Namespace::find(std::string_view path, int row_number) const {
  const size_t first = first_row_.find(path, [&](size_t i) { return entries_[i].path == path; });
  if (first == kNone || row_number < 0 || row_number >= row_count(*entries_[first].type)) return nullptr;
  return &entries_[first + size_t(row_number)];
}

const MeterEntry* Namespace::find_meter(std::string_view address) const {
  const size_t found = meter_by_address_.find(address, [&](size_t i) { return meters_[i].address == address; });
  return found == kNone ? nullptr : &meters_[found];
}

std::vector<std::string_view> Namespace::parts_below(std::string_view prefix,
                                                     const std::vector<std::string_view>& commands) const {
  std::vector<std::string_view> parts;
  auto collect = [&](std::string_view address) {
    if (address.size() <= prefix.size() || !is_beneath(address, prefix)) return;
    const std::string_view rest = address.substr(prefix.size() + 1);
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(part);
  };
  for (const Entry& entry : entries_) {
    collect(entry.address);
    collect(entry.alias);
  }
  for (const MeterEntry& meter : meters_) collect(meter.address);
  for (std::string_view command : commands) collect(command);
  return parts;
}

std::string Namespace::closest(std::string_view address,
                               const std::vector<std::string_view>& commands) const {
  std::string found;
  for (size_t at = 1; at <= address.size();) {
    const size_t end = std::min(address.find('/', at), address.size());
    const std::string_view part = address.substr(at, end - at);
    const auto parts = parts_below(found, commands);
    const bool exact = std::find(parts.begin(), parts.end(), part) != parts.end();
    const std::string_view near = exact ? part : nearest_word(part, parts);
    if (near.empty()) break;
    found += "/" + std::string(near);
    at = end + 1;
  }
  return found;
}

Problem Namespace::unknown(std::string_view address, const std::vector<std::string_view>& commands) const {
  const auto list = [&](std::string_view prefix) {
    std::string names;
    const auto parts = parts_below(prefix, commands);
    for (size_t i = 0; i < parts.size() && i < kListed; i++) names += (i ? ", " : "") + std::string(parts[i]);
    return parts.size() > kListed ? names + ", ..." : names;
  };
  const std::string where(address);
  if (const std::string parts = list(address); !parts.empty())
    return {where, "has no value of its own", "beneath it: " + parts};
  const std::string near = closest(address, commands);
  if (near.empty()) return {where, "no such address", "there are: " + list("")};
  const bool whole =
      std::count(near.begin(), near.end(), '/') == std::count(address.begin(), address.end(), '/');
  return {where, "no such address", whole ? "did you mean " + near + "?" : near + " holds: " + list(near)};
}

const Value& value_in(const Graph& graph, const Entry& entry) {
  assert(graph.nodes()[entry.place].path == entry.path);
  return graph.nodes()[entry.place].values[size_t(entry.row)];
}

bool is_beneath(std::string_view address, std::string_view prefix) {
  while (!prefix.empty() && prefix.back() == '/') prefix.remove_suffix(1);
  return address.starts_with(prefix) && (address.size() == prefix.size() || address[prefix.size()] == '/');
}

}  // namespace mixgraph
