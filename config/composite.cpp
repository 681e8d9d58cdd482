#include "config/composite.h"

#include <algorithm>

#include "config/version.h"
#include "graph/graph.h"

namespace mixgraph {
namespace {

constexpr std::string_view kKeys[] = {"mixgraph", "type",   "doc",    "nodes",
                                      "input",    "inputs", "output", "sends"};
constexpr std::string_view kReserved[] = {"from", "sends", "group"};

bool is_reserved(std::string_view name) {
  return std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved) || find_fact_key(name);
}

/// Reads one definition into a Composite.
class Reader {
 public:
  explicit Reader(Composite& into) : c_(into) {}

  void read(const Yaml& yaml) {
    check_version(yaml, "a composite type", c_.report);
    for (const Yaml::Entry& entry : yaml.entries) read_key(entry);
    if (c_.type.empty()) c_.report.add(yaml.place, "the composite type has no name", "write `type: name`");
    if (c_.parts.empty()) return c_.report.add(yaml.place, "the composite type has no `nodes`");
    if (!c_.inputs.count("from")) c_.inputs["from"] = {c_.parts.front().name};
    if (c_.output.text.empty()) c_.output = c_.parts.back().name;
    if (c_.inputs["from"].empty()) c_.inputs.erase("from");
    for (const auto& [name, targets] : c_.inputs)
      if (c_.find(name)) c_.report.add(targets.front().place, "`" + name + "` is a node and an input");
  }

 private:
  void read_key(const Yaml::Entry& entry) {
    const Yaml& value = entry.value;
    if (entry.key == "type") {
      c_.type = read_word(value, "type", c_.report).text;
      c_.place = value.place;
      if (!c_.type.empty() && (!is_path(c_.type) || c_.type.find('/') != std::string::npos))
        c_.report.add(value.place, "`" + c_.type + "` is not a name", "use letters, digits, _ - + .");
    } else if (entry.key == "doc") {
      c_.doc = read_word(value, "doc", c_.report).text;
    } else if (entry.key == "nodes") {
      if (expect_mapping(entry, "the nodes by name"))
        for (const Yaml::Entry& part : value.entries) read_part(part);
    } else if (entry.key == "input") {
      c_.inputs["from"] = read_words(value, "input", c_.report);
    } else if (entry.key == "inputs") {
      if (expect_mapping(entry, "{key: compressor:key}"))
        for (const Yaml::Entry& input : value.entries) read_input(input);
    } else if (entry.key == "output") {
      c_.output = read_word(value, "output", c_.report);
    } else if (entry.key == "sends") {
      if (expect_mapping(entry, "{pre: eq, post: pan}"))
        for (const Yaml::Entry& tap : value.entries) read_tap(tap);
    } else if (entry.key != "mixgraph") {
      std::vector<std::string_view> keys(std::begin(kKeys), std::end(kKeys));
      c_.report.add(entry.place, "`" + entry.key + "`: no such key of a composite type",
                    suggest(entry.key, keys, "it has"));
    }
  }
  bool expect_mapping(const Yaml::Entry& entry, const std::string& example) {
    if (entry.value.is_mapping()) return true;
    c_.report.add(entry.value.place, "`" + entry.key + "`: a mapping is expected", example);
    return false;
  }
  void read_part(const Yaml::Entry& entry) {
    if (!is_path(entry.key) || entry.key.find('/') != std::string::npos || is_reserved(entry.key))
      return c_.report.add(entry.place, "`" + entry.key + "` can't be the name of a node here",
                           "use letters, digits, _ - + . except type, from, sends, group, label, color");
    const Yaml::Entry* type = entry.value.find("type");
    if (!type) return c_.report.add(entry.place, "`" + entry.key + "` has no type", "write {type: eq}");
    c_.parts.push_back({{entry.key, entry.place}, read_word(type->value, "type", c_.report), entry.value});
  }
  void read_input(const Yaml::Entry& entry) {
    if (is_reserved(entry.key) || !is_path(entry.key) || entry.key.find('/') != std::string::npos)
      return c_.report.add(entry.place, "`" + entry.key + "` can't be the name of an input",
                           "use letters, digits, _ - + . except type, from, sends, group, label, color");
    std::vector<Word> targets = read_words(entry.value, entry.key, c_.report);
    if (!targets.empty()) c_.inputs[entry.key] = targets;
  }
  void read_tap(const Yaml::Entry& entry) {
    if (entry.key != "pre" && entry.key != "post")
      return c_.report.add(entry.place, "`" + entry.key + "`: no such kind of send", "one of pre, post");
    (entry.key == "pre" ? c_.pre : c_.post) = read_word(entry.value, entry.key, c_.report);
  }

  Composite& c_;
};

}  // namespace

const Composite::Part* Composite::find(std::string_view name) const {
  for (const Part& part : parts)
    if (part.name.text == name) return &part;
  return nullptr;
}

Composite parse_composite(const Yaml& yaml) {
  Composite composite;
  Reader(composite).read(yaml);
  return composite;
}

bool is_composite_file(const Yaml& yaml) {
  return yaml.find("type") || yaml.find("nodes");
}

Composites standard_composites() {
  Composites all;
  for (const EmbeddedFile& file : embedded_files()) {
    Report report;
    std::optional<Yaml> yaml = parse_yaml(file.text, std::string(file.name), report);
    Composite composite = yaml ? parse_composite(*yaml) : Composite();
    composite.report.add(report);
    all.emplace(file.name.substr(0, file.name.find('.')), std::move(composite));
  }
  return all;
}

}  // namespace mixgraph
