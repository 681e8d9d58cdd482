#pragma once
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "daemon/journal/journal_reader.h"

namespace mixgraph {

/// Takes numbers and texts from bytes; once they end too early, everything is zero and empty. [any]
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : left_(bytes) {}
  uint64_t number();  ///< varint
  uint64_t fixed(int bytes);
  double real();
  std::string_view text();
  Value value();
  bool empty() const { return left_.empty(); }
  bool failed() const { return failed_; }

 private:
  std::string_view take(size_t count);
  std::string_view left_;
  bool failed_ = false;
};

/// Carries out the items of records. Whatever this program can't take is left out and told once; the graph
/// that results is always a sound one. [any]
class JournalReplay {
 public:
  explicit JournalReplay(NodeTypes types) : types_(types) {}
  /// Carries out a payload whose checksum was right.
  void run(std::string_view payload);
  bool started() const { return started_; }
  const Problems& left_out() const { return left_out_; }
  /// What the body of a `start` says; nullopt if it is none.
  static std::optional<std::pair<uint64_t, JournalFacts>> start_of(ByteReader body);
  /// The state so far; what comes later goes on from it.
  void tell(JournalContent& content) const;

 private:
  /// A node type as the journal knew it: for each of its rows and ports the one of today, or -1.
  struct KnownType {
    TypeRef type;
    std::string id;
    std::vector<int> rows, inputs, outputs;
  };
  struct NumberedNode {
    uint64_t id = 0;
    const KnownType* known = nullptr;
    Node node;
  };
  using NumberedCable = std::tuple<uint64_t, int, uint64_t, int>;

  void carry_out(char kind, ByteReader body);
  void start(ByteReader body);
  void base(ByteReader& body);
  void define(ByteReader& body);
  void add(ByteReader& body);
  std::optional<NumberedCable> cable(ByteReader& body);
  void set(ByteReader& body, bool is_position);
  void fact(ByteReader& body);
  void remove(const std::string& path);
  void forget_facts();
  void scene(ByteReader& body);
  void scene_part(ByteReader& body, Scene& scene);
  void leave_out(std::string where, std::string what);
  NumberedNode* find(std::string_view path);

  NodeTypes types_;
  bool started_ = false;
  JournalFacts facts_;
  JournalBase base_;
  std::vector<std::unique_ptr<KnownType>> known_;
  std::unordered_map<std::string, NumberedNode> nodes_;
  std::unordered_map<std::string, bool> strangers_;  // paths of nodes that were left out
  std::set<NumberedCable> cables_;                   // also of nodes that have gone
  Facts facts_of_paths_;
  std::unordered_map<std::string, size_t> beneath_;  // nodes at a path and beneath it
  std::vector<std::string> emptied_;                 // paths that had none at some time during this payload
  Scenes scenes_;
  uint64_t next_id_ = 0;
  Problems left_out_;
  std::unordered_set<std::string> told_;
};

}  // namespace mixgraph
