#include "daemon/net/tcp_port.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace mixgraph {

namespace asio = boost::asio;
using boost::system::error_code;

TcpPort::TcpPort(asio::ip::tcp::acceptor acceptor, OnAccept on_accept)
    : acceptor_(std::move(acceptor)), pause_(acceptor_.get_executor()), on_accept_(std::move(on_accept)) {}

// A connection is taken from the system only when it can be served at once: those that wait there outlast a
// restart of the daemon.
void TcpPort::start() {
  acceptor_.async_wait(asio::socket_base::wait_read, [self = shared_from_this()](const error_code& error) {
    if (!self->acceptor_.is_open()) return;
    if (error || !self->accept()) return self->wait_and_start();
    if (self->acceptor_.is_open()) self->start();
  });
}

/// False: the system refuses.
bool TcpPort::accept() {
  const int descriptor = accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (descriptor < 0)
    return errno == EAGAIN || errno == ECONNABORTED || errno == EINTR;  // it is gone again
  error_code error;
  const auto protocol = acceptor_.local_endpoint(error).protocol();
  asio::ip::tcp::socket socket(acceptor_.get_executor());
  socket.assign(protocol, descriptor, error);
  if (error) {
    ::close(descriptor);
    return false;
  }
  on_accept_(std::move(socket));
  return true;
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
