#include "tests/support/sequence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "daemon/control/values.h"
#include "graph/listen.h"
#include "tests/support/bomb.h"
#include "tests/support/sound_files.h"

namespace mixgraph {
namespace {

const std::vector<Kind> kKinds = {
    {"trim", Memory::none, 0, {{"gain", -24, 0}}},
    {"fader", Memory::none, 0, {{"level", -40, 0}}},
    {"mute"},
    {"pan"},
    {"send", Memory::none, 0, {{"level", -40, 0}}},
    {"sum"},
    {"width", Memory::none, 0, {{"mono_below", 8, 500}}},
    {"meter"},
    {"loudness"},
    {"bomb"},
    {"eq", Memory::fades, 0, {{"gain", -18, 6}, {"freq", 200, 10000}, {"q", 0.3, 4}}},
    {"highpass", Memory::fades, 0, {{"freq", 60, 2000}}},
    {"compressor", Memory::fades, 0, {{"attack", 0.5, 30}, {"release", 5, 60}, {"makeup", -12, 6}, {"key_highpass", 20, 1000}}},
    // Without hysteresis, with which a gate may stay for ever as it was.
    {"gate", Memory::fades, 0, {{"attack", 0.5, 20}, {"hold", 0, 30}, {"release", 5, 60}, {"hysteresis", 0, 0}}},
    {"limiter", Memory::fades, 0, {{"gain", 0, 6}, {"release", 10, 60}}},
    {"delay", Memory::fades, 0.2, {{"time", 1, 30}, {"feedback", 0, 30}}},
    {"reverb", Memory::fades, 0.4, {{"time", 0.2, 0.24}, {"predelay", 0, 20}}},
    {"feedback", Memory::fades, 0.2, {{"gain", -60, -6}, {"time", 2, 10}}},
    {"tremolo", Memory::stays},
    {"player", Memory::stays, 0, {{"position", 0, 0.1}, {"format", 0, 1}}},
};
/// Sessions are made of a few types each, so that they share banks.
constexpr std::string_view kPlain[] = {"trim", "fader", "mute", "pan", "send", "sum", "width", "meter", "loudness", "trim", "sum"};
constexpr std::string_view kAll[] = {"trim", "sum", "fader", "pan", "eq", "highpass", "compressor", "gate",
                                     "limiter", "delay", "reverb", "tremolo", "player", "width", "eq"};
/// A mute group, if it is there.
constexpr std::string_view kGroup = "mix/g";
/// What may be in a loop: none of them is louder than what it hears.
constexpr std::string_view kInLoops[] = {"trim", "fader", "sum", "mute", "highpass"};

const std::string& sound_folder() {
  static const TemporaryFolder folder;
  static const std::string path = [] {
    std::vector<float> noise(9600);
    std::mt19937 random{7};
    for (float& x : noise) x = float(int32_t(random())) * 0x1p-31f * 0.1f;
    write_sound(folder.path("noise.wav"), {noise});
    return folder.path();
  }();
  return path;
}

}  // namespace

const Kind& kind_of(std::string_view type) {
  static const Kind other{"", Memory::none, 0, {}};
  const auto found = std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& k) { return k.type == type; });
  return found == kKinds.end() ? other : *found;
}

namespace {

/// Nodes by number; a node takes its sound from those before it, but for a loop of two at the end.
class Maker {
 public:
  Maker(unsigned seed, int steps) : random_(seed) {
    sequence_.seed = seed;
    choose_types();
    write_session();
    sequence_.settings = {.environment = {.rate = 48000, .media_root = sound_folder()},
                          .inputs = 4,
                          .outputs = 2 * Sequence::kSlots,
                          .ceiling_db = 60,
                          .threads = one_in(6) ? 2 : 1,
                          .share_above_us = one_in(2) ? 0.0 : 1.0};
    for (int i = 0; i < steps; i++) sequence_.steps.push_back(step());
  }
  Sequence run() { return std::move(sequence_); }

 private:
  static constexpr int kSlots = Sequence::kSlots, kLoop = kSlots - 2, kFeedback = kSlots - 1;
  struct Slot {
    std::vector<const NodeType*> types;  // one of them is there, or none
    const NodeType* type = nullptr;
  };

  int below(int count) { return int(random_() % unsigned(count)); }
  bool one_in(int count) { return below(count) == 0; }
  template <class List>
  auto any(const List& list) { return list[size_t(below(int(std::size(list))))]; }

  static const NodeType* type_of(std::string_view id) {
    const NodeTypes all = types_with_bomb();
    return *std::find_if(all.begin(), all.end(), [&](const NodeType* t) { return t->id == id; });
  }
  void choose_types() {
    const bool plain = sequence_.seed % 2 == 0;
    loops_ = !plain && one_in(2);
    wired_ = one_in(2);
    std::vector<std::string_view> few;
    for (int i = 2 + below(3); i > 0; i--) few.push_back(plain ? any(kPlain) : any(kAll));
    for (Slot& slot : slots_) slot.types = {type_of(any(few)), type_of(any(few))};
    if (one_in(3)) slots_[size_t(below(kLoop))].types = {type_of("bomb")};
    if (one_in(4)) slots_[size_t(below(kLoop))].types = {type_of("listen")};
    if (loops_) slots_[kLoop].types = {type_of(any(kInLoops))}, slots_[kFeedback].types = {type_of("feedback")};
    bool fades = false;
    for (Slot& slot : slots_)
      for (const NodeType*& type : slot.types) {
        if (kind_of(type->id).tail > 0 && !type->breaks_loops && sequence_.tails > 0.8) type = type_of("trim");  // lest it take long
        sequence_.tails += kind_of(type->id).tail;
        fades = fades || kind_of(type->id).memory != Memory::none;
      }
    sequence_.tails = fades ? 2 * sequence_.tails + 1 : 0.1;
  }

  static std::string name(int slot) { return "mix/n" + std::to_string(slot); }
  static std::string tap(int slot) { return "master/t" + std::to_string(slot); }
  /// Who may be heard by a slot.
  std::string source(int slot) {
    cables_.emplace_back(any_source(slot), name(slot));
    return cables_.back().first;
  }
  std::string any_source(int slot) {
    if (slot == kFeedback && loops_) return name(kLoop);
    if (slot == 0 || one_in(3)) return "in/" + std::to_string(1 + below(4));
    if (slot == kLoop && loops_ && one_in(2)) return name(kFeedback);
    return name(below(slot));
  }
  static bool is_named(const Parameter& p, std::string_view row) { return p.id == row || p.id.ends_with("/" + std::string(row)); }
  Value any_value(const NodeType& type, int number) {
    const Parameter& p = row(type, number);
    double low = p.min, high = p.max;
    for (const Kind::Span& span : kind_of(type.id).spans)
      if (is_named(p, span.row)) low = span.least, high = span.most;
    const double t = below(1001) / 1000.0;
    if (p.curve == Curve::log) return nearest(p, low * std::pow(high / low, t));
    return nearest(p, low + t * (high - low));
  }
  void write_session() {
    std::string mix, master;
    for (int i = 0; i < kSlots; i++) {
      Slot& slot = slots_[size_t(i)];
      const bool there = !one_in(4);
      master += fmt::format("  t{}: {{type: output, to: [{}, {}]", i, 2 * i + 1, 2 * i + 2);
      if (there) {
        slot.type = any(slot.types);
        mix += fmt::format("  n{}: {{type: {}", i, slot.type->id);
        for (int r = 0; r < row_count(*slot.type); r++)
          if (const std::string value = written(*slot.type, r); !value.empty()) mix += fmt::format(", {}: {}", row(*slot.type, r).id, value);
        if (!slot.type->inputs.empty() && (wired_ || !one_in(5))) mix += ", from: [" + sources(i) + "]";
        mix += "}\n";
        master += ", from: " + name(i);
      }
      master += "}\n";
    }
    if (one_in(2)) mix += fmt::format("  {}: {{type: mute_group}}\n", kGroup.substr(4));
    sequence_.session = "mixgraph: 1\nmix:\n" + mix + "master:\n" + master;
  }
  /// Of nodes that are in the file already, or device inputs.
  std::string sources(int slot) {
    std::vector<std::string> list;
    for (int i = 1 + below(3) * below(2); i > 0; i--) {
      std::string from = source(slot);
      if (from == name(kFeedback) || (from.starts_with("mix/n") && !slots_[size_t(std::stoi(from.substr(5)))].type)) from = "in/1";
      if (std::find(list.begin(), list.end(), from) == list.end()) list.push_back(from);
    }
    return fmt::format("{}", fmt::join(list, ", "));
  }
  /// A value as a file or /graph/add has it; empty: the initial one.
  std::string written(const NodeType& type, int number) {
    const Parameter& p = row(type, number);
    if (p.id == "fuse" || p.id == "bypass") return "";
    if (p.id == "format" || is_heard_by(p)) return "";  // with it a session may be refused: of what others can't hear, or a loop
    if (is_text(p)) return "noise.wav";
    const bool spanned = std::any_of(kind_of(type.id).spans.begin(), kind_of(type.id).spans.end(), [&](auto& s) { return is_named(p, s.row); });
    if (!spanned && !one_in(3)) return "";
    return format_value(p, any_value(type, number));
  }

  Step step() {
    Step step;
    step.messages.push_back(any_message());
    if (one_in(5))
      for (int i = 1 + below(3); i > 0; i--) step.messages.push_back(any_message());
    if (step.messages.back().address == "/graph/add") {
      if (!one_in(4)) step.messages.push_back({"/graph/connect", {name(latest_), tap(latest_)}});
      if (one_in(2)) step.messages.push_back(set(latest_));
    }
    const bool bundle = step.messages.size() > 1 && !one_in(3);
    if (bundle || one_in(4)) step.ahead = one_in(2) ? 0 : 1 + below(one_in(3) ? 9600 : 2400);
    static constexpr int kFrames[] = {0, 0, 0, 1, 64, 100, 640, 1500, 4000}, kBlocks[] = {1, 17, 64, 64, 100, 256, 1024};
    step.frames = any(kFrames), step.block = any(kBlocks);
    step.late = one_in(6);
    return step;
  }

  osc::Message group_message(int slot) {
    const int dice = below(10);
    if (dice < 4) return {"/graph/join", {name(slot), std::string(kGroup)}};
    if (dice < 6) return {"/graph/leave", {name(slot), std::string(kGroup)}};
    if (dice < 9) return {"/" + std::string(kGroup) + "/mute", {double(below(2))}};
    return {"/solo/clear", {}};
  }

  /// Of offsets only such as make nothing louder, so that values stay within their spans.
  osc::Message link_message(int slot) {
    std::vector<int> alike;
    for (int i = 0; i < kSlots; i++)
      if (i != slot && slots_[size_t(i)].type == slots_[size_t(slot)].type) alike.push_back(i);
    if (alike.empty() || one_in(4)) return {"/graph/unlink", {name(slot)}};
    if (slots_[size_t(slot)].type->id == "fader" && one_in(3)) return {"/graph/link/offset", {name(slot), "level", double(-below(20))}};
    return {"/graph/link", {name(slot), name(any(alike))}};
  }

  osc::Message any_message() {
    if (!one_in(4)) latest_ = below(kSlots);  // else more of the same node
    const int slot = latest_, dice = below(100);
    const NodeType* type = slots_[size_t(slot)].type;
    if (!type || dice < 6) return come_or_go(slot);
    if (dice < 20) return wire(slot);
    if (dice < 24) return {one_in(3) ? "/graph/redo" : "/graph/undo", {}};
    if (dice < 28) return scene();
    if (dice < 30) return {one_in(3) ? "/graph/begin" : "/graph/commit", {}};
    if (dice < 31) return {"/mix/*/bypass", {double(below(2))}};
    if (dice < 32) return {"/mix/*/gain", {double(-6 - below(10))}};
    if (dice < 38) return link_message(slot);
    if (type->id == "mute" && dice < 50) return group_message(slot);
    return set(slot);
  }
  osc::Message come_or_go(int number) {
    Slot& slot = slots_[size_t(number)];
    if (slot.type && wired_) return wire(number);
    if (slot.type) {
      slot.type = nullptr;
      return {"/graph/remove", {name(number)}};
    }
    if (one_in(3)) return {"/graph/connect", {name(number), tap(number)}};
    slot.type = any(slot.types);
    osc::Message add{"/graph/add", {name(number), std::string(slot.type->id)}};
    auto give = [&](std::string_view key, const std::string& value) { add.arguments.insert(add.arguments.end(), {std::string(key), value}); };
    if (!slot.type->inputs.empty() && (wired_ || !one_in(5))) give("from", source(number));
    for (int r = 0; r < row_count(*slot.type); r++)
      if (const std::string value = written(*slot.type, r); !value.empty()) give(row(*slot.type, r).id, value);
    return add;
  }
  osc::Message wire(int slot) {
    if (one_in(4)) return {"/graph/connect", {name(slot), tap(slot)}};
    if (one_in(3) && !cables_.empty() && !wired_) {
      const auto [from, to] = any(cables_);
      return {"/graph/disconnect", {from, to}};
    }
    osc::Message message{"/graph/connect", {source(slot), name(slot)}};
    const auto ports = slots_[size_t(slot)].type->inputs;
    if (ports.size() > 1 && one_in(3)) message.arguments.push_back(std::string(ports[1].id));
    return message;
  }
  osc::Message scene() {
    const std::string scene = one_in(2) ? "one" : "two";
    if (one_in(2)) return {"/scene/store", {scene}};
    return {"/scene/recall", {scene, double(below(3)) * 0.03}};
  }
  osc::Message set(int slot) {
    const NodeType& type = *slots_[size_t(slot)].type;
    std::vector<int> rows;
    for (int r = 0; r < row_count(type); r++)
      if (!is_text(row(type, r))) rows.push_back(r);
    if (rows.empty()) return wire(slot);
    const int number = any(rows);
    const Parameter& p = row(type, number);
    // The third fault within ten seconds would silence it.
    if (p.id == "fuse" && ++fuses_ > 2) return wire(slot);
    osc::Message message{"/" + name(slot) + "/" + std::string(p.id), {std::get<double>(any_value(type, number))}};
    if (p.update == Update::rebuild || p.motion == Motion::jump || !one_in(4)) return message;
    static constexpr std::string_view kCourses[] = {"fader", "linear", "exponential", "s-curve"};
    message.arguments.insert(message.arguments.end(), {double(1 + below(15)) / 100, std::string(any(kCourses))});
    return message;
  }

  std::mt19937 random_;
  Sequence sequence_;
  Slot slots_[kSlots];
  std::vector<std::pair<std::string, std::string>> cables_;  // that there may be
  bool loops_ = false;
  bool wired_ = false;  // nothing loses its sources
  int fuses_ = 0, latest_ = 0;
};

}  // namespace

Sequence make_sequence(unsigned seed, int steps) { return Maker(seed, steps).run(); }

std::string text(const Step& step) {
  std::string when = step.ahead < 0 ? "" : step.ahead == 0 ? "bundle: " : fmt::format("bundle in {} frames: ", step.ahead);
  for (const osc::Message& message : step.messages) when += osc::describe(message) + "; ";
  return when + (step.frames ? fmt::format("then {} frames in blocks of {}{}", step.frames, step.block, step.late ? ", control late" : "") : "at once");
}

std::string text(const Sequence& sequence) {
  std::string all = fmt::format("seed {}, {} threads\n{}", sequence.seed, sequence.settings.threads, sequence.session);
  for (const Step& step : sequence.steps) all += "  " + text(step) + "\n";
  return all;
}

}  // namespace mixgraph
