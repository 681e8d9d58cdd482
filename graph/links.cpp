#include "graph/links.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>

namespace mixgraph {
namespace {

constexpr size_t kMostOffsets = 1000;

bool overlap(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  return b.starts_with(a) && (b.size() == a.size() || b[a.size()] == '/');
}

std::string_view rest_of(std::string_view path, std::string_view base) { return path.size() == base.size() ? std::string_view() : path.substr(base.size() + 1); }

std::string number_text(double number) {
  std::array<char, 32> digits;
  return std::string(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

/// Takes what is in front of the next space.
std::string_view next_word(std::string_view& text) {
  const size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

}  // namespace

std::optional<Link> link_in(std::string_view fact) {
  Link link;
  if (fact.ends_with(' ')) return {};
  link.leader = next_word(fact);
  if (!is_path(link.leader)) return {};
  while (!fact.empty()) {
    const std::string_view word = next_word(fact);
    const size_t is = word.find('=');
    if (is == word.npos || !is_path(word.substr(0, is))) return {};
    const std::string_view digits = word.substr(is + 1);
    double offset = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), offset);
    if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(offset)) return {};
    if (!link.offsets.emplace(word.substr(0, is), offset).second || link.offsets.size() > kMostOffsets) return {};
  }
  return link;
}

std::string text_of(const Link& link) {
  std::string text = link.leader;
  for (const auto& [row, offset] : link.offsets) text += " " + row + "=" + number_text(offset);
  return text;
}

std::map<std::string, Link> links_in(const Graph& graph) {
  std::map<std::string, Link> links;
  for (const auto& [at, value] : graph.facts())
    if (at.second == kLinkFact)
      if (auto link = link_in(value)) links.emplace_hint(links.end(), at.first, std::move(*link));
  return links;
}

bool can_follow(const NodeType& type, int number) { return type.role == DeviceRole::none && type.category != "file" && !is_text(row(type, number)); }
bool can_differ(const NodeType& type, int number) { return can_follow(type, number) && row(type, number).curve != Curve::stepped; }

std::string name_of_row(std::string_view rest, const Parameter& p) {
  if (rest.empty()) return std::string(p.id);
  return p.main ? std::string(rest) : std::string(rest) + "/" + std::string(p.id);
}

double LinkedNode::value(int number, double leaders) const {
  const Parameter& p = row(*type, number);
  const double offset = offsets[size_t(number)];
  if (p.curve == Curve::fader && leaders <= p.min) return p.min;
  return nearest(p, (p.mirrors ? -leaders : leaders) + offset);
}

double LinkedNode::leaders_value(int number, double value) const {
  const Parameter& p = row(*type, number);
  const double offset = offsets[size_t(number)];
  if (p.curve == Curve::fader && value <= p.min) return p.min;
  return nearest(p, p.mirrors ? offset - value : value - offset);
}

namespace {

/// Finds the pairs of nodes, and what is wrong with links.
class Linking {
 public:
  Linking(std::span<const Links::TypedPath> nodes, const std::map<std::string, Link>& links) : links_(links) {
    for (const auto& node : nodes) types_[node.path] = node.type;
    for (const auto& [path, link] : links) {
      state_[path].written.leader = link.leader;
      if (overlap(path, link.leader))
        tell(path, Links::Wrong::never, path == link.leader ? "can't follow itself" : "can't follow /" + link.leader + ": one is in the other", "a path apart from it");
    }
    for (const auto& node : nodes) pair(node);
    for (const auto& [path, link] : links) judge(path, link);
    for (const LinkedNode& node : pairs)
      if (const auto found = linked_.find(node.leader); found != linked_.end()) tell_chain(node, *found->second);
  }
  std::vector<LinkedNode> pairs;
  std::vector<Links::Wrong> wrong;
  std::map<std::string, Link> written() const {
    std::map<std::string, Link> all;
    for (const auto& [path, state] : state_) all.emplace_hint(all.end(), path, state.written);
    return all;
  }

 private:
  struct State {
    Link written;
    std::set<std::string, std::less<>> used;  // names of offsets
    size_t rows = 0;
  };

  void tell(const std::string& path, Links::Wrong::Kind kind, std::string what, std::string hint, std::string row = "") {
    if (is_wrong_.insert(path).second) wrong.push_back({path, kind, std::move(what), std::move(hint), std::move(row)});
  }
  void tell_chain(const LinkedNode& node, const std::string& leaders_link) {
    const std::string& path = *linked_.at(node.path);
    const std::string& on = links_.at(leaders_link).leader;
    tell(path, Links::Wrong::chain, "can't follow /" + links_.at(path).leader + ": links don't chain, and /" + leaders_link + " follows /" + on, "link it to /" + on + ", or unlink one of them");
  }

  void pair(const Links::TypedPath& node) {
    const std::string* base = nullptr;
    each_above(node.path, [&](std::string_view path) {
      if (base) return;
      if (const auto found = links_.find(std::string(path)); found != links_.end()) base = &found->first;
    });
    if (!base || is_wrong_.count(*base)) return;
    const std::string_view rest = rest_of(node.path, *base);
    LinkedNode linked{std::string(node.path), links_.at(*base).leader, node.type, {}};
    if (!rest.empty()) linked.leader.append("/").append(rest);
    const auto leader = types_.find(linked.leader);
    if (leader == types_.end() || leader->second != node.type) return;
    State& state = state_[*base];
    for (int r = 0; r < row_count(*node.type); r++) {
      state.rows += can_follow(*node.type, r);
      linked.offsets.push_back(can_follow(*node.type, r) ? take_offset(state, links_.at(*base), rest, row(*node.type, r), can_differ(*node.type, r)) : 0.0);
    }
    linked_[linked.path] = base;
    pairs.push_back(std::move(linked));
  }
  /// One of 0 may be given for any row that follows.
  static double take_offset(State& state, const Link& link, std::string_view rest, const Parameter& p, bool differs) {
    const std::string name = name_of_row(rest, p), whole = rest.empty() ? name : std::string(rest) + "/" + std::string(p.id);
    for (const std::string& known : {name, whole}) {
      const auto found = link.offsets.find(known);
      if (found == link.offsets.end() || (found->second != 0 && !differs)) continue;
      state.used.insert(known);
      if (found->second != 0) state.written.offsets[name] = found->second;
      return found->second;
    }
    return 0;
  }

  void judge(const std::string& path, const Link& link) {
    const bool has_nodes = std::any_of(types_.begin(), types_.end(), [&](const auto& item) { return item.first == link.leader || item.first.starts_with(link.leader + "/"); });
    const State& state = state_[path];
    if (!has_nodes) return tell(path, Links::Wrong::gone, "can't follow /" + link.leader + ": no such node", suggestion(link.leader));
    if (state.rows == 0 && !is_wrong_.count(path))
      return tell(path, Links::Wrong::gone, "can't follow /" + link.leader + ": they have no parameter in common", "a node of the same type, or an instance with such nodes at the same places");
    for (const auto& [name, offset] : link.offsets)
      if (!state.used.count(name)) tell(path, Links::Wrong::offset, "`" + name + "` is no amount that follows /" + link.leader, "such as fader or eq/2/gain, of a parameter that both have", name);
  }
  std::string suggestion(const std::string& path) const {
    std::set<std::string_view> paths;
    for (const auto& [node, type] : types_) each_above(node, [&](std::string_view above) { paths.insert(above); });
    const std::string_view near = nearest_word(path, {paths.begin(), paths.end()});
    return near.empty() ? "/graph/list lists the nodes" : "did you mean /" + std::string(near) + "?";
  }

  const std::map<std::string, Link>& links_;
  std::unordered_map<std::string_view, const NodeType*> types_;
  std::map<std::string, State> state_;
  std::unordered_map<std::string, const std::string*> linked_;  // by path of a node that follows: that of the link
  std::set<std::string> is_wrong_;
};

}  // namespace

std::shared_ptr<const Links::Content> Links::made(std::span<const TypedPath> nodes, const std::map<std::string, Link>& links) {
  auto content = std::make_shared<Content>();
  if (links.empty()) return content;
  Linking linking(nodes, links);
  content->nodes = std::move(linking.pairs);
  content->wrong = std::move(linking.wrong);
  content->written = linking.written();
  for (const LinkedNode& node : content->nodes) {
    content->by_path[node.path] = &node;
    content->by_leader[node.leader].push_back(&node);
  }
  return content;
}

Links::Links(std::span<const TypedPath> nodes, const std::map<std::string, Link>& links) : content_(made(nodes, links)) {}

Links::Links(const Graph& graph) {
  const auto links = links_in(graph);
  if (links.empty()) return;
  std::vector<TypedPath> nodes;
  nodes.reserve(graph.nodes().size());
  for (const Node& node : graph.nodes()) nodes.push_back({node.path, node.type});
  content_ = made(nodes, links);
}

const LinkedNode* Links::find(std::string_view path) const {
  if (empty()) return nullptr;
  const auto found = content_->by_path.find(path);
  return found == content_->by_path.end() ? nullptr : found->second;
}

const LinkedNode* Links::find(std::string_view path, int row) const {
  const LinkedNode* node = find(path);
  return node && row < int(node->offsets.size()) && can_follow(*node->type, row) ? node : nullptr;
}

std::span<const LinkedNode* const> Links::following(std::string_view leader) const {
  if (empty()) return {};
  const auto found = content_->by_leader.find(leader);
  return found == content_->by_leader.end() ? std::span<const LinkedNode* const>() : found->second;
}

}  // namespace mixgraph
