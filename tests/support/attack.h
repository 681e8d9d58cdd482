#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace mixgraph {

/// Attackers on a daemon at 127.0.0.1, each a thread of low priority that goes on until the end: random and
/// mutilated datagrams, writers that are slow or never finish, connections that come and go, patterns that
/// are hard to match, bundles that are deep or full, floods of subscriptions, and readers that don't read.
class Attack {
 public:
  /// A `seed` makes the same packets again.
  Attack(int port, uint32_t seed);
  ~Attack();
  /// Packets, pieces of frames and connections so far, by kind: "garbage 12000, ...".
  std::string tally() const;

 private:
  struct Attacker {
    const char* name;
    std::atomic<uint64_t> count{0};
    std::thread thread;
  };
  template <class Work>
  void start(const char* name, Work work);

  const uint16_t port_;
  uint32_t seed_;
  std::atomic<bool> over_{false};
  std::vector<std::unique_ptr<Attacker>> attackers_;
};

}  // namespace mixgraph
