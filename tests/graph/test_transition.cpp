// What becomes of cables when what sounds gives way to what should.
#include <catch2/catch.hpp>

#include "graph/transition.h"
#include "nodes/list.h"

using namespace mixgraph;

namespace {

constexpr uint64_t kNow = 48'000;

const NodeType& type(std::string_view id) {
  for (const NodeType* t : node_types())
    if (t->id == id) return *t;
  throw std::runtime_error("no type");
}

/// Two nodes with a cable from `a` to `b`, and what becomes of each.
struct Pair {
  Plan before, target;
  InstancePtr a, b;

  static InstancePtr make(const std::string& path, std::string_view id, double tail) {
    auto i = std::make_shared<Instance>();
    i->path = path, i->type = &type(id), i->tail = tail;
    return i;
  }
  /// "stays", "rings", "replaced", "goes"; "ends": goes, and has no outputs.
  InstancePtr enter(const std::string& path, const std::string& fate) {
    InstancePtr i = make(path, fate == "ends" ? "recorder" : "trim", fate == "rings" ? 1 : 0);
    before.nodes.push_back(i);
    if (fate == "stays") target.nodes.push_back(i);
    if (fate == "replaced") target.nodes.push_back(make(path, "trim", 0));
    return i;
  }
  Pair(const std::string& from, const std::string& to) {
    a = enter("a", from), b = enter("b", to);
    before.routes.push_back({a, 0, b, 0, 0, Fading::none, {}});
  }
  std::string way() const {
    const Transition t = make_transition(before, target, kNow, 48'000);
    REQUIRE(t.complete);
    const auto is_cable = [&](const Route& r) { return r.from == a && r.to == b; };
    const auto during = std::find_if(t.during.routes.begin(), t.during.routes.end(), is_cable);
    REQUIRE(during != t.during.routes.end());
    const bool after = std::any_of(t.after.routes.begin(), t.after.routes.end(), is_cable);
    if (during->fading == Fading::out) return after ? "fades and comes back" : "fades";
    return after ? "rings on" : "stays";
  }
};

}  // namespace

TEST_CASE("A cable that isn't wanted any more fades, unless what comes after it does, or its sound rings on") {
  struct Case {
    const char *from, *to, *way;
  };
  const auto c = GENERATE(values<Case>({
      {"stays", "stays", "fades"},       {"stays", "rings", "fades"},       {"stays", "replaced", "stays"},
      {"stays", "goes", "fades"},        {"stays", "ends", "fades"},        {"rings", "stays", "rings on"},
      {"rings", "rings", "rings on"},    {"rings", "replaced", "stays"},    {"rings", "goes", "rings on"},
      {"rings", "ends", "rings on"},        {"replaced", "stays", "fades"},    {"replaced", "rings", "fades"},
      {"replaced", "replaced", "stays"}, {"replaced", "goes", "stays"},     {"replaced", "ends", "fades"},
      {"goes", "stays", "fades"},        {"goes", "rings", "fades"},        {"goes", "replaced", "stays"},
      {"goes", "goes", "stays"},         {"goes", "ends", "fades"},
  }));
  INFO(c.from << " -> " << c.to);
  CHECK(Pair(c.from, c.to).way() == c.way);
}

TEST_CASE("A cable that is new fades in, unless it feeds a new node before that is heard") {
  struct Case {
    const char *to, *type;
    Fading fading;
  };
  const auto c = GENERATE(values<Case>({{"stays", "trim", Fading::in},
                                        {"new", "trim", Fading::none},
                                        {"new", "delay", Fading::in},       // it would put out the start of it when it is heard
                                        {"new", "recorder", Fading::in}}));  // nothing comes after it
  INFO(c.to << " " << c.type);
  Plan before, target;
  const InstancePtr a = Pair::make("a", "trim", 0), b = Pair::make("b", c.type, 0);
  before.nodes = {a};
  if (std::string(c.to) == "stays") before.nodes.push_back(b);
  target.nodes = {a, b};
  target.routes.push_back({a, 0, b, 0, 0, Fading::none, {}});
  const Transition t = make_transition(before, target, kNow, 48'000);
  REQUIRE(t.during.routes.size() == 1);
  CHECK(t.during.routes[0].fading == c.fading);
  CHECK(t.after.routes[0].fading == Fading::none);
}

TEST_CASE("What would close a loop while it fades is taken away first") {
  Plan before, target;
  const InstancePtr a = Pair::make("a", "trim", 0), b = Pair::make("b", "trim", 0);
  before.nodes = target.nodes = {a, b};
  before.routes.push_back({a, 0, b, 0, 0, Fading::none, {}});
  target.routes.push_back({b, 0, a, 0, 0, Fading::none, {}});
  const Transition t = make_transition(before, target, kNow, 48'000);
  CHECK(!t.complete);
  CHECK(t.during.routes.size() == 1);
  CHECK(t.after.routes.empty());
}
