#pragma once
#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "daemon/osc/osc.h"
#include "daemon/net/osc_client.h"
#include "daemon/net/osc_server.h"

/// For the tests of daemon/net: an OSC server on loopback, on a thread of its own.
namespace mixgraph::net_test {

using namespace std::chrono_literals;

using Bytes = std::vector<uint8_t>;

inline Bytes bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}
inline Bytes message(const std::string& address, std::vector<osc::Argument> arguments = {}) {
  return osc::encode(osc::Message{address, std::move(arguments)});
}

/// A server on a thread of its own. It answers every packet with the packet, unless `on_packet` is set.
class Server {
 public:
  explicit Server(OscServerOptions options = {}) {
    OscServerEvents events;
    events.on_packet = [this](const Client& client, std::span<const uint8_t> packet) {
      clients.insert_or_assign(client.id().number, client);
      if (on_packet) return on_packet(client, packet);
      server->send(client, packet);
    };
    events.on_connect = [this](const Client& client) { log.push_back("connect " + kind(client)); };
    events.on_disconnect = [this](const Client& client) { log.push_back("disconnect " + kind(client)); };
    events.on_bad_frame = [this](const Client& client, const Problem& problem) {
      log.push_back("bad frame: " + problem.what);
      server->send(client, message("/error"));
    };
    auto opened = OscServer::open(io, options, events);
    REQUIRE(opened);
    server = std::move(*opened);
    port = server->port();
    thread = std::thread([this] { io.run(); });
  }
  /// Runs a function on the server's thread and gives its result.
  template <class Function>
  auto run(Function function) {
    std::packaged_task<decltype(function())()> task(function);
    auto result = task.get_future();
    asio::post(io, [&task] { task(); });
    return result.get();
  }
  ~Server() {
    run([this] { server.reset(); });
    guard.reset();
    thread.join();
  }

  OscServerCounters counters() {
    return run([this] { return server->counters(); });
  }
  /// Waits until `condition` holds on the server's thread; false when it does not within five seconds.
  bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 500; ++i) {
      if (run(condition)) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
  bool logged(const std::string& line) {
    return eventually([&] { return std::find(log.begin(), log.end(), line) != log.end(); });
  }
  std::unique_ptr<OscClient> connect(OscTransport transport, const std::string& host = "127.0.0.1") {
    auto client = OscClient::open(host, port, transport);
    REQUIRE(client);
    return std::move(*client);
  }

  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> guard{io.get_executor()};
  std::unique_ptr<OscServer> server;
  std::function<void(const Client&, std::span<const uint8_t>)> on_packet;  // set on the server's thread
  std::map<uint64_t, Client> clients;
  std::vector<std::string> log;
  uint16_t port = 0;

 private:
  static std::string kind(const Client& client) { return client->name.substr(0, client->name.find(' ')); }
  std::thread thread;
};

}  // namespace mixgraph::net_test
