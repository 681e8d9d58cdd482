#include "graph/workshop.h"

#include <deque>
#include <mutex>
#include <utility>

namespace mixgraph {

struct Workshop::Ended {
  std::mutex mutex;
  std::deque<std::unique_ptr<Bank>> banks;

  void add(Bank* bank) {
    std::lock_guard lock(mutex);
    banks.emplace_back(bank);
  }
  std::unique_ptr<Bank> take() {
    std::lock_guard lock(mutex);
    if (banks.empty()) return nullptr;
    auto bank = std::move(banks.front());
    banks.pop_front();
    return bank;
  }
};

Workshop::Workshop(const Environment& environment, const FadeShape& shape) : environment_(environment), shape_(shape), ended_(std::make_shared<Ended>()) {}

Prepared Workshop::make(Preparation p) const {
  const NodeType& type = *p.type;
  if (p.format == Format()) p.format = type.format ? type.format({environment_, 2, p.values, p.without_files}) : Format(2);
  const Setup setup{environment_, p.format, p.values, p.without_files, seed_of(p.path)};
  auto bank = Bank::create(type, kernels_for(type, p.format, own_format(type, setup))[0], setup, shape_);
  Prepared made{std::move(p), nullptr, {}};
  if (!bank)
    made.problems = named(bank.problems(), made.of.path);
  else if (type.slow)
    made.bank = std::shared_ptr<Bank>(bank->release(), [ended = ended_](Bank* done) { ended->add(done); });
  else
    made.bank = std::move(*bank);
  return made;
}

bool Workshop::end_one() const { return ended_->take() != nullptr; }

// FNV-1a, and then mixed (splitmix64), as paths differ in their last characters.
uint64_t seed_of(std::string_view path) {
  uint64_t seed = 0xcbf29ce484222325;
  for (const char c : path) seed = (seed ^ uint8_t(c)) * 0x100000001b3;
  seed = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9;
  seed = (seed ^ seed >> 27) * 0x94d049bb133111eb;
  return seed ^ seed >> 31;
}

bool Prepared::fits(const NodeType& type, std::span<const Value> values) const { return of.type == &type && built_alike(type, of.values, values); }

bool built_alike(const NodeType& type, std::span<const Value> a, std::span<const Value> b) {
  for (int r = 0; r < row_count(type); r++)
    if (row(type, r).update == Update::rebuild && a[size_t(r)] != b[size_t(r)]) return false;
  return true;
}

Problems named(Problems problems, const std::string& path) {
  for (Problem& p : problems) p.where = "/" + path + (p.where.empty() ? "" : ": " + p.where);
  return problems;
}

}  // namespace mixgraph
