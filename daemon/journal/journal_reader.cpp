#include "daemon/journal/journal_reader.h"

#include <optional>

#include "daemon/journal/journal_replay.h"

namespace mixgraph {
namespace {

constexpr uint64_t kFarthestSequence = uint64_t(1) << 32;  // that a record behind a bad one may be ahead

struct Record {
  uint64_t sequence = 0;
  int64_t system_ns = 0;
  std::string_view payload;
  size_t end = 0;  // of the file
};

/// The record that begins at a place, if there is a good one.
std::optional<Record> record_at(std::string_view bytes, size_t at, uint64_t after) {
  if (bytes.size() - at < kRecordHead) return {};
  ByteReader head(bytes.substr(at, kRecordHead));
  const uint64_t length = head.fixed(4), sum = head.fixed(4), sequence = head.fixed(8);
  const uint64_t time = head.fixed(8);
  // Of the first checks, before the checksum that costs time: places that can't be records.
  if (length == 0 || length > bytes.size() - at - kRecordHead) return {};
  if (sequence <= after || (after > 0 && sequence - after > kFarthestSequence)) return {};
  const std::string_view rest = bytes.substr(at + 8, kRecordHead - 8 + length);
  if (checksum(rest, checksum(bytes.substr(at, 4))) != sum) return {};
  return Record{sequence, int64_t(time), rest.substr(kRecordHead - 8), at + kRecordHead + length};
}

/// Whether a payload needs nothing of those before it.
bool begins_afresh(std::string_view payload) {
  ByteReader items(payload);
  const bool is_start = char(items.fixed(1)) == char(JournalItem::start);
  return is_start && JournalReplay::start_of(ByteReader(items.text())).has_value();
}

/// Good records behind a bad one, wherever they begin.
size_t count_records(std::string_view bytes, size_t at, uint64_t after) {
  size_t count = 0;
  while (at < bytes.size()) {
    const auto record = record_at(bytes, at, after);
    count += record.has_value();
    at = record ? record->end : at + 1;
    if (record) after = record->sequence;
  }
  return count;
}

}  // namespace

JournalContent read_journal(std::string_view bytes, NodeTypes types) {
  JournalContent content;
  if (!bytes.starts_with(kJournalMagic)) return content;
  std::vector<std::string_view> payloads;  // from the latest that begins afresh
  size_t at = kJournalMagic.size();
  while (const auto record = record_at(bytes, at, content.sequence)) {
    if (begins_afresh(record->payload)) payloads.clear();
    payloads.push_back(record->payload);
    content.sequence = record->sequence;
    content.system_ns = record->system_ns;
    at = record->end;
  }
  JournalReplay replay(types);
  for (const std::string_view payload : payloads) replay.run(payload);
  content.good_bytes = at;
  if (!replay.started()) {
    content.left_out = replay.left_out();
    return content;
  }
  content.lost_records = count_records(bytes, at, content.sequence);
  using Health = JournalContent::Health;
  content.health = at == bytes.size() ? Health::whole : Health::torn;
  if (content.lost_records > 0) content.health = Health::damaged;
  replay.tell(content);
  return content;
}

}  // namespace mixgraph
