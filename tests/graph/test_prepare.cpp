// Slow lives: what takes long to make or to end is made and ended on workers, and the sound follows the document all the same.
#include <catch2/catch.hpp>
#include <filesystem>
#include <future>

#include "tests/support/fresh.h"
#include "tests/support/lazy_type.h"
#include "tests/support/sound_files.h"
#include "tests/support/test_types.h"

using namespace mixgraph;

namespace {

/// Runs on a thread of its own, and waits for it.
template <class F>
auto on_worker(F f) {
  return std::async(std::launch::async, f).get();
}

/// An engine whose workers are threads of their own; this thread is control's and the audio's.
struct Stage {
  std::vector<const NodeType*> list = all_types_and({&kLazy, &kLazySink});
  EngineRunner r{{.environment = {}, .inputs = 1, .outputs = 2, .ceiling_db = 60}, list};

  Stage() {
    lazy_lives.clear();
    r.add("out", "output");
    r.update();
    play(4800);
  }
  ~Stage() { lazy_lives.open(); }

  /// What is needed is made on a worker, until nothing more is.
  std::vector<Prepared> prepare() {
    std::vector<Prepared> have;
    for (auto needs = r.engine.needs(r.graph); !needs.empty(); needs = r.engine.needs(r.graph, have))
      for (Preparation& p : needs) have.push_back(on_worker([&] { return r.engine.make(std::move(p)); }));
    return have;
  }
  void update(std::vector<Prepared> prepared) { REQUIRE(r.engine.update(r.graph, std::move(prepared)).empty()); }
  bool serve() {
    return on_worker([this] { return r.engine.service(); });
  }
  /// Without a worker. The last sample of output 1.
  float play(int frames) {
    std::vector<float> in(64), left(64), right(64);
    const float* ins[] = {in.data()};
    float* outs[] = {left.data(), right.data()};
    for (int done = 0; done < frames; done += 64) {
      r.engine.advance();
      r.engine.process(ins, outs, 64);
    }
    return left.back();
  }
  void add(const std::string& path, const std::string& file, double level) {
    r.add(path, "lazy", {{"file", file}, {"level", level}});
    r.connect(path, "out");
  }
  void add_now(const std::string& path, const std::string& file, double level) {
    add(path, file, level);
    update(prepare());
    play(4800);
  }
};

}  // namespace

TEST_CASE("An update with what was prepared makes nothing on its thread", "[prepare]") {
  Stage s;
  s.add("a", "one", 0.25);
  s.add("b", "stereo", 0.5);
  auto needs = s.r.engine.needs(s.r.graph);
  REQUIRE(needs.size() == 2);
  CHECK(lazy_lives.count_here() == 0);
  s.update(s.prepare());
  CHECK(s.play(4800) == Approx(0.75));
  CHECK(lazy_lives.count("make", "one") == 1);
  CHECK(lazy_lives.count_here() == 0);
  CHECK(s.r.engine.needs(s.r.graph).empty());
  s.r.add("fader", "fader");  // what fits is used again
  s.update(s.prepare());
  CHECK(lazy_lives.count("make", "one") == 1);
}

TEST_CASE("What wasn't prepared is made at once", "[prepare]") {
  Stage s;
  s.add("a", "one", 0.25);
  s.update({});
  CHECK(s.play(4800) == Approx(0.25));
  CHECK(lazy_lives.count_here() > 0);
}

TEST_CASE("What hears a file is prepared when the file has told its channels", "[prepare]") {
  Stage s;
  s.add("a", "stereo", 0.25);
  s.r.add("sink", "lazy_sink", {{"file", "sink"}});
  s.r.connect("a", "sink");
  auto needs = s.r.engine.needs(s.r.graph);
  REQUIRE(needs.size() == 1);
  CHECK(needs[0].path == "a");
  std::vector<Prepared> have{on_worker([&] { return s.r.engine.make(needs[0]); })};
  needs = s.r.engine.needs(s.r.graph, have);
  REQUIRE(needs.size() == 1);
  CHECK(needs[0].path == "sink");
  CHECK(needs[0].format.channels == 2);
  s.update(s.prepare());
  CHECK(lazy_lives.count_here() == 0);
}

TEST_CASE("What was prepared for other values isn't used", "[prepare]") {
  Stage s;
  s.add("a", "one", 0.25);
  auto prepared = s.prepare();
  s.r.set("a", "file", std::string("other"));
  CHECK(s.r.engine.needs(s.r.graph, prepared).size() == 1);
  s.update(std::move(prepared));
  CHECK(lazy_lives.count("make", "other") == 1);
  CHECK(lazy_lives.count("end", "one") == 0);
  s.serve();
  CHECK(lazy_lives.count("end", "one") == 1);
}

TEST_CASE("What could not be made is a problem of the update, which then makes nothing and changes nothing", "[prepare]") {
  Stage s;
  const Graph before = s.r.graph;
  s.add("a", "bad", 0.25);
  s.add("b", "one", 0.25);
  auto needs = s.r.engine.needs(s.r.graph);
  REQUIRE(needs.size() == 2);
  std::erase_if(needs, [](const Preparation& p) { return p.path != "a"; });
  std::vector<Prepared> have{on_worker([&] { return s.r.engine.make(needs[0]); })};
  REQUIRE(have[0].problems.size() == 1);
  CHECK(have[0].problems[0].where == "/a: bad");
  const Problems problems = s.r.engine.update(s.r.graph, have);
  CHECK(problems == have[0].problems);
  CHECK(s.r.engine.needs(before).empty());
}

TEST_CASE("What is ended, and what isn't used, ends on a worker", "[prepare]") {
  Stage s;
  s.add_now("a", "one", 0.25);
  s.r.set("a", "file", std::string("unused"));
  { const auto unused = s.prepare(); }
  s.r.remove("a");
  s.update({});
  CHECK(s.play(9600) == 0);
  CHECK(lazy_lives.count("end", "one") == 0);
  CHECK(lazy_lives.count("end", "unused") == 0);
  s.serve();
  CHECK(lazy_lives.count("end", "one") == 1);
  CHECK(lazy_lives.count("end", "unused") == 1);
  CHECK(lazy_lives.count_here() == 0);
}

TEST_CASE("Nothing that an engine had outlives it", "[prepare]") {
  {
    Stage s;
    s.add_now("a", "one", 0.25);
    s.add_now("b", "two", 0.25);
    s.r.remove("b");
    s.update({});
    s.play(9600);
  }
  CHECK(lazy_lives.count("end", "one") == 1);
  CHECK(lazy_lives.count("end", "two") == 1);
}

TEST_CASE("One that hangs, in its work or at its end, keeps no other from its own", "[prepare]") {
  const std::string gate = GENERATE("serve", "end");
  INFO(gate);
  Stage s;
  s.add_now("a", "stuck", 0.25);
  s.add_now("b", "well", 0.25);
  lazy_lives.shut(gate, "stuck");
  if (gate == "end") s.r.remove("a"), s.update({}), s.play(9600);
  std::thread hangs([&] { s.r.engine.service(); });
  lazy_lives.await(gate, "stuck");
  const int before = lazy_lives.count("serve", "well");
  for (int i = 0; i < 3; i++) CHECK(s.serve());
  CHECK(lazy_lives.count("serve", "well") == before + 3);
  CHECK(lazy_lives.count(gate, "stuck") == 1);
  // Nor does it keep another from its end.
  s.r.remove("b");
  s.update({});
  s.play(9600);
  s.serve();
  CHECK(lazy_lives.count("end", "well") == 1);
  lazy_lives.open();
  hangs.join();
}

TEST_CASE("A slow node that was silenced goes on when a worker has made another one", "[prepare]") {
  Stage s;
  s.add_now("a", "one", 0.25);
  const Move spoil = s.r.move("a", "spoil", 1), heal = s.r.move("a", "spoil", 0);
  s.r.engine.move({&spoil, 1});
  s.play(4800);
  s.r.engine.move({&heal, 1});
  CHECK(s.play(4800) == 0);
  CHECK(s.r.engine.take_faults().size() == 1);
  CHECK(lazy_lives.count("make", "one") == 1);
  s.r.add("fader", "fader");  // an edit meanwhile doesn't wait for it
  s.update(s.prepare());
  CHECK(s.play(4800) == 0);
  const Move louder = s.r.move("a", "level", 0.75);
  s.r.engine.move({&louder, 1});
  s.serve();
  CHECK(s.play(9600) == Approx(0.75));
  CHECK(lazy_lives.count("make", "one") == 2);
  s.serve();
  CHECK(lazy_lives.count("end", "one") == 1);
  CHECK(lazy_lives.count_here() == 0);
}

TEST_CASE("Values that are told while an instance is being made, and right after, are those that it starts with", "[prepare][law]") {
  using Sets = std::vector<EngineRunner::Set>;
  enum When { before, meanwhile, after };
  const int rate = GENERATE(48000, 44100);
  const auto told = GENERATE(Sets{{"play", 0.0}}, Sets{{"position", 0.5}}, Sets{{"position", 3.9}, {"loop", 1.0}}, Sets{{"loop", 1.0}});
  INFO(told[0].row << " " << rate);
  TemporaryFolder folder;
  std::vector<float> noise(size_t(rate) * 4);
  for (size_t i = 0; i < noise.size(); i++) noise[i] = device_noise(0, i);
  auto play = [&](When when) {
    write_sound(folder.path("noise.wav"), {noise}, rate);
    EngineRunner r({.environment = {.rate = 48000, .media_root = folder.path()}, .inputs = 1, .outputs = 2, .ceiling_db = 60});
    auto set = [&] {
      for (const auto& s : told) r.set("new", s.row, s.value);
    };
    r.add("out", "output");
    r.update();
    r.run(960);
    r.add("x", "trim");
    r.update();  // until this is taken over, what comes after it doesn't sound
    r.add("new", "player", {{"file", std::string("noise.wav")}, {"play", 1.0}});
    r.connect("new", "out");
    if (when == before) set();
    std::vector<Prepared> prepared;
    for (Preparation& p : r.engine.needs(r.graph)) prepared.push_back(r.engine.make(std::move(p)));
    REQUIRE(prepared.size() == 1);
    std::filesystem::remove(folder.path("noise.wav"));  // nothing opens it again
    if (when == meanwhile) set();
    REQUIRE(r.engine.update(r.graph, std::move(prepared)).empty());
    for (size_t i = 0; when == after && i < told.size(); i++) {
      const Move move = r.move("new", told[i].row, std::get<double>(told[i].value));
      r.engine.move({&move, 1});
    }
    return r.run(24'000)[0];
  };
  const auto wanted = play(before);
  constexpr size_t kRead = 2400;  // another place has to be read first; then it is in time
  CHECK(difference(play(meanwhile), wanted, kRead, 24'000) == 0);
  CHECK(difference(play(after), wanted, kRead, 24'000) == 0);
}
