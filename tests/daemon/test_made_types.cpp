// Types that are made while the engine runs, used, saved, loaded and dropped: nothing names one that is gone.
#include <catch2/catch.hpp>

#include "config/session.h"
#include "daemon/journal/journal_format.h"
#include "daemon/journal/journal_reader.h"
#include "graph/type_library.h"
#include "nodes/list.h"
#include "tests/support/deck.h"

using namespace mixgraph;

namespace {

constexpr int kBatches = 10, kTogether = 20;
int alive = 0;

/// A gain that is the type's own, with a name of its own for its row, and a latency that only the instance knows.
struct GainType : MadeType {
  GainType(int n, float factor, int frames) : gain(factor), latency(frames) {
    alive++;
    const std::string name = "made_" + std::to_string(n);
    inputs = {{"in"}}, outputs = {{"out"}};
    parameters = {{.id = keep("amount_" + std::to_string(n)), .label = keep("Amount " + std::to_string(n)), .doc = keep("The gain of " + name + "."), .initial = 1, .main = true}};
    kernels.assign(1, kernel());
    type.id = keep(name), type.label = keep(name), type.doc = "A gain.", type.category = "test";
    type.inputs = inputs, type.outputs = outputs, type.parameters = parameters, type.kernels = kernels;
  }
  ~GainType() override { alive--; }
  static Kernel kernel();

  const float gain;
  const int latency;
};

class Gain {
 public:
  explicit Gain(const Setup& setup) : type_(static_cast<const GainType&>(*setup.type->owner)), ring_(size_t(type_.latency) + 1) {}
  int latency() const { return type_.latency; }
  void process(baseline::Block<float> b) {
    const float amount = b.ramp(0).at(b.at() + b.frames() - 1);
    for (int i = 0; i < b.frames(); i++) {
      ring_[size_t(at_)] = b.in(0)[i] * type_.gain * amount;
      at_ = (at_ + 1) % (type_.latency + 1);
      b.out(0)[i] = ring_[size_t(at_)];
    }
  }

 private:
  const GainType& type_;
  baseline::Memory<float> ring_;
  int at_ = 0;
};
Kernel GainType::kernel() { return baseline::kernel_of<Gain, float>(State::solo); }

struct Made {
  uint32_t number;
  float gain;
  int latency;
};
std::string path_of(int k) { return "mix/g" + std::to_string(k); }
std::string id_of(int batch, int k) { return "made_" + std::to_string(batch * kTogether + k); }

/// The largest difference between what was heard and the sum of what all nodes should make of the input, when all are in time.
double unlike(Deck& deck, const std::vector<Made>& made, double factor) {
  deck.run(6000);
  const size_t latency = size_t(deck.engine.latency()), start = deck.engine.frame() - deck.heard[0].size();
  double sum = 0, worst = 0;
  for (const Made& m : made) sum += double(m.gain) * factor;
  for (size_t i = deck.heard[0].size() - 500; i < deck.heard[0].size(); i++)
    worst = std::max(worst, std::abs(double(deck.heard[0][i]) - sum * double(device_noise(0, start + i - latency))));
  return worst;
}

}  // namespace

TEST_CASE("200 types are made, used, saved, loaded and dropped, and each goes when nothing names it", "[types]") {
  alive = 0;
  {
    JournalEncoder journal;
    TypeLibrary library(node_types());
    Deck deck("mixgraph: 1\nmaster:\n  out: {type: output, from: in/1, to: 1}\n", {.inputs = 1, .outputs = 1, .ceiling_db = 60, .threads = 1}, library.types());
    deck.send("/graph/disconnect", {std::string("in/1"), std::string("master/out")});
    deck.run(1000);
    for (int batch = 0; batch < kBatches; batch++) {
      INFO("batch " << batch);
      std::vector<Made> made;
      for (int k = 0; k < kTogether; k++) {
        Made m{0, 0.01f * float(1 + (batch * 7 + k * 3) % 11), k % 5 * 10};
        auto number = library.add(std::make_unique<GainType>(batch * kTogether + k, m.gain, m.latency));
        REQUIRE(number);
        m.number = *number;
        made.push_back(m);
      }
      deck.control.know_types(library.types());
      for (int k = 0; k < kTogether; k++) {
        deck.send("/graph/add", {path_of(k), id_of(batch, k), std::string("from"), std::string("in/1")});
        deck.send("/graph/connect", {path_of(k), std::string("master/out")});
      }
      CHECK(unlike(deck, made, 1) < 1e-5);
      CHECK(deck.engine.latency() == 40);
      // Their rows, a scene of them, a saved session and a journal.
      deck.send("/scene/store", {std::string("full")});
      for (int k = 0; k < kTogether; k++) deck.send("/" + path_of(k) + "/amount_" + std::to_string(batch * kTogether + k), {0.5f});
      CHECK(unlike(deck, made, 0.5) < 1e-5);
      deck.send("/scene/recall", {std::string("full")});
      CHECK(unlike(deck, made, 1) < 1e-5);
      Session session = deck.control.workspace().document.session();
      session.graph = deck.control.graph();
      auto read = parse_session(write_session(session), "made.yaml", ".", library.types());
      REQUIRE(read);
      CHECK(read->graph == deck.control.graph());
      journal.snapshot({"made.yaml", "Made", 48000, "mixgraph: 1\n"}, {{}, true}, deck.control.graph(), {});
      const std::string bytes = std::string(kJournalMagic) + journal_record(1, 0, journal.take());
      CHECK(read_journal(bytes, library.types()).graph == deck.control.graph());
      CHECK(read_journal(bytes, node_types()).left_out.size() >= size_t(kTogether));
      // Without their types there are problems, which name them.
      const auto unknown = parse_session(write_session(session), "made.yaml", ".", node_types());
      REQUIRE_FALSE(unknown);
      CHECK(unknown.problems()[0].what.find(id_of(batch, 0)) != std::string::npos);
      // They are dropped while they play, and play on.
      for (const Made& m : made) CHECK(library.drop(m.number));
      deck.control.know_types(library.types());
      CHECK(unlike(deck, made, 1) < 1e-5);
      deck.send("/graph/add", {std::string("mix/late"), id_of(batch, 0)});
      CHECK(deck.errors.size() == size_t(batch) + 1);
      // What was removed comes back by undo, though no new node could be of its type.
      for (int k = 0; k < kTogether; k++) deck.send("/graph/remove", {path_of(k)});
      deck.run(4000);
      for (int k = 0; k < kTogether; k++) deck.send("/graph/undo");
      INFO(deck.control.graph().nodes().size() << " nodes, " << deck.control.graph().cables().size() << " cables, " << (deck.errors.empty() ? "" : deck.errors.back()));
      CHECK(unlike(deck, made, 1) < 1e-5);
      for (int k = 0; k < kTogether; k++) deck.send("/graph/remove", {path_of(k)});
      deck.send("/scene/remove", {std::string("full")});
      deck.run(4000);
      CHECK(alive >= kTogether);
      CHECK(deck.engine.costs().size() < size_t(kTogether * (batch + 1) + 10));
    }
    CHECK(alive < kBatches * kTogether + 1);
    CHECK(library.types().size() == node_types().size());
  }
  CHECK(alive == 0);
}

TEST_CASE("a type of a taken name, or one that isn't sound, is refused", "[types]") {
  TypeLibrary library(node_types());
  auto twin = std::make_unique<GainType>(1, 1.f, 0);
  twin->type.id = "trim";
  CHECK(library.add(std::move(twin)).problems()[0].text() == "trim: there is a node type of this name; another one");
  auto nameless = std::make_unique<GainType>(2, 1.f, 0);
  nameless->type.doc = "no sentence";
  CHECK_FALSE(library.add(std::move(nameless)));
  CHECK_FALSE(library.drop(7));
  CHECK(library.find(7) == nullptr);
}
