// libFuzzer target for the reader of journals.
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I. tests/fuzz/fuzz_journal.cpp
//     daemon/journal/journal_{reader,replay,format}.cpp graph/{graph,node,parameter}.cpp
//     tests/config/types.cpp -o fuzz_journal && ./fuzz_journal
// An input is a list of parts; each is one byte for what is done with it, two for its length, and its bytes.
// Most parts become the payload of a record whose checksum is right, so that what lies behind the checksum is
// reached. Add -DMIXGRAPH_FUZZ_MAIN and leave `fuzzer` out to run it over saved inputs, or, without any, to
// write seeds to the folder in $SEEDS.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "daemon/journal/journal_reader.h"
#include "tests/config/types.h"

using namespace mixgraph;

namespace {

void require(bool true_always, const char* what) {
  if (true_always) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

/// The journal that an input describes.
std::string journal_of(std::string_view input) {
  std::string bytes(kJournalMagic);
  uint64_t sequence = 0;
  while (input.size() >= 3) {
    const auto mode = uint8_t(input[0]);
    const size_t length = std::min(input.size() - 3, size_t(uint8_t(input[1]) | uint8_t(input[2]) << 8));
    const std::string_view part = input.substr(3, length);
    input.remove_prefix(3 + length);
    if (mode % 8 == 7) {
      bytes += part;
      continue;
    }
    std::string record = journal_record(++sequence, 0, part);
    if (mode % 8 == 6) record[mode / 8 % record.size()] ^= 1;
    bytes += record;
  }
  return bytes;
}

/// Whatever is read can be written and read again.
void round_trip(const JournalContent& content) {
  JournalEncoder encoder;
  encoder.snapshot(content.facts, content.base, content.graph, content.scenes);
  const std::string bytes = std::string(kJournalMagic) + journal_record(1, 0, encoder.take());
  const JournalContent again = read_journal(bytes, test::table_types());
  require(again.health == JournalContent::Health::whole, "what is written is whole");
  require(again.graph == content.graph, "a graph comes back");
  require(again.scenes == content.scenes, "scenes come back");
  require(again.base == content.base, "a base comes back");
  require(again.left_out.empty(), "all of it is known");
}

void read(std::string_view bytes) {
  const JournalContent content = read_journal(bytes, test::table_types());
  require(content.good_bytes <= bytes.size(), "no more is good than there is");
  if (!content.has_state()) return;
  const auto applied = mixgraph::apply({}, diff({}, content.graph));
  require(applied && *applied == content.graph, "the graph is sound");
  round_trip(content);
  const JournalContent start = read_journal(bytes.substr(0, content.good_bytes), test::table_types());
  require(start.health == JournalContent::Health::whole && start.graph == content.graph,
          "the good part is good");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  read(input);
  read(journal_of(input));
  return 0;
}

#ifdef MIXGRAPH_FUZZ_MAIN
#include <fstream>
#include <iterator>

namespace {

std::string part(char mode, const std::string& payload) {
  return std::string{mode, char(payload.size()), char(payload.size() >> 8)} + payload;
}

void write_seeds(const std::string& folder) {
  int number = 0;
  for (const NodeType* type : test::table_types()) {
    JournalEncoder encoder;
    const auto graph = mixgraph::apply({}, {AddNode{make_node("mix/a", *type)},
                                            AddNode{make_node("mix/b", *type)}, SetFact{"mix", "type", "strip"}, SetFact{"mix/a", "label", "A"}});
    encoder.snapshot({"song.yaml", "Song", 48000}, {{1, 2}, true}, *graph,
                     {{"verse", Scene{{{"mix/b", {type, {}}}}, {{"mix/a/level", -3.0}}}}});
    std::string seed = part(0, encoder.take());
    if (!type->outputs.empty() && !type->inputs.empty()) encoder.edit(Connect{{"mix/a", 0, "mix/b", 0}});
    if (row_count(*type) > 0) encoder.edit(SetValue{"mix/a", 0, initial_value(row(*type, 0))});
    Scene scene{{{"mix/gone", {type, {}}}}, {{"mix/b/file", "a.wav"}}};
    if (row_count(*type) > 0) scene.scope.at("mix/gone").values[0] = initial_value(row(*type, 0));
    encoder.scene("two", scene);
    seed += part(0, encoder.take());
    encoder.edit(RemoveNode{"mix/a"});
    encoder.remove_scene("verse");
    seed += part(0, encoder.take()) + part(6, "?") + part(7, "torn");
    std::ofstream(folder + "/journal-" + std::to_string(++number), std::ios::binary) << seed;
  }
}

}  // namespace

int main(int count, char** files) {
  if (const char* folder = std::getenv("SEEDS"); folder && count == 1) write_seeds(folder);
  for (int i = 1; i < count; ++i) {
    std::ifstream file(files[i], std::ios::binary);
    const std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
}
#endif
