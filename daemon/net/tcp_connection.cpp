#include "daemon/net/tcp_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "daemon/osc/turn.h"

namespace mixgraph {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr int kProbeAfter = 5, kProbeEvery = 2, kProbes = 3;  // s of silence, s, how many without an answer
constexpr int kUnanswered = 10'000;                           // ms that what was sent may stay without an acknowledgement

}  // namespace

TcpConnection::TcpConnection(tcp::socket socket, std::chrono::milliseconds frame_timeout, Events events)
    : socket_(std::move(socket)),
      deadline_(socket_.get_executor()),
      frame_timeout_(frame_timeout),
      events_(std::move(events)) {}

void TcpConnection::start() {
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  end_if_peer_is_gone();
  read();
}

/// A tablet that leaves the network says no goodbye; the system's own patience is two hours.
void TcpConnection::end_if_peer_is_gone() {
  error_code ignored;
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  const auto set = [this](int option, int value) {
    ::setsockopt(socket_.native_handle(), IPPROTO_TCP, option, &value, sizeof value);
  };
  set(TCP_KEEPIDLE, kProbeAfter);
  set(TCP_KEEPINTVL, kProbeEvery);
  set(TCP_KEEPCNT, kProbes);
  set(TCP_USER_TIMEOUT, kUnanswered);
}

void TcpConnection::read() {
  if (std::exchange(reading_, true)) return;
  socket_.async_read_some(asio::buffer(input_),
                          [self = shared_from_this()](const error_code& error, size_t size) {
                            self->reading_ = false;
                            if (self->state_ != State::closed) self->input(error, size);
                          });
}

void TcpConnection::input(const error_code& error, size_t size) {
  if (error) return end_of_input(error == asio::error::eof);
  if (state_ != State::open) return read();
  idle_since_ = std::chrono::steady_clock::now();
  const bool same_frame = frames_.in_frame();
  frames_.feed(std::span(input_).first(size));
  serve(same_frame);
}

/// Carries out what has come, for a turn; nothing more is read until that is done, so a client that sends
/// faster waits. `same_frame`: the one that had begun before has not ended.
void TcpConnection::serve(bool same_frame) {
  const Turn turn;
  while (state_ == State::open && !held_) {
    const auto packet = frames_.next();
    if (!packet) break;
    same_frame = false;
    if (*packet) {
      has_spoken_ = true;
      events_.packet(**packet);
    } else {
      events_.bad_frame(packet->problems().front());
    }
    if (!turn.is_over()) continue;
    return asio::post(socket_.get_executor(), [self = shared_from_this()] {
      if (self->state_ != State::closed) self->serve(false);
    });
  }
  if (held_ && state_ == State::open) return deadline_.cancel(), void();
  if (state_ == State::open && frames_.broken()) drain();
  if (state_ == State::open) watch_frame(same_frame);
  if (state_ != State::closed) read();
}

void TcpConnection::hold(bool held) {
  const bool goes_on = std::exchange(held_, held) && !held;
  if (!goes_on) return;
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->state_ != State::closed) self->serve(false);
  });
}

void TcpConnection::end_of_input(bool orderly) {
  input_ended_ = true;
  if (!orderly) return close();
  if (state_ == State::open && frames_.in_frame()) {
    events_.bad_frame({"", "the connection ended inside a frame", "whole frames"});
  }
  if (state_ == State::open) {
    drain();
  } else if (state_ == State::draining && writing_.empty()) {
    close();
  }
}

Sent TcpConnection::send(std::span<const uint8_t> packet, Delivery delivery) {
  if (state_ != State::open) return Sent::gone;
  const auto framed = frame(packet, frames_.framing());
  const size_t queued = writing_.size() + waiting_.size() + framed.size();
  if (delivery == Delivery::droppable && queued > kDroppableQueue) return Sent::dropped;
  if (queued > kMaxQueue) {
    close();
    return Sent::gone;
  }
  waiting_.insert(waiting_.end(), framed.begin(), framed.end());
  if (writing_.empty()) write();
  return Sent::queued;
}

void TcpConnection::write() {
  std::swap(writing_, waiting_);
  asio::async_write(socket_, asio::buffer(writing_),
                    [self = shared_from_this()](const error_code& error, size_t) {
                      if (self->state_ != State::closed) self->output(error);
                    });
}

void TcpConnection::output(const error_code& error) {
  writing_.clear();
  if (error) return close();
  idle_since_ = std::chrono::steady_clock::now();
  if (!waiting_.empty()) return write();
  if (state_ == State::draining) everything_sent();
}

void TcpConnection::drain() {
  state_ = State::draining;
  set_deadline();
  if (writing_.empty()) everything_sent();
}

/// A socket that is closed with input unread resets the connection, and the peer may lose the last answer. So
/// the peer is told that nothing more comes, and has until the deadline to hang up.
void TcpConnection::everything_sent() {
  if (input_ended_) return close();
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void TcpConnection::watch_frame(bool same_frame) {
  if (!frames_.in_frame()) {
    deadline_.cancel();
  } else if (!same_frame) {
    set_deadline();
  }
}

void TcpConnection::set_deadline() {
  deadline_.expires_after(frame_timeout_);
  deadline_.async_wait([self = shared_from_this()](const error_code& error) {
    // A timer that was set anew may still report its old end.
    const bool passed = !error && self->deadline_.expiry() <= std::chrono::steady_clock::now();
    if (passed && self->state_ != State::closed) self->deadline_passed();
  });
}

void TcpConnection::deadline_passed() {
  if (state_ == State::draining) return close();
  if (!frames_.in_frame()) return;
  events_.bad_frame({"", "a frame was begun and not finished in time", ""});
  if (state_ == State::open) drain();
}

void TcpConnection::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  error_code ignored;
  socket_.close(ignored);
  deadline_.cancel();
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->events_.closed) self->events_.closed();
  });
}

void TcpConnection::abandon() {
  events_ = {};
  close();
}

}  // namespace mixgraph
