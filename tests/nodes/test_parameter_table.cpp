// Tables of parameters: the compile-time check refuses unsound ones, and every node's table says all that is
// needed.
#include <catch2/catch.hpp>
#include <set>

#include "tests/support/node_runner.h"

using namespace mixgraph;

namespace {

constexpr std::string_view kThree[] = {"a", "b", "c"};
constexpr Parameter kGain{
    .id = "gain", .label = "Gain", .doc = "Level.", .min = -60, .max = 24, .main = true};
static_assert(is_sound(kGain));

template <class Change>
constexpr bool sound_after(Change change) {
  Parameter p = kGain;
  change(p);
  return is_sound(p);
}
// Each of these would stop the build if it stood in a node's table.
static_assert(!sound_after([](Parameter& p) { p.id = ""; }));
static_assert(!sound_after([](Parameter& p) { p.id = "Gain"; }));
static_assert(!sound_after([](Parameter& p) { p.id = "a b"; }));
static_assert(!sound_after([](Parameter& p) { p.label = ""; }));
static_assert(!sound_after([](Parameter& p) { p.doc = ""; }));
static_assert(!sound_after([](Parameter& p) { p.doc = "No full stop"; }));
static_assert(!sound_after([](Parameter& p) { p.initial = 25; }));
static_assert(!sound_after([](Parameter& p) { p.initial = -61; }));
static_assert(!sound_after([](Parameter& p) { p.max = p.min; }));
static_assert(!sound_after([](Parameter& p) { p.curve = Curve::log; }));
static_assert(!sound_after([](Parameter& p) { p.curve = Curve::fader; }));
static_assert(!sound_after([](Parameter& p) { p.choices = kThree; }));
static_assert(!sound_after([](Parameter& p) { p.curve = Curve::stepped; }));
static_assert(!sound_after([](Parameter& p) {
  p = {.id = "law", .label = "Law", .doc = "Which.", .curve = Curve::stepped, .max = 2, .choices = kThree};
}));
constexpr Parameter kTwice[] = {kGain, kGain};
static_assert(!is_sound(kTwice));

bool same_table(const NodeType& a, const NodeType& b) {
  if (a.parameters.size() != b.parameters.size() || a.meters.size() != b.meters.size()) return false;
  for (size_t i = 0; i < a.parameters.size(); i++)
    if (a.parameters[i].id != b.parameters[i].id || a.parameters[i].initial != b.parameters[i].initial)
      return false;
  return a.id == b.id && a.inputs.size() == b.inputs.size() && a.outputs.size() == b.outputs.size();
}

}  // namespace

TEST_CASE("every table is sound and every node is described", "[parameter_table]") {
  std::set<std::string_view> ids;
  for (const NodeType* type : node_types()) {
    INFO(type->id);
    CHECK(ids.insert(type->id).second);
    CHECK(is_sound(type->parameters));
    CHECK(row_count(*type) <= 64);
    CHECK_FALSE(type->label.empty());
    CHECK_FALSE(type->category.empty());
    CHECK((!type->doc.empty() && type->doc.back() == '.'));
    CHECK((type->is_group() || type->inputs.size() + type->outputs.size() > 0));
    for (const Parameter& p : type->parameters) CHECK(p.id != kBypass.id);
  }
}

TEST_CASE("every meter and port is described", "[parameter_table]") {
  for (const NodeType* type : node_types()) {
    INFO(type->id);
    std::set<std::string_view> meters, ports;
    for (const Meter& m : type->meters) {
      CHECK(meters.insert(m.id).second);
      CHECK_FALSE(m.label.empty());
      CHECK((!m.doc.empty() && m.doc.back() == '.'));
    }
    for (const Port& p : type->inputs) {
      CHECK(ports.insert(p.id).second);
      CHECK((p.normalled >= -1 && p.normalled < int(type->inputs.size())));
    }
    for (const Port& p : type->outputs) CHECK(ports.insert(p.id).second);
  }
}

TEST_CASE("every initial value is one that can be set and written", "[parameter_table]") {
  for (const NodeType* type : node_types())
    for (const Parameter& p : type->parameters) {
      if (is_text(p)) continue;
      INFO(type->id << " " << p.id);
      CHECK(nearest(p, p.initial) == p.initial);
      auto read = parse_value(p, format_value(p, p.initial));
      REQUIRE(read);
      CHECK(std::get<double>(*read) == Approx(p.initial).epsilon(1e-5));
      CHECK(from_position(p, to_position(p, p.initial)) == Approx(p.initial).epsilon(1e-9).margin(1e-9));
    }
}

TEST_CASE("all instruction sets have the same node types", "[parameter_table]") {
  NodeTypes baseline = node_types(InstructionSet::baseline);
  for (InstructionSet set : available_instruction_sets()) {
    NodeTypes types = node_types(set);
    REQUIRE(types.size() == baseline.size());
    for (size_t i = 0; i < types.size(); i++) CHECK(same_table(*types[i], *baseline[i]));
  }
}
