#include "tools/bench/bench_flood.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>

namespace mixgraph {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kAtOnce = 256;  // packets between two looks at the time
constexpr int kBarrierMs = 20'000;

int open_socket(int port, bool tcp) {
  const int made = socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(uint16_t(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  if (tcp) setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(made, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error("nothing listens on port " + std::to_string(port));
  return made;
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void append_framed(std::vector<uint8_t>& to, const Flood::Packet& packet) {
  const uint32_t size = htonl(uint32_t(packet.size()));
  const auto* head = reinterpret_cast<const uint8_t*>(&size);
  to.insert(to.end(), head, head + 4);
  to.insert(to.end(), packet.begin(), packet.end());
}

}  // namespace

Flood::Flood(int port, bool tcp, const std::vector<Packet>& packets) : socket_(open_socket(port, tcp)), tcp_(tcp) {
  for (const Packet& packet : packets) {
    starts_.push_back(bytes_.size());
    if (tcp)
      append_framed(bytes_, packet);
    else
      bytes_.insert(bytes_.end(), packet.begin(), packet.end());
  }
  starts_.push_back(bytes_.size());
}

Flood::~Flood() {
  close(socket_);
}

uint64_t Flood::run(double seconds, double per_second) {
  const auto start = Clock::now();
  uint64_t sent = 0;
  for (double now = 0; now < seconds; now = seconds_since(start)) {
    const double due = per_second > 0 ? per_second * now - double(sent) : double(kAtOnce);
    if (due >= 1)
      sent += send_some(std::min(size_t(due), kAtOnce));
    else
      std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  return sent;
}

uint64_t Flood::send_some(size_t most) {
  const size_t count = std::min(most, starts_.size() - 1 - next_), first = next_;
  next_ = first + count == starts_.size() - 1 ? 0 : first + count;
  if (tcp_) {
    send_all(std::span(bytes_).subspan(starts_[first], starts_[first + count] - starts_[first]));
    return count;
  }
  iovec parts[kAtOnce];
  mmsghdr messages[kAtOnce] = {};
  for (size_t i = 0; i < count; i++) {
    parts[i] = {bytes_.data() + starts_[first + i], starts_[first + i + 1] - starts_[first + i]};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int sent = sendmmsg(socket_, messages, unsigned(count), 0);
  return sent > 0 ? uint64_t(sent) : 0;
}

void Flood::send_all(std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) throw std::runtime_error("the other side closed the connection");
    bytes = bytes.subspan(size_t(sent));
  }
}

void Flood::barrier(const Packet& packet, std::string_view answer) {
  Packet framed;
  if (tcp_)
    append_framed(framed, packet);
  else
    framed = packet;
  send_all(framed);
  std::string heard;
  char bytes[4096];
  while (heard.find(answer) == heard.npos) {
    pollfd ready{socket_, POLLIN, 0};
    if (poll(&ready, 1, kBarrierMs) <= 0) throw std::runtime_error("no answer to a barrier");
    const ssize_t count = recv(socket_, bytes, sizeof bytes, 0);
    if (count <= 0) throw std::runtime_error("the other side closed the connection");
    heard.append(bytes, size_t(count));
    if (heard.size() > 1 << 20) heard.erase(0, heard.size() / 2);
  }
}

}  // namespace mixgraph
