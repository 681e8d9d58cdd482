#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/value.h"
#include "config/yaml.h"
#include "graph/node.h"

namespace mixgraph {

/// A composite type: a small graph that is used like a node. Its parts become plain nodes below the
/// instance's path. Written as YAML; see SESSIONS.md, "Composite types".
struct Composite {
  /// One node of it, with its settings as written: type, from, parameters.
  struct Part {
    Word name, type;
    Yaml settings;
  };

  std::string type, doc;
  Place place;  ///< of its name
  std::vector<Part> parts;
  std::map<std::string, std::vector<Word>>
      inputs;                     ///< "from" and named ones: the parts that they feed, "part:port"
  Word output;                    ///< the part that is heard when the composite is a source
  std::optional<Word> pre, post;  ///< the parts that sends take from; neither: no sends
  Report report;                  ///< what is wrong with it; its instances stay empty then

  const Part* find(std::string_view name) const;
  bool has_sends() const { return pre || post; }
};

/// Composite types by name.
using Composites = std::map<std::string, Composite, std::less<>>;

/// Reads the definition of a composite type; problems are in its report. [any]
Composite parse_composite(const Yaml& yaml);
/// Whether a YAML file defines a composite type, rather than a session. [any]
bool is_composite_file(const Yaml& yaml);
/// Finds what is wrong with definitions once they are all there: unknown types, composites that contain each
/// other, wrong settings and sources. Adds to their reports. [any]
void check_composites(Composites& composites, NodeTypes types);

/// strip, bus and master, as they are built into the program. [any]
Composites standard_composites();

/// A file that is built into the program.
struct EmbeddedFile {
  std::string_view name, text;
};
/// The .yaml files of this folder. [any]
const std::vector<EmbeddedFile>& embedded_files();

}  // namespace mixgraph
