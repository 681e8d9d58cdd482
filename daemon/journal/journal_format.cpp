#include "daemon/journal/journal_format.h"

#include <algorithm>
#include <array>
#include <bit>

namespace mixgraph {
namespace {

constexpr std::array<uint32_t, 256> kCrcTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < table.size(); i++) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320U : 0);
    table[i] = crc;
  }
  return table;
}();

}  // namespace

uint32_t checksum(std::string_view bytes, uint32_t before) {
  uint32_t crc = ~before;
  for (const char byte : bytes) crc = crc >> 8 ^ kCrcTable[(crc ^ uint8_t(byte)) & 0xFF];
  return ~crc;
}

void put_number(std::string& to, uint64_t number) {
  for (; number >= 0x80; number >>= 7) to.push_back(char(number | 0x80));
  to.push_back(char(number));
}

void put_fixed(std::string& to, uint64_t number, int bytes) {
  for (int i = 0; i < bytes; i++) to.push_back(char(number >> 8 * i));
}

void put_double(std::string& to, double number) {
  put_fixed(to, std::bit_cast<uint64_t>(number), 8);
}

void put_text(std::string& to, std::string_view text) {
  put_number(to, text.size());
  to.append(text);
}

void put_value(std::string& to, const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) {
    to.push_back('n');
    put_double(to, *number);
  } else {
    to.push_back('t');
    put_text(to, std::get<std::string>(value));
  }
}

std::string journal_record(uint64_t sequence, int64_t system_ns, std::string_view payload) {
  std::string length, rest;
  put_fixed(length, payload.size(), 4);
  put_fixed(rest, sequence, 8);
  put_fixed(rest, uint64_t(system_ns), 8);
  rest.append(payload);
  std::string record = length;
  put_fixed(record, checksum(rest, checksum(length)), 4);
  return record + rest;
}

void JournalEncoder::item(JournalItem kind) {
  payload_.push_back(char(kind));
  put_text(payload_, body_);
  body_.clear();
}

void JournalEncoder::snapshot(const JournalFacts& facts, const JournalBase& state, const Graph& graph,
                              const Scenes& scenes) {
  put_number(body_, kJournalFormat);
  put_text(body_, facts.session_file);
  put_text(body_, facts.session_name);
  put_double(body_, facts.rate);
  put_text(body_, facts.head);
  item(JournalItem::start);
  for (size_t i = 0; i < types_.size(); i++) define(*types_[i], i);
  for (const Node& node : graph.nodes()) add(node);
  for (const Cable& c : graph.cables()) cable(JournalItem::connect, c);
  for (const auto& [at, value] : graph.facts()) put(SetFact{at.first, at.second, value});
  for (const auto& [name, values] : scenes) scene(name, values);
  base(state);
}

void JournalEncoder::base(const JournalBase& state) {
  body_.push_back(char(state.pristine));
  put_number(body_, state.fingerprints.size());
  for (const uint64_t fingerprint : state.fingerprints) put_fixed(body_, fingerprint, 8);
  item(JournalItem::base);
}

void JournalEncoder::edit(const Edit& any) {
  std::visit([this](const auto& e) { put(e); }, any);
}

void JournalEncoder::add(const Node& node) {
  const uint64_t type = number_of(*node.type);
  put_text(body_, node.path);
  put_number(body_, type);
  for (const Value& value : node.values) put_value(body_, value);
  item(JournalItem::add);
}

void JournalEncoder::put(const RemoveNode& e) {
  put_text(body_, e.path);
  item(JournalItem::remove);
}

void JournalEncoder::cable(JournalItem kind, const Cable& cable) {
  put_text(body_, cable.from);
  put_number(body_, uint64_t(cable.from_port));
  put_text(body_, cable.to);
  put_number(body_, uint64_t(cable.to_port));
  item(kind);
}

void JournalEncoder::put(const SetValue& e) {
  put_text(body_, e.path);
  put_number(body_, uint64_t(e.row));
  put_value(body_, e.value);
  item(JournalItem::value);
}

void JournalEncoder::position(const std::string& path, int row, double value) {
  put_text(body_, path);
  put_number(body_, uint64_t(row));
  put_value(body_, value);
  item(JournalItem::position);
}

void JournalEncoder::put(const SetFact& e) {
  put_text(body_, e.path);
  put_text(body_, e.key);
  put_text(body_, e.value);
  item(JournalItem::fact);
}

void JournalEncoder::scene(const std::string& name, const Scene& scene) {
  std::vector<uint64_t> types;  // asked for before the item begins, as a type that is new comes before it
  for (const auto& [path, part] : scene.scope) types.push_back(number_of(*part.type));
  put_text(body_, name);
  put_number(body_, scene.scope.size());
  for (size_t i = 0; const auto& [path, part] : scene.scope) {
    put_text(body_, path);
    put_number(body_, types[i++]);
    put_number(body_, part.values.size());
    for (const auto& [row, value] : part.values) {
      put_number(body_, uint64_t(row));
      put_value(body_, value);
    }
  }
  for (const auto& [address, value] : scene.values) {
    put_text(body_, address);
    put_value(body_, value);
  }
  item(JournalItem::scene);
}

void JournalEncoder::remove_scene(const std::string& name) {
  put_text(body_, name);
  item(JournalItem::remove_scene);
}

uint64_t JournalEncoder::number_of(const NodeType& type) {
  const auto found = std::find(types_.begin(), types_.end(), &type);
  const auto number = uint64_t(found - types_.begin());
  if (found == types_.end()) {
    types_.push_back(&type);
    define(type, number);
  }
  return number;
}

void JournalEncoder::define(const NodeType& type, uint64_t number) {
  put_number(body_, number);
  put_text(body_, type.id);
  put_number(body_, uint64_t(row_count(type)));
  for (int i = 0; i < row_count(type); i++) put_text(body_, row(type, i).id);
  for (const auto ports : {type.inputs, type.outputs}) {
    put_number(body_, ports.size());
    for (const Port& port : ports) put_text(body_, port.id);
  }
  item(JournalItem::type);
}

}  // namespace mixgraph
