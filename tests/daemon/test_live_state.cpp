// What a daemon starts from: the session file, or the live state of its last run.
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <thread>

#include "daemon/control/control.h"
#include "daemon/journal/journal_reader.h"
#include "daemon/journal/live_state.h"
#include "nodes/list.h"
#include "tests/support/lazy_type.h"
#include "tests/support/test_types.h"
#include "tests/config/folder.h"
#include "tests/support/desk.h"
#include "tests/support/sound_files.h"

using namespace mixgraph;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

const std::string kSong =
    "mixgraph: 1\n"
    "name: Song\n"
    "mix:\n"
    "  vox: {type: strip, from: in/1, fader: -3}\n"
    "  sum: {type: bus, from: vox}\n"
    "master:\n"
    "  level: {type: fader, from: mix/sum, level: 2}\n"
    "  trim: {type: trim, from: level}\n"
    "  out: {type: output, from: trim, to: [1, 2]}\n"
    "scenes:\n"
    "  verse: {mix/vox/fader: -10}\n";

/// A session file and a folder of live states.
struct Home {
  test::Folder folder;
  std::string session = folder.path("song.yaml"), state = folder.path("state");
  explicit Home(const std::string& text = kSong) { folder.write("song.yaml", text); }
  std::vector<std::string> files(const std::string& with) const {
    std::vector<std::string> found;
    if (fs::exists(state))
      for (const auto& entry : fs::directory_iterator(state))
        if (entry.path().string().find(with) != std::string::npos) found.push_back(entry.path().string());
    return found;
  }
  std::string journal() const {
    for (const std::string& file : files(".journal"))
      if (file.ends_with(".journal")) return file;
    return "";
  }
};

/// A run of the daemon without sockets and sound device. It ends without warning.
class Run {
 public:
  explicit Run(const Home& home, bool fresh = false, bool limit_gain = true, bool same_run = false)
      : session_(load_session(home.session, node_types())),
        state(open_live_state(session_, {home.session, home.state, fresh, limit_gain, same_run, builds})),
        restored_scenes(found().scenes),
        engine_({.environment = {48000, home.folder.path(), home.folder.path()}}),
        control(
            engine_, std::move(found()), node_types(),
            [this](const Client&, const osc::Packet& packet, bool) {
              if (const auto* message = std::get_if<osc::Message>(&packet))
                answers.push_back(osc::describe(*message));
            },
            settings(home)) {
    if (state.restored)
      REQUIRE(control.start_restored(state.file_graph, told));
    else
      REQUIRE(control.start().empty());
    tick();
  }
  void send(const std::string& address, std::vector<osc::Argument> arguments = {}) {
    control.receive({}, osc::encode(osc::Message{address, std::move(arguments)}), now_);
    tick();
  }
  void tick() {
    now_.monotonic_ns += 2 * kMillisecond;
    control.tick(now_);
    engine_.advance();
  }
  double level(const std::string& path) const {
    return std::get<double>(control.graph().find(path)->values[0]);
  }
  std::string remarks() const {
    std::string text;
    for (const auto& remark : state.remarks) text += remark.text + "\n";
    return text;
  }

 private:
  ControlSettings settings(const Home& home) {
    ControlSettings with;
    with.session_file = home.session;
    if (state.journal) with.journal = state.journal->keeping();
    with.log = [this](const std::string& line, bool) { log.push_back(line); };
    return with;
  }
  Session& found() {
    REQUIRE(session_);
    return *session_;
  }
  static Problems builds(const Session& session) { return Engine(EngineSettings{}).update(session.graph); }
  Result<Session> session_;

 public:
  LiveState state;
  Scenes restored_scenes;
  Problems told;
  std::vector<std::string> answers, log;

 private:
  Engine engine_;
  Now now_{0, 1'700'000'000 * kSecond, 1000 * kSecond};

 public:
  Control control;
};

/// A run that moves a fader and adds a delay.
void run_and_change(const Home& home) {
  Run run(home);
  run.send("/mix/vox/fader", {-17.F});
  run.send("/graph/add", {std::string("mix/extra"), std::string("delay")});
  run.send("/scene/store", {std::string("mine")});
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("A run goes on with the state of the one before, and says so", "[journal]") {
  const Home home;
  {
    Run first(home);
    CHECK_FALSE(first.state.restored);
    CHECK(first.remarks() == "");
  }
  run_and_change(home);
  Run third(home);
  CHECK(third.state.restored);
  CHECK(third.level("mix/vox/fader") == -17);
  CHECK(third.control.graph().find("mix/extra"));
  CHECK(third.restored_scenes.contains("mine"));
  CHECK(third.restored_scenes.contains("verse"));
  CHECK(has(third.remarks(), "restored: 1 value and 1 node differ from the file"));
}

TEST_CASE("Undo, moves, recalls and transactions are kept as what they led to", "[journal]") {
  const Home home;
  Graph before;
  {
    Run run(home);
    run.send("/scene/recall", {std::string("verse"), 5.F});
    run.send("/graph/begin");
    run.send("/graph/add", {std::string("mix/a"), std::string("delay")});
    run.send("/graph/connect", {std::string("mix/vox"), std::string("mix/a")});
    run.send("/graph/commit");
    run.send("/graph/remove", {std::string("mix/vox")});
    run.send("/graph/undo");
    run.send("/mix/*/mute", {1});
    run.send("/mix/sum/fader", {-30.F, 60.F});
    run.send("/scene/remove", {std::string("verse")});
    before = run.control.graph();
  }
  Run again(home);
  CHECK(again.control.graph() == before);
  CHECK(again.level("mix/vox/fader") == -10);
  CHECK(again.level("mix/sum/fader") == -30);
  CHECK(again.restored_scenes.empty());
}

TEST_CASE("A session file that was changed since wins, and the live state is put aside", "[journal]") {
  const Home home;
  run_and_change(home);
  home.folder.write("song.yaml", kSong + "# by another hand\n");
  Run run(home);
  CHECK_FALSE(run.state.restored);
  CHECK(run.level("mix/vox/fader") == -3);
  CHECK(has(run.remarks(), "has been changed since"));
  REQUIRE(home.files(".old-").size() == 1);
  CHECK(has(run.remarks(), home.files(".old-")[0]));
}

TEST_CASE("Of the states that were put aside the newest twenty are kept", "[journal]") {
  const Home home;
  run_and_change(home);
  const std::string journal = home.journal();
  for (int i = 0; i < 30; i++) {
    const std::string aside = journal + (i % 2 ? ".old-2001" : ".bak.bad-2001") + std::to_string(i);
    std::ofstream(aside) << i;
    fs::last_write_time(aside, fs::file_time_type::clock::now() - std::chrono::hours(i + 1));
  }
  std::ofstream(home.state + "/other.journal.old-2001") << "another session's";
  home.folder.write("song.yaml", kSong + "# by another hand\n");
  const Run run(home);
  CHECK(home.files(".old-").size() + home.files(".bad-").size() == 20 + 1);
  CHECK(home.files("20010").size() == 1);
  CHECK(home.files("200119").empty());
  CHECK(has(run.remarks(), "that state is kept as"));
  CHECK(fs::exists(home.state + "/other.journal.old-2001"));
}

TEST_CASE("A changed composite type beside the session counts as a changed session", "[journal]") {
  const Home home;
  run_and_change(home);
  home.folder.write("bus.yaml",
                    "mixgraph: 1\ntype: bus\nnodes:\n  sum: {type: sum}\n  fader: {type: fader}\n");
  const Run run(home);
  CHECK_FALSE(run.state.restored);
  CHECK(has(run.remarks(), "has been changed since"));
}

TEST_CASE("A changed file is nothing to tell of when nothing was changed live", "[journal]") {
  const Home home;
  { const Run run(home); }
  home.folder.write("song.yaml", kSong + "# edited\n");
  {
    Run run(home);
    CHECK(run.remarks() == "");
    run.send("/mix/vox/fader", {-17.F});
    run.send("/graph/revert");
  }
  home.folder.write("song.yaml", kSong + "# edited again\n");
  const Run run(home);
  CHECK(run.remarks() == "");
  CHECK(home.files(".old-").empty());
}

TEST_CASE("After a save, a load and a revert the live state belongs to the file as it is then", "[journal]") {
  const Home home;
  const std::string how = GENERATE("/graph/save", "/graph/load", "/graph/revert");
  INFO(how);
  {
    Run run(home);
    run.send("/mix/vox/fader", {-17.F});
    if (how != "/graph/save") home.folder.write("song.yaml", kSong + "# edited\n");
    run.send(how);
    run.send("/mix/sum/fader", {-6.F});
  }
  const Run run(home);
  CHECK(run.state.restored);
  CHECK(run.level("mix/vox/fader") == (how == "/graph/save" ? -17 : -3));
  CHECK(run.level("mix/sum/fader") == -6);
}

TEST_CASE("Another file that is loaded does not change which file the live state belongs to", "[journal]") {
  const Home home;
  home.folder.write("other.yaml", "mixgraph: 1\nmix:\n  a: {type: fader, level: -9}\n");
  {
    Run run(home);
    run.send("/graph/load", {std::string("other.yaml")});
    run.send("/graph/save", {std::string("copy.yaml")});
  }
  const Run run(home);
  CHECK(run.state.restored);
  CHECK(run.level("mix/a") == -9);
  CHECK_FALSE(run.control.graph().find("mix/vox/fader"));
}

TEST_CASE("Between a save and its end either file is the session's", "[journal]") {
  const Home home;
  run_and_change(home);
  std::string bytes = home.folder.read("state/" + fs::path(home.journal()).filename().string());
  const JournalContent content = read_journal(bytes, node_types());
  JournalEncoder encoder;
  encoder.base({{content.base.fingerprints[0], 12345}, false});
  bytes += journal_record(content.sequence + 1, 0, encoder.take());
  std::ofstream(home.journal(), std::ios::binary) << bytes;
  const Run run(home);
  CHECK(run.state.restored);
  CHECK(run.level("mix/vox/fader") == -17);
}

TEST_CASE("A fresh start takes the file, and keeps the live state aside", "[journal]") {
  const Home home;
  run_and_change(home);
  {
    const Run run(home, true);
    CHECK_FALSE(run.state.restored);
    CHECK(run.level("mix/vox/fader") == -3);
    CHECK(has(run.remarks(), "--fresh"));
    CHECK(home.files(".old-").size() == 1);
  }
  const Run next(home);
  CHECK(next.level("mix/vox/fader") == -3);
}

TEST_CASE("A damaged journal counts up to the damage, and is kept", "[journal]") {
  const Home home;
  {
    Run run(home);
    for (int i = 1; i < 30; i++) run.send("/mix/vox/fader", {float(-i)});
  }
  const std::string name = home.journal();
  std::string bytes = home.folder.read("state/" + fs::path(name).filename().string());
  bytes[bytes.size() - 200] ^= 1;
  std::ofstream(name, std::ios::binary) << bytes;
  {
    const Run run(home);
    CHECK(run.state.restored);
    CHECK(run.level("mix/vox/fader") < -15);
    CHECK(run.level("mix/vox/fader") > -29);
    CHECK(has(run.remarks(), "the journal is damaged"));
    CHECK(home.files(".bad-").size() == 1);
  }
  const Run next(home);
  CHECK(next.state.restored);
  CHECK(next.level("mix/vox/fader") < -15);
  CHECK(home.files(".bad-").size() == 1);
}

TEST_CASE("If a journal can't be read, the one before the last compaction is used, and without it the file",
          "[journal]") {
  const Home home;
  run_and_change(home);
  const std::string name = home.journal();
  fs::copy_file(name, name + ".bak");
  std::ofstream(name) << "nothing of use";
  {
    const Run run(home);
    CHECK(run.state.restored);
    CHECK(run.level("mix/vox/fader") == -17);
    CHECK(has(run.remarks(), ".bak"));
    CHECK(home.files(".bad-").size() == 1);
  }
  {
    const Run run(home);
    CHECK(run.level("mix/vox/fader") == -17);
  }
  std::ofstream(name) << "nothing of use";
  std::ofstream(name + ".bak") << "here neither";
  const Run run(home);
  CHECK_FALSE(run.state.restored);
  CHECK(run.level("mix/vox/fader") == -3);
  CHECK(home.files(".bad-").size() == 3);
}

TEST_CASE("Two daemons do not keep the state of one session", "[journal]") {
  const Home home;
  const Run first(home);
  const Run second(home);
  CHECK(first.state.journal);
  CHECK_FALSE(second.state.journal);
  CHECK(has(second.remarks(), "another mixgraphd"));
  CHECK(has(second.state.trouble, "another mixgraphd"));
}

TEST_CASE("Where nothing can be written, the session plays, and it is said", "[journal]") {
  Home home;
  home.folder.write("file", "");
  home.state = home.folder.path("file/state");
  const Run run(home);
  CHECK_FALSE(run.state.journal);
  CHECK(has(run.remarks(), "the live state is not kept"));
}

TEST_CASE("Levels of the master that are restored are limited, unless the file says more", "[journal]") {
  const Home home;
  {
    Run run(home);
    run.send("/master/level", {1.F});
    run.send("/master/trim", {12.F});
    run.send("/mix/vox/fader", {8.F});
  }
  {
    const Run resumed(home, false, false);
    CHECK(resumed.level("master/trim") == 12);
  }
  {
    Run run(home);
    CHECK(run.level("master/level") == 1);  // the file says 2
    CHECK(run.level("master/trim") == 0);
    CHECK(run.level("mix/vox/fader") == 8);
    CHECK(has(run.remarks(), "/master/trim/gain was at 12.0 dB and is restored at 0.0 dB"));
    run.send("/master/level", {10.F});
  }
  const Run run(home);
  CHECK(run.level("master/level") == 0);
}

TEST_CASE("The session says how far levels are restored", "[journal]") {
  const Home home(kSong + "audio: {restore_max: 6}\n");
  {
    Run run(home);
    run.send("/master/trim", {12.F});
  }
  const Run run(home);
  CHECK(run.level("master/trim") == 6);
}

TEST_CASE("A file that has gone keeps its name in a restored state, and that is told", "[journal]") {
  const Home home;
  write_sound(home.folder.path("take.wav"), {std::vector<float>(48000)});
  {
    Run run(home);
    run.send("/graph/add",
             {std::string("mix/take"), std::string("player"), std::string("file"), std::string("take.wav")});
    run.send("/mix/vox/fader", {-17.F});
    REQUIRE(run.control.graph().find("mix/take"));
  }
  fs::remove(home.folder.path("take.wav"));
  const Run run(home);
  CHECK(run.state.restored);
  CHECK(run.level("mix/vox/fader") == -17);
  REQUIRE(run.control.graph().find("mix/take"));
  CHECK(run.control.graph().find("mix/take")->values[0] == Value("take.wav"));
  REQUIRE(run.told.size() == 1);
  CHECK(has(run.told[0].text(), "take.wav"));
}

TEST_CASE("A restored state without a node that can't be made has the meters of the others in their places", "[journal]") {
  const auto types = all_types_and({&kLazy});
  auto session = parse_session("mixgraph: 1\nmix:\n  rec: {type: lazy, file: bad}\n  level: {type: meter, from: in/1}\n", "test.yaml", ".", types);
  REQUIRE(session);
  Engine engine({});
  std::vector<std::string> answers;
  Control control(engine, std::move(*session), types, [&](const Client&, const osc::Packet& packet, bool) {
    if (const auto* message = std::get_if<osc::Message>(&packet)) answers.push_back(osc::describe(*message));
  });
  Problems told;
  REQUIRE(control.start_restored(Graph{}, told));
  REQUIRE_FALSE(control.graph().find("mix/rec"));
  const auto ask = [&](const char* address) {
    answers.clear();
    Now now{0, 1'700'000'000 * kSecond, 1000 * kSecond};
    control.receive({}, osc::encode(osc::Message{address, {}}), now);
    control.tick(now);
  };
  ask("/meters");
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].starts_with("/meters/mix/level ,"));
  ask("/node/fault");
  CHECK(answers.at(0).starts_with("/node/fault ,sss \"/mix/rec\" "));
}

TEST_CASE("Clients that have subscribed are told when the state can't be kept, once", "[journal]") {
  const Home home;
  JournalWriter::Settings settings;
  settings.path = home.folder.path("j");
  static std::atomic<bool> full;
  full = false;
  settings.calls.write = [](int file, const void* bytes, size_t count) {
    errno = ENOSPC;
    return full ? -1 : ::write(file, bytes, count);
  };
  settings.first_retry = settings.last_retry = 5ms;
  Journal journal(settings, {}, {});
  std::vector<std::string> log;
  ControlSettings with;
  with.journal = journal.keeping();
  with.log = [&](const std::string& line, bool well) { log.push_back((well ? "well: " : "bad: ") + line); };
  Desk desk(kSong, std::move(with));
  desk.send("/subscribe");
  desk.lines();
  REQUIRE(journal.flush(5s));
  full = true;
  desk.send("/mix/vox/fader", {-12.F});
  const auto run_until = [&](auto done) {
    for (int i = 0; i < 2000 && !done(); i++) {
      std::this_thread::sleep_for(1ms);
      desk.run(2);
    }
    return done();
  };
  REQUIRE(run_until([&] { return journal.status() != "kept"; }));
  std::vector<std::string> told;
  run_until([&] {
    for (const std::string& line : desk.lines()) told.push_back(line);
    return !told.empty();
  });
  REQUIRE(told.size() == 1);
  CHECK(has(told[0], "/error"));
  CHECK(has(told[0], "#journal"));
  CHECK(has(told[0], "No space left on device"));
  full = false;
  CHECK(run_until([&] { return journal.status() == "kept"; }));
  CHECK(run_until([&] { return log.size() == 2; }));
  CHECK(has(log.back(), "well: "));
  CHECK(has(log.front(), "bad: "));
  CHECK(desk.lines().empty());
}

TEST_CASE("Within one run a changed file does not count, at the next start it does", "[journal]") {
  const Home home;
  run_and_change(home);
  home.folder.write("song.yaml", kSong + "# by another hand\n");
  for (int i = 0; i < 2; i++) {
    const Run again(home, false, false, true);
    CHECK(again.state.restored);
    CHECK(again.level("mix/vox/fader") == -17);
  }
  const Run next(home);
  CHECK_FALSE(next.state.restored);
  CHECK(has(next.remarks(), "has been changed since"));
}
