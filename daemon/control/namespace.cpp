#include "daemon/control/namespace.h"

#include <algorithm>

namespace mixgraph {
namespace {
constexpr size_t kListed = 16;  // names in a hint
}

Namespace::Namespace(const Graph& graph) {
  for (const Node& node : graph.nodes()) {
    const std::string base = "/" + node.path;
    for (int i = 0; i < row_count(*node.type); i++) {
      const Parameter& p = row(*node.type, i);
      const std::string full = base + "/" + std::string(p.id);
      entries_.push_back({p.main ? base : full, p.main ? full : "", node.path, node.type, i});
    }
    for (size_t i = 0; i < node.type->meters.size(); i++)
      meters_.push_back({base + "/" + std::string(node.type->meters[i].id), node.path, node.type, int(i)});
  }
  for (size_t i = 0; i < entries_.size(); i++) {
    by_address_.emplace(entries_[i].address, i);
    if (!entries_[i].alias.empty()) by_address_.emplace(entries_[i].alias, i);
    first_row_.emplace(entries_[i].path, i);  // the first one stays
  }
  for (size_t i = 0; i < meters_.size(); i++) meter_by_address_.emplace(meters_[i].address, i);
}

const Entry* Namespace::find(std::string_view address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : &entries_[found->second];
}

const Entry* Namespace::find(std::string_view path, int row_number) const {
  const auto first = first_row_.find(path);
  return first == first_row_.end() ? nullptr : &entries_[first->second + size_t(row_number)];
}

const MeterEntry* Namespace::find_meter(std::string_view address) const {
  const auto found = meter_by_address_.find(address);
  return found == meter_by_address_.end() ? nullptr : &meters_[found->second];
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

bool is_beneath(std::string_view address, std::string_view prefix) {
  while (!prefix.empty() && prefix.back() == '/') prefix.remove_suffix(1);
  return address.starts_with(prefix) && (address.size() == prefix.size() || address[prefix.size()] == '/');
}

}  // namespace mixgraph
