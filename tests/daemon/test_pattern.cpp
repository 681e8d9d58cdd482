#include <catch2/catch.hpp>
#include <random>
#include <regex>
#include <set>
#include <string>

#include "daemon/osc/pattern.h"

using namespace mixgraph;

namespace {

bool matches(const std::string& pattern, const std::string& address) {
  const auto parsed = Pattern::parse(pattern);
  INFO(pattern << (parsed ? "" : ": " + parsed.problems().front().text()));
  REQUIRE(parsed);
  return parsed->matches(address);
}

std::string refusal(const std::string& pattern) {
  const auto parsed = Pattern::parse(pattern);
  INFO(pattern);
  REQUIRE_FALSE(parsed);
  return parsed.problems().front().what;
}

/// The same pattern for the standard library's matcher.
std::string as_regex(const std::string& pattern) {
  std::string regex;
  bool in_braces = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (pattern.compare(i, 2, "//") == 0) {
      regex += "/(?:.*/)?";
      ++i;
    } else if (c == '[') {
      const bool negated = pattern[i + 1] == '!';
      const size_t end = pattern.find(']', i);
      regex += negated ? "[^/" : "[";
      regex += pattern.substr(i + 1 + negated, end - i - negated);
      i = end;
    } else {
      in_braces = c == '{' || (in_braces && c != '}');
      regex += c == '*'                ? "[^/]*"
               : c == '?'              ? "[^/]"
               : c == '{'              ? "(?:"
               : c == '}'              ? ")"
               : c == ',' && in_braces ? "|"
                                       : std::string(1, c);
    }
  }
  return regex;
}

}  // namespace

TEST_CASE("Addresses without wildcards match themselves only") {
  CHECK_FALSE(is_pattern("/mix/vox/fader"));
  CHECK(matches("/mix/vox/fader", "/mix/vox/fader"));
  CHECK_FALSE(matches("/mix/vox/fader", "/mix/vox/fade"));
  CHECK_FALSE(matches("/mix/vox/fader", "/mix/vox/fader1"));
  CHECK_FALSE(matches("/mix/vox", "/mix/vox/fader"));
}

TEST_CASE("OSC 1.0 wildcards match within one part") {
  for (const char* pattern : {"/mix/*/mute", "/a?", "/[a-z]", "/{a,b}", "//gain"}) CHECK(is_pattern(pattern));

  CHECK(matches("/mix/*/mute", "/mix/vox/mute"));
  CHECK_FALSE(matches("/mix/*/mute", "/mix/vox/eq/mute"));  // liblo says that this matches
  CHECK_FALSE(matches("/mix/*", "/mix/vox/fader"));
  CHECK(matches("/*/*/fader", "/mix/vox/fader"));
  CHECK(matches("/mix/v*x*", "/mix/vox"));
  CHECK(matches("/*", "/a"));

  CHECK(matches("/ch/0?", "/ch/01"));
  CHECK_FALSE(matches("/ch/0?", "/ch/0"));
  CHECK_FALSE(matches("/ch?01", "/ch/01"));

  CHECK(matches("/ch/[0-9][13579]", "/ch/07"));
  CHECK_FALSE(matches("/ch/[0-9][13579]", "/ch/08"));
  CHECK(matches("/ch/[!0-9]", "/ch/a"));
  CHECK_FALSE(matches("/ch/[!0-9]", "/ch/5"));
  CHECK_FALSE(matches("/ch[!0-9]01", "/ch/01"));
  CHECK(matches("/[a-]", "/-"));
  CHECK(matches("/[-a]", "/-"));
  CHECK(matches("/[a!]", "/!"));

  CHECK(matches("/mix/{vox,drums}/fader", "/mix/drums/fader"));
  CHECK(matches("/mix/{vox,drums}/fader", "/mix/vox/fader"));
  CHECK_FALSE(matches("/mix/{vox,drums}/fader", "/mix/bass/fader"));
  CHECK(matches("/{foo,foobar}bar", "/foobar"));  // the first that fits need not be the one
  CHECK(matches("/{foobar,foo}bar", "/foobar"));
  CHECK(matches("/vox{,2}", "/vox"));
  CHECK(matches("/vox{,2}", "/vox2"));
  CHECK(matches("/a*{b,c}?", "/axxbxcd"));
}

TEST_CASE("// descends any number of parts (OSC 1.1)") {
  CHECK(matches("//gain", "/gain"));
  CHECK(matches("//gain", "/mix/vox/eq/2/gain"));
  CHECK(matches("/mix//gain", "/mix/gain"));
  CHECK(matches("/mix//gain", "/mix/vox/eq/2/gain"));
  CHECK_FALSE(matches("/mix//gain", "/master/eq/gain"));
  CHECK_FALSE(matches("/mix//gain", "/mixing/gain"));
  CHECK_FALSE(matches("//gain", "/mix/vox/again"));
  CHECK(matches("//eq//gain", "/mix/vox/eq/2/gain"));
  CHECK(matches("/mix//[0-9]/*", "/mix/vox/eq/2/gain"));
}

TEST_CASE("Patterns that cannot be read are refused") {
  CHECK(refusal("mix/*") == "a pattern that does not begin with `/`");
  CHECK(refusal("") == "a pattern that does not begin with `/`");
  CHECK(refusal("/[abc") == "`[` without its `]`");
  CHECK(refusal("/[") == "`[` without its `]`");
  CHECK(refusal("/[]") == "`[` without its `]`");
  CHECK(refusal("/[!]") == "`[` without its `]`");
  CHECK(refusal("/[z-a]") == "a range that runs backwards");
  CHECK(refusal("/[a/b]") == "`/` inside `[]`");
  CHECK(refusal("/{a,b") == "`{` without its `}`");
  CHECK(refusal("/{a,{b,c}}") == "a wildcard or `/` inside `{}`");
  CHECK(refusal("/{a*,b}") == "a wildcard or `/` inside `{}`");
  CHECK(refusal("/a]") == "`]` without its opening bracket");
  CHECK(refusal("/a}") == "`}` without its opening bracket");
  CHECK(refusal("/mix//") == "`//` with no name after it");
  CHECK(refusal("/mix///gain") == "`//` with no name after it");
  CHECK(refusal("/a\x01*") == "a pattern with unprintable characters");
  CHECK(refusal("/" + std::string(Pattern::kMaxLength, 'a')) == "a pattern of 257 characters");
  CHECK(matches("/" + std::string(Pattern::kMaxLength - 1, '*'), "/a"));
}

TEST_CASE("The most descents fit, and one more is refused") {
  std::string pattern, address;
  for (int i = 0; i < Pattern::kMaxStars; i++) {
    pattern += "//x";
    address += "/x";
  }
  CHECK(matches(pattern, address));
  CHECK(matches(pattern, "/y" + address));
  CHECK_FALSE(matches(pattern, address.substr(2)));
  CHECK(refusal(pattern + "//x") == "more than 8 of `*` and `//`");
}

TEST_CASE("Patterns that take liblo seconds to hours finish, or are refused") {
  std::string stars = "/", questions = "/";
  for (int i = 0; i < Pattern::kMaxStars; ++i) {
    stars += "*a";
    questions += "*?";
  }
  CHECK_FALSE(matches(stars + "b", "/" + std::string(200, 'a')));
  CHECK(matches(stars, "/" + std::string(200, 'a')));
  CHECK_FALSE(matches(questions + "!", "/" + std::string(200, 'a')));
  CHECK(refusal("/*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?!") == "more than 8 of `*` and `//`");
  std::string braces = "/";
  for (int i = 0; i < Pattern::kMaxStars; ++i) braces += "{a,aa}{a,aa,aaa}*";
  CHECK_FALSE(matches(braces + "b", "/" + std::string(200, 'a')));
}

TEST_CASE("All addresses at once match as they do one by one") {
  std::mt19937 random(2);
  const auto pick = [&](const std::vector<std::string>& from) { return from[random() % from.size()]; };
  for (int round = 0; round < 300; round++) {
    std::set<std::string> addresses;
    for (int i = 0; i < 60; i++) {
      std::string address;
      for (size_t p = random() % 5; p < 5; p++) address += pick({"/a", "/b", "a", "b", "ab"});
      addresses.insert("/" + address);
    }
    std::vector<SortedAddress> sorted;
    std::string before;
    for (const std::string& address : addresses) {
      const auto end = std::mismatch(before.begin(), before.end(), address.begin(), address.end()).first;
      sorted.push_back({address, uint32_t(sorted.size()), uint32_t(end - before.begin())});
      before = address;
    }
    const auto parsed = Pattern::parse(pick({"/", "//"}) + pick({"a", "*", "{a,b}", "?"}) +
                                       pick({"", "/", "//", "b"}) + pick({"a", "*b", "[!a]*", "*/a", "b"}));
    REQUIRE(parsed);
    std::vector<uint32_t> expected;
    for (const SortedAddress& one : sorted)
      if (parsed->matches(one.address)) expected.push_back(one.number);
    CHECK(parsed->matching(sorted) == expected);
  }
}

TEST_CASE("The matcher agrees with the standard library's regular expressions") {
  std::mt19937 random(1);
  const auto pick = [&](const std::vector<std::string>& from) { return from[random() % from.size()]; };
  int matched = 0;
  for (int i = 0; i < 4000; ++i) {
    std::string pattern = pick({"/", "//"});
    std::string address = "/";
    const auto parts = random() % 6;
    for (size_t p = 0; p < parts; ++p) {
      pattern += pick({"a", "b", "*", "?", "[ab]", "[!a]", "{a,ab}", "{b,,ba}", "a/", "b//"});
    }
    pattern += pick({"a", "b", "*", "?"});
    if (!Pattern::parse(pattern)) continue;  // too many stars
    const auto length = 1 + random() % 6;
    for (size_t c = 0; c < length; ++c) address += pick({"a", "b", "a/", "b/"});
    const bool expected = std::regex_match(address, std::regex(as_regex(pattern)));
    matched += expected;
    if (matches(pattern, address) != expected)
      FAIL(pattern << " on " << address << ": expected " << expected);
  }
  CHECK(matched > 200);
}
