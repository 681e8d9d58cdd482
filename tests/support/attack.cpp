#include "tests/support/attack.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <random>

#include "daemon/osc/framing.h"
#include "daemon/osc/osc.h"

namespace mixgraph {
namespace {

using Bytes = std::vector<uint8_t>;
using Random = std::mt19937;
using namespace std::chrono_literals;

/// A socket of one kind, connected to the daemon; nothing that it does waits.
class Socket {
 public:
  Socket(int type, uint16_t port) : fd_(socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
    fcntl(fd_, F_SETFL, O_NONBLOCK);
  }
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  bool send(const Bytes& bytes) {
    return connected_ && ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == ssize_t(bytes.size());
  }
  void ignore_answers() {
    char bytes[4096];
    while (recv(fd_, bytes, sizeof bytes, 0) > 0) {
    }
  }

 private:
  int fd_;
  bool connected_;
};

Bytes message(const std::string& address, std::vector<osc::Argument> arguments = {}) {
  return osc::encode(osc::Message{address, std::move(arguments)});
}

uint32_t below(Random& random, uint32_t end) {
  return std::uniform_int_distribution<uint32_t>(0, end - 1)(random);
}

Bytes garbage(Random& random) {
  Bytes bytes(below(random, 1500));
  for (uint8_t& byte : bytes) byte = uint8_t(random());
  if (!bytes.empty() && below(random, 2)) bytes[0] = below(random, 2) ? '/' : '#';
  return bytes;
}

Bytes valid(Random& random) {
  const std::string strip = "/mix/s" + std::to_string(below(random, 16));
  switch (below(random, 8)) {
    case 0:
      return message(strip + "/fader", {float(below(random, 60)) - 60});
    case 1:
      return message(strip + "/eq/2/gain", {3.5, 2});
    case 2:
      return message(strip + "/pan");
    case 3:
      return message("/subscribe", {strip + "/*", 10});
    case 4:
      return message("/sync", {strip});
    case 5:
      return message("/nowhere/at/all", {1, "text", osc::Blob{Bytes(20)}});
    case 6:
      return osc::encode(
          osc::Bundle{{}, {osc::Message{strip + "/mute", {1}}, osc::Message{strip + "/fader", {-3.f}}}});
    default:
      return message("/graph/list", {strip});
  }
}

Bytes mutated(Random& random) {
  Bytes bytes = valid(random);
  for (uint32_t i = below(random, 4) + 1; i > 0 && !bytes.empty(); i--) {
    const size_t at = below(random, uint32_t(bytes.size()));
    const uint32_t way = below(random, 3);
    if (way == 0) bytes[at] = uint8_t(random());
    if (way == 1) bytes.resize(at);
    if (way == 2) bytes.insert(bytes.begin() + long(at), 4, uint8_t(random()));
  }
  return bytes;
}

/// Patterns on which matchers that go back take for ever, some of them within our limits.
Bytes hard_pattern(Random& random) {
  std::string text = below(random, 2) ? "/" : "//";
  const uint32_t repeats = below(random, 24);
  const char* pieces[] = {"*?", "a*", "*", "{a,aa,aaa}", "[!x]*", "?*?"};
  const char* piece = pieces[below(random, 6)];
  for (uint32_t i = 0; i < repeats; i++) text += piece;
  if (below(random, 2)) text += "!";
  return message(text, below(random, 2) ? std::vector<osc::Argument>{} : std::vector<osc::Argument>{1.f});
}

Bytes hard_bundle(Random& random) {
  const auto put = [](Bytes& to, uint32_t value) {
    for (int shift : {24, 16, 8, 0}) to.push_back(uint8_t(value >> shift));
  };
  Bytes inner = below(random, 2) ? hard_pattern(random) : message("/mix/s1/fader", {-1.f});
  const uint32_t kind = below(random, 3);
  if (kind == 0) {  // deep
    for (uint32_t depth = below(random, 200); depth > 0; depth--) {
      Bytes outer{'#', 'b', 'u', 'n', 'd', 'l', 'e', 0, 0, 0, 0, 0, 0, 0, 0, 1};
      put(outer, uint32_t(inner.size()));
      outer.insert(outer.end(), inner.begin(), inner.end());
      inner = std::move(outer);
    }
    return inner;
  }
  if (kind == 1) {  // full
    Bytes outer{'#', 'b', 'u', 'n', 'd', 'l', 'e', 0, 0, 0, 0, 0, 0, 0, 0, 1};
    while (outer.size() + inner.size() + 4 < 8000) {
      put(outer, uint32_t(inner.size()));
      outer.insert(outer.end(), inner.begin(), inner.end());
    }
    return outer;
  }
  Bytes arguments{'/', 'a', 0, 0, ','};  // more arguments than anybody has
  arguments.resize(arguments.size() + 4095, 'i');
  arguments.resize(8000);
  return arguments;
}

}  // namespace

template <class Work>
void Attack::start(const char* name, Work work) {
  attackers_.push_back(std::make_unique<Attacker>());
  Attacker& attacker = *attackers_.back();
  attacker.name = name;
  attacker.thread = std::thread([this, &attacker, work, seed = ++seed_]() mutable {
    // An attacker elsewhere would not take this machine's processors.
    setpriority(PRIO_PROCESS, id_t(syscall(SYS_gettid)), 19);
    Random random(seed);
    while (!over_) attacker.count += uint64_t(work(random));
  });
}

Attack::Attack(int port, uint32_t seed) : port_(uint16_t(port)), seed_(seed) {
  const auto udp = [this] { return std::make_shared<Socket>(SOCK_DGRAM, port_); };
  const auto tcp = [this] { return std::make_shared<Socket>(SOCK_STREAM, port_); };
  const auto send_with = [](auto make) {
    return [make](const std::shared_ptr<Socket>& socket, Random& random) {
      socket->ignore_answers();
      return socket->send(make(random)) ? 1 : 0;
    };
  };
  start("garbage",
        [socket = udp(), send = send_with(garbage)](Random& random) { return send(socket, random); });
  start("mutated",
        [socket = udp(), send = send_with(mutated)](Random& random) { return send(socket, random); });
  start("patterns",
        [socket = udp(), send = send_with(hard_pattern)](Random& random) { return send(socket, random); });
  start("bundles",
        [socket = udp(), send = send_with(hard_bundle)](Random& random) { return send(socket, random); });

  // Over TCP, in frames: of each kind; a connection that is closed is replaced.
  start("framed", [tcp, socket = tcp()](Random& random) mutable {
    const uint32_t kind = below(random, 4);
    const Bytes packet = kind == 0   ? garbage(random)
                         : kind == 1 ? mutated(random)
                         : kind == 2 ? hard_pattern(random)
                                     : hard_bundle(random);
    socket->ignore_answers();
    if (socket->send(frame(packet, Framing::size_prefix))) return 1;
    std::this_thread::sleep_for(1ms);
    if (below(random, 50) == 0) socket = tcp();
    return 0;
  });
  // A frame of 64 KiB, byte by byte.
  start("slow", [tcp, sockets = std::vector<std::shared_ptr<Socket>>()](Random&) mutable {
    if (sockets.size() < 4) sockets.push_back(tcp()), sockets.back()->send({0, 0, 0xff, 0xff});
    for (auto& socket : sockets)
      if (!socket->send({'/'})) socket = tcp(), socket->send({0, 0, 0xff, 0xff});
    std::this_thread::sleep_for(20ms);
    return int(sockets.size());
  });
  start("unfinished", [tcp, sockets = std::vector<std::shared_ptr<Socket>>()](Random& random) mutable {
    sockets.push_back(tcp());
    sockets.back()->send(below(random, 2) ? Bytes{0, 0, 0, 8, '/'} : Bytes{0xc0, '/', 'a', 0xdb});
    if (sockets.size() > 4) sockets.erase(sockets.begin());
    std::this_thread::sleep_for(50ms);
    return 1;
  });
  start("churn", [tcp](Random&) { return tcp() ? 1 : 0; });
  // Hundreds of clients that want everything, as fast as it can be had.
  start("subscribers", [udp, sockets = std::vector<std::shared_ptr<Socket>>()](Random& random) mutable {
    if (sockets.size() < 300) sockets.push_back(udp());
    auto& socket = sockets[below(random, uint32_t(sockets.size()))];
    socket->ignore_answers();
    const std::string strip = "/mix/s" + std::to_string(below(random, 16));
    switch (below(random, 5)) {
      case 0:
        return int(socket->send(message("/subscribe", {"//*", 10})));
      case 1:
        return int(socket->send(message("/subscribe", {strip + "/*/" + std::to_string(random())})));
      case 2:
        return int(socket->send(message("/meters/subscribe", {20})));
      case 3:
        return int(socket->send(message("/sync")));
      default:
        return int(socket->send(message("//*")));
    }
  });
  start("deaf", [tcp, socket = tcp()](Random&) mutable {
    bool sent = true;
    for (const char* all : {"/subscribe", "/meters/subscribe", "/sync", "/graph/list"})
      sent = sent && socket->send(frame(message(all), Framing::size_prefix));
    if (!sent) socket = tcp();
    std::this_thread::sleep_for(5ms);
    return 4;
  });
}

Attack::~Attack() {
  over_ = true;
  for (const auto& attacker : attackers_) attacker->thread.join();
}

std::string Attack::tally() const {
  std::string text;
  for (const auto& attacker : attackers_)
    text += (text.empty() ? "" : ", ") + std::string(attacker->name) + " " + std::to_string(attacker->count);
  return text;
}

}  // namespace mixgraph
