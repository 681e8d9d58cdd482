#include "graph/far_reads.h"

#include <algorithm>

namespace mixgraph {
namespace {

constexpr size_t kLine = 16;  // floats

}  // namespace

const float* FarReads::read(const float* made, int lanes, size_t maker, size_t reader) {
  if (!publish_ || strands_[maker].home == strands_[reader].home) return made;
  auto [at, is_new] = published_.try_emplace(made, Published{maker, {nullptr, made, lanes}, {}});
  Published& published = at->second;
  if (is_new) published.copy.to = storage_.emplace_back(size_t(lanes) * kMaxBlock + 2 * kRoom).data() + kRoom;
  published.readers.insert(reader);
  return published.copy.to;
}

/// Strands of the reader's thread before it that wait for the maker too.
std::vector<size_t> FarReads::who_can_fetch(const Published& published, size_t reader) const {
  std::vector<size_t> who;
  for (size_t s = published.maker + 1; s < reader; s++) {
    const auto& needs = strands_[s].needs;
    if (strands_[s].home == strands_[reader].home && std::find(needs.begin(), needs.end(), published.maker) != needs.end()) who.push_back(s);
  }
  return who;
}

void FarReads::finish(Program& program) const {
  std::vector<size_t> fetches(strands_.size());  // so far, for each reader
  for (const auto& [made, published] : published_) {
    program.tasks[published.maker].published.push_back(published.copy);
    for (const size_t reader : published.readers) {
      const std::vector<size_t> who = who_can_fetch(published, reader);
      if (who.empty()) continue;
      for (size_t at = 0; at < size_t(published.copy.lanes) * kMaxBlock; at += kLine)
        program.tasks[who[fetches[reader]++ % who.size()]].fetched.push_back(published.copy.to + at);
    }
  }
}

}  // namespace mixgraph
