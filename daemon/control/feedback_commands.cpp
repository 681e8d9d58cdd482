#include "daemon/control/workspace.h"

namespace mixgraph {
namespace {

constexpr double kSlowest = 10'000;  // ms between values

/// A pattern and an interval in any order: `[pattern] [ms]`.
struct Request {
  std::string pattern;
  int64_t interval_ns;
};
Request request_of(const Call& call, double default_ms, double fastest_ms) {
  Request request{"//*", int64_t(default_ms) * kMillisecond};
  for (size_t i = 0; i < call.count(); i++) {
    const double ms = call.number(i, default_ms);
    const std::string text = call.text(i);
    if (text.empty())
      request.interval_ns = int64_t(std::min(std::max(ms, fastest_ms), kSlowest) * kMillisecond);
    else
      request.pattern = text;
  }
  return request;
}

Answer refused_or(Problems problems, std::string detail) {
  if (!problems.empty()) return problems;
  return Done{std::move(detail)};
}

/// To parameters, meters or feeds; ms between values.
template <auto list, int usual, int fastest>
Answer subscribe(Workspace& workspace, const Call& call) {
  const Request request = request_of(call, usual, fastest);
  return refused_or((workspace.*list).subscribe(call.client, request.pattern, request.interval_ns, workspace.now), request.pattern);
}

template <auto list>
Answer unsubscribe(Workspace& workspace, const Call& call) {
  const std::string pattern = call.text(0);
  if ((workspace.*list).unsubscribe(call.client, pattern)) return Done{pattern};
  return Problem{"", "there is no such subscription of yours",
                 "the pattern as it was subscribed, or none for all"};
}

Answer renew(Workspace& workspace, const Call& call) {
  const bool values = workspace.feedback.renew(call.client, workspace.now);
  const bool meters = workspace.meters.renew(call.client, workspace.now);
  const bool feeds = workspace.feeds.renew(call.client, workspace.now);
  if (values || meters || feeds) return Done{};
  return Problem{"", "you have no subscription", "it ended 10 s after the last /renew: /subscribe again"};
}

Answer meters(Workspace& workspace, const Call& call) {
  const auto messages = workspace.meters.latest(call.client, call.text(0, "//*"));
  if (!messages) return messages.problems();
  if (messages->empty()) return Problem{"", "no node with meters matches", "/meters lists all of them"};
  return workspace.answer_list(call, *messages);
}

Answer feeds(Workspace& workspace, const Call& call) {
  const auto messages = workspace.feeds.list(call.client, call.text(0, "//*"));
  if (!messages) return messages.problems();
  if (messages->empty()) return Problem{"", "no feed matches", "/feeds lists all of them"};
  return workspace.answer_list(call, *messages);
}

Answer sync(Workspace& workspace, const Call& call) {
  const std::string prefix = call.text(0, "/");
  const Namespace& names = workspace.document.names();
  const auto list = workspace.addresses();
  std::vector<uint32_t> wanted;
  for (const Entry& entry : names.entries())
    if ((is_beneath(entry.address, prefix) || (!entry.alias.empty() && is_beneath(entry.alias, prefix))) &&
        call.client.may(Right::view, entry.address))
      wanted.push_back(uint32_t(names.index(entry)));
  if (wanted.empty()) return names.unknown(prefix, {});
  LongAnswer answer{wanted.size(), {}, {}, wanted.size() * sizeof wanted[0]};
  answer.message = [&workspace, prefix, list,
                    wanted = std::move(wanted)](size_t i) -> std::optional<osc::Message> {
    const Entry* entry = workspace.document.names().find(list->address(wanted[i]));
    if (!entry) return {};
    const std::string& shown = is_beneath(entry->address, prefix) ? entry->address : entry->alias;
    return osc::Message{shown, {workspace.value_of(*entry, false)}};
  };
  answer.last = [](size_t sent) { return osc::Message{"/sync/done", {int32_t(sent)}}; };
  return workspace.answer_long(call.client, std::move(answer));
}

/// A client that has to return a number does so before its packets come here; anybody else may.
Answer confirm(Workspace&, const Call&) {
  return answered();
}

constexpr Command kCommands[] = {
    {"/confirm", "[number]", "|v",
     "Sent to a UDP client on another machine, which returns it as it is to show that it is there.", confirm, {}},
    {"/subscribe", "[pattern] [ms]", "|vv",
     "Sends changes of parameters, at most one value each per so many ms.", subscribe<&Workspace::feedback, 30, 10>, {}},
    {"/unsubscribe", "[pattern]", "|s", "Ends one subscription to parameters, or all.", unsubscribe<&Workspace::feedback>, {}},
    {"/renew", "", "", "Keeps your subscriptions for another 10 s; not needed over TCP.", renew, {}},
    {"/sync", "[prefix]", "|s", "Sends the values of all parameters, then /sync/done with their number.",
     sync, {}},
    {"/meters", "[pattern]", "|s",
     "Sends the latest readings of nodes' meters, one message per node, then /done.", meters, {}},
    {"/meters/subscribe", "[pattern] [ms]", "|vv", "Sends readings every so many ms.", subscribe<&Workspace::meters, 50, 20>, {}},
    {"/meters/unsubscribe", "[pattern]", "|s", "Ends one subscription to meters, or all.",
     unsubscribe<&Workspace::meters>, {}},
    {"/feeds", "[pattern]", "|s", "Sends /feed with what each feed is: its address, unit, size, and the axis along which its values lie; then /done.",
     feeds, {}},
    {"/feeds/subscribe", "[pattern] [ms]", "|vv", "Sends a feed's latest values every so many ms, as a blob, or of /floats/... as floats.", subscribe<&Workspace::feeds, 50, 20>, {}},
    {"/feeds/unsubscribe", "[pattern]", "|s", "Ends one subscription to feeds, or all.", unsubscribe<&Workspace::feeds>, {}},
};

}  // namespace

std::span<const Command> feedback_commands() {
  return kCommands;
}

}  // namespace mixgraph
