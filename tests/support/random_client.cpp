#include "tests/support/random_client.h"

#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>

namespace mixgraph {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr size_t kNodesToAdd = 110;   // what is on its way, a few strips of 12 nodes, comes to that
constexpr size_t kMostKnown = 4000;   // addresses
constexpr int kPackets = 8;           // sent at once

const std::vector<std::string> kNames{"a", "b", "c", "verse", "last chorus", ""};
const std::vector<std::string> kCurves{"fader", "linear", "exponential", "s-curve", "bent"};
const std::vector<std::string> kPatterns{"//*",     "/mix/*/fader", "/mix/*/fader/level", "/mix/{vox,n1*}/*", "/mix/*/eq/[1-4]/gain", "/mix/n?/*",
                                         "//bypass", "/*",           "/mix/[!a-z]",        "/mix/*/record",    "/norm/mix/*/fader",    "/mix/*/play"};

osc::TimeTag in_ms(int64_t ms) {
  return osc::TimeTag::at(std::chrono::duration_cast<std::chrono::nanoseconds>((std::chrono::system_clock::now() + std::chrono::milliseconds(ms)).time_since_epoch()).count());
}

}  // namespace

RandomClient::RandomClient(int port, OscTransport transport, unsigned seed, std::vector<std::string> types, std::vector<std::string> files)
    : random_(seed), types_(std::move(types)), files_(std::move(files)) {
  auto opened = OscClient::open("127.0.0.1", uint16_t(port), transport);
  if (!opened) throw std::runtime_error(opened.problems().front().text());
  socket_ = std::move(*opened);
  send(osc::Message{"/help", {}});
  send(osc::Message{"/sync", {}});
  while (addresses_.empty() || !knows_commands_) {
    const auto bytes = socket_->receive(5s);
    if (!bytes) throw std::runtime_error("no answer to /help");
    if (const auto packet = osc::decode(*bytes)) take(*packet);
  }
}

bool RandomClient::step() {
  for (int i = 0; i < 100 && socket_; i++) {
    const auto bytes = socket_->receive(0ms);
    if (!bytes) break;
    if (const auto packet = osc::decode(*bytes)) take(*packet);
  }
  if (socket_->failure()) return false;
  if (waiting_ > 0 && Clock::now() - asked_ < 20s) return true;
  waiting_ = 1;
  asked_ = Clock::now();
  for (int i = 0; i < kPackets; i++) send(packet());
  if (rounds_ % 10 == 0) send(osc::Message{"/status", {}});
  if (rounds_++ % 50 == 0) send(osc::Message{"/sync", {}});
  send(osc::Message{"/clock", {}});
  return true;
}

void RandomClient::send(const osc::Packet& packet) {
  socket_->send(osc::encode(packet));
  sent_++;
}

void RandomClient::take(const osc::Packet& packet) {
  if (const auto* message = std::get_if<osc::Message>(&packet)) return take(*message);
  for (const auto& element : std::get<osc::Bundle>(packet).elements) take(element);
}

void RandomClient::take(const osc::Message& message) {
  const auto text = [&](size_t i) {
    const auto* found = i < message.arguments.size() ? std::get_if<std::string>(&message.arguments[i]) : nullptr;
    return found ? *found : std::string();
  };
  const std::string& address = message.address;
  if (address == "/clock") waiting_ = 0;
  if (address == "/error") refused_++;
  if (address == "/done") done_++;
  if (address == "/done" && text(0) == "/graph/save") saved_.insert(text(1));
  if (address == "/status/nodes") nodes_ = size_t(osc::number(message.arguments.at(0)).value_or(0)), most_nodes_ = std::max(most_nodes_, nodes_);
  if (address == "/done" && text(0) == "/help") knows_commands_ = true;
  if (address == "/help" && !knows_commands_ && text(0) != "/restart") {
    std::istringstream words(text(1));
    commands_.push_back({text(0), {std::istream_iterator<std::string>(words), {}}});
  } else if (address == "/graph/node") {
    if (paths_.size() > kMostKnown) paths_.clear();
    paths_.push_back(text(0).starts_with("/") ? text(0).substr(1) : text(0));
  } else if (message.arguments.size() == 1 && !address.starts_with("/status") && !address.starts_with("/sync") && !address.starts_with("/meters")) {
    if (addresses_.size() > kMostKnown) addresses_.clear();
    addresses_.push_back(address);
  }
}

osc::Packet RandomClient::packet(int depth) {
  if (!chance(depth == 0 ? 15 : 5) || depth > 3) return message();
  osc::Bundle bundle;
  bundle.time = chance(30) ? osc::TimeTag{} : in_ms(int64_t(below(2100)) - 100);
  if (chance(20)) bundle.elements.push_back(osc::Message{"/on_tick", {}});
  for (size_t count = below(6); count > 0; count--) bundle.elements.push_back(packet(depth + 1));
  return bundle;
}

osc::Message RandomClient::message() {
  const size_t dice = below(100);
  if (dice < 2) return {"//record", {int32_t(0)}};  // or the disk is full of takes soon
  if (dice < 12) return device();
  if (dice < 45) return of_command();
  return of_parameter();
}

/// Players and recorders.
osc::Message RandomClient::device() {
  const std::string& file = any_of(files_);
  switch (below(5)) {
    case 0: return {"/mix/*/record", {int32_t(chance(30))}};
    case 1: return {"/" + path() + "/file", {file}};
    case 2: return {"/mix/*/play", {int32_t(below(2))}};
    default: break;
  }
  if (nodes_ > kNodesToAdd) return {"/graph/remove", {path()}};
  const std::string added = "mix/n" + std::to_string(number_++ % 40);
  if (chance(50)) return {"/graph/add", {added, std::string("player"), std::string("file"), file, std::string("loop"), int32_t(1)}};
  return {"/graph/add", {added, std::string("recorder"), std::string("file"), file, std::string("from"), path()}};
}

osc::Message RandomClient::of_parameter() {
  osc::Message message{address(), {}};
  if (chance(10)) message.address = any_of(kPatterns);
  if (chance(10)) message.address = "/norm" + message.address;
  if (chance(5)) message.address = garbled(message.address);
  if (chance(15)) return message;
  message.arguments.push_back(chance(90) ? value() : implausible());
  if (chance(25)) message.arguments.push_back(float(below(3000)) / 1000);
  if (message.arguments.size() > 1 && chance(50)) message.arguments.push_back(any_of(kCurves));
  return message;
}

osc::Message RandomClient::of_command() {
  const Command& command = any_of(commands_);
  osc::Message message{command.address, {}};
  if (command.address == "/graph/add" && nodes_ > kNodesToAdd) message.address = "/graph/remove";
  for (const std::string& name : command.arguments) {
    if (name.starts_with("[") && chance(50)) break;
    message.arguments.push_back(name.find("file") != name.npos ? osc::Argument(file_for(command.address)) : argument(name));
  }
  if (chance(5)) message.arguments.push_back(implausible());
  return message;
}

std::string RandomClient::file_for(const std::string& command) {
  static const std::vector<std::string> names{"song.yaml", "one.yaml", "two.yaml", "three.yaml"};
  return chance(80) ? any_of(names) : command == "/graph/save" ? garbled("one.yaml") : any_of(files_);
}

osc::Argument RandomClient::argument(const std::string& name) {
  const auto is = [&](const char* part) { return name.find(part) != name.npos; };
  if (chance(5)) return implausible();
  if (is("seconds")) return float(below(2000)) / 1000;
  if (is("ms")) return int32_t(below(1000));
  if (is("number")) return int64_t(random_());
  if (is("name")) return any_of(kNames);
  if (is("type")) return any_of(types_);
  if (is("pattern")) return any_of(kPatterns);
  if (is("prefix")) return "/" + path();
  if (is("input")) return std::string(chance(50) ? "key" : "in");
  if (is("key")) return std::string(chance(70) ? "from" : "fader");
  if (is("path")) return chance(60) ? "mix/n" + std::to_string(number_++ % 40) : path();
  return path();
}

std::string RandomClient::path() { return chance(90) ? any_of(paths_) : chance(50) ? "in/" + std::to_string(1 + below(4)) : garbled("mix/vox"); }

std::string RandomClient::address() { return any_of(addresses_); }

std::string RandomClient::garbled(std::string text) {
  static const std::string odd = "/*?[]{}!-,# \"\\..\x01\xff:;'%0";
  for (size_t i = 1 + below(3); i > 0; i--) text.insert(text.begin() + long(1 + below(text.size() - 1)), odd[below(odd.size())]);
  return text;
}

osc::Argument RandomClient::value() {
  switch (below(6)) {
    case 0: return int32_t(below(4));
    case 1: return chance(50);
    case 2: return float(below(2000)) / 100 - 15;
    case 3: return double(below(20'000));
    case 4: return -float(below(60));
    default: return float(below(1000)) / 1000;
  }
}

osc::Argument RandomClient::implausible() {
  switch (below(11)) {
    case 0: return std::numeric_limits<float>::quiet_NaN();
    case 1: return std::numeric_limits<double>::infinity();
    case 2: return std::string(below(3000), 'x');
    case 3: return osc::Blob{std::vector<uint8_t>(below(500))};
    case 4: return osc::Nil{};
    case 5: return osc::Impulse{};
    case 6: return osc::Midi{};
    case 7: return int64_t(1) << below(63);
    case 8: return 'c';
    case 9: return in_ms(5);
    default: return garbled("/graph/add");
  }
}

}  // namespace mixgraph
