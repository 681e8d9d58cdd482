#pragma once
#include <string>

#include "config/yaml.h"

namespace mixgraph {

/// The text of a mapping: what fits stands on one line, mappings of mappings are spread. Places are ignored.
/// [any]
std::string emit(const Yaml& mapping);

}  // namespace mixgraph
