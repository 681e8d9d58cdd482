#include "daemon/net/udp_port.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstring>

#include "daemon/net/turn.h"

namespace mixgraph {

namespace {
/// Longer than that of a connection, as one socket is for all, and a flood is to be read faster than it
/// comes.
constexpr std::chrono::milliseconds kTurn{3};
}  // namespace

namespace asio = boost::asio;
using boost::system::error_code;

UdpPort::UdpPort(asio::ip::udp::socket socket, Events events)
    : socket_(std::move(socket)), events_(std::move(events)), slots_(kBatch) {
  const int on = 1;
  ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  for (size_t i = 0; i < kBatch; ++i) {
    buffers_[i] = {slots_[i].bytes.data(), slots_[i].bytes.size()};
    headers_[i].msg_hdr.msg_iov = &buffers_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
  }
}

void UdpPort::start() {
  socket_.async_wait(asio::socket_base::wait_read, [self = shared_from_this()](const error_code& error) {
    if (!error && self->socket_.is_open()) self->serve();
  });
}

void UdpPort::serve() {
  const Left left = turn();
  if (!socket_.is_open()) return;
  if (left == Left::nothing) return start();
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->socket_.is_open()) self->serve();
  });
}

UdpPort::Left UdpPort::turn() {
  const Turn turn(kTurn);
  for (int batch = 0; batch < kBatches; ++batch) {
    if (next_ == received_ && !receive()) {
      events_.caught_up();
      return Left::nothing;
    }
    while (next_ < received_) {
      deliver(next_++);
      if (!socket_.is_open()) return Left::nothing;
      if (turn.is_over()) return Left::maybe_more;
    }
  }
  return Left::maybe_more;
}

/// False when nothing had come.
bool UdpPort::receive() {
  for (size_t i = 0; i < kBatch; ++i) {
    msghdr& header = headers_[i].msg_hdr;
    header.msg_name = slots_[i].from.data();
    header.msg_namelen = socklen_t(slots_[i].from.capacity());
    header.msg_control = slots_[i].control.data();
    header.msg_controllen = slots_[i].control.size();
    header.msg_flags = 0;
  }
  const int count = ::recvmmsg(socket_.native_handle(), headers_.data(), kBatch, MSG_DONTWAIT, nullptr);
  received_ = count > 0 ? size_t(count) : 0;
  next_ = 0;
  return received_ > 0;
}

void UdpPort::deliver(size_t index) {
  const msghdr& header = headers_[index].msg_hdr;
  note_drops(header);
  slots_[index].from.resize(header.msg_namelen);
  events_.datagram(slots_[index].from, std::span(slots_[index].bytes).first(headers_[index].msg_len),
                   !(header.msg_flags & MSG_TRUNC));
}

void UdpPort::note_drops(const msghdr& header) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part; part = CMSG_NXTHDR(const_cast<msghdr*>(&header), part)) {
    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SO_RXQ_OVFL)
      std::memcpy(&kernel_drops_, CMSG_DATA(part), sizeof kernel_drops_);
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
