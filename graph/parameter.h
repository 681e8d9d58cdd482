#pragma once
#include <array>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "graph/problem.h"

namespace mixgraph {

/// The unit in which a parameter or a meter is set, shown and sent.
enum class Unit : uint8_t { none, decibel, hertz, millisecond, second, percent, ratio, lufs, decibel_true_peak };

/// How a parameter is laid out along a fader of 0..1, and what its values are.
enum class Curve : uint8_t {
  linear,   ///< even in the unit
  log,      ///< even in octaves or decades; min > 0
  fader,    ///< a mixing desk's level fader in dB: -90 (silence) to +10, 0 dB at three quarters
  stepped,  ///< one of `choices`, by index; two choices make a switch
  text,     ///< a string, such as a file name
};

/// How a node takes another value of a row.
enum class Update : uint8_t {
  live,     ///< the running instance follows it
  rebuild,  ///< a new instance is built and cross-faded in
};

/// How the engine carries a live parameter from one value to the next.
enum class Motion : uint8_t {
  smooth,  ///< along an S-curve, or a timed move
  jump,    ///< at once, to the sample; the node deals with the step
};

/// What a row is to groups and to the solo (graph/followers.h): one of a group that others follow, or one that follows. And to
/// listening (graph/listen.h): one that has its node's input or output heard, or the level of the node at which that is.
enum class GroupPart : uint8_t { none, level, mute, solo, solo_safe, silenced, pfl, afl, listen };

/// One row of a node's table. Everything about a parameter is derived from its row.
struct Parameter {
  std::string_view id;     ///< a-z 0-9 _ and '/' between parts: the end of its OSC address
  std::string_view label;  ///< for people: "Threshold"
  std::string_view doc;    ///< one sentence
  Unit unit = Unit::none;
  Curve curve = Curve::linear;
  double min = 0, max = 1, initial = 0;  ///< in the unit
  std::span<const std::string_view> choices = {};
  Update update = Update::live;
  Motion motion = Motion::smooth;
  bool main = false;  ///< answers at the node's own address: `/mix/vox/fader -6`
  GroupPart group = GroupPart::none;
  bool mirrors = false;  ///< a row that is linked to it has its opposite (graph/links.h): the pans of a stereo pair
};

/// A parameter's value: a number in its unit (the index of a choice), or a text.
using Value = std::variant<double, std::string>;

inline constexpr std::string_view kOffOn[] = {"off", "on"};

/// The engine smooths a parameter in this domain, and a node reads it in this domain (graph/node.h, Ramp). [any]
enum class Domain : uint8_t {
  linear,  ///< the unit itself
  log2,    ///< log2 of the unit: frequencies, times
  gain,    ///< a linear amplitude gain, from a fader in dB; silence is 0
};
constexpr Domain domain(const Parameter& p) {
  if (p.curve == Curve::log) return Domain::log2;
  return p.curve == Curve::fader ? Domain::gain : Domain::linear;
}
/// A value in its unit as a number of its domain. [any]
double to_domain(const Parameter& p, double value);

/// A value in its unit as a position 0..1 along its curve, and back; both clamp. [any]
double to_position(const Parameter& p, double value);
double from_position(const Parameter& p, double position);

constexpr bool is_text(const Parameter& p) { return p.curve == Curve::text; }
constexpr bool is_switch(const Parameter& p) { return p.curve == Curve::stepped && p.choices.size() == 2; }
Value initial_value(const Parameter& p);

/// The value nearest to `number` that the parameter can take: within its range, whole if stepped. [any]
double nearest(const Parameter& p, double number);
/// A choice by name ("sine"; for a switch also "true", "false", "yes", "no"), or a number in a text. [any]
/// The problem says what would be accepted; its `where` is empty.
Result<Value> parse_value(const Parameter& p, std::string_view text);
/// What the parameter accepts, for hints: "-60 to 0 dB", "one of sine, linear". [any]
std::string accepted(const Parameter& p);
/// A value as people read it, without the unit: "-6.5", "sine". [any]
std::string format_value(const Parameter& p, const Value& value);
/// "dB", "Hz", "ms", ... or "". [any]
std::string_view unit_symbol(Unit unit);

/// Checks a table at compile time: `static_assert(is_sound(kParameters))`. Ids unique and well formed, docs present,
/// defaults in range, choices for the stepped and only for them, at most one main parameter. [any]
constexpr bool is_sound(const Parameter& p) {
  if (p.id.empty() || p.label.empty() || p.doc.empty() || p.doc.back() != '.') return false;
  for (char c : p.id)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '/')) return false;
  if (p.curve == Curve::text) return p.choices.empty() && p.update == Update::rebuild;  // nothing can move to a text
  if (p.curve == Curve::stepped) {
    if (p.choices.size() < 2 || p.min != 0 || p.max != double(p.choices.size() - 1)) return false;
    if (p.choices.size() > 2 && p.update == Update::live && p.motion == Motion::smooth) return false;
  } else if (!p.choices.empty()) {
    return false;
  }
  if (p.curve == Curve::log && p.min <= 0) return false;
  if (p.curve == Curve::fader && (p.min != -90 || p.max != 10)) return false;
  if (p.mirrors && p.min != -p.max) return false;
  return p.min < p.max && p.initial >= p.min && p.initial <= p.max;
}
constexpr bool is_sound(std::span<const Parameter> table) {
  int mains = 0;
  for (size_t i = 0; i < table.size(); i++) {
    if (!is_sound(table[i])) return false;
    mains += table[i].main;
    for (size_t j = 0; j < i; j++)
      if (table[i].id == table[j].id) return false;
  }
  return mains <= 1;
}

/// Rows that many nodes share, so that they are written once.
consteval Parameter switch_row(std::string_view id, std::string_view label, std::string_view doc, bool on = false) {
  return {.id = id, .label = label, .doc = doc, .curve = Curve::stepped, .initial = on ? 1.0 : 0.0, .choices = kOffOn};
}

/// Rows that repeat, written once: `repeated<kBandRows, 4>` is "1/gain", "1/freq" ... "4/q", in the order of the numbers, with
/// labels as "Gain 1". The row of a field is its place in kBandRows, plus their number for each one before it.
template <const auto& rows, int times>
struct Repeated {
  static constexpr size_t kRows = std::size(rows);
  struct Text {
    char text[48] = {};
    size_t size = 0;
    constexpr void add(std::string_view more) {
      for (const char c : more) text[size++] = c;
    }
    constexpr void add(int number) {
      if (number > 9) text[size++] = char('0' + number / 10);
      text[size++] = char('0' + number % 10);
    }
    constexpr std::string_view view() const { return {text, size}; }
  };
  static constexpr auto kTexts = [] {
    std::array<std::array<Text, 2>, kRows * times> texts;
    for (size_t i = 0; i < texts.size(); i++) {
      const int number = int(i / kRows) + 1;
      texts[i][0].add(number), texts[i][0].add("/"), texts[i][0].add(rows[i % kRows].id);
      texts[i][1].add(rows[i % kRows].label), texts[i][1].add(" "), texts[i][1].add(number);
    }
    return texts;
  }();
  static consteval std::array<Parameter, kRows * times> table() {
    std::array<Parameter, kRows * times> all;
    for (size_t i = 0; i < all.size(); i++) {
      all[i] = rows[i % kRows];
      all[i].id = kTexts[i][0].view(), all[i].label = kTexts[i][1].view();
    }
    return all;
  }
};
template <const auto& rows, int times>
inline constexpr auto repeated = Repeated<rows, times>::table();

}  // namespace mixgraph
