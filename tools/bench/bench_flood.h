#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace mixgraph {

/// Sends prepared OSC packets to a port of this machine, as fast as the other side takes them or at a pace.
/// Mistakes end in an exception. [any]
class Flood {
 public:
  using Packet = std::vector<uint8_t>;
  Flood(int port, bool tcp, const std::vector<Packet>& packets);
  ~Flood();
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;

  /// Sends the packets round and round for so long; `per_second` 0: as fast as it goes. Returns how many.
  uint64_t run(double seconds, double per_second = 0);
  /// Sends one more, and waits for an answer that holds a text. Over TCP all before it was taken then.
  void barrier(const Packet& packet, std::string_view answer);

 private:
  uint64_t send_some(size_t most);
  void send_all(std::span<const uint8_t> bytes);

  const int socket_;
  const bool tcp_;
  std::vector<uint8_t> bytes_;   // with their sizes in front over TCP
  std::vector<size_t> starts_;   // of each, and the end
  size_t next_ = 0;
};

}  // namespace mixgraph
