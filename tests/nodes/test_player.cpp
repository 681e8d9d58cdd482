#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

#include "nodes/io/read_ahead.h"
#include "tests/support/sound_files.h"

using namespace mixgraph;

namespace {

constexpr int kFade = 480;  // 10 ms at 48 kHz

/// Every sample says which frame it is: exact in floats up to 2^24 frames.
std::vector<float> numbered(size_t frames) {
  std::vector<float> x(frames);
  for (size_t i = 0; i < frames; i++) x[i] = float(i + 1) / float(1 << 24);
  return x;
}
double frame_number(float sample) {
  return double(sample) * (1 << 24) - 1;
}

std::vector<float> sine(double cycles_per_frame, size_t frames, float level = 0.5f) {
  std::vector<float> x(frames);
  for (size_t i = 0; i < frames; i++) x[i] = level * float(std::sin(2 * M_PI * cycles_per_frame * double(i)));
  return x;
}
/// What is left of x when the sine that fits it best is taken away, over that sine, in dB.
double residue_db(const std::vector<float>& x, double cycles_per_frame, size_t from, size_t to) {
  double ss = 0, cc = 0, sc = 0, xs = 0, xc = 0, power = 0;
  for (size_t i = from; i < to; i++) {
    double phase = 2 * M_PI * cycles_per_frame * double(i), s = std::sin(phase), c = std::cos(phase);
    ss += s * s, cc += c * c, sc += s * c, xs += x[i] * s, xc += x[i] * c;
  }
  double det = ss * cc - sc * sc, a = (xs * cc - xc * sc) / det, b = (xc * ss - xs * sc) / det;
  for (size_t i = from; i < to; i++) {
    double phase = 2 * M_PI * cycles_per_frame * double(i);
    power += std::pow(x[i] - a * std::sin(phase) - b * std::cos(phase), 2);
  }
  return 10 * std::log10(2 * power / double(to - from) / (a * a + b * b) + 1e-30);
}
std::vector<float> part(const std::vector<float>& x, size_t from, size_t count) {
  return {x.begin() + long(from), x.begin() + long(from + count)};
}
float largest(const std::vector<float>& x) {
  float most = 0;
  for (float s : x) most = std::max(most, std::abs(s));
  return most;
}

/// A folder with one file, and a player of it.
struct Deck {
  TemporaryFolder folder;
  std::unique_ptr<NodeRunner> player;
  explicit Deck(const Channels& sound, int rate = 48000, std::vector<Setting> values = {},
                double engine_rate = 48000) {
    write_sound(folder.path("x.wav"), sound, rate);
    values.emplace_back("file", "x.wav");
    player = std::make_unique<NodeRunner>("player", RunnerOptions{.rate = engine_rate,
                                                                  .channels = int(sound.size()),
                                                                  .values = std::move(values),
                                                                  .media_root = folder.path()});
  }
  NodeRunner* operator->() { return player.get(); }
  std::vector<float> play(int frames, int block = 64) { return player->process({}, frames, block)[0]; }
};

Problem refusal(const std::string& root, std::string name) {
  const NodeType& type = find_type("player");
  Environment environment{.media_root = root};
  std::vector<Value> values;
  for (auto& p : type.parameters) values.push_back(initial_value(p));
  values[size_t(find_row(type, "file"))] = std::move(name);
  const Problems problems = problems_of(type, Setup{environment, 2, values});
  REQUIRE(problems.size() == 1);
  return problems[0];
}

}  // namespace

TEST_CASE("a file at the engine's rate plays bit for bit from its first frame, then there is silence",
          "[player]") {
  Channels sound{numbered(10000), sine(0.01, 10000)};
  for (int block : {1, 17, 64}) {
    Deck deck(sound);
    auto out = deck->process({}, 10500, block);
    for (size_t c = 0; c < 2; c++) {
      CHECK(part(out[c], 0, 10000) == sound[c]);
      CHECK(largest(part(out[c], 10000, 500)) == 0);
    }
    CHECK(deck->meter("position") == Approx(10000 / 48000.0));
    CHECK(deck->allocations() == 0);
  }
}

TEST_CASE("a player's width is that of its file", "[player]") {
  TemporaryFolder folder;
  write_sound(folder.path("mono.wav"), {numbered(10)});
  write_sound(folder.path("stereo.wav"), {numbered(10), numbered(10)});
  Environment environment{.media_root = folder.path()};
  auto width = [&](std::string name) {
    std::vector<Value> values;
    for (int r = 0; r < row_count(find_type("player")); r++) values.push_back(initial_value(row(find_type("player"), r)));
    values[0] = std::move(name);
    return find_type("player").format(Setup{environment, 2, values}).channels;
  };
  CHECK(width("mono.wav") == 1);
  CHECK(width("stereo.wav") == 2);
  CHECK(width("none.wav") == 2);
}

TEST_CASE("a file of another rate is converted: right pitch, right length, no distortion", "[player]") {
  for (int rate : {44100, 96000, 22050}) {
    INFO(rate);
    size_t frames = size_t(rate);
    Deck deck({sine(1000.0 / rate, frames)}, rate);
    auto out = deck.play(48500);
    CHECK(residue_db(out, 1000.0 / 48000, 1000, 47000) < -120);
    CHECK(largest(part(out, 1000, 46000)) == Approx(0.5).epsilon(1e-3));
    CHECK(largest(part(out, 48000, 500)) == 0);
    CHECK(deck->meter("position") == Approx(1.0));
  }
}

TEST_CASE("a loop at the engine's rate repeats to the frame", "[player]") {
  auto sound = numbered(1000);
  Deck deck({sound}, 48000, {{"loop", true}});
  auto out = deck.play(5300);
  for (size_t i = 0; i < out.size(); i++) REQUIRE(out[i] == sound[i % 1000]);
  CHECK(deck->meter("position") == Approx(300 / 48000.0));
}

TEST_CASE("a loop at another rate has no seam", "[player]") {
  // 44 101 frames make 48 001.09: the loop is 48 001 frames, and as long each time.
  for (size_t frames : {size_t(44100), size_t(44101), size_t(20000)}) {
    INFO(frames);
    size_t length = size_t(std::llround(double(frames) * 48000 / 44100));
    Deck deck({sine(200.0 / double(frames), frames)}, 44100, {{"loop", true}});
    auto out = deck.play(int(length) * 4);
    CHECK(residue_db(out, 200.0 / double(length), 1000, length * 4) < -100);
    // Negative control: were the loop one frame longer, it would be heard.
    auto late = out;
    late.insert(late.begin() + long(length * 2), out[length * 2]);
    CHECK(residue_db(late, 200.0 / double(length), 1000, length * 4) > -50);
  }
}

TEST_CASE("loop switched off lets the file end at its end, switched on it goes on there", "[player]") {
  auto sound = numbered(1000);
  Deck deck({sound}, 48000, {{"loop", true}});
  deck.play(1500);
  deck->set("loop", 0);
  auto out = deck.play(700);
  CHECK(part(out, 0, 500) == part(sound, 500, 500));
  CHECK(largest(part(out, 500, 200)) == 0);
  deck->set("loop", 1);
  CHECK(deck.play(1000) == sound);
}

TEST_CASE("stopping and starting fade, and nothing is skipped", "[player]") {
  Deck deck({std::vector<float>(20000, 0.5f)});
  deck.play(1000);
  deck->set("play", 0);
  auto out = deck.play(1000);
  CHECK(out[0] < 0.5f);
  CHECK(out[kFade / 2 - 1] == Approx(0.25));
  CHECK(largest(part(out, kFade, 1000 - kFade)) == 0);
  CHECK(deck->meter("position") == Approx((1000 + kFade - 1) / 48000.0));
  deck->set("play", 1);
  auto back = deck.play(1000);
  CHECK(back[kFade / 2 - 1] == Approx(0.25));
  CHECK(back[kFade] == 0.5f);
  for (size_t i = 1; i < 1000; i++) {
    CHECK(std::abs(out[i] - out[i - 1]) < 0.5 * M_PI / 2 / kFade * 1.01);
    CHECK(std::abs(back[i] - back[i - 1]) < 0.5 * M_PI / 2 / kFade * 1.01);
  }
}

TEST_CASE("it goes on where it stopped", "[player]") {
  Deck deck({numbered(20000)});
  deck.play(1000);
  deck->set("play", 0);
  deck.play(5000);
  deck->set("play", 1);
  CHECK(frame_number(deck.play(1000)[999]) == 1000 + kFade - 1 + 999);
}

TEST_CASE("after the end, play starts anew with the first frame", "[player]") {
  auto sound = numbered(1000);
  Deck deck({sound});
  deck.play(2000);
  deck->set("play", 0);
  deck.play(1000);
  deck->set("play", 1);
  CHECK(part(deck.play(1200), 0, 1000) == sound);
}

TEST_CASE("a player that is made stopped starts on command", "[player]") {
  auto sound = numbered(1000);
  Deck deck({sound}, 48000, {{"play", false}});
  CHECK(largest(deck.play(777)) == 0);
  deck->set("play", 1);
  CHECK(deck.play(1000) == sound);
}

TEST_CASE("seeking fades the old out and the new in, at the frame asked for", "[player]") {
  Deck deck({numbered(200000)});
  deck.play(1000);
  deck->set("position", 2.0);
  auto out = deck.play(2000);
  CHECK(frame_number(out[0]) < 1001);
  CHECK(frame_number(out[size_t(kFade) / 2 - 1]) < 1001 + kFade / 2.0);
  CHECK(out[kFade - 1] == 0);
  CHECK(frame_number(out[2 * kFade]) == 96000 + kFade);
  CHECK(frame_number(out[1999]) == 96000 + 1999 - kFade);
  CHECK(deck->meter("position") == Approx((96000 + 2000 - kFade) / 48000.0));
}

TEST_CASE("seeking while stopped shows the place, and play starts there", "[player]") {
  Deck deck({numbered(200000)}, 48000, {{"play", false}});
  deck->set("position", 1.0);
  CHECK(largest(deck.play(2000)) == 0);
  CHECK(deck->meter("position") == Approx(1.0));
  deck->set("play", 1);
  CHECK(frame_number(deck.play(1000)[999]) == 48999);
}

TEST_CASE("the last of several seeks counts", "[player]") {
  Deck deck({numbered(200000)});
  for (double place : {1.0, 3.0, 2.0}) {
    deck->set("position", place);
    deck.play(64);
  }
  auto out = deck.play(4000);
  CHECK(frame_number(out[3999]) == Approx(96000 + 4000 - kFade).margin(200));
  CHECK(frame_number(out[3999]) == frame_number(out[3998]) + 1);
}

TEST_CASE("seeking beyond the end is the end, it can be left again", "[player]") {
  Deck deck({numbered(5000)});
  deck->set("position", 100);
  CHECK(largest(part(deck.play(2000), kFade, 2000 - kFade)) == 0);
  deck->set("position", 0.05);
  CHECK(frame_number(deck.play(2000)[1500]) == 2400 + 1500 - kFade);
}

TEST_CASE("a player starts at the place it is made with", "[player]") {
  Deck deck({numbered(100000)}, 48000, {{"position", 1.0}});
  CHECK(frame_number(deck.play(10)[0]) == 48000);
}

TEST_CASE("a seek in a converted file lands on the frame where playing would have come by", "[player]") {
  std::vector<float> sound(200000);
  uint32_t seed = 1;
  for (size_t i = 0; i < sound.size(); i++) {
    seed = seed * 1664525 + 1013904223;
    sound[i] = 0.5f * float(double(seed) / 4294967296.0 - 0.5) + (i ? 0.7f * sound[i - 1] : 0.f);
  }
  for (bool loop : {false, true}) {
    Deck straight({sound}, 44100, {{"loop", loop}}), sought({sound}, 44100, {{"loop", loop}});
    auto whole = straight.play(200000);
    sought->set("position", 123457 / 48000.0);
    auto out = sought.play(10000);
    double worst = 0;
    for (size_t i = 2 * kFade; i < 10000; i++)
      worst = std::max(worst, std::abs(double(out[i]) - whole[123457 + i - kFade]));
    CHECK(worst < 2e-4);
  }
}

TEST_CASE("a busy player puts out the same in blocks of any size", "[player]") {
  auto run = [](int rate, int block) {
    Deck deck({sine(0.003, 30000), numbered(30000)}, rate, {{"loop", true}});
    std::vector<float> all;
    auto go_on = [&](int frames) {
      for (auto& channel : deck->process({}, frames, block))
        all.insert(all.end(), channel.begin(), channel.end());
    };
    go_on(1234);
    deck->set("position", 0.4);
    go_on(3000);
    deck->set("play", 0);
    go_on(333);
    deck->set("play", 1);
    deck->set("position", 0.1);
    go_on(20000);
    deck->set("loop", 0);
    go_on(40000);
    return all;
  };
  for (int rate : {48000, 44100}) {
    auto once = run(rate, 64);
    CHECK(once == run(rate, 64));
    CHECK(once == run(rate, 17));
    CHECK(once == run(rate, 1));
  }
}

TEST_CASE("when the disk is too slow there is silence, it is counted, and the place stays true", "[player]") {
  Deck deck({numbered(400000)});
  deck->automatic_service = false;
  auto out = deck.play(150000);
  CHECK(deck->meter("underruns") == 1);
  CHECK(largest(part(out, 140000, 10000)) == 0);
  CHECK(deck->meter("position") == Approx(150000 / 48000.0));
  float previous = 0;
  for (float x : part(out, 50000, 50000)) {
    CHECK(x <= previous + 0.01f);
    previous = x;
  }
  deck->service();
  auto back = deck.play(1000);
  CHECK(frame_number(back[999]) == 150999);
  CHECK(back[0] < 0.01f);
  CHECK(deck->meter("underruns") == 1);
}

TEST_CASE("a seek that the disk answers late begins where it would be by then", "[player]") {
  Deck deck({numbered(400000)});
  deck->automatic_service = false;
  deck->set("position", 2.0);
  CHECK(largest(part(deck.play(5000), kFade, 5000 - kFade)) == 0);
  deck->service();
  auto back = deck.play(2000);
  CHECK(back[0] < 0.01f);
  CHECK(frame_number(back[1999]) == 96000 + (5000 - kFade) + 1999);
  CHECK(deck->meter("underruns") == 1);
}

TEST_CASE("a loop that the disk starved goes on where it would be by then", "[player]") {
  for (int missed : {150000, 1000000}) {
    Deck deck({numbered(90000)}, 48000, {{"loop", true}});
    deck->automatic_service = false;
    deck.play(missed);
    deck->service();
    CHECK(frame_number(deck.play(1000)[999]) == (missed + 999) % 90000);
  }
}

TEST_CASE("a disk that is too slow is told of, once for a while", "[player]") {
  Deck deck({numbered(3000000)});
  deck->automatic_service = false;
  CHECK_FALSE(deck->take_trouble());
  deck.play(150000);
  const auto trouble = deck->take_trouble();
  REQUIRE(trouble);
  CHECK(trouble->problem.where == "x.wav");
  CHECK(trouble->row == -1);
  deck->service();
  deck.play(150000);
  CHECK(deck->meter("underruns") == 2);
  CHECK_FALSE(deck->take_trouble());
}

TEST_CASE("what isn't a number in a file is silence", "[player]") {
  auto sound = numbered(100);
  sound[50] = NAN;
  sound[51] = INFINITY;
  auto out = Deck({sound}).play(100);
  CHECK(out[50] == 0);
  CHECK(out[51] == 0);
  CHECK(out[52] == sound[52]);
}

TEST_CASE("the shortest files play and loop", "[player]") {
  for (int rate : {48000, 44100, 8000})
    for (bool loop : {false, true}) {
      Deck deck({{0.5f}}, rate, {{"loop", loop}});
      for (float x : deck.play(1000)) REQUIRE(std::isfinite(x));
    }
}

TEST_CASE("a player without a file is silent", "[player]") {
  CHECK(largest(NodeRunner("player").process({}, 1000)[1]) == 0);
}

TEST_CASE("files that can't be played are refused by name, with a reason and a way out", "[player]") {
  TemporaryFolder folder;
  write_sound(folder.path("many.wav"), Channels(17, numbered(10)));
  write_sound(folder.path("empty.wav"), {{}});
  std::ofstream(folder.path("text.wav")) << "not a sound";
  std::filesystem::create_directory(folder.path("folder"));
  auto says = [&](const std::string& name) {
    Problem p = refusal(folder.path(), name);
    CHECK(p.where == name);
    CHECK_FALSE(p.hint.empty());
    return p.what;
  };
  CHECK(says("none.wav") == "there is no such file");
  CHECK(says("many.wav") == "has 17 channels");
  CHECK(says("empty.wav") == "holds no sound");
  CHECK(says("folder") == "is not a file");
  CHECK(says("text.wav").starts_with("can't be read: "));
  for (const char* name : {"../x.wav", "a/../../x.wav", "/etc/passwd", "folder/../many.wav", "/"})
    CHECK(says(name) == "lies outside the folder for it");
  write_sound(folder.path("x.wav"), {numbered(10)});
  std::filesystem::create_symlink("x.wav", folder.path("link.wav"));
  CHECK(says("link.wav") == "is a link, or is beneath one");
  NodeRunner absolute("player", {.values = {{"file", folder.path("x.wav")}}, .media_root = folder.path()});
  CHECK(absolute.process({}, 10)[0] == numbered(10));
}

TEST_CASE("a worker of its own keeps a player supplied through wild seeking", "[player]") {
  Deck deck({numbered(300000)}, 48000, {{"loop", true}});
  deck->automatic_service = false;
  std::atomic<bool> done{false};
  std::atomic<int> turns{0};
  std::thread worker([&] {
    while (!done) {
      deck->service();
      turns++;
      std::this_thread::yield();
    }
  });
  unsigned seed = 1;
  int consecutive = 0;
  for (int round = 0; round < 100; round++) {
    seed = seed * 1664525 + 1013904223;
    deck->set("position", double(seed >> 16) / 65536 * 6);
    deck.play(64);
    for (const int turn = turns; turns < turn + 2;) std::this_thread::yield();  // the disk is as fast as it should be
    auto out = deck.play(64 * int(seed % 40 + 1));
    for (size_t i = 1; i < out.size(); i++)
      consecutive += frame_number(out[i]) == frame_number(out[i - 1]) + 1;
  }
  // It comes to rest in the right place, whatever was asked for on the way.
  deck->set("position", 3.0);
  for (int i = 0; i < 1000 && frame_number(deck.play(640)[639]) < 144000; i++) std::this_thread::yield();
  auto out = deck.play(1000);
  done = true;
  worker.join();
  CHECK(frame_number(out[999]) == frame_number(out[0]) + 999);
  CHECK(consecutive > 0);
}

TEST_CASE("a file that can't be read on is told of, once", "[player]") {
  TemporaryFolder folder;
  write_sound(folder.path("long.wav"), {std::vector<float>(480000, 0.5f)});
  auto file = ReadAhead::open(folder.path(), "long.wav", 48000, 0, false);
  REQUIRE(file);
  std::filesystem::resize_file(folder.path("long.wav"), 200000);  // as a disk that was pulled out
  int told = 0;
  for (int i = 0; i < 40; i++) {
    (*file)->advance(16384);
    (*file)->service();
    if (const auto trouble = (*file)->take_trouble()) {
      told++;
      CHECK(trouble->where == "long.wav");
      CHECK(trouble->what.starts_with("can't be read at "));
    }
  }
  CHECK(told == 1);
}

TEST_CASE("a player takes surround from its file in our order, whatever the order in the file", "[player][formats]") {
  for (const int channels : {6, 8, 10, 12}) {
    TemporaryFolder folder;
    Channels sound;
    for (int c = 0; c < channels; c++) sound.push_back(std::vector<float>(100, float(c + 1) / 16));
    {
      NodeRunner recorder("recorder", {.channels = usual_format(channels), .values = {{"record", true}}, .record_root = folder.path()});
      recorder.process(sound, 100);
    }
    // In a file, the rears of 7.1 come before the sides: bits 4 and 5 of the mask before 9 and 10.
    const Sound file = read_sound(folder.path("take-001.wav"));
    REQUIRE(int(file.channels.size()) == channels);
    const bool has_sides = channels == 8 || channels == 12;
    CHECK(file.channels[4][0] == (has_sides ? 7.f : 5.f) / 16);
    CHECK(file.channels[6 % size_t(channels)][0] == (has_sides ? 5.f : channels == 6 ? 1.f : 7.f) / 16);
    NodeRunner player("player", {.channels = usual_format(channels), .values = {{"file", "take-001.wav"}}, .media_root = folder.path()});
    CHECK(player.process({}, 100) == sound);
    Environment environment{.media_root = folder.path()};
    std::vector<Value> values;
    for (int r = 0; r < row_count(find_type("player")); r++) values.push_back(initial_value(row(find_type("player"), r)));
    values[0] = std::string("take-001.wav");
    CHECK(find_type("player").format(Setup{environment, 2, values}) == usual_format(channels));
    values[size_t(find_row(find_type("player"), "format"))] = 2.0;  // stereo
    CHECK(problems_of(find_type("player"), Setup{environment, 2, values})[0].what == "stereo has 2 channels, not " + std::to_string(channels));
  }
}
