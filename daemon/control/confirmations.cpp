#include "daemon/control/confirmations.h"

#include <algorithm>

#include "daemon/control/command.h"

namespace mixgraph {
namespace {
constexpr size_t kMostAllowance = 65536;  // bytes
}

bool Confirmations::trusts(const ClientId& client) const {
  return !needed_ || !client.remote || client.kind != ClientId::Kind::udp || has_confirmed(client);
}

bool Confirmations::has_confirmed(const ClientId& client) const {
  const auto found = clients_.find(client);
  return found != clients_.end() && found->second.confirmed;
}

void Confirmations::heard(const ClientId& client, size_t bytes) {
  if (trusts(client)) return;
  size_t& allowance = clients_[client].allowance;
  allowance = std::min(allowance + kFactor * bytes, kMostAllowance);
}

bool Confirmations::may_send(const ClientId& client, size_t bytes) {
  if (trusts(client)) return true;
  const auto found = clients_.find(client);
  if (found == clients_.end() || found->second.allowance < bytes) return false;
  found->second.allowance -= bytes;
  return true;
}

int64_t Confirmations::hold(const ClientId& client, std::span<const uint8_t> packet) {
  State& state = clients_[client];
  if (packet.size() <= kMaxHeld) state.held.assign(packet.begin(), packet.end());
  while (state.number == 0) state.number = int64_t(uint64_t{random_()} << 32 | random_());
  return state.number;
}

std::optional<std::vector<uint8_t>> Confirmations::confirm(const ClientId& client, int64_t number) {
  const auto found = clients_.find(client);
  if (found == clients_.end() || found->second.number == 0 || found->second.number != number) return {};
  found->second.confirmed = true;
  return std::exchange(found->second.held, {});
}

std::optional<int64_t> confirmation_in(const osc::Packet& packet) {
  const auto* message = std::get_if<osc::Message>(&packet);
  if (!message || message->address != "/confirm" || message->arguments.size() != 1) return {};
  const auto* number = std::get_if<int64_t>(&message->arguments.front());
  return number ? std::optional(*number) : std::nullopt;
}

bool only_sets(const osc::Packet& packet) {
  if (const auto* message = std::get_if<osc::Message>(&packet))
    return !message->arguments.empty() && !find_command(message->address);
  const auto& elements = std::get<osc::Bundle>(packet).elements;
  return std::all_of(elements.begin(), elements.end(), only_sets);
}

}  // namespace mixgraph
