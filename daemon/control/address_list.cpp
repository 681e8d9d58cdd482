#include "daemon/control/address_list.h"

#include <algorithm>

namespace mixgraph {

void sort_addresses(std::vector<SortedAddress>& addresses) {
  std::sort(addresses.begin(), addresses.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
  for (size_t i = 1; i < addresses.size(); i++) {
    const std::string_view before = addresses[i - 1].address, here = addresses[i].address;
    const auto end = std::mismatch(before.begin(), before.end(), here.begin(), here.end()).first;
    addresses[i].shared = uint32_t(end - before.begin());
  }
}

AddressList::AddressList(const Namespace& names) : entries_(names.entries().size()) {
  for (const Entry& entry : names.entries()) addresses_.push_back(entry.address);
  for (const MeterEntry& meter : names.meters()) addresses_.push_back(meter.address);
  std::vector<uint32_t> owners;
  for (size_t i = 0; i < entries_; i++) {
    if (names.entries()[i].alias.empty()) continue;
    aliases_.push_back(names.entries()[i].alias);
    owners.push_back(uint32_t(i));
  }
  for (size_t i = 0; i < addresses_.size(); i++) sorted_.push_back({addresses_[i], uint32_t(i)});
  for (size_t i = 0; i < aliases_.size(); i++) sorted_.push_back({aliases_[i], owners[i]});
  sort_addresses(sorted_);
}

std::vector<uint32_t> AddressList::matching(const Pattern& pattern) const {
  std::vector<uint32_t> found = pattern.matching(sorted_);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace mixgraph
