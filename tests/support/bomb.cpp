#include "tests/support/bomb.h"

#include <limits>

#include "tests/support/test_types.h"

namespace mixgraph {
namespace {

constexpr std::string_view kFuses[] = {"whole", "no_number", "runaway"};
constexpr Parameter kRows[] = {{.id = "fuse",
                                .label = "Fuse",
                                .doc = "What it does when this is set.",
                                .curve = Curve::stepped,
                                .max = 2,
                                .choices = kFuses,
                                .motion = Motion::jump,
                                .main = true}};
static_assert(is_sound(kRows));
constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}};

template <class V>
class Bomb {
 public:
  explicit Bomb(const Setup&) {}
  void process(baseline::Block<V> b) {
    using namespace baseline;
    const V fuse = b.ramp(0).begin();
    start_ = select(start_ < V(0.f), fuse, start_);
    const V bad = select(fuse <= V(1.f), V(std::numeric_limits<float>::quiet_NaN()), V(1e9f));
    spoilt_ += select(both(fuse <= start_, start_ <= fuse), V(0.f), bad);
    for (int c = 0; c < b.channels(); c++)
      for (int i = 0; i < b.frames(); i++) b.out(c)[i] = b.in(c)[i] + spoilt_;
  }

 private:
  V start_ = V(-1.f), spoilt_ = V(0.f);
};

constexpr NodeType kBomb{.id = "bomb",
                         .label = "Bomb",
                         .doc = "Breaks on command.",
                         .category = "test",
                         .inputs = kIn,
                         .outputs = kOut,
                         .parameters = kRows,
                         .meters = {},
                         .kernels = baseline::kLaneKernels<Bomb>};

}  // namespace

NodeTypes types_with_bomb() {
  static const std::vector<const NodeType*> types = all_types_and({&kBomb});
  return types;
}

}  // namespace mixgraph
