#include "daemon/control/parameter_messages.h"

#include <algorithm>
#include <cmath>

#include "daemon/control/file_access.h"
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

/// A change that builds a node anew; those of a pattern are made in one go.
struct Rebuild {
  const Entry* entry;
  Value value;
};

/// The change that a message makes, as everybody who wants to hear of it will.
Problems changed(Console& console, const Call& call, const Entry& entry, const Problems& problems,
                 const std::string& shown) {
  if (problems.empty()) console.feedback.changed(entry, console.live.names().index(entry), &call.client);
  Problems told = problems;
  for (Problem& problem : told) problem.where = shown;
  return told;
}

/// Sets one parameter. What was sent out of range is set to the nearest value, which is answered, and told as
/// a problem. `shown`: the address for answers. `later`: takes what must be built anew; without it that is
/// done now.
Problems set(Console& console, const Call& call, const Entry& entry, bool norm, const std::string& shown,
             const Timing& timing, std::vector<Rebuild>* later = nullptr) {
  const Parameter& p = entry.parameter();
  if (names_file(*entry.type, p))
    if (auto refusal = file_refusal(console, call.client)) return {at(shown, std::move(*refusal))};
  const osc::Argument& argument = call.message.arguments.front();
  const auto taken = norm ? accept_position(p, argument) : accept(p, argument);
  if (!taken) return {at(shown, taken.problems().front())};
  const bool rebuilds = p.change == Change::rebuild && timing.seconds == 0;
  if (rebuilds && later) {
    later->push_back({&entry, taken->value});
  } else {
    if (rebuilds && console.patterns.rebuilds-- <= 0)
      return {{shown, "too many changes in one packet that build nodes anew", "send several, or a pattern"}};
    const Problems problems = console.live.set(entry, taken->value, timing, console.now.frame);
    const bool waits = problems.empty() && !rebuilds && console.live.waits(timing);  // then it is told when its time comes
    if (Problems told = waits ? Problems() : changed(console, call, entry, problems, shown); !told.empty()) return told;
  }
  if (taken->notice.empty()) return {};
  console.reply(call.client, {shown, {norm ? position_of(p, taken->value) : argument_of(p, taken->value)}});
  return {{shown, taken->notice, norm ? "0 to 1" : accepted(p)}};
}

/// Makes the changes that a pattern means, of those that build nodes anew.
Problems rebuild(Console& console, const Call& call, const std::vector<Rebuild>& changes) {
  if (changes.empty()) return {};
  if (console.patterns.rebuilds-- <= 0)
    return {{"", "too many changes in one packet that build nodes anew", "send several"}};
  std::vector<std::pair<const Entry*, Value>> values;
  for (const Rebuild& change : changes) values.emplace_back(change.entry, change.value);
  Problems problems = console.live.rebuild(values);
  if (problems.empty())
    for (const Rebuild& change : changes) changed(console, call, *change.entry, {}, "");
  return problems;
}

/// Parameters and meters that a pattern matches; their numbers are those of the list.
struct Matches {
  std::shared_ptr<const AddressList> list;
  std::vector<uint32_t> parameters, meters;
};
Matches matches(Console& console, const Pattern& pattern) {
  Matches found{console.addresses(), {}, {}};
  for (const uint32_t number : found.list->matching(pattern))
    (number < found.list->entries() ? found.parameters : found.meters).push_back(number);
  return found;
}

void get_pattern(Console& console, const Call& call, const Target& target, Matches found) {
  std::vector<uint32_t> numbers = std::move(found.parameters);
  if (!target.norm) numbers.insert(numbers.end(), found.meters.begin(), found.meters.end());
  const size_t count = numbers.size();
  if (count == 0)
    return console.refuse(call.client,
                          {call.message.address, "matches nothing", "/graph/list lists the nodes"});
  const auto message = [&console, target, list = found.list,
                        numbers = std::move(numbers)](size_t i) -> std::optional<osc::Message> {
    const std::string& address = list->address(numbers[i]);
    if (const Entry* entry = console.live.names().find(address))
      return osc::Message{target.shown(address), {console.value_of(*entry, target.norm)}};
    const MeterEntry* meter = console.live.names().find_meter(address);
    if (!meter) return {};
    return osc::Message{address, {console.meters.value(console.live.names().index(*meter))}};
  };
  if (count > kSingles) {
    const Answer answer = console.answer_long(call.client, {count, message, {}, count * sizeof(uint32_t)});
    if (!answer) console.refuse(call.client, at(call.message.address, answer.problems().front()));
    return;
  }
  for (size_t i = 0; i < count; i++) console.reply(call.client, *message(i));
}

void pattern_message(Console& console, const Call& call, const Target& target) {
  const auto refuse = [&](Problem problem) {
    console.refuse(call.client, at(call.message.address, problem));
  };
  const auto pattern = Pattern::parse(target.address);
  if (!pattern) return refuse(pattern.problems().front());
  if (console.patterns.patterns-- <= 0)
    return refuse({"", "too many patterns in one packet", "send several"});
  Matches found = matches(console, *pattern);
  const size_t count = found.parameters.size();
  if (count > kMaxMatches)
    return refuse(
        {"", "matches more than " + std::to_string(kMaxMatches) + " parameters", "use a narrower pattern"});
  if (count > console.patterns.matches)
    return refuse({"", "the patterns of this packet match too much", "send several"});
  console.patterns.matches -= count;
  if (call.count() == 0) return get_pattern(console, call, target, std::move(found));
  if (found.parameters.empty()) return refuse({"", "matches no parameter", "/graph/list lists the nodes"});
  const auto timing = timing_of(call);
  if (!timing) return refuse(timing.problems().front());
  Problems problems;
  std::vector<Rebuild> later;
  for (const uint32_t number : found.parameters) {
    const Entry* entry = console.live.names().find(found.list->address(number));
    const Problems told =
        set(console, call, *entry, target.norm, target.shown(entry->address), *timing, &later);
    problems.insert(problems.end(), told.begin(), told.end());
  }
  const Problems told = rebuild(console, call, later);
  problems.insert(problems.end(), told.begin(), told.end());
  for (size_t i = 0; i < problems.size() && i < kShownProblems; i++)
    console.refuse(call.client,
                   problems[i].where.empty() ? at(call.message.address, problems[i]) : problems[i]);
  if (problems.size() > kShownProblems)
    refuse({"", std::to_string(problems.size() - kShownProblems) + " more were refused",
            "use a narrower pattern"});
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
    if (!console.may_explain(call.client))
      return console.refuse(call.client, {call.message.address, "no such address", ""});
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
