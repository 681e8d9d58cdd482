#pragma once
#include <string>

#include "graph/problem.h"

/// The texts of session files and composite types: at most one byte longer than a YAML file may be. What is no file, a
/// pipe too, is refused without waiting for it. [control, worker]
namespace mixgraph {

Result<std::string> read_file(const std::string& path);
/// The same for a file that is named in a session, or over the network: neither links nor other folders.
Result<std::string> read_file_beneath(const std::string& folder, const std::string& name);

}  // namespace mixgraph
