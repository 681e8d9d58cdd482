#include <fmt/format.h>

#include <algorithm>

#include "tools/describe/describe.h"

namespace mixgraph {
namespace {

/// Lines of columns, each as wide as its widest cell. The last one is not padded.
std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& cells : rows) {
    widths.resize(std::max(widths.size(), cells.size()));
    for (size_t c = 0; c < cells.size(); c++) widths[c] = std::max(widths[c], cells[c].size());
  }
  std::string text;
  for (const auto& cells : rows) {
    std::string line = "  ";
    for (size_t c = 0; c < cells.size(); c++)
      line += fmt::format("{:<{}}  ", cells[c], c + 1 < cells.size() ? widths[c] : 0);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

void add_ports(std::vector<std::vector<std::string>>& rows, std::string_view way, const NodeType& type, std::span<const Port> ports) {
  for (const Port& port : ports)
    rows.push_back({std::string(port.id), std::string(way), channels_text(type, port),
                    port.normalled < 0 ? ""
                                       : fmt::format("hears `{}` if nothing is connected",
                                                     type.inputs[size_t(port.normalled)].id)});
}

std::string ports(const NodeType& type) {
  std::vector<std::vector<std::string>> rows;
  add_ports(rows, "input", type, type.inputs);
  add_ports(rows, "output", type, type.outputs);
  return "Ports\n" + aligned(rows);
}

std::string parameters(const NodeType& type) {
  if (row_count(type) == 0) return "";
  std::vector<std::vector<std::string>> rows;
  for (int r = 0; r < row_count(type); r++) {
    const Parameter& p = row(type, r);
    rows.push_back({std::string(p.id) + (p.main ? " *" : ""), range_text(p), "[" + default_text(p) + "]",
                    std::string(curve_name(p.curve)), change_text(p), std::string(p.doc)});
  }
  return std::string("Parameters: range, [default], curve, change") +
         (main_row(type) < 0 ? "" : "  (* also at the node's own address)") + "\n" + aligned(rows);
}

std::string meters(const NodeType& type) {
  if (type.meters.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (const Meter& m : type.meters)
    rows.push_back({std::string(m.id), std::string(unit_symbol(m.unit)), std::string(m.doc)});
  return "Meters\n" + aligned(rows);
}

std::string feeds(const NodeType& type) {
  if (type.feeds.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (const Feed& f : type.feeds) rows.push_back({std::string(f.id), along_text(f), std::string(unit_symbol(f.unit)), std::string(f.doc)});
  return "Feeds\n" + aligned(rows);
}

}  // namespace

std::string describe_text(const NodeType& type) {
  std::string text =
      fmt::format("{}: {}\n  {} node, {}", type.id, type.doc, type.category, running_text(type));
  if (const double ms = latency_ms(type); ms > 0) text += fmt::format(", latency {:.2f} ms", ms);
  if (type.breaks_loops) text += ", may stand in a loop";
  return text + "\n" + ports(type) + parameters(type) + meters(type) + feeds(type);
}

std::string describe_text(const Composite& type) {
  std::string text = fmt::format("{}: {}\n  composite type, made of\n", type.type, type.doc);
  std::vector<std::vector<std::string>> rows;
  for (const Composite::Part& part : type.parts) rows.push_back({part.name.text, part.type.text});
  text += aligned(rows);
  for (const auto& [name, parts] : type.inputs)
    for (const Word& part : parts) text += fmt::format("  input `{}` feeds {}\n", name, part.text);
  text += fmt::format("  heard at {}\n", type.output.text);
  if (type.pre) text += fmt::format("  sends before the fader from {}\n", type.pre->text);
  if (type.post) text += fmt::format("  sends after the fader from {}\n", type.post->text);
  return text;
}

}  // namespace mixgraph
