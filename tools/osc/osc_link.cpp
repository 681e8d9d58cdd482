#include "tools/osc/osc_link.h"

namespace mixgraph {

Result<std::unique_ptr<OscLink>> OscLink::open(const OscPeer& peer) {
  const OscTransport transport = !peer.tcp                ? OscTransport::udp
                                 : peer.framing == "slip" ? OscTransport::tcp_slip
                                                          : OscTransport::tcp;
  auto client = OscClient::open(peer.host, uint16_t(peer.port), transport);
  if (!client) return client.problems();
  return std::unique_ptr<OscLink>(new OscLink(std::move(*client)));
}

std::optional<osc::Message> OscLink::receive(Milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (waiting_.empty()) {
    const auto left = std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now());
    const auto packet = client_->receive(std::max(left, Milliseconds(0)));
    if (!packet) return {};
    if (const auto decoded = osc::decode(*packet)) take(*decoded);
  }
  osc::Message message = std::move(waiting_.front());
  waiting_.pop_front();
  return message;
}

void OscLink::take(const osc::Packet& packet) {
  if (const auto* message = std::get_if<osc::Message>(&packet)) {
    waiting_.push_back(*message);
    return;
  }
  for (const osc::Packet& element : std::get<osc::Bundle>(packet).elements) take(element);
}

}  // namespace mixgraph
