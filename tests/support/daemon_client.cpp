#include "tests/support/daemon_client.h"

#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <thread>

namespace mixgraph {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

void collect(const osc::Packet& packet, std::deque<osc::Message>& messages) {
  if (const auto* message = std::get_if<osc::Message>(&packet)) messages.push_back(*message);
  if (const auto* bundle = std::get_if<osc::Bundle>(&packet))
    for (const osc::Packet& element : bundle->elements) collect(element, messages);
}

std::chrono::milliseconds left_until(Clock::time_point deadline) {
  return std::max(0ms, std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()));
}

}  // namespace

DaemonClient::DaemonClient(int port, OscTransport transport) {
  auto opened = OscClient::open("127.0.0.1", uint16_t(port), transport);
  if (!opened) throw std::runtime_error(opened.problems().front().text());
  socket_ = std::move(*opened);
}

bool DaemonClient::send(const std::string& address, std::vector<osc::Argument> arguments) {
  return send(osc::Message{address, std::move(arguments)});
}

bool DaemonClient::send(const osc::Packet& packet) {
  return socket_->send(osc::encode(packet));
}

std::optional<osc::Message> DaemonClient::next(std::chrono::milliseconds patience) {
  if (received_.empty()) {
    const auto bytes = socket_->receive(patience);
    if (!bytes) return {};
    if (const auto packet = osc::decode(*bytes)) collect(*packet, received_);
    if (received_.empty()) return {};
  }
  osc::Message message = received_.front();
  received_.pop_front();
  return message;
}

std::optional<osc::Message> DaemonClient::wait_for(const std::string& address,
                                                   std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  do {
    if (auto message = next(left_until(deadline)); message && message->address == address) return message;
  } while (Clock::now() < deadline);
  return {};
}

std::optional<osc::Argument> DaemonClient::status(const std::string& item) {
  for (const auto deadline = Clock::now() + 10s; Clock::now() < deadline;) {
    if (!send("/status")) return {};
    std::optional<osc::Argument> found;
    while (auto message = next(500ms)) {
      if (message->address == "/status/" + item) found = message->arguments.at(0);
      if (message->address == "/done" && found) return found;
    }
  }
  return {};
}

double DaemonClient::number(const std::string& item) {
  const auto value = status(item);
  return value ? osc::number(*value).value_or(NAN) : NAN;
}

std::string DaemonClient::text(const std::string& item) {
  const auto value = status(item);
  const auto* text = value ? std::get_if<std::string>(&*value) : nullptr;
  return text ? *text : "?";
}

double DaemonClient::get(const std::string& address) {
  for (int attempt = 0; attempt < 10; attempt++) {
    if (!send(address)) return NAN;
    if (const auto answer = wait_for(address, 1s)) return osc::number(answer->arguments.at(0)).value_or(NAN);
  }
  return NAN;
}

std::string DaemonClient::session() {
  send("/graph/get");
  std::string text;
  while (const auto part = wait_for("/graph/get", 10s)) {
    text += std::get<std::string>(part->arguments.at(2));
    if (part->arguments.at(0) == part->arguments.at(1)) return text;
  }
  throw std::runtime_error("no answer to /graph/get");
}

bool DaemonClient::wait_for_text(const std::string& item, const std::string& expected,
                                 std::chrono::milliseconds patience) {
  for (const auto deadline = Clock::now() + patience; Clock::now() < deadline;
       std::this_thread::sleep_for(10ms))
    if (text(item) == expected) return true;
  return false;
}

bool DaemonClient::wait_for_number(const std::string& item, double least,
                                   std::chrono::milliseconds patience) {
  for (const auto deadline = Clock::now() + patience; Clock::now() < deadline;
       std::this_thread::sleep_for(10ms))
    if (number(item) >= least) return true;
  return false;
}

}  // namespace mixgraph
