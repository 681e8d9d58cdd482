#include "daemon/control/confirmations.h"

#include <algorithm>
#include <charconv>

#include "daemon/control/command.h"

namespace mixgraph {
namespace {
constexpr size_t kMostAllowance = 65536;  // bytes
constexpr uint64_t kLargest = (uint64_t{1} << 53) - 1;  // that a double holds exactly

std::optional<int64_t> whole_number(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}
}

bool Confirmations::trusts(const Client& client) const {
  return !needed_ || !client->forgeable || has_confirmed(client);
}

bool Confirmations::has_confirmed(const Client& client) const {
  const auto found = clients_.find(client);
  return found != clients_.end() && found->second.confirmed;
}

void Confirmations::heard(const Client& client, size_t bytes) {
  if (trusts(client)) return;
  size_t& allowance = clients_[client].allowance;
  allowance = std::min(allowance + kFactor * bytes, kMostAllowance);
}

bool Confirmations::may_send(const Client& client, size_t bytes) {
  if (trusts(client)) return true;
  const auto found = clients_.find(client);
  if (found == clients_.end() || found->second.allowance < bytes) return false;
  found->second.allowance -= bytes;
  return true;
}

int64_t Confirmations::number_for(const Client& client) {
  State& state = clients_[client];
  while (state.number == 0) state.number = int64_t((uint64_t{random_()} << 32 | random_()) & kLargest);
  return state.number;
}

void Confirmations::hold(const Client& client, std::span<const uint8_t> packet, const Now& now) {
  State& state = clients_[client];
  if (packet.size() <= kMaxHeld) state.held.assign(packet.begin(), packet.end());
  if (state.watched || watched_.size() >= kMostNoticed) return;
  state.watched = true;
  watched_.emplace_back(now.monotonic_ns + kPatience, client);
}

std::vector<Client> Confirmations::take_overdue(const Now& now) {
  std::vector<Client> overdue;
  for (; !watched_.empty() && watched_.front().first <= now.monotonic_ns; watched_.pop_front()) {
    const auto found = clients_.find(watched_.front().second);
    if (found != clients_.end() && !found->second.confirmed) overdue.push_back(found->first);
  }
  return overdue;
}

std::optional<std::vector<uint8_t>> Confirmations::confirm(const Client& client, int64_t number) {
  const auto found = clients_.find(client);
  if (found == clients_.end() || found->second.number == 0 || found->second.number != number) return {};
  found->second.confirmed = true;
  return std::exchange(found->second.held, {});
}

std::optional<int64_t> confirmation_in(const osc::Packet& packet) {
  const auto* message = std::get_if<osc::Message>(&packet);
  if (!message || message->address != "/confirm" || message->arguments.size() != 1) return {};
  if (const auto* text = std::get_if<std::string>(&message->arguments.front())) return whole_number(*text);
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
