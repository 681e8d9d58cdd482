#pragma once
#include <string>

#include "config/yaml.h"

namespace mixgraph {

/// The version of the file format that this program reads and writes.
inline constexpr std::string_view kFormatVersion = "1";

/// Reports a missing or unknown `mixgraph:` in a file of some kind ("a session"). [any]
inline void check_version(const Yaml& yaml, const std::string& kind, Report& report) {
  std::string line = "`mixgraph: " + std::string(kFormatVersion) + "`";
  const Yaml::Entry* version = yaml.find("mixgraph");
  if (!version)
    report.add(yaml.place, "`mixgraph`, the version of the format, is missing",
               kind + " starts with " + line);
  else if (!version->value.is_scalar() || version->value.text != kFormatVersion)
    report.add(version->value.place, "this program doesn't read this version of the format", "write " + line);
}

}  // namespace mixgraph
