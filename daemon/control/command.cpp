#include "daemon/control/command.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "daemon/control/values.h"

namespace mixgraph {
namespace {

bool fits(char type, const osc::Argument& argument) {
  const auto text = text_of(argument);
  const auto number = osc::number(argument);
  if (type == 's') return text && is_clean(*text);
  if (type == 'n') return number && std::isfinite(*number);
  return (text && is_clean(*text)) || (number && std::isfinite(*number));
}

std::string_view meaning(char type) {
  if (type == 's') return "a text";
  return type == 'n' ? "a number" : "a number or a text";
}

/// The types of a command with its optional part spelt out for so many arguments; empty if they don't fit.
std::string types_for(std::string_view types, size_t count) {
  std::string needed(types.substr(0, types.find_first_of("|*")));
  std::string optional;
  if (const size_t bar = types.find('|'); bar != std::string_view::npos) optional = types.substr(bar + 1);
  if (const size_t star = types.find('*'); star != std::string_view::npos)
    while (needed.size() + optional.size() < count) optional += types.substr(star + 1);
  if (count < needed.size() || count > needed.size() + optional.size()) return "?";
  return (needed + optional).substr(0, count);
}

}  // namespace

std::string Call::text(size_t i, std::string fallback) const {
  if (i >= count()) return fallback;
  return text_of(message.arguments[i]).value_or(std::move(fallback));
}

double Call::number(size_t i, double fallback) const {
  return i < count() ? osc::number(message.arguments[i]).value_or(fallback) : fallback;
}

const std::vector<Command>& commands() {
  static const std::vector<Command> all = [] {
    std::vector<Command> list;
    for (auto part : {graph_commands(), link_commands(), transaction_commands(), file_commands(), diff_commands(), scene_commands(),
                      feedback_commands(), automation_commands(), transport_commands(), status_commands(), daemon_commands()})
      list.insert(list.end(), part.begin(), part.end());
    return list;
  }();
  return all;
}

const Command* find_command(std::string_view address) {
  static const auto by_address = [] {
    std::unordered_map<std::string_view, const Command*> map;
    for (const Command& command : commands()) map.emplace(command.address, &command);
    return map;
  }();
  const auto found = by_address.find(address);
  return found == by_address.end() ? nullptr : found->second;
}

const std::vector<std::string_view>& command_addresses() {
  static const std::vector<std::string_view> all = [] {
    std::vector<std::string_view> list;
    for (const Command& command : commands()) list.push_back(command.address);
    return list;
  }();
  return all;
}

Problems check_arguments(const Command& command, const osc::Message& message) {
  const std::string usage = command.arguments.empty()
                                ? "it takes none"
                                : std::string(command.address) + " " + std::string(command.arguments);
  const std::string types = types_for(command.types, message.arguments.size());
  if (types == "?")
    return {{message.address, std::to_string(message.arguments.size()) + " arguments are not what it takes",
             usage}};
  for (size_t i = 0; i < types.size(); i++)
    if (!fits(types[i], message.arguments[i]))
      return {{message.address,
               "argument " + std::to_string(i + 1) + " is not " + std::string(meaning(types[i])), usage}};
  return {};
}

}  // namespace mixgraph
