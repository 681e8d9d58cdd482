#include <fmt/format.h>

#include "tools/describe/describe.h"

namespace mixgraph {
namespace {

std::string cell(std::string_view text) {
  std::string result;
  for (char c : text) result += c == '|' ? "\\|" : std::string(1, c);
  return result;
}

std::string port_list(const NodeType& type, std::span<const Port> ports) {
  std::string text;
  for (const Port& port : ports)
    text += fmt::format("{}`{}` ({})", text.empty() ? "" : ", ", port.id, channels_text(type, port));
  return text.empty() ? "none" : text;
}

std::string parameters(const NodeType& type) {
  if (row_count(type) == 0) return "";
  std::string text = "| Parameter | Range | Default | Curve | Change | |\n|---|---|---|---|---|---|\n";
  for (int r = 0; r < row_count(type); r++) {
    const Parameter& p = row(type, r);
    text +=
        fmt::format("| `{}`{} | {} | {} | {} | {} | {} |\n", p.id, p.main ? " (main)" : "",
                    cell(range_text(p)), default_text(p), curve_name(p.curve), change_text(p), cell(p.doc));
  }
  return text + "\n";
}

std::string meters(const NodeType& type) {
  if (type.meters.empty()) return "";
  std::string text = "| Meter | Unit | |\n|---|---|---|\n";
  for (const Meter& m : type.meters)
    text += fmt::format("| `{}` | {} | {} |\n", m.id, unit_symbol(m.unit), cell(m.doc));
  return text + "\n";
}

std::string feeds(const NodeType& type) {
  if (type.feeds.empty()) return "";
  std::string text = "| Feed | Values | Unit | |\n|---|---|---|---|\n";
  for (const Feed& f : type.feeds) text += fmt::format("| `{}` | {} | {} | {} |\n", f.id, cell(along_text(f)), unit_symbol(f.unit), cell(f.doc));
  return text + "\n";
}

}  // namespace

std::string describe_markdown(const NodeType& type) {
  std::string text = fmt::format("## {}\n{}\n\nInputs: {}. Outputs: {}. It {}.", type.id, type.doc,
                                 port_list(type, type.inputs), port_list(type, type.outputs), running_text(type));
  if (const double ms = latency_ms(type); ms > 0) text += fmt::format(" Latency: {:.2f} ms.", ms);
  if (type.breaks_loops) text += " It may stand in a loop.";
  return text + "\n\n" + parameters(type) + meters(type) + feeds(type);
}

std::string describe_markdown(const Composite& type) {
  std::string text =
      fmt::format("## {}\n{}\n\nA composite type.\n\n| Part | Type |\n|---|---|\n", type.type, type.doc);
  for (const Composite::Part& part : type.parts)
    text += fmt::format("| `{}` | `{}` |\n", part.name.text, part.type.text);
  return text + "\n";
}

}  // namespace mixgraph
