#include "daemon/net/osc_client.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>

#include "daemon/control/confirmations.h"
#include "daemon/osc/osc.h"

namespace mixgraph {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using boost::system::error_code;

OscClient::OscClient(std::string where, OscTransport transport)
    : where_(std::move(where)), transport_(transport), buffer_(osc::kMaxPacket) {}

/// Waits for what `start` starts, which is given a handler; at the deadline `cancel` ends it.
template <class Start, class Cancel>
OscClient::Outcome OscClient::wait(Deadline deadline, Start start, Cancel cancel) {
  Outcome outcome;
  bool done = false;
  start([&](const error_code& error, size_t size = 0) {
    outcome = {error, size};
    done = true;
  });
  io_.restart();
  while (!done && io_.run_one_until(deadline) > 0) continue;
  if (done) return outcome;
  cancel();
  io_.restart();
  io_.run();  // the handler refers to this frame
  if (outcome.error == asio::error::operation_aborted) outcome.error = asio::error::timed_out;
  return outcome;
}

template <class Protocol>
error_code OscClient::connect(const std::string& host, uint16_t port, Deadline deadline) {
  typename Protocol::resolver resolver(io_);
  typename Protocol::resolver::results_type found;
  const auto start = [&](auto handler) {
    resolver.async_resolve(host, std::to_string(port), [&, handler](const error_code& error, auto results) {
      found = results;
      handler(error);
    });
  };
  const auto outcome = wait(deadline, start, [&] { resolver.cancel(); });
  return outcome.error ? outcome.error : connect(found, deadline);
}

/// IPv4 first: "localhost" is both, and most OSC programs listen on IPv4 alone.
error_code OscClient::connect(const udp::resolver::results_type& found, Deadline) {
  auto endpoint = found.begin()->endpoint();
  for (const auto& entry : found) {
    if (entry.endpoint().address().is_v4() && !endpoint.address().is_v4()) endpoint = entry.endpoint();
  }
  error_code error;
  datagrams_.connect(endpoint, error);
  return error;
}

error_code OscClient::connect(const tcp::resolver::results_type& found, Deadline deadline) {
  const auto start = [&](auto handler) {
    asio::async_connect(stream_, found, [handler](const error_code& error, const auto&) { handler(error); });
  };
  error_code ignored;
  const auto outcome = wait(deadline, start, [&] { stream_.close(ignored); });
  if (!outcome.error) stream_.set_option(tcp::no_delay(true), ignored);
  return outcome.error;
}

Result<std::unique_ptr<OscClient>> OscClient::open(const std::string& host, uint16_t port,
                                                   OscTransport transport, Milliseconds timeout) {
  const bool udp = transport == OscTransport::udp;
  const std::string where = (udp ? "udp " : "tcp ") + host + ":" + std::to_string(port);
  std::unique_ptr<OscClient> client(new OscClient(where, transport));
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const auto error = udp ? client->connect<asio::ip::udp>(host, port, deadline)
                         : client->connect<asio::ip::tcp>(host, port, deadline);
  if (error) {
    client->fail(error);
    return *client->failure();
  }
  return client;
}

bool OscClient::fail(const error_code& error) {
  if (!failure_) failure_ = Problem{where_, error.message(), "is mixgraphd running there, with this port?"};
  return false;
}

bool OscClient::send(std::span<const uint8_t> packet) {
  if (!is_udp()) {
    return send_raw(frame(packet, transport_ == OscTransport::tcp ? Framing::size_prefix : Framing::slip));
  }
  error_code error;
  datagrams_.send(asio::buffer(packet.data(), packet.size()), 0, error);
  return !error || fail(error);
}

bool OscClient::send_raw(std::span<const uint8_t> bytes) {
  const auto start = [&](auto handler) {
    asio::async_write(stream_, asio::buffer(bytes.data(), bytes.size()), handler);
  };
  error_code ignored;
  const auto outcome =
      wait(std::chrono::steady_clock::now() + kSendTimeout, start, [&] { stream_.cancel(ignored); });
  return !outcome.error || fail(outcome.error);
}

OscClient::Outcome OscClient::receive_some(Deadline deadline) {
  error_code ignored;
  const auto buffer = asio::buffer(buffer_);
  if (is_udp()) {
    return wait(
        deadline, [&](auto handler) { datagrams_.async_receive(buffer, handler); },
        [&] { datagrams_.cancel(ignored); });
  }
  return wait(
      deadline, [&](auto handler) { stream_.async_read_some(buffer, handler); },
      [&] { stream_.cancel(ignored); });
}

/// Returns the number by which a daemon on another machine asks whether we are here. False: it is another packet.
bool OscClient::confirms(std::span<const uint8_t> packet) {
  const auto message = osc::decode(packet);
  if (!message || !confirmation_in(*message)) return false;
  send(packet);
  return true;
}

std::optional<std::vector<uint8_t>> OscClient::receive(Milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!failure_) {
    if (auto packet = frames_.next()) {
      if (*packet) return std::vector<uint8_t>((*packet)->begin(), (*packet)->end());
      failure_ = packet->problems().front();
      continue;
    }
    const auto outcome = receive_some(deadline);
    if (outcome.error == asio::error::timed_out) return {};
    if (outcome.error) {
      fail(outcome.error);
      continue;
    }
    const auto bytes = std::span(buffer_).first(outcome.size);
    if (is_udp() && confirms(bytes)) continue;
    if (is_udp()) return std::vector<uint8_t>(bytes.begin(), bytes.end());
    frames_.feed(bytes);
  }
  return {};
}

}  // namespace mixgraph
