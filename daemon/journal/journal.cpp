#include "daemon/journal/journal.h"

#include <set>

namespace mixgraph {
namespace {

constexpr int64_t kPlacesInterval = 250 * kMillisecond;

/// Whether a row says where to go, in a node that goes on from there by itself.
bool is_place(const Parameter& p) {
  return !is_text(p) && p.change == Change::live && p.motion == Motion::jump;
}

}  // namespace

Journal::Journal(JournalWriter::Settings settings, JournalFacts facts, JournalBase base)
    : facts_(std::move(facts)), base_(std::move(base)), writer_(std::move(settings)) {}

void Journal::follow(Console& console) {
  for (const JournalWriter::Event& event : writer_.take_events()) console.tell_all(event.problem, event.well);
  encode_changes(console);
  encode_places(console);
  if (begun_ && !encoder_.empty()) writer_.append(encoder_.take(), console.now.system_ns);
  if (!begun_ || writer_.wants_snapshot()) snapshot(console);
}

void Journal::encode_changes(Console& console) {
  const std::vector<Edit> edits = console.live.take_changes();
  const std::set<std::string> scenes = std::exchange(console.changed_scenes, {});
  for (const Edit& edit : edits) encoder_.edit(edit);
  for (const std::string& name : scenes) {
    const auto found = console.session.scenes.find(name);
    if (found == console.session.scenes.end())
      encoder_.remove_scene(name);
    else
      encoder_.scene(name, found->second);
  }
  if (!edits.empty() || !scenes.empty()) base_.pristine = false;
}

/// Where a player is, it tells by a meter of the same name as the parameter that takes it there.
void Journal::find_places(const Console& console) {
  generation_ = console.live.generation();
  places_.clear();
  const auto& meters = console.live.names().meters();
  for (size_t i = 0; i < meters.size(); i++) {
    const NodeType& type = *meters[i].type;
    const int index = find_row(type, type.meters[size_t(meters[i].meter)].id);
    if (index >= 0 && is_place(row(type, index))) places_.push_back({i, index});
  }
}

void Journal::encode_places(Console& console) {
  if (console.now.monotonic_ns < next_places_ns_) return;
  next_places_ns_ = console.now.monotonic_ns + kPlacesInterval;
  if (!begun_ || generation_ != console.live.generation()) find_places(console);
  for (const Place& place : places_) {
    const MeterEntry& meter = console.live.names().meters()[place.meter];
    const float now = console.meters.value(place.meter);
    double& known = known_.try_emplace({meter.path, place.row}, -1).first->second;
    // A meter at rest has not measured yet.
    if (double(now) == known || now == meter.type->meters[size_t(meter.meter)].rest) continue;
    known = double(now);
    encoder_.position(meter.path, place.row, known);
  }
}

void Journal::snapshot(Console& console) {
  encoder_.take();
  facts_.head = write_head(console.session);
  encoder_.snapshot(facts_, base_, console.live.graph(), console.session.scenes);
  std::erase_if(known_, [&](const auto& item) {
    const auto& [path, index] = item.first;
    const Node* node = console.live.graph().find(path);
    return !node || index >= row_count(*node->type) || !is_place(row(*node->type, index));
  });
  for (const auto& [place, known] : known_)
    if (known >= 0) encoder_.position(place.first, place.second, known);
  writer_.snapshot(encoder_.take(), console.now.system_ns);
  begun_ = true;
}

void Journal::rebase(Console& console, std::vector<uint64_t> fingerprints, bool pristine) {
  encode_changes(console);
  base_ = {std::move(fingerprints), pristine};
  encoder_.base(base_);
  follow(console);
  if (write_head(console.session) != facts_.head) snapshot(console);
}

Keeping Journal::keeping() {
  return {[this](Console& console) { follow(console); },
          [this](Console& console, std::vector<uint64_t> fingerprints, bool pristine) { rebase(console, std::move(fingerprints), pristine); }};
}

std::string Journal::status() const {
  const std::string trouble = writer_.trouble();
  return trouble.empty() ? "kept" : trouble;
}

}  // namespace mixgraph
