#include <algorithm>

#include "config/yaml.h"

namespace mixgraph {

static constexpr size_t kMostProblems = 1000;  // that are kept: nobody reads more

std::string Place::text() const {
  std::string name = file ? *file : "";
  return line == 0 ? name : name + ":" + std::to_string(line) + ":" + std::to_string(column);
}

const Yaml::Entry* Yaml::find(std::string_view key) const {
  for (const Entry& entry : entries)
    if (entry.key == key) return &entry;
  return nullptr;
}

void Report::add(const Place& place, std::string what, std::string hint) {
  if (lines_.size() >= kMostProblems) return;
  lines_.push_back({place, {place.text(), std::move(what), std::move(hint)}});
}

void Report::add(const Report& other) {
  const size_t room = kMostProblems - std::min(kMostProblems, lines_.size());
  lines_.insert(lines_.end(), other.lines_.begin(),
                other.lines_.begin() + long(std::min(room, other.lines_.size())));
}

Problems Report::problems() const {
  std::vector<const Line*> sorted;
  for (const Line& line : lines_) sorted.push_back(&line);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Line* a, const Line* b) {
    int files = a->place.file && b->place.file ? a->place.file->compare(*b->place.file) : 0;
    if (files != 0) return files < 0;
    return std::pair(a->place.line, a->place.column) < std::pair(b->place.line, b->place.column);
  });
  Problems problems;
  for (const Line* line : sorted) {
    const Problem& next = line->problem;
    bool follows = !problems.empty() && problems.back().where == next.where &&
                   (line->place.line > 0 || problems.back() == next);
    if (!follows) problems.push_back(next);
  }
  return problems;
}

}  // namespace mixgraph
