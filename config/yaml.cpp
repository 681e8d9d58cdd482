#include "config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>

namespace mixgraph {
namespace {

/// Thrown where reading on makes no sense.
struct Stop {};

/// Whether the quote that begins at a place of a text ends anywhere; true if there is none at that place.
bool ends(std::string_view text, const Place& place) {
  for (int line = 1; line < place.line; line++) {
    size_t end = text.find('\n');
    if (end == text.npos) return true;
    text.remove_prefix(end + 1);
  }
  if (text.size() < size_t(place.column)) return true;
  text.remove_prefix(size_t(place.column) - 1);
  char quote = text.front();
  if (quote != '"' && quote != '\'') return true;
  for (size_t i = 1; i < text.size(); i++) {
    if (text[i] == quote && (quote == '"' || i + 1 == text.size() || text[i + 1] != quote)) return true;
    if ((text[i] == '\\' && quote == '"') || text[i] == quote) i++;
  }
  return false;
}

/// Makes a tree of yaml-cpp's events, which tell of anchors, tags and double keys; its own tree doesn't.
class Builder final : public YAML::EventHandler {
 public:
  Builder(std::shared_ptr<const std::string> file, Report& report)
      : file_(std::move(file)), report_(report) {}

  Yaml take() { return std::move(root_); }
  /// Where the last text in quotes is. Line 0: there is none.
  const Place& last_quote() const { return last_quote_; }
  Place place(const YAML::Mark& mark) const {
    return mark.is_null() ? Place{file_, 1, 1} : Place{file_, mark.line + 1, mark.column + 1};
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    report_.add(place(mark), "a second document starts here", "one file holds one document");
    throw Stop();
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { put(make(Yaml::Kind::null, mark)); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    report_.add(place(mark), "aliases (`*name`) are not allowed", "write it out in both places");
    put(make(Yaml::Kind::null, mark));
  }
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    report_.add(place(mark), "`&" + name + "`: anchors are not allowed", "write it out in both places");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& text) override {
    Yaml node = make(Yaml::Kind::scalar, mark, text.size());
    node.text = text;
    node.quoted = tag == "!";
    if (node.quoted) last_quote_ = node.place;
    check_tag(mark, tag);
    put(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(Yaml::Kind::sequence, mark, tag);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(Yaml::Kind::mapping, mark, tag);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  /// A list or a mapping that isn't complete yet.
  struct Frame {
    Yaml node;
    bool has_key = false, dropped = false;  ///< the value to come has a key; and will be thrown away
    std::string key;
    Place key_place;
    std::map<std::string, int> lines;  ///< of the keys so far
  };

  Yaml make(Yaml::Kind kind, const YAML::Mark& mark, size_t text = 0) {
    memory_ += sizeof(Yaml) + text;
    if (memory_ > kMaxYamlMemory) {
      report_.add(place(mark), "the file takes more than " + std::to_string(kMaxYamlMemory >> 20) + " MiB of memory",
                  "fewer values");
      throw Stop();
    }
    Yaml node;
    node.kind = kind;
    node.place = place(mark);
    return node;
  }
  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    report_.add(place(mark), "tags (`!" + tag.substr(tag.find_last_of(":!") + 1) + "`) are not allowed",
                "remove it");
  }
  void open(Yaml::Kind kind, const YAML::Mark& mark, const std::string& tag) {
    Yaml node = make(kind, mark);
    check_tag(mark, tag);
    if (int(frames_.size()) >= kMaxYamlDepth) {
      report_.add(node.place, "nested more than " + std::to_string(kMaxYamlDepth) + " deep");
      throw Stop();
    }
    frames_.emplace_back();
    frames_.back().node = std::move(node);
  }
  void close() {
    Yaml node = std::move(frames_.back().node);
    frames_.pop_back();
    put(std::move(node));
  }
  void put(Yaml node) {
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node.is_sequence()) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.has_key) {
      take_key(frame, std::move(node));
    } else {
      // yaml-cpp places a missing value at whatever comes next.
      if (node.kind == Yaml::Kind::null && node.place.line != frame.key_place.line)
        node.place = frame.key_place;
      if (!frame.dropped) frame.node.entries.push_back({frame.key, frame.key_place, std::move(node)});
      frame.has_key = false;
    }
  }
  void take_key(Frame& frame, Yaml node) {
    frame.has_key = true;
    frame.dropped = !node.is_scalar();
    if (frame.dropped)
      return report_.add(node.place, "a key must be a word", "put it in quotes if it is one");
    frame.key = node.text;
    frame.key_place = node.place;
    auto [first, added] = frame.lines.emplace(node.text, node.place.line);
    frame.dropped = !added;
    if (!added)
      report_.add(node.place, "`" + node.text + "`: this key is here twice",
                  "the first is in line " + std::to_string(first->second));
  }

  std::shared_ptr<const std::string> file_;
  Report& report_;
  Yaml root_;
  Place last_quote_;
  std::vector<Frame> frames_;
  size_t memory_ = 0;
  int documents_ = 0;
};

}  // namespace

std::optional<Yaml> parse_yaml(std::string_view text, const std::string& file_name, Report& report) {
  auto file = std::make_shared<const std::string>(file_name);
  Builder builder(file, report);
  if (text.size() > kMaxYamlBytes) {
    report.add({file, 1, 1}, "the file is larger than " + std::to_string(kMaxYamlBytes) + " bytes");
    return {};
  }
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      Yaml nothing;
      nothing.place = {file, 1, 1};
      return nothing;
    }
    parser.HandleNextDocument(builder);
    // yaml-cpp takes a quote to end with the file if a line ends there.
    if (builder.last_quote().line > 0 && !ends(text, builder.last_quote())) {
      report.add(builder.last_quote(), "not YAML: this quote never ends", "end it");
      return {};
    }
  } catch (const YAML::Exception& e) {
    report.add(builder.place(e.mark), "not YAML: " + e.msg, "check indentation, colons, quotes and brackets");
    return {};
  } catch (const Stop&) {
    return {};
  }
  return builder.take();
}

}  // namespace mixgraph
