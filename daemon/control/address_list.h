#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/control/namespace.h"
#include "daemon/osc/pattern.h"

namespace mixgraph {

/// All addresses of one edition of the graph, kept as long as somebody uses them, and in an order in which a
/// pattern is quick to match all of them. [control]
class AddressList {
 public:
  explicit AddressList(const Namespace& names);

  size_t entries() const { return entries_; }
  /// Each number below entries() is a parameter of Namespace::entries(), the others its meters.
  const std::string& address(size_t number) const { return addresses_[number]; }
  /// Those that match, by either form of their address, in the order of the session.
  std::vector<uint32_t> matching(const Pattern& pattern) const;

 private:
  size_t entries_;
  std::vector<std::string> addresses_;  // by number
  std::vector<std::string> aliases_;    // of parameters that have one
  std::vector<SortedAddress> sorted_;
};

/// Makes what Pattern::matching() takes of addresses and their numbers: sorted, each with what it shares. [any]
void sort_addresses(std::vector<SortedAddress>& addresses);

/// The list of the graph as it is now, made when it is first asked for.
class AddressLists {
 public:
  std::shared_ptr<const AddressList> at(uint64_t generation, const Namespace& names) {
    if (!latest_ || generation != generation_) latest_ = std::make_shared<const AddressList>(names);
    generation_ = generation;
    return latest_;
  }

 private:
  std::shared_ptr<const AddressList> latest_;
  uint64_t generation_ = 0;
};

}  // namespace mixgraph
