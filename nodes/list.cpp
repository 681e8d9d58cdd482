#include "nodes/list.h"

#include <cstdlib>

namespace mixgraph {

namespace baseline {
NodeTypes::List node_types();
}
namespace avx2 {
NodeTypes::List node_types();
}
namespace avx512 {
NodeTypes::List node_types();
}

std::string_view name_of(InstructionSet set) {
  constexpr std::string_view kNames[] = {"baseline", "avx2", "avx512"};
  return kNames[size_t(set)];
}

std::vector<InstructionSet> available_instruction_sets() {
  std::vector<InstructionSet> sets{InstructionSet::baseline};
#ifdef MIXGRAPH_HAS_AVX2
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) sets.push_back(InstructionSet::avx2);
#endif
#ifdef MIXGRAPH_HAS_AVX512
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("fma"))
    sets.push_back(InstructionSet::avx512);
#endif
  return sets;
}

NodeTypes node_types(InstructionSet set) {
#ifdef MIXGRAPH_HAS_AVX512
  if (set == InstructionSet::avx512) return avx512::node_types();
#endif
#ifdef MIXGRAPH_HAS_AVX2
  if (set == InstructionSet::avx2) return avx2::node_types();
#endif
  return baseline::node_types();
}

NodeTypes node_types() {
  const char* asked = std::getenv("MIXGRAPH_ISA");
  InstructionSet widest = InstructionSet::baseline;
  for (InstructionSet set : available_instruction_sets()) {
    widest = set;
    if (asked && name_of(set) == asked) break;
  }
  return node_types(widest);
}

}  // namespace mixgraph
