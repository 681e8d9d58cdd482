#include "daemon/control/address_list.h"

#include <algorithm>

namespace mixgraph {

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
  std::sort(sorted_.begin(), sorted_.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
  for (size_t i = 1; i < sorted_.size(); i++) {
    const std::string_view before = sorted_[i - 1].address, here = sorted_[i].address;
    const auto end = std::mismatch(before.begin(), before.end(), here.begin(), here.end()).first;
    sorted_[i].shared = uint32_t(end - before.begin());
  }
}

std::vector<uint32_t> AddressList::matching(const Pattern& pattern) const {
  std::vector<uint32_t> found = pattern.matching(sorted_);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace mixgraph
