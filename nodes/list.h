#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "graph/node.h"

namespace mixgraph {

/// An instruction set that the node types are compiled for.
enum class InstructionSet : uint8_t { baseline, avx2, avx512 };

std::string_view name_of(InstructionSet set);
/// Those that both this program and this machine have, the widest last. [any]
std::vector<InstructionSet> available_instruction_sets();
/// The node types for one of them. [any]
NodeTypes node_types(InstructionSet set);
/// The node types for the widest one, or for the one that the environment variable MIXGRAPH_ISA names. [any]
NodeTypes node_types();

}  // namespace mixgraph
