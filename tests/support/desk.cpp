#include "tests/support/desk.h"

#include <cmath>
#include <fstream>
#include <stdexcept>

#include "daemon/control/roles.h"
#include "nodes/list.h"

namespace mixgraph {
namespace {

Session session_of(const std::string& yaml) {
  auto session = parse_session(yaml, "test.yaml", ".", node_types());
  if (!session) throw std::runtime_error(session.problems().front().text());
  return std::move(*session);
}

void flatten(const osc::Packet& packet, std::vector<osc::Message>& to) {
  if (const auto* message = std::get_if<osc::Message>(&packet)) return to.push_back(*message);
  for (const osc::Packet& element : std::get<osc::Bundle>(packet).elements) flatten(element, to);
}

}  // namespace

Desk::Desk(const std::string& yaml, ControlSettings settings, Environment environment)
    : engine({.environment = std::move(environment), .inputs = 2, .outputs = 2, .ceiling_db = 60}),
      control(engine, session_of(yaml), node_types(),
              [this](const Client& to, const osc::Packet& packet, bool may_drop) {
                droppable += may_drop;
                flatten(packet, received_[to]);
              },
              std::move(settings)) {
  if (Problems problems = control.start(); !problems.empty())
    throw std::runtime_error(problems.front().text());
  run(50);
}

Client Desk::client(RouterPort port) {
  return Client({.id = {port, ++clients_}, .name = "test", .leased = port == kUdp, .role = roles_of(control.workspace().settings.files).local});
}

Client Desk::stranger(RouterPort port, const std::string& name) {
  const bool udp = port == kUdp;
  const RolePtr role = roles_of(control.workspace().settings.files).remote;
  return Client({.id = {port, ++clients_}, .name = name, .remote = true, .forgeable = udp, .leased = udp, .role = role});
}

Client Desk::surface() {
  return Client({.id = {kUdp, ++clients_}, .name = "surface", .remote = true, .role = roles_of(control.workspace().settings.files).remote});
}

void Desk::send(const Client& client, const osc::Packet& packet) {
  control.receive(client, osc::encode(packet), now);
}

void Desk::run(double milliseconds) {
  constexpr int kTickFrames = 96;  // 2 ms
  std::vector<float> in(kTickFrames);
  for (double left = milliseconds; left > 0; left -= 2) {
    for (size_t i = 0; i < in.size(); i++) in[i] = input(engine.frame() + i);
    engine.advance();
    control.tick(now);
    std::vector<float> out[2] = {std::vector<float>(kTickFrames), std::vector<float>(kTickFrames)};
    const float* inputs[] = {in.data(), in.data()};
    float* outputs[] = {out[0].data(), out[1].data()};
    engine.process(inputs, outputs, kTickFrames);
    for (size_t c = 0; c < 2; c++) output[c].insert(output[c].end(), out[c].begin(), out[c].end());
    now.frame = engine.frame();
    now.system_ns += 2 * kMillisecond;
    now.monotonic_ns += 2 * kMillisecond;
  }
}

std::vector<osc::Message> Desk::received(const Client& client) {
  return std::exchange(received_[client], {});
}

std::vector<std::string> Desk::lines(const Client& client) {
  std::vector<std::string> text;
  for (const osc::Message& message : received(client)) text.push_back(osc::describe(message));
  return text;
}

double Desk::get(const std::string& address) {
  received_[main].clear();
  send(address);
  const auto answers = received();
  if (answers.size() != 1 || answers[0].address != address) return std::nan("");
  return osc::number(answers[0].arguments.at(0)).value_or(std::nan(""));
}

bool Desk::load(const std::string& yaml) {
  std::ofstream(control.workspace().settings.session_file) << yaml;
  received_[main].clear();
  send("/graph/load");
  const auto answers = received();
  return !answers.empty() && answers.back().address == "/done";
}

}  // namespace mixgraph
