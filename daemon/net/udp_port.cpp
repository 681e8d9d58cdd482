#include "daemon/net/udp_port.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstring>

#include "daemon/osc/turn.h"

namespace mixgraph {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {
/// Enough to empty a full queue, as a rule; what is read is carried out in a turn of its own.
constexpr std::chrono::microseconds kTurn{500};
}  // namespace

class UdpPort::Batch {
 public:
  static constexpr int kSize = 32;  // datagrams per call of the system

  Batch() {
    for (int i = 0; i < kSize; ++i) {
      buffers_[i] = {slots_[i].bytes.data(), slots_[i].bytes.size()};
      headers_[i].msg_hdr.msg_iov = &buffers_[i];
      headers_[i].msg_hdr.msg_iovlen = 1;
    }
  }
  /// Returns how many had come.
  int receive(int socket) {
    for (int i = 0; i < kSize; ++i) {
      msghdr& header = headers_[i].msg_hdr;
      header.msg_name = slots_[i].from.data();
      header.msg_namelen = socklen_t(slots_[i].from.capacity());
      header.msg_control = slots_[i].control.data();
      header.msg_controllen = slots_[i].control.size();
      header.msg_flags = 0;
    }
    return std::max(0, ::recvmmsg(socket, headers_.data(), kSize, MSG_DONTWAIT, nullptr));
  }
  const msghdr& header(int index) const { return headers_[index].msg_hdr; }
  std::span<const uint8_t> bytes(int index) const {
    return std::span(slots_[index].bytes).first(headers_[index].msg_len);
  }
  const Endpoint& from(int index) {
    slots_[index].from.resize(headers_[index].msg_hdr.msg_namelen);
    return slots_[index].from;
  }

 private:
  struct Slot {
    std::array<uint8_t, kMaxDatagram> bytes;
    Endpoint from;
    alignas(cmsghdr) std::array<uint8_t, 64> control;
  };
  std::array<Slot, kSize> slots_;
  std::array<mmsghdr, kSize> headers_{};
  std::array<iovec, kSize> buffers_{};
};

std::shared_ptr<UdpPort::Batch> UdpPort::make_batch() { return std::make_shared<Batch>(); }

UdpPort::UdpPort(asio::ip::udp::socket socket, std::shared_ptr<Batch> batch, Heard heard)
    : socket_(std::move(socket)), batch_(std::move(batch)), heard_(std::move(heard)) {
  const int on = 1;
  ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
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
  while (!turn.is_over()) {
    const int count = batch_->receive(socket_.native_handle());
    for (int i = 0; i < count; ++i) {
      const msghdr& header = batch_->header(i);
      note_drops(header);
      heard_(batch_->from(i), batch_->bytes(i), !(header.msg_flags & MSG_TRUNC));
    }
    if (count < Batch::kSize) return Left::nothing;
  }
  return Left::maybe_more;
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
