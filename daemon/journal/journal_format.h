#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/session.h"

/// How a journal is written down. A file is kJournalMagic and then records. A record is a head and a payload:
///   u32 bytes of the payload, u32 checksum (CRC-32 of all that follows it and of the length),
///   u64 sequence number, i64 time (ns since 1970), payload
/// and a payload is items: kind (one letter), size of the body as a varint, body. Numbers are little-endian,
/// texts are a varint of their length and their bytes. A record is carried out as a whole or not at all.
namespace mixgraph {

inline constexpr std::string_view kJournalMagic = "mixgraph journal";
inline constexpr uint32_t kJournalFormat = 4;
inline constexpr size_t kRecordHead = 24;  ///< bytes

/// The kinds of items.
enum class JournalItem : char {
  start = 'S',        ///< forget all before: format, JournalFacts
  base = 'B',         ///< JournalBase
  type = 'T',         ///< a number for a node type: its id, and those of its rows, inputs and outputs
  add = 'a',          ///< path, type's number, values
  remove = 'r',       ///< path
  connect = 'c',      ///< path, output, path, input
  disconnect = 'd',   ///< the same
  value = 'v',        ///< path, row, value
  position = 'p',     ///< the same, of what moves by itself
  fact = 'f',         ///< path, key, value
  scene = 's',        ///< name; number of nodes in scope, and of each: path, type's number, how many values, row and value of
                      ///< each; then addresses and values
  remove_scene = 'x'  ///< name
};

/// Whose state a journal keeps.
struct JournalFacts {
  std::string session_file, session_name;  ///< for people who look into it
  double rate = 0;                         ///< Hz; the same
  std::string head;                        ///< write_head() of the session: with it the state sounds without the file
  bool operator==(const JournalFacts&) const = default;
};

/// What a journal's state goes back to.
struct JournalBase {
  std::vector<uint64_t> fingerprints;  ///< of the session file: any of these
  bool pristine = true;                ///< the state was the file's, and nothing has changed since
  bool operator==(const JournalBase&) const = default;
};

/// Builds payloads. Types get a number when they are first used, which they keep. [control]
class JournalEncoder {
 public:
  /// The whole state, beginning with `start`.
  void snapshot(const JournalFacts& facts, const JournalBase& base, const Graph& graph,
                const Scenes& scenes);
  void base(const JournalBase& base);
  void edit(const Edit& edit);
  void position(const std::string& path, int row, double value);
  void scene(const std::string& name, const Scene& scene);
  void remove_scene(const std::string& name);
  bool empty() const { return payload_.empty(); }
  std::string take() { return std::exchange(payload_, {}); }

 private:
  void put(const AddNode& e) { add(e.node); }
  void put(const RemoveNode& e);
  void put(const Connect& e) { cable(JournalItem::connect, e.cable); }
  void put(const Disconnect& e) { cable(JournalItem::disconnect, e.cable); }
  void put(const SetValue& e);
  void put(const SetFact& e);
  void add(const Node& node);
  void cable(JournalItem kind, const Cable& cable);
  uint64_t number_of(const NodeType& type);
  void define(const NodeType& type, uint64_t number);
  void item(JournalItem kind);

  std::string payload_, body_;
  std::vector<TypeRef> types_;
};

/// A record around a payload. [any]
std::string journal_record(uint64_t sequence, int64_t system_ns, std::string_view payload);

/// CRC-32 (of IEEE 802.3); `before`: that of the bytes before these. [any]
uint32_t checksum(std::string_view bytes, uint32_t before = 0);

/// Appends numbers and texts as bytes. [any]
void put_number(std::string& to, uint64_t number);  ///< varint
void put_fixed(std::string& to, uint64_t number, int bytes);
void put_double(std::string& to, double number);
void put_text(std::string& to, std::string_view text);
void put_value(std::string& to, const Value& value);

}  // namespace mixgraph
