#include "tools/describe/describe.h"

namespace mixgraph {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const Port& port) {
  Json json{{"id", port.id},
            {"channels", port.channels == kAdaptive ? Json("adaptive") : port.channels == kOwn ? Json("own") : Json(port.channels)}};
  if (port.normalled >= 0) json["normalled"] = port.normalled;
  return json;
}

Json to_json(std::span<const Port> ports) {
  Json list = Json::array();
  for (const Port& port : ports) list.push_back(to_json(port));
  return list;
}

Json to_json(const Parameter& p) {
  Json json{{"id", p.id},
            {"label", p.label},
            {"doc", p.doc},
            {"unit", unit_symbol(p.unit)},
            {"curve", curve_name(p.curve)}};
  if (is_text(p)) {
    json["default"] = "";
  } else {
    json.update(Json{{"min", p.min}, {"max", p.max}, {"default", p.initial}});
  }
  if (!p.choices.empty()) json["choices"] = std::vector<std::string>(p.choices.begin(), p.choices.end());
  json["change"] = p.update == Update::live ? "live" : "rebuild";
  json["motion"] = p.motion == Motion::smooth ? "smooth" : "jump";
  json["main"] = p.main;
  return json;
}

Json to_json(const Meter& m) {
  constexpr std::string_view kFolds[] = {"max", "min", "last"};
  return {{"id", m.id},
          {"label", m.label},
          {"doc", m.doc},
          {"unit", unit_symbol(m.unit)},
          {"fold", kFolds[size_t(m.fold)]},
          {"rest", m.rest}};
}

Json to_json(const Feed& f) {
  return {{"id", f.id},
          {"label", f.label},
          {"doc", f.doc},
          {"size", f.size},
          {"unit", unit_symbol(f.unit)},
          {"along", {{"label", f.along.label}, {"unit", unit_symbol(f.along.unit)}, {"curve", curve_name(f.along.curve)}, {"first", f.along.first}, {"last", f.along.last}}}};
}

}  // namespace

Json describe_json(const NodeType& type) {
  Json parameters = Json::array(), meters = Json::array(), feeds = Json::array();
  for (int r = 0; r < row_count(type); r++) parameters.push_back(to_json(row(type, r)));
  for (const Meter& m : type.meters) meters.push_back(to_json(m));
  for (const Feed& f : type.feeds) feeds.push_back(to_json(f));
  return {{"type", type.id},
          {"label", type.label},
          {"doc", type.doc},
          {"category", type.category},
          {"inputs", to_json(type.inputs)},
          {"outputs", to_json(type.outputs)},
          {"parameters", std::move(parameters)},
          {"meters", std::move(meters)},
          {"feeds", std::move(feeds)},
          {"lanes", type.kernels.back().lanes},
          {"latency_ms", latency_ms(type)},
          {"breaks_loops", type.breaks_loops}};
}

Json describe_json(const Composite& type) {
  Json parts = Json::array(), inputs = Json::object();
  for (const Composite::Part& part : type.parts)
    parts.push_back({{"name", part.name.text}, {"type", part.type.text}});
  for (const auto& [name, fed] : type.inputs) {
    inputs[name] = Json::array();
    for (const Word& part : fed) inputs[name].push_back(part.text);
  }
  Json json{{"type", type.type}, {"doc", type.doc},  {"category", "composite"},
            {"parts", parts},    {"inputs", inputs}, {"output", type.output.text}};
  if (type.pre) json["pre"] = type.pre->text;
  if (type.post) json["post"] = type.post->text;
  return json;
}

}  // namespace mixgraph
