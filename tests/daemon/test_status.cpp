#include <catch2/catch.hpp>
#include <map>

#include "nodes/list.h"
#include "tests/support/desk.h"

using namespace mixgraph;

namespace {

constexpr int64_t kMany = 5'000'000'000;

}  // namespace

TEST_CASE("Counts of /status are whole numbers of 64 bits, amounts are doubles, shares are floats") {
  Engine engine({});
  auto session = parse_session("mixgraph: 1\nname: Song\nmix:\n  a: {type: trim, from: in/1}\n", "t.yaml", ".", node_types());
  REQUIRE(session);
  std::map<std::string, osc::Argument> told;
  const auto send = [&](const Client&, const osc::Packet& packet, bool) {
    const auto& message = std::get<osc::Message>(packet);
    told[message.address] = message.arguments.front();
  };
  ControlSettings settings;
  settings.more_status = [] { return std::vector<StatusItem>{{"more", "What there is besides.", whole(uint64_t(kMany))}}; };
  Workspace workspace(engine, std::move(*session), node_types(), send, settings);
  workspace.counters.messages = kMany;
  const osc::Message sent{"/status", {}};
  const Client client({.name = "test"});
  REQUIRE(find_command("/status")->run(workspace, {client, sent}));
  CHECK(told.at("/status/messages") == osc::Argument(kMany));
  CHECK(told.at("/status/more") == osc::Argument(kMany));
  CHECK(told.at("/status/rate") == osc::Argument(48000.0));
  CHECK(std::holds_alternative<double>(told.at("/status/seconds")));
  CHECK(told.at("/status/session") == osc::Argument(std::string("Song")));
  for (const auto& [address, value] : told) {
    INFO(address);
    const bool share = address.starts_with("/status/cost/");
    CHECK(std::holds_alternative<float>(value) == share);
    CHECK_FALSE(std::holds_alternative<int32_t>(value));
  }
}

TEST_CASE("Every fact of /status has a type and a sentence") {
  Desk desk("mixgraph: 1\nmix:\n  a: {type: trim, from: in/1}\n");
  desk.send("/status");
  const auto tag = [](const osc::Argument& value) {
    return std::holds_alternative<int64_t>(value) ? 'h' : std::holds_alternative<double>(value) ? 'd' : std::holds_alternative<float>(value) ? 'f' : 's';
  };
  std::map<std::string, char> told;
  for (const osc::Message& message : desk.received())
    if (message.address.starts_with("/status/")) told[message.address.substr(8)] = tag(message.arguments.front());
  REQUIRE(told.size() > 15);
  desk.send("/status/list");
  desk.run(50);
  const std::map<std::string, char> types{{"count", 'h'}, {"amount", 'd'}, {"share", 'f'}, {"text", 's'}};
  std::map<std::string, char> listed;
  for (const osc::Message& message : desk.received()) {
    if (message.address != "/status/list") continue;
    const auto text = [&](size_t i) { return std::get<std::string>(message.arguments.at(i)); };
    listed[text(0)] = types.at(text(1));
    INFO(text(0));
    CHECK_THAT(text(2), Catch::Matches("[A-Za-z0-9].*[.\\]]"));
  }
  CHECK(listed == told);
}
