// The YAML reader: its limits, and that nothing gets past it.
#include <catch2/catch.hpp>

#include <random>

#include "config/session.h"
#include "config/yaml.h"
#include "types.h"

using namespace mixgraph;

namespace {

std::string problems(const std::string& text) {
  Report report;
  parse_yaml(text, "f", report);
  std::string lines;
  for (const Problem& p : report.problems()) lines += p.text() + "\n";
  return lines;
}
std::string times(const std::string& text, int n) {
  std::string all;
  for (int i = 0; i < n; i++) all += text;
  return all;
}

}  // namespace

TEST_CASE("a tree with places") {
  Report report;
  std::optional<Yaml> yaml = parse_yaml("a: 1\n\"b\": ['x', y]\nc: {d: }\n", "f", report);
  REQUIRE(yaml);
  CHECK(report.empty());
  REQUIRE(yaml->entries.size() == 3);
  CHECK(yaml->entries[0].value.place.text() == "f:1:4");
  CHECK_FALSE(yaml->entries[0].value.quoted);
  CHECK(yaml->entries[1].key == "b");
  CHECK(yaml->entries[1].place.text() == "f:2:1");
  CHECK(yaml->entries[1].value.items[0].quoted);
  CHECK(yaml->entries[1].value.items[1].place.text() == "f:2:12");
  CHECK(yaml->entries[2].value.entries[0].value.kind == Yaml::Kind::null);
  CHECK(yaml->entries[2].value.entries[0].value.place.line == 3);
}

TEST_CASE("limits of size, depth and number") {
  CHECK(problems("a: \"" + times("x", kMaxYamlBytes) + "\"") == "f:1:1: the file is larger than 33554432 bytes\n");
  CHECK(problems("a: " + times("[", 31) + times("]", 31)).empty());
  CHECK(problems("a: " + times("[", 32) + times("]", 32)) == "f:1:35: nested more than 32 deep\n");
  for (const char* opening : {"[", "{", "- ", "? "})
    CHECK(problems(times(opening, 100000)).find("nested more than 32 deep") != std::string::npos);
  CHECK(problems("[" + times("1,", 499998) + "1]").empty());
  CHECK(problems("[" + times("1,", kMaxYamlMemory / sizeof(Yaml)) + "1]").find("more than 256 MiB of memory") !=
        std::string::npos);
  CHECK(problems("&a [*a]").find("anchors are not allowed") != std::string::npos);
}

TEST_CASE("quotes have to end") {
  CHECK(problems("a: \"x\\\"\nb: c\n") == "f:1:4: not YAML: this quote never ends; end it\n");
  CHECK(problems("a: 'x''\n") == "f:1:4: not YAML: this quote never ends; end it\n");
  CHECK(problems("a: 'x'''\n").empty());
  CHECK(problems("a: \"x\\\\\"\n").empty());
  CHECK(problems("a: |\n  it's \"\n").empty());
}

TEST_CASE("mutilated sessions are read or refused, nothing else") {
  const std::string good = R"(mixgraph: 1
audio: {rate: 48000, input_map: [1, 2]}
mix:
  drums:  {type: strip, from: [in/1, in/2], fader: -3, key: "vox"}
  vox:    {type: strip, from: in/3, eq: {2: {gain: 3, freq: 2500}}, sends: {hall: {level: -12, to: [hall]}}}
  hall:   {type: reverb, time: 2.2}
scenes: {a: {mix/vox/fader: -3}}
)";
  std::mt19937 random(7);
  const std::string pieces = "{}[]:,-?&*!|>'\"#%@` \n\t0a~";
  int read = 0;
  for (int round = 0; round < 3000; round++) {
    std::string text = good;
    for (unsigned edits = random() % 4 + 1; edits > 0; edits--) {
      size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = pieces[random() % pieces.size()];
          break;
        case 1:
          text.insert(at, 1, pieces[random() % pieces.size()]);
          break;
        case 2:
          text.erase(at, random() % 9);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 40));
      }
      if (text.empty()) text = "x";
    }
    Result<Session> session = parse_session(text, "f", "", test::table_types());
    if (session) {
      read++;
      Result<Session> again = parse_session(write_session(*session), "f", "", test::table_types());
      INFO(text);
      INFO(write_session(*session));
      REQUIRE(again);
      CHECK(*again == *session);
    } else {
      CHECK(!session.problems().empty());
    }
  }
  CHECK(read > 30);
}
