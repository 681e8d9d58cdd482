#include "daemon/control/parameter_messages.h"

#include <algorithm>
#include <cmath>

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

/// Sets one parameter. What was sent out of range is set to the nearest value, which is answered, and told as
/// a problem. `shown`: the address for answers.
Problems set(Console& console, const Call& call, const Entry& entry, bool norm, const std::string& shown,
             const Timing& timing) {
  const Parameter& p = entry.parameter();
  const osc::Argument& argument = call.message.arguments.front();
  const auto taken = norm ? accept_position(p, argument) : accept(p, argument);
  if (!taken) return {at(shown, taken.problems().front())};
  Problems problems = console.live.set(entry, taken->value, timing, console.now.frame);
  for (Problem& problem : problems) problem.where = shown;
  if (!problems.empty()) return problems;
  console.feedback.changed(entry, console.live.names().index(entry), &call.client);
  if (taken->notice.empty()) return {};
  console.reply(call.client, {shown, {norm ? position_of(p, taken->value) : argument_of(p, taken->value)}});
  return {{shown, taken->notice, norm ? "0 to 1" : accepted(p)}};
}

std::vector<const Entry*> matches(const Namespace& names, const Pattern& pattern) {
  std::vector<const Entry*> found;
  for (const Entry& entry : names.entries())
    if (pattern.matches(entry.address) || (!entry.alias.empty() && pattern.matches(entry.alias)))
      found.push_back(&entry);
  return found;
}

void get_pattern(Console& console, const Call& call, const Target& target,
                 const std::vector<const Entry*>& found, const Pattern& pattern) {
  std::vector<std::string> addresses;
  for (const Entry* entry : found) addresses.push_back(entry->address);
  if (!target.norm)
    for (const MeterEntry& meter : console.live.names().meters())
      if (pattern.matches(meter.address)) addresses.push_back(meter.address);
  if (addresses.empty())
    return console.refuse(call.client,
                          {call.message.address, "matches nothing", "/graph/list lists the nodes"});
  const auto message = [&console, target, addresses](size_t i) -> std::optional<osc::Message> {
    if (const Entry* entry = console.live.names().find(addresses[i]))
      return osc::Message{target.shown(addresses[i]), {console.value_of(*entry, target.norm)}};
    const MeterEntry* meter = console.live.names().find_meter(addresses[i]);
    if (!meter) return {};
    return osc::Message{addresses[i], {console.meters.value(console.live.names().index(*meter))}};
  };
  if (addresses.size() > kSingles) {
    const Answer answer = console.answer_long(call.client, {addresses.size(), message});
    if (!answer) console.refuse(call.client, at(call.message.address, answer.problems().front()));
    return;
  }
  for (size_t i = 0; i < addresses.size(); i++) console.reply(call.client, *message(i));
}

void pattern_message(Console& console, const Call& call, const Target& target) {
  const auto refuse = [&](Problem problem) {
    console.refuse(call.client, at(call.message.address, problem));
  };
  const auto pattern = Pattern::parse(target.address);
  if (!pattern) return refuse(pattern.problems().front());
  const auto found = matches(console.live.names(), *pattern);
  if (found.size() > kMaxMatches)
    return refuse(
        {"", "matches more than " + std::to_string(kMaxMatches) + " parameters", "use a narrower pattern"});
  if (call.count() == 0) return get_pattern(console, call, target, found, *pattern);
  if (found.empty()) return refuse({"", "matches no parameter", "/graph/list lists the nodes"});
  const auto timing = timing_of(call);
  if (!timing) return refuse(timing.problems().front());
  size_t refused = 0;
  for (const Entry* entry : found)
    for (const Problem& problem :
         set(console, call, *entry, target.norm, target.shown(entry->address), *timing))
      if (++refused <= kShownProblems) console.refuse(call.client, problem);
  if (refused > kShownProblems)
    refuse({"", std::to_string(refused - kShownProblems) + " more were refused", "use a narrower pattern"});
}

void get(Console& console, const Call& call, const Entry& entry, bool norm) {
  console.reply(call.client, {call.message.address, {console.value_of(entry, norm)}});
}

void meter_message(Console& console, const Call& call, const MeterEntry& meter) {
  if (call.count() > 0)
    return console.refuse(call.client, {call.message.address, "is a meter", "get it with no argument"});
  console.reply(call.client, {meter.address, {console.meters.value(console.live.names().index(meter))}});
}

}  // namespace

void parameter_message(Console& console, const Call& call) {
  const Target target(call.message.address);
  const Namespace& names = console.live.names();
  const Entry* entry = names.find(target.address);
  if (!entry) {
    if (is_pattern(target.address)) return pattern_message(console, call, target);
    const MeterEntry* meter = target.norm ? nullptr : names.find_meter(target.address);
    if (meter) return meter_message(console, call, *meter);
    return console.refuse(call.client,
                          at(call.message.address, names.unknown(target.address, command_addresses())));
  }
  if (call.count() == 0) return get(console, call, *entry, target.norm);
  const auto timing = timing_of(call);
  if (!timing) return console.refuse(call.client, at(call.message.address, timing.problems().front()));
  for (const Problem& problem : set(console, call, *entry, target.norm, call.message.address, *timing))
    console.refuse(call.client, problem);
}

}  // namespace mixgraph
