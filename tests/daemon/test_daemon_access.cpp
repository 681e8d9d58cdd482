// A daemon that other machines reach, over this machine's own address on its network.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "daemon/osc/osc.h"
#include "daemon/net/osc_client.h"
#include "tests/support/daemon_client.h"
#include "tests/support/daemon_process.h"
#include "tests/support/other_address.h"
#include "tests/support/sound_files.h"

using namespace mixgraph;
using namespace std::chrono_literals;

namespace {

struct SessionFile {
  explicit SessionFile(const std::string& osc) {
    std::ofstream(file) << "mixgraph: 1\nosc: " << osc
                        << "\nmix:\n  vox: {type: strip, from: in/1}\nmaster:\n  out: {type: output, from: "
                           "mix/vox, to: 1+2}\n";
  }
  std::vector<std::string> arguments() const { return {file, "--osc", "0", "--driver", "clock"}; }
  const TemporaryFolder made;
  const std::filesystem::path folder = made.path();
  const std::string file = made.path("song.yaml");
};

osc::TimeTag in(std::chrono::milliseconds ahead) {
  const auto time = std::chrono::system_clock::now() + ahead;
  return osc::TimeTag::at(std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

/// A UDP socket at an address of this machine, which returns no number.
class Mute {
 public:
  explicit Mute(const std::string& address, int to = 0) : address_(address), to_(to), socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in own = at(address, 0);
    REQUIRE(bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0);
  }
  ~Mute() { close(socket_); }
  int port() const {
    sockaddr_in own{};
    socklen_t size = sizeof own;
    REQUIRE(getsockname(socket_, reinterpret_cast<sockaddr*>(&own), &size) == 0);
    return ntohs(own.sin_port);
  }
  void send(const osc::Packet& packet) const { send(packet, to_, address_); }
  void send(const osc::Packet& packet, int port, const std::string& host = "127.0.0.1") const {
    const auto bytes = osc::encode(packet);
    const sockaddr_in to = at(host, port);
    REQUIRE(sendto(socket_, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) == ssize_t(bytes.size()));
  }
  std::string receive() const {
    uint8_t bytes[8192];
    pollfd ready{socket_, POLLIN, 0};
    if (poll(&ready, 1, 3000) <= 0) return "nothing";
    const ssize_t size = recv(socket_, bytes, sizeof bytes, 0);
    const auto packet = osc::decode({bytes, size_t(size)});
    const auto* message = std::get_if<osc::Message>(&*packet);
    return message ? osc::describe(*message) : "a bundle";
  }

 private:
  static sockaddr_in at(const std::string& address, int port) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(uint16_t(port));
    REQUIRE(inet_pton(AF_INET, address.c_str(), &place.sin_addr) == 1);
    return place;
  }
  std::string address_;
  int to_, socket_;
};

std::string ask(OscClient& client, const osc::Message& question) {
  client.send(osc::encode(question));
  const auto packet = client.receive(1s);
  if (!packet) return "nothing";
  return osc::describe(std::get<osc::Message>(*osc::decode(*packet)));
}

}  // namespace

TEST_CASE("Another machine that is allowed confirms that it is there, and is answered", "[daemon][access]") {
  const auto other = other_address();
  if (!other) {
    WARN("this machine has no address but loopback");
    return;
  }
  const SessionFile session("{bind: [127.0.0.1, " + *other + "], allow: " + *other + "}");
  DaemonProcess daemon(session.arguments());
  INFO(daemon.output());
  REQUIRE(daemon.port() > 0);
  CHECK(daemon.wait_for("whoever reaches it from " + *other + " can control this session"));
  for (const auto transport : {OscTransport::udp, OscTransport::tcp}) {
    auto client =
        OscClient::open(*other, uint16_t(daemon.port()), transport);  // returns the number by itself
    REQUIRE(client);
    CHECK(ask(**client, {"/mix/vox/fader", {}}) == "/mix/vox/fader ,f 0");
    CHECK(ask(**client, {"/graph/save", {}}).find("files are for clients on the daemon's own machine") !=
          std::string::npos);
  }
  auto local = OscClient::open("127.0.0.1", uint16_t(daemon.port()), OscTransport::udp);
  REQUIRE(local);
  CHECK(ask(**local, {"/graph/save", {}}).starts_with("/done"));
}

TEST_CASE("Subscriptions of another machine outlast a restart, and nothing is asked or told for that", "[daemon][access]") {
  const auto other = other_address();
  if (!other) {
    WARN("this machine has no address but loopback");
    return;
  }
  const SessionFile session("{bind: [127.0.0.1, " + *other + "], allow: " + *other + "}");
  DaemonProcess daemon(session.arguments(), {}, DaemonProcess::OnFailure::restart);
  REQUIRE(daemon.port() > 0);
  auto surface = OscClient::open(*other, uint16_t(daemon.port()), OscTransport::udp);
  REQUIRE(surface);
  for (const char* parameter : {"/mix/vox/fader", "/mix/vox/pan"}) {
    (*surface)->send(osc::encode(osc::Message{"/subscribe", {parameter, 20}}));
    std::string line;
    while (!line.starts_with("/done")) {
      const auto packet = (*surface)->receive(5s);
      REQUIRE(packet);
      line = osc::describe(std::get<osc::Message>(*osc::decode(*packet)));
    }
  }
  DaemonClient local(daemon.port());
  local.send("/restart");
  REQUIRE(local.wait_for_number("restarts", 1));
  const auto unasked = (*surface)->receive(300ms);
  if (unasked) FAIL_CHECK(osc::describe(std::get<osc::Message>(*osc::decode(*unasked))));
  local.send("/mix/vox/fader", {-20.F});
  local.send("/mix/vox/pan", {0.5F});
  std::set<std::string> heard;
  while (const auto packet = (*surface)->receive(1s)) {
    const auto decoded = osc::decode(*packet);
    REQUIRE(decoded);
    if (const auto* message = std::get_if<osc::Message>(&*decoded)) heard.insert(message->address);
    if (const auto* bundle = std::get_if<osc::Bundle>(&*decoded))
      for (const auto& element : bundle->elements) heard.insert(std::get<osc::Message>(element).address);
  }
  CHECK(heard == std::set<std::string>{"/mix/vox/fader", "/mix/vox/pan"});
}

TEST_CASE("What another machine sent ahead keeps its rights over a restart", "[daemon][access]") {
  const auto other = other_address();
  if (!other) {
    WARN("this machine has no address but loopback");
    return;
  }
  const SessionFile session("{bind: [127.0.0.1, " + *other + "], allow: " + *other + "}");
  DaemonProcess daemon(session.arguments(), {}, DaemonProcess::OnFailure::restart);
  REQUIRE(daemon.port() > 0);
  const auto tag = in(2500ms);
  auto tcp = OscClient::open(*other, uint16_t(daemon.port()), OscTransport::tcp);
  REQUIRE(tcp);
  (*tcp)->send(osc::encode(osc::Bundle{tag, {osc::Message{"/graph/save", {"stolen.yaml"}}, osc::Message{"/mix/vox/fader", {-7}}}}));
  CHECK(ask(**tcp, {"/mix/vox/fader", {}}) == "/mix/vox/fader ,f 0");
  const Mute udp(*other, daemon.port());
  udp.send(osc::Bundle{tag, {osc::Message{"/mix/vox/pan", {1}}}});
  DaemonClient local(daemon.port());
  local.send("/restart");
  REQUIRE(local.wait_for_number("restarts", 1));
  udp.send(osc::Message{"/mix/vox/pan", {}});
  CHECK(udp.receive().starts_with("/confirm"));
  std::this_thread::sleep_until(std::chrono::system_clock::time_point(std::chrono::nanoseconds(tag.system_ns())) + 300ms);
  CHECK(local.get("/mix/vox/fader") == -7);
  CHECK(local.get("/mix/vox/pan") == 1);
  CHECK_FALSE(std::filesystem::exists(session.folder / "stolen.yaml"));
}

TEST_CASE("A flood of sets from an address that has not confirmed leaves the others their part", "[daemon][access]") {
  const auto other = other_address();
  if (!other) {
    WARN("this machine has no address but loopback");
    return;
  }
  const SessionFile session("{bind: [127.0.0.1, " + *other + "], allow: " + *other + ", rate: 10}");
  DaemonProcess daemon(session.arguments());
  REQUIRE(daemon.port() > 0);
  auto known = OscClient::open(*other, uint16_t(daemon.port()), OscTransport::udp);
  REQUIRE(known);
  CHECK(ask(**known, {"/mix/vox/fader", {}}) == "/mix/vox/fader ,f 0");
  for (int port = 0; port < 30; port++) {
    const Mute forged(*other, daemon.port());
    for (int i = 0; i < 15; i++) forged.send(osc::Message{"/mix/vox/pan", {0.1F}});
  }
  CHECK(ask(**known, {"/mix/vox/fader", {}}) == "/mix/vox/fader ,f 0");
  CHECK(daemon.wait_for("sets parameters without having shown that it is there"));
}

TEST_CASE("A surface is fed back at its port, without a lease, also after a restart", "[daemon][access]") {
  const Mute listens("127.0.0.2"), sends("127.0.0.2");
  const SessionFile session("{peers: ['127.0.0.2:" + std::to_string(listens.port()) + "']}");
  DaemonProcess daemon(session.arguments(), {}, DaemonProcess::OnFailure::restart);
  REQUIRE(daemon.port() > 0);
  DaemonClient local(daemon.port());
  local.send("/mix/vox/fader", {-6});
  CHECK(listens.receive() == "/mix/vox/fader ,f -6");
  sends.send(osc::Message{"/mix/vox/pan", {}}, daemon.port());
  CHECK(listens.receive() == "/mix/vox/pan ,f 0");
  sends.send(osc::Message{"/unsubscribe", {}}, daemon.port());
  CHECK(listens.receive() == "/done ,s \"/unsubscribe\"");
  sends.send(osc::Message{"/subscribe", {"/norm/mix/vox/*"}}, daemon.port());
  CHECK(listens.receive() == "/done ,ss \"/subscribe\" \"/norm/mix/vox/*\"");
  local.send("/restart");
  REQUIRE(local.wait_for_number("restarts", 1));
  std::string told;
  local.send("/mix/vox/pan", {1});
  while (!told.starts_with("/norm/mix/vox/pan") && told != "nothing") told = listens.receive();
  CHECK(told == "/norm/mix/vox/pan ,f 1");
}

TEST_CASE("Another machine that is not allowed hears nothing, and is counted", "[daemon][access]") {
  const auto other = other_address();
  if (!other) {
    WARN("this machine has no address but loopback");
    return;
  }
  const SessionFile session("{bind: [127.0.0.1, " + *other + "], allow: 192.0.2.1}");
  DaemonProcess daemon(session.arguments());
  REQUIRE(daemon.port() > 0);
  auto stranger = OscClient::open(*other, uint16_t(daemon.port()), OscTransport::udp);
  REQUIRE(stranger);
  CHECK(ask(**stranger, {"/mix/vox/fader", {}}) == "nothing");
  auto local = OscClient::open("127.0.0.1", uint16_t(daemon.port()), OscTransport::udp);
  REQUIRE(local);
  (*local)->send(osc::encode(osc::Message{"/status", {}}));
  std::string line;
  while (!line.starts_with("/status/not_allowed") && !line.starts_with("/done")) {
    const auto packet = (*local)->receive(1s);
    REQUIRE(packet);
    line = osc::describe(std::get<osc::Message>(*osc::decode(*packet)));
  }
  CHECK(line == "/status/not_allowed ,h 1");
}

TEST_CASE("An address that others reach is not bound before somebody is allowed", "[daemon][access]") {
  const SessionFile session("{bind: 0.0.0.0}");
  DaemonProcess daemon(session.arguments());
  CHECK(daemon.wait() == 1);
  CHECK(daemon.output().find("--allow") != std::string::npos);
}
