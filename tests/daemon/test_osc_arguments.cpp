#include <catch2/catch.hpp>

#include "tests/tools/program.h"
#include "daemon/osc/osc_arguments.h"

using namespace mixgraph;
using namespace mixgraph::program;

namespace {
osc::Argument parsed(const std::string& text) {
  const auto argument = parse_argument(text);
  REQUIRE(argument);
  return *argument;
}
}  // namespace

TEST_CASE("OSC arguments on the command line have the type they look like", "[tools][osc]") {
  CHECK(parsed("-6") == osc::Argument(int32_t(-6)));
  CHECK(parsed("+3") == osc::Argument(int32_t(3)));
  CHECK(parsed("-6.5") == osc::Argument(-6.5f));
  CHECK(parsed("1e3") == osc::Argument(1000.f));
  CHECK(parsed("5000000000") == osc::Argument(5e9f));
  CHECK(parsed("true") == osc::Argument(true));
  CHECK(parsed("false") == osc::Argument(false));
  CHECK(parsed("sine") == osc::Argument(std::string("sine")));
  CHECK(parsed("") == osc::Argument(std::string()));
  CHECK(parsed("nan") == osc::Argument(std::string("nan")));
}

TEST_CASE("A prefix says the type", "[tools][osc]") {
  CHECK(parsed("s:3") == osc::Argument(std::string("3")));
  CHECK(parsed("f:3") == osc::Argument(3.f));
  CHECK(parsed("d:3") == osc::Argument(3.0));
  CHECK(parsed("h:3") == osc::Argument(int64_t(3)));
  CHECK(parsed("i:3") == osc::Argument(int32_t(3)));
  CHECK_FALSE(parse_argument("i:3.5"));
  CHECK_FALSE(parse_argument("f:loud"));
  const auto several = parse_arguments({"i:x", "1", "f:y"});
  REQUIRE_FALSE(several);
  CHECK(several.problems().size() == 2);
}

TEST_CASE("Nobody answers: exit code 1 and a hint", "[tools][osc]") {
  // Port 9 (discard) has no daemon.
  const Outcome get = run_mixgraph({"osc", "get", "/status", "--port", "9", "--wait", "200"});
  CHECK(get.code == 1);
  CHECK(get.err.find("mixgraphd") + get.err.find("refused") != 2 * std::string::npos);
  CHECK(run_mixgraph({"osc", "get", "/status", "--port", "9", "--tcp"}).code == 1);
  CHECK(run_mixgraph({"osc", "send", "fader", "1"}).code == 2);
}
