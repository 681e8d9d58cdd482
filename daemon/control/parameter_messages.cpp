#include "daemon/control/parameter_messages.h"

#include <algorithm>
#include <cmath>

#include "daemon/control/guard.h"
#include "daemon/control/values.h"

namespace mixgraph {
namespace {

constexpr size_t kShownProblems = 8;  // of one pattern

/// Where a message goes: the address without `/norm`.
struct Target {
  explicit Target(const std::string& sent)
      : norm(sent.starts_with("/norm/")), address(norm ? sent.substr(5) : sent) {}
  std::string shown(const std::string& of) const { return norm ? "/norm" + of : of; }
  bool norm;
  std::string address;
};

/// Seconds and curve of a timed move, from the arguments behind the value.
Result<Timing> timing_of(const Call& call) {
  Timing timing{call.frame, 0, Course::position};
  const auto& arguments = call.message.arguments;
  if (arguments.size() > 3) return Problem{"", "too many arguments", "value [seconds [curve]]"};
  if (arguments.size() > 1) {
    const auto seconds = osc::number(arguments[1]);
    if (!seconds || !(*seconds >= 0 && *seconds <= kMaxMove))
      return Problem{"", "the second argument is not a time in seconds", "0 to 3600"};
    timing.seconds = *seconds;
  }
  if (arguments.size() > 2) {
    const auto course = course_named(text_of(arguments[2]).value_or(""));
    if (!course) return Problem{"", "the third argument is not a curve", std::string(kCourseNames)};
    timing.course = *course;
  }
  return timing;
}

/// A problem of an address of our own, which may have none or another `where`.
Problem at(const std::string& address, Problem problem) {
  problem.where = address;
  return problem;
}

/// Adds what a message says of one parameter to a change. What was sent out of range is set to the nearest value, which is
/// answered, and told as a problem. `shown`: the address for answers.
Problems take(Workspace& workspace, const Call& call, const Entry& entry, bool norm, const std::string& shown, Change& change) {
  const Parameter& p = entry.parameter();
  for (const Right right : {Right::mix, Right::files})
    if (!call.client.may(right, entry.address) && (right == Right::mix || names_file(*entry.type, p)))
      return {at(shown, *refusal(workspace, call.client, right, entry.address))};
  const osc::Argument& argument = call.message.arguments.front();
  auto taken = norm ? accept_position(p, argument) : accept(p, argument);
  if (!taken) return {at(shown, taken.problems().front())};
  if (change.timing.seconds > 0 && !takes_time(p)) return {{shown, "takes no time to change", "send the value alone"}};
  change.values.push_back({&entry, taken->value});
  if (taken->notice.empty()) return {};
  workspace.reply(call.client, {shown, {norm ? position_of(p, taken->value) : argument_of(p, taken->value)}});
  return {{shown, taken->notice, norm ? "0 to 1" : accepted(p)}};
}

/// Makes it, unless the packet has built enough nodes anew.
Answer make(Workspace& workspace, const Change& change, std::string_view hint) {
  if (change.values.empty()) return answered();
  const bool rebuilds = !change.only_moves();
  if (rebuilds && workspace.patterns.rebuilds-- <= 0) return Problem{"", "too many changes in one packet that build nodes anew", std::string(hint)};
  if (rebuilds) return workspace.make(change, *answered());
  if (Problems problems = workspace.move(change); !problems.empty()) return problems;
  return answered();
}

/// Parameters and meters that a pattern matches; their numbers are those of the list.
struct Matches {
  std::shared_ptr<const AddressList> list;
  std::vector<uint32_t> parameters, meters;
};
Matches matches(Workspace& workspace, const Pattern& pattern) {
  Matches found{workspace.addresses(), {}, {}};
  for (const uint32_t number : found.list->matching(pattern))
    (number < found.list->entries() ? found.parameters : found.meters).push_back(number);
  return found;
}

Answer get_pattern(Workspace& workspace, const Call& call, const Target& target, Matches found) {
  std::vector<uint32_t> numbers = std::move(found.parameters);
  if (!target.norm) numbers.insert(numbers.end(), found.meters.begin(), found.meters.end());
  std::erase_if(numbers, [&](uint32_t number) { return !call.client.may(Right::view, found.list->address(number)); });
  const size_t count = numbers.size();
  if (count == 0)
    return Problem{"", "matches nothing", "/graph/list lists the nodes"};
  const auto message = [&workspace, target, list = found.list,
                        numbers = std::move(numbers)](size_t i) -> std::optional<osc::Message> {
    const std::string& address = list->address(numbers[i]);
    if (const Entry* entry = workspace.document.names().find(address))
      return osc::Message{target.shown(address), {workspace.value_of(*entry, target.norm)}};
    const MeterEntry* meter = workspace.document.names().find_meter(address);
    if (!meter) return {};
    return osc::Message{address, {workspace.meters.value(workspace.document.names().index(*meter))}};
  };
  if (count > kSingles) return workspace.answer_long(call.client, {count, message, {}, count * sizeof(uint32_t)});
  for (size_t i = 0; i < count; i++) workspace.reply(call.client, *message(i));
  return answered();
}

Answer pattern_message(Workspace& workspace, const Call& call, const Target& target) {
  const auto pattern = Pattern::parse(target.address);
  if (!pattern) return pattern.problems();
  if (workspace.patterns.patterns-- <= 0)
    return Problem{"", "too many patterns in one packet", "send several"};
  Matches found = matches(workspace, *pattern);
  const size_t count = found.parameters.size();
  if (count > kMaxMatches)
    return Problem{"", "matches more than " + std::to_string(kMaxMatches) + " parameters", "use a narrower pattern"};
  if (count > workspace.patterns.matches)
    return Problem{"", "the patterns of this packet match too much", "send several"};
  workspace.patterns.matches -= count;
  if (call.count() == 0) return get_pattern(workspace, call, target, std::move(found));
  if (found.parameters.empty()) return Problem{"", "matches no parameter", "/graph/list lists the nodes"};
  const auto timing = timing_of(call);
  if (!timing) return timing.problems();
  Problems problems;
  Change change{.author = call.client, .timing = *timing};
  for (const uint32_t number : found.parameters) {
    const Entry* entry = workspace.document.names().find(found.list->address(number));
    const Problems told = take(workspace, call, *entry, target.norm, target.shown(entry->address), change);
    problems.insert(problems.end(), told.begin(), told.end());
  }
  Answer answer = make(workspace, change, "send several");
  if (!answer) problems.insert(problems.end(), answer.problems().begin(), answer.problems().end());
  for (size_t i = 0; i < problems.size() && i < kShownProblems; i++)
    workspace.refuse(call.client,
                   problems[i].where.empty() ? at(call.message.address, problems[i]) : problems[i]);
  if (problems.size() > kShownProblems)
    workspace.refuse(call.client, {call.message.address, std::to_string(problems.size() - kShownProblems) + " more were refused", "use a narrower pattern"});
  return answer ? std::move(answer) : answered();
}

Answer set(Workspace& workspace, const Call& call, const Entry& entry, bool norm, const Timing& timing) {
  const std::string& shown = call.message.address;
  Change& change = workspace.setting;
  if (!change.author || !change.author->is_copy_of(call.client)) change.author = call.client;
  change.values.clear();
  change.timing = timing;
  const Problems told = take(workspace, call, entry, norm, shown, change);
  Answer answer = make(workspace, change, "send several, or a pattern");
  for (const Problem& problem : told) workspace.refuse(call.client, problem);
  return answer;
}

Answer get(Workspace& workspace, const Call& call, const Entry& entry, bool norm) {
  if (auto problem = refusal(workspace, call.client, Right::view, entry.address)) return *problem;
  workspace.reply(call.client, {call.message.address, {workspace.value_of(entry, norm)}});
  return answered();
}

Answer meter_message(Workspace& workspace, const Call& call, const MeterEntry& meter) {
  if (auto problem = refusal(workspace, call.client, Right::view, meter.address)) return *problem;
  if (call.count() > 0) return Problem{"", "is a meter", "get it with no argument"};
  workspace.reply(call.client, {meter.address, {workspace.meters.value(workspace.document.names().index(meter))}});
  return answered();
}

}  // namespace

Answer parameter_message(Workspace& workspace, const Call& call) {
  const Target target(call.message.address);
  const Namespace& names = workspace.document.names();
  const Entry* entry = names.find(target.address);
  if (!entry) {
    if (is_pattern(target.address)) return pattern_message(workspace, call, target);
    const MeterEntry* meter = target.norm ? nullptr : names.find_meter(target.address);
    if (meter) return meter_message(workspace, call, *meter);
    if (workspace.feeds.has(target.address)) return Problem{"", "is a feed", "/feeds/subscribe it"};
    if (!workspace.may_explain(call.client))
      return Problem{"", "no such address", ""};
    return names.unknown(target.address, command_addresses());
  }
  if (call.count() == 0) return get(workspace, call, *entry, target.norm);
  const auto timing = timing_of(call);
  if (!timing) return timing.problems();
  return set(workspace, call, *entry, target.norm, *timing);
}

}  // namespace mixgraph
