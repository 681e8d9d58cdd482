#include "types.h"

#include <cassert>

namespace mixgraph::test {
namespace {

constexpr Parameter level(std::string_view id, Unit unit, double min, double max, double initial,
                          bool main = false) {
  return {.id = id,
          .label = "L",
          .doc = "D.",
          .unit = unit,
          .min = min,
          .max = max,
          .initial = initial,
          .main = main};
}
constexpr Parameter along(Curve curve, Parameter p) {
  p.curve = curve;
  return p;
}
constexpr Parameter fader_row() {
  return along(Curve::fader, level("level", Unit::decibel, -90, 10, 0, true));
}
constexpr Parameter choice(std::string_view id, std::span<const std::string_view> choices) {
  Parameter p = along(Curve::stepped, level(id, Unit::none, 0, double(choices.size() - 1), 0));
  p.choices = choices;
  p.update = Update::rebuild;
  return p;
}
constexpr Parameter text(std::string_view id) {
  return {.id = id, .label = "L", .doc = "D.", .curve = Curve::text, .update = Update::rebuild};
}
constexpr Parameter on_main(Parameter p) {
  p.main = true;
  return p;
}

constexpr std::string_view kSlopes[] = {"12", "18", "24"}, kShapes[] = {"shelf", "bell"};
constexpr std::string_view kLaws[] = {"sine", "linear", "compromise"};

constexpr Parameter kTrim[] = {level("gain", Unit::decibel, -60, 24, 0, true),
                               switch_row("invert", "I", "D.")};
constexpr Parameter kHighpass[] = {along(Curve::log, level("freq", Unit::hertz, 20, 2000, 80, true)),
                                   choice("slope", kSlopes)};
constexpr Parameter kEq[] = {level("1/gain", Unit::decibel, -18, 18, 0),
                             along(Curve::log, level("1/freq", Unit::hertz, 20, 20000, 100)),
                             choice("1/type", kShapes),
                             level("2/gain", Unit::decibel, -18, 18, 0),
                             along(Curve::log, level("2/freq", Unit::hertz, 20, 20000, 400)),
                             along(Curve::log, level("2/q", Unit::none, 0.1, 18, 1))};
constexpr Parameter kGate[] = {level("threshold", Unit::decibel, -80, 0, -40),
                               level("range", Unit::decibel, 0, 80, 60)};
constexpr Parameter kCompressor[] = {level("threshold", Unit::decibel, -60, 0, -18),
                                     along(Curve::log, level("ratio", Unit::ratio, 1, 20, 3)),
                                     along(Curve::log, level("attack", Unit::millisecond, 0.1, 250, 10)),
                                     level("makeup", Unit::decibel, -12, 24, 0)};
constexpr Parameter kFader[] = {fader_row()};
constexpr Parameter kMute[] = {on_main(switch_row("on", "On", "D."))};
constexpr Parameter kPan[] = {level("position", Unit::none, -1, 1, 0, true), choice("law", kLaws)};
constexpr Parameter kWidth[] = {level("width", Unit::percent, 0, 200, 100, true)};
constexpr Parameter kReverb[] = {along(Curve::log, level("time", Unit::second, 0.2, 20, 1.8, true)),
                                 level("mix", Unit::percent, 0, 100, 100)};
constexpr Parameter kLimiter[] = {level("ceiling", Unit::decibel_true_peak, -24, 0, -1, true),
                                  level("gain", Unit::decibel, 0, 24, 0)};
constexpr Parameter kInput[] = {text("channels")}, kOutput[] = {text("to")};
constexpr Parameter kPlayer[] = {text("file"), on_main(switch_row("play", "Play", "D.", true)),
                                 switch_row("loop", "Loop", "D.")};
constexpr Parameter kRecorder[] = {text("file"), on_main(switch_row("record", "Record", "D."))};
static_assert(is_sound(kEq) && is_sound(kPan) && is_sound(kFader) && is_sound(kHighpass));

constexpr Port kIn[] = {{"in"}}, kOut[] = {{"out"}}, kStereoIn[] = {{"in", 2}}, kStereoOut[] = {{"out", 2}};
constexpr Port kKeyed[] = {{"in"}, {"key", kAdaptive, 0}}, kBands[] = {{"low"}, {"high"}};

constexpr NodeType make(std::string_view id, std::span<const Port> in, std::span<const Port> out,
                        std::span<const Parameter> rows, DeviceRole role = DeviceRole::none) {
  NodeType type{};
  type.id = id;
  type.label = id;
  type.doc = "D.";
  type.inputs = in;
  type.outputs = out;
  type.parameters = rows;
  type.role = role;
  return type;
}

constexpr NodeType kTypes[] = {
    make("trim", kIn, kOut, kTrim),
    make("highpass", kIn, kOut, kHighpass),
    make("eq", kIn, kOut, kEq),
    make("gate", kKeyed, kOut, kGate),
    make("compressor", kKeyed, kOut, kCompressor),
    make("fader", kIn, kOut, kFader),
    make("mute", kIn, kOut, kMute),
    make("pan", kIn, kStereoOut, kPan),
    make("width", kStereoIn, kStereoOut, kWidth),
    make("send", kIn, kOut, kFader),
    make("sum", kIn, kOut, {}),
    make("reverb", kStereoIn, kStereoOut, kReverb),
    make("limiter", kIn, kOut, kLimiter),
    make("meter", kIn, kOut, {}),
    make("loudness", kStereoIn, kStereoOut, {}),
    make("split", kIn, kBands, {}),
    make("input", {}, kOut, kInput, DeviceRole::device_input),
    make("output", kIn, {}, kOutput, DeviceRole::device_output),
    make("player", {}, kOut, kPlayer),
    make("recorder", kIn, {}, kRecorder),
};

}  // namespace

NodeTypes table_types() {
  static const std::vector<const NodeType*> types = [] {
    std::vector<const NodeType*> all;
    for (const NodeType& type : kTypes) all.push_back(&type);
    return all;
  }();
  return types;
}

const NodeType& table_type(std::string_view id) {
  for (const NodeType& type : kTypes)
    if (type.id == id) return type;
  assert(false && "no such type in the tests");
  return kTypes[0];
}

}  // namespace mixgraph::test
