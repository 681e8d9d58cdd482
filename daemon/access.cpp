#include "daemon/access.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "config/network.h"

namespace mixgraph {
namespace {

/// What is no address at all is told when it is bound.
bool is_reached_by_others(const std::string& text) {
  const auto address = parse_address(text);
  return address && !is_loopback(*address);
}

}  // namespace

OscSettings osc_settings(const Session& session, const Options& options) {
  OscSettings osc = session.osc;
  osc.port = options.osc_port.value_or(osc.port);
  if (!options.bind.empty()) osc.bind = options.bind;
  if (!options.allow.empty()) osc.allow = options.allow;
  return osc;
}

Problems check_access(const OscSettings& osc) {
  Problems problems;
  for (const std::string& network : osc.allow)
    if (!Network::parse(network))
      problems.push_back({"allow " + network, "is no address", std::string(Network::kExamples)});
  const auto open = std::find_if(osc.bind.begin(), osc.bind.end(), is_reached_by_others);
  if (open != osc.bind.end() && osc.allow.empty() && osc.peers.empty())
    problems.push_back(
        {"bind " + *open, "other machines reach this address, and none is allowed",
         "say who is, with `osc: {allow: 192.168.1.0/24}` or `--allow 192.168.1.0/24`; `any` is anybody"});
  return problems;
}

std::vector<std::string> access_warnings(const OscSettings& osc) {
  std::vector<std::string> heard = osc.allow;
  heard.insert(heard.end(), osc.peers.begin(), osc.peers.end());
  std::vector<std::string> lines;
  for (const std::string& address : osc.bind)
    if (is_reached_by_others(address))
      lines.push_back(fmt::format("OSC listens on {}: whoever reaches it from {} can control this session",
                                  address, fmt::join(heard, ", ")));
  return lines;
}

OscServerOptions server_options(const OscSettings& osc) {
  OscServerOptions options;
  options.addresses = osc.bind;
  options.port = uint16_t(osc.port);
  for (const std::string& network : osc.allow)
    if (const auto parsed = Network::parse(network)) options.allow.push_back(*parsed);
  for (const std::string& peer : osc.peers)
    if (const auto parsed = NetworkPeer::parse(peer)) options.surfaces.push_back(*parsed);
  options.rate = osc.rate;
  options.total_rate = 10 * osc.rate;
  options.other_rate = 2 * osc.rate;
  options.loopback_rate = osc.loopback_rate;
  return options;
}

std::vector<StatusItem> access_status(const OscServer& server) {
  const OscServerCounters& counters = server.counters();
  return {{"tcp_connections", "TCP connections.", whole(server.connections())},
          {"dropped_packets", "Packets that could not be sent.", whole(counters.dropped_sends)},
          {"refused_clients", "Connections and clients that there was no room for.", whole(counters.refused_clients)},
          {"not_allowed", "Packets and connections from addresses that are not allowed.", whole(counters.not_allowed)},
          {"rate_drops", "Packets of clients that send too much.", whole(counters.rate_drops)},
          {"flood_drops", "Packets dropped as more came than can be carried out.", whole(counters.flood_drops)},
          {"kernel_drops", "Packets that came faster than they could be read.", whole(server.kernel_drops())}};
}

}  // namespace mixgraph
