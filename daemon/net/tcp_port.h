#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

namespace mixgraph {

/// One listening socket. [control]
class TcpPort : public std::enable_shared_from_this<TcpPort> {
 public:
  using OnAccept = std::function<void(boost::asio::ip::tcp::socket)>;

  /// Nobody is accepted before start().
  TcpPort(boost::asio::ip::tcp::acceptor acceptor, OnAccept on_accept);
  void start();
  void close();
  int descriptor() { return acceptor_.native_handle(); }

 private:
  bool accept();
  void wait_and_start();

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  OnAccept on_accept_;
};

}  // namespace mixgraph
