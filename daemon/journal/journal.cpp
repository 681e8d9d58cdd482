#include "daemon/journal/journal.h"

#include <set>

namespace mixgraph {
namespace {

constexpr int64_t kPlacesInterval = 250 * kMillisecond;

/// Whether a row says where to go, in a node that goes on from there by itself.
bool is_place(const Parameter& p) {
  return !is_text(p) && p.update == Update::live && p.motion == Motion::jump;
}

}  // namespace

Journal::Journal(JournalWriter::Settings settings, JournalFacts facts, JournalBase base)
    : facts_(std::move(facts)), base_(std::move(base)), writer_(std::move(settings)) {}

void Journal::follow(Workspace& workspace) {
  for (const JournalWriter::Event& event : writer_.take_events()) workspace.tell_all(event.problem, event.well);
  encode_noted(workspace);
  encode_places(workspace);
  if (begun_ && !encoder_.empty()) writer_.append(encoder_.take(), workspace.now.system_ns);
  if (!begun_ || writer_.wants_snapshot() || std::exchange(settings_noted_, false)) snapshot(workspace);
}

/// Values are handed over once however often they change; what is noted of a node that goes doesn't count any more.
void Journal::note(const Applied& applied) {
  if (!begun_) return;
  for (const Edit& edit : applied.edits)
    if (const auto* set = std::get_if<SetValue>(&edit)) {
      forget_places(set->path);  // it is built anew
    } else {
      if (const auto* remove = std::get_if<RemoveNode>(&edit)) forget_places(remove->path);
      encoder_.edit(edit);
    }
  if (applied.renamed) is_noted_.clear();
  is_noted_.resize(applied.names->entries().size());
  for (const Entry* entry : applied.values) {
    const size_t number = applied.names->index(*entry);
    if (is_noted_[number]) continue;
    is_noted_[number] = true;
    if (is_place(entry->parameter())) known_.erase({entry->path, entry->row});
    noted_.emplace_back(entry->path, entry->row);
  }
  if (applied.session) {
    for (const auto& [name, scene] : applied.session->scenes) noted_scenes_.insert(name);
    settings_noted_ |= applied.session->settings.has_value();
  }
  if (!applied.edits.empty() || !applied.values.empty() || applied.session) base_.pristine = false;
  if (!applied.file) return;
  base_ = {{*applied.file}, applied.pristine};
  base_noted_ = true;
}

void Journal::forget_places(const std::string& path) {
  const auto first = known_.lower_bound({path, 0});
  auto last = first;
  while (last != known_.end() && last->first.first == path) ++last;
  known_.erase(first, last);
}

void Journal::encode_noted(const Workspace& workspace) {
  const Graph& graph = workspace.document.graph();
  const Scenes& scenes = workspace.document.session().scenes;
  for (const auto& [path, row] : noted_) {
    const Node* node = graph.find(path);
    if (node && row < row_count(*node->type)) encoder_.edit(SetValue{path, row, node->values[size_t(row)]});
  }
  for (const std::string& name : noted_scenes_) {
    const auto found = scenes.find(name);
    if (found == scenes.end())
      encoder_.remove_scene(name);
    else
      encoder_.scene(name, found->second);
  }
  noted_scenes_.clear();
  if (std::exchange(base_noted_, false)) encoder_.base(base_);
  if (!std::exchange(noted_, {}).empty()) is_noted_.assign(is_noted_.size(), false);
}

/// Where a player is, it tells by a meter of the same name as the parameter that takes it there.
void Journal::find_places(const Workspace& workspace) {
  generation_ = workspace.document.generation();
  places_.clear();
  const auto& meters = workspace.document.names().meters();
  for (size_t i = 0; i < meters.size(); i++) {
    const NodeType& type = *meters[i].type;
    const int index = find_row(type, type.meters[size_t(meters[i].meter)].id);
    if (index >= 0 && is_place(row(type, index))) places_.push_back({i, index});
  }
}

void Journal::encode_places(Workspace& workspace) {
  if (workspace.now.monotonic_ns < next_places_ns_) return;
  next_places_ns_ = workspace.now.monotonic_ns + kPlacesInterval;
  if (!begun_ || generation_ != workspace.document.generation()) find_places(workspace);
  for (const Place& place : places_) {
    const MeterEntry& meter = workspace.document.names().meters()[place.meter];
    const float now = workspace.meters.value(place.meter);
    double& known = known_.try_emplace({meter.path, place.row}, -1).first->second;
    // A meter at rest has not measured yet, if no place is known.
    if (double(now) == known || (known < 0 && now == meter.type->meters[size_t(meter.meter)].rest)) continue;
    known = double(now);
    encoder_.position(meter.path, place.row, known);
  }
}

void Journal::snapshot(Workspace& workspace) {
  encoder_.take();
  facts_.head = write_head(workspace.document.session());
  encoder_.snapshot(facts_, base_, workspace.document.graph(), workspace.document.session().scenes);
  std::erase_if(known_, [&](const auto& item) {
    const auto& [path, index] = item.first;
    const Node* node = workspace.document.graph().find(path);
    return !node || index >= row_count(*node->type) || !is_place(row(*node->type, index));
  });
  for (const auto& [place, known] : known_)
    if (known >= 0) encoder_.position(place.first, place.second, known);
  writer_.snapshot(encoder_.take(), workspace.now.system_ns);
  begun_ = true;
}

void Journal::rebase(Workspace& workspace, std::vector<uint64_t> fingerprints, bool pristine) {
  encode_noted(workspace);
  base_ = {std::move(fingerprints), pristine};
  encoder_.base(base_);
  follow(workspace);
  if (write_head(workspace.document.session()) != facts_.head) snapshot(workspace);
}

Keeping Journal::keeping() {
  return {[this](const Applied& applied) { note(applied); }, [this](Workspace& workspace) { follow(workspace); },
          [this](Workspace& workspace, std::vector<uint64_t> fingerprints, bool pristine) { rebase(workspace, std::move(fingerprints), pristine); }};
}

std::string Journal::status() const {
  const std::string trouble = writer_.trouble();
  return trouble.empty() ? "kept" : trouble;
}

}  // namespace mixgraph
