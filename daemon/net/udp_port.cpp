#include "daemon/net/udp_port.h"

#include <boost/asio/buffer.hpp>

namespace mixgraph {

namespace asio = boost::asio;
using boost::system::error_code;

UdpPort::UdpPort(asio::ip::udp::socket socket, OnDatagram on_datagram)
    : socket_(std::move(socket)), on_datagram_(std::move(on_datagram)) {}

void UdpPort::start() {
  socket_.async_wait(asio::socket_base::wait_read, [self = shared_from_this()](const error_code& error) {
    if (error || !self->socket_.is_open()) return;
    self->drain();
    if (self->socket_.is_open()) self->start();
  });
}

void UdpPort::drain() {
  for (int i = 0; i < kBurst && socket_.is_open(); ++i) {
    Endpoint from;
    error_code error;
    const size_t size = socket_.receive_from(asio::buffer(buffer_), from, 0, error);
    if (error) return;
    on_datagram_(from, std::span(buffer_).first(size));
  }
}

bool UdpPort::send(const Endpoint& to, std::span<const uint8_t> bytes) {
  error_code error;
  socket_.send_to(asio::buffer(bytes.data(), bytes.size()), to, 0, error);
  return !error;
}

void UdpPort::close() {
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace mixgraph
