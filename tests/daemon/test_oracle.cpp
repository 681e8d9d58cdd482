// The law of design section 4: the sound follows the document, whatever happens in whatever order. By hand:
//   MIXGRAPH_ORACLE_SEED=7 mixgraph_tests "[oracle]"         one sequence, told with the steps that it takes to be wrong
//   MIXGRAPH_ORACLE_STEPS=100000 mixgraph_tests "[oracle]"   for as many steps, from that seed on or from 1
//   MIXGRAPH_ORACLE_FROM_DB=-100                             passes over what differs by less
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>

#include "tests/support/environment.h"
#include "tests/support/oracle.h"

using namespace mixgraph;

TEST_CASE("The oracle finds no difference between the sound and the document", "[oracle]") {
  constexpr long kSteps = 12;  // of a sequence
  const bool by_hand = std::getenv("MIXGRAPH_ORACLE_STEPS");
  const long first = from_environment("MIXGRAPH_ORACLE_SEED", -1);
  const long steps = from_environment("MIXGRAPH_ORACLE_STEPS", first < 0 ? 80 * kSteps : kSteps);
  for (long i = 0; i < steps / kSteps; i++) {
    const unsigned seed = unsigned(std::max(first, 1l) + i);
    if (by_hand) std::cerr << "seed " << seed << "\r" << std::flush;
    const Sequence sequence = make_sequence(seed, kSteps);
    if (judge(sequence).empty()) continue;
    const Sequence least = shrunk(sequence);
    FAIL_CHECK(text(least) << judge(least));
    if (!by_hand) break;
  }
}
