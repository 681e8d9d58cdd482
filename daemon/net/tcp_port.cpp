#include "daemon/net/tcp_port.h"

#include <chrono>

namespace mixgraph {

namespace asio = boost::asio;
using boost::system::error_code;

TcpPort::TcpPort(asio::ip::tcp::acceptor acceptor, OnAccept on_accept)
    : acceptor_(std::move(acceptor)), pause_(acceptor_.get_executor()), on_accept_(std::move(on_accept)) {}

void TcpPort::start() {
  acceptor_.async_accept([self = shared_from_this()](const error_code& error, asio::ip::tcp::socket socket) {
    if (!self->acceptor_.is_open()) return;
    if (error) return self->wait_and_start();
    self->on_accept_(std::move(socket));
    if (self->acceptor_.is_open()) self->start();
  });
}

/// Out of file descriptors, most likely: trying again at once would only burn the processor.
void TcpPort::wait_and_start() {
  pause_.expires_after(std::chrono::milliseconds(100));
  pause_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error && self->acceptor_.is_open()) self->start();
  });
}

void TcpPort::close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

}  // namespace mixgraph
