#include "tests/support/deck.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "tests/support/engine_runner.h"

namespace mixgraph {
namespace {

constexpr int64_t kStart = 1'700'000'000 * kSecond;

Session session_of(const std::string& yaml, NodeTypes types) {
  auto session = parse_session(yaml, "test.yaml", ".", types);
  if (!session) throw std::runtime_error(session.problems().front().text());
  return std::move(*session);
}

}  // namespace

float device_noise(int channel, uint64_t frame) {
  uint64_t x = (frame + 1) * 6364136223846793005ull + uint64_t(channel + 1) * 1442695040888963407ull;
  x ^= x >> 33, x *= 0xff51afd7ed558ccdull, x ^= x >> 33;
  return float(int32_t(x >> 32)) * 0x1p-31f * 0.063f;
}

Deck::Deck(const std::string& yaml, EngineSettings settings, NodeTypes types)
    : engine(settings),
      control(engine, session_of(yaml, types), types,
              [this](const Client&, const osc::Packet& packet, bool) {
                const auto* message = std::get_if<osc::Message>(&packet);
                if (message && message->address == "/error") errors.push_back(osc::describe(*message));
              }),
      heard(size_t(settings.outputs)) {
  if (Problems problems = control.start(); !problems.empty())
    throw std::runtime_error(problems.front().text());
}

Now Deck::now() const {
  Now now{engine.frame(), 0, 0, kStart};
  now.system_ns = now.time_of(now.frame, kRate);
  now.monotonic_ns = now.system_ns - kStart + kSecond;
  return now;
}

void Deck::send(const osc::Packet& packet, const Client& client) { control.receive(client, osc::encode(packet), now()); }

void Deck::send_ahead(int64_t frames, std::vector<osc::Packet> messages, const Client& client) {
  const auto time = osc::TimeTag::at(now().time_of(engine.frame() + uint64_t(frames), kRate));
  send(osc::Bundle{time, std::move(messages)}, client);
}

void Deck::turn() {
  engine.advance();
  control.tick(now());
  after_turn();
  next_turn_ = engine.frame() + kTurn;
}

void Deck::run(uint64_t frames, int block, bool late) {
  const EngineSettings& settings = engine.settings();
  std::vector<std::vector<float>> in(size_t(settings.inputs), std::vector<float>(size_t(block))),
      out(size_t(settings.outputs), std::vector<float>(size_t(block)));
  std::vector<const float*> ins;
  std::vector<float*> outs;
  for (auto& channel : in) ins.push_back(channel.data());
  for (auto& channel : out) outs.push_back(channel.data());
  control.flush();  // there are no more packets for now
  for (const uint64_t end = engine.frame() + frames; engine.frame() < end;) {
    if (!late && next_turn_ <= engine.frame()) turn();
    const int n = int(std::min<uint64_t>(uint64_t(block), end - engine.frame()));
    for (size_t c = 0; c < in.size(); c++)
      for (int i = 0; i < n; i++) in[c][size_t(i)] = device_noise(int(c), engine.frame() + uint64_t(i));
    engine.service();
    engine.process(ins.data(), outs.data(), n);
    for (size_t c = 0; c < out.size(); c++) heard[c].insert(heard[c].end(), out[c].begin(), out[c].begin() + n);
  }
}

double Deck::value(const std::string& path, std::string_view row) const {
  const Node* node = control.graph().find(path);
  if (!node) throw std::runtime_error("no node " + path);
  return std::get<double>(node->values.at(size_t(find_row(*node->type, row))));
}

float difference(const std::vector<float>& a, const std::vector<float>& b, size_t first, size_t last) {
  float most = 0;
  for (size_t i = first; i < last; i++) {
    const float d = std::abs(a.at(i) - b.at(i));
    most = d <= std::numeric_limits<float>::max() ? std::max(most, d) : std::numeric_limits<float>::infinity();
  }
  return most;
}

std::vector<float> unlike_fresh(Deck& deck, uint64_t frames) {
  EngineSettings settings = deck.engine.settings();
  settings.threads = 1;
  EngineRunner fresh(settings);
  fresh.graph = deck.control.graph();
  fresh.input = device_noise;
  fresh.update();
  const uint64_t window = std::min<uint64_t>(frames, 4800);
  for (const uint64_t end = deck.engine.frame() + frames - window; deck.engine.frame() < end;) {
    for (auto& channel : deck.heard) channel.clear();
    deck.run(std::min<uint64_t>(4800, end - deck.engine.frame()));
  }
  while (fresh.engine.frame() < deck.engine.frame()) fresh.run(int(std::min<uint64_t>(4800, deck.engine.frame() - fresh.engine.frame())));
  for (auto& channel : deck.heard) channel.clear();
  deck.run(window);
  const auto wanted = fresh.run(int(window));
  std::vector<float> unlike;
  for (size_t c = 0; c < wanted.size(); c++) unlike.push_back(difference(deck.heard[c], wanted[c], 0, window));
  return unlike;
}

}  // namespace mixgraph
