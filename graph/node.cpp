#include "graph/node.h"

#include <algorithm>

namespace mixgraph {

double Setup::number(int row) const { return std::get<double>(values[size_t(row)]); }
int Setup::choice(int row) const { return int(number(row)); }
const std::string& Setup::text(int row) const { return std::get<std::string>(values[size_t(row)]); }

int row_count(const NodeType& t) { return int(t.parameters.size()) + (t.bypassable() ? 1 : 0); }
const Parameter& row(const NodeType& t, int i) {
  return size_t(i) < t.parameters.size() ? t.parameters[size_t(i)] : kBypass;
}
int told_row_count(const NodeType& t) { return row_count(t) + int(t.followers.size()); }
const Parameter& told_row(const NodeType& t, int i) { return i < row_count(t) ? row(t, i) : t.followers[size_t(i - row_count(t))]; }
int find_row(const NodeType& t, std::string_view id) {
  for (int i = 0; i < row_count(t); i++)
    if (row(t, i).id == id) return i;
  return -1;
}
int main_row(const NodeType& t) {
  for (int i = 0; i < row_count(t); i++)
    if (row(t, i).main) return i;
  return -1;
}

namespace {
bool has_own_ports(const NodeType& t) {
  const auto is_own = [](const Port& p) { return p.channels == kOwn; };
  return std::any_of(t.inputs.begin(), t.inputs.end(), is_own) || std::any_of(t.outputs.begin(), t.outputs.end(), is_own);
}
}  // namespace
Format own_format(const NodeType& t, const Setup& setup) { return has_own_ports(t) ? t.format(setup) : setup.format; }
int channels_of(const Port& port, Format adaptive, Format own) {
  return port.channels == kAdaptive ? adaptive.channels : port.channels == kOwn ? own.channels : port.channels;
}
std::span<const Kernel> kernels_for(const NodeType& t, Format adaptive, Format own) {
  return is_wide(adaptive, own) && !t.wide_kernels.empty() ? t.wide_kernels : t.kernels;
}
Setup setup_of_lane(const NodeType& t, const Setup& setup) {
  Setup single = setup;
  if (lanes_taken(t, setup.format) > 1) single.format = Format(1);
  return single;
}

size_t memory_of(const NodeType& t, const Setup& setup) {
  constexpr size_t kInstance = 1280, kRow = 160, kFollower = 96;  // its names and places; a row's values and courses
  if (t.is_group()) return kInstance / 2;  // it has no cables, and next to no bank
  const size_t taken = size_t(lanes_taken(t, setup.format));
  const Setup lane = setup_of_lane(t, setup);
  const Format own = t.slow ? setup.format : own_format(t, setup);
  const Kernel& kernel = kernels_for(t, setup.format, own)[0];
  size_t bytes = kInstance + kRow * size_t(row_count(t)) + kFollower * t.followers.size() + taken * kernel.bytes;
  if (is_wide(setup.format, own)) bytes += size_t(setup.format.channels + own.channels) * kMaxBlock * sizeof(float);  // of cables
  for (const Feed& feed : t.feeds) bytes += 3 * size_t(feed.size) * sizeof(float);
  if (t.bypassable() && t.latency) bytes += size_t(t.latency(setup)) * size_t(setup.channels()) * sizeof(float);
  return bytes + (t.memory ? taken * t.memory(lane) : 0);
}

Problems problems_of(const NodeType& t, const Setup& setup) {
  const Kernel& kernel = t.kernels[0];  // those that run alone have no others
  if (t.runs_in_lanes()) return t.check ? t.check(setup) : Problems();
  auto made = kernel.create(setup);
  if (!made) return made.problems();
  kernel.destroy(*made);
  return {};
}

}  // namespace mixgraph
