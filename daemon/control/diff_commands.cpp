#include "daemon/control/workspace.h"
#include "daemon/control/session_file.h"
#include "daemon/control/values.h"

namespace mixgraph {
namespace {

/// Tells how one graph differs from another, an edit at a time.
class Difference {
 public:
  Difference(const Graph& file, const Graph& live) : file_(file), live_(live) {}

  osc::Message operator()(const AddNode& e) const { return of("added", {e.node.path, id(*e.node.type)}); }
  osc::Message operator()(const RemoveNode& e) const {
    return of("removed", {e.path, id(*file_.find(e.path)->type)});
  }
  osc::Message operator()(const Connect& e) const { return cable("connected", e.cable, live_); }
  osc::Message operator()(const Disconnect& e) const { return cable("disconnected", e.cable, file_); }
  osc::Message operator()(const SetValue& e) const {
    const NodeType& type = *live_.find(e.path)->type;
    const Parameter& p = row(type, e.row);
    // A node that is new has the values of a fresh one in the file's place.
    const Node* before = file_.find(e.path);
    const Value was = before && before->type == &type ? before->values[size_t(e.row)] : initial_value(p);
    return of("value", {address_of(e.path, p), argument_of(p, was), argument_of(p, e.value)});
  }
  osc::Message operator()(const SetFact& e) const { return of("fact", {e.path, e.key, e.value}); }

 private:
  static osc::Message of(const char* what, std::vector<osc::Argument> more) {
    more.insert(more.begin(), std::string(what));
    return {"/graph/diff", std::move(more)};
  }
  static std::string id(const NodeType& type) { return std::string(type.id); }
  static osc::Message cable(const char* what, const Cable& c, const Graph& graph) {
    const auto output = graph.find(c.from)->type->outputs[size_t(c.from_port)].id;
    const auto input = graph.find(c.to)->type->inputs[size_t(c.to_port)].id;
    return of(what, {c.from, std::string(output), c.to, std::string(input)});
  }

  const Graph &file_, &live_;
};

/// Scenes that only one has, or that differ.
void compare(const Scenes& file, const Scenes& live, std::vector<osc::Message>& list) {
  const auto tell = [&](const std::string& name, const char* what) {
    list.push_back({"/graph/diff", {std::string("scene"), name, std::string(what)}});
  };
  for (const auto& [name, scene] : live) {
    const auto found = file.find(name);
    if (found == file.end())
      tell(name, "added");
    else if (!(found->second == scene))
      tell(name, "changed");
  }
  for (const auto& [name, scene] : file)
    if (!live.contains(name)) tell(name, "removed");
}

Answer diff_file(Workspace& workspace, const Call& call) {
  return answered_by([own = workspace.settings.own_file(), types = workspace.types, live = workspace.document.graph(),
                      scenes = workspace.document.session().scenes, client = call.client, address = call.message.address]() -> Ending {
    const auto file = load_own(own, types);
    if (!file) return ending(file.problems());
    std::vector<osc::Message> list;
    for (const Edit& edit : diff(file->graph, live)) list.push_back(std::visit(Difference(file->graph, live), edit));
    compare(file->scenes, scenes, list);
    return [list = std::move(list), client, address](Workspace& c) mutable { return c.answer_list(client, address, std::move(list)); };
  });
}

constexpr Command kCommands[] = {
    {"/graph/diff", "", "",
     "Sends /graph/diff WHAT ... for each way in which what is live differs from the session's file, then "
     "/done.",
     diff_file, Right::files, true},
};

}  // namespace

std::span<const Command> diff_commands() {
  return kCommands;
}

}  // namespace mixgraph
