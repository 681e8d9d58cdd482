#pragma once
#include "graph/node.h"

namespace mixgraph::test {

/// Node types with tables but no sound, so that these tests say what they say whatever the real tables
/// become.
NodeTypes table_types();
const NodeType& table_type(std::string_view id);

}  // namespace mixgraph::test
