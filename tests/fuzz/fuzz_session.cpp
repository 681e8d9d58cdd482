// Session files: never a crash, and what is accepted survives being written and read again.
#include <string>

#include "config/session.h"
#include "tests/config/types.h"
#include "tests/fuzz/fuzz.h"

using namespace mixgraph;
using fuzz::require;

namespace {

Result<Session> parse(std::string_view text) {
  return parse_session(text, "fuzz.yaml", "/nonexistent", test::table_types());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto session = parse(fuzz::text({data, size}));
  if (!session) {
    for (const Problem& problem : session.problems())
      require(!problem.where.empty() && !problem.what.empty(), "a problem says where and what");
    return 0;
  }
  const std::string written = write_session(*session);
  const auto again = parse(written);
  if (!again) std::fprintf(stderr, "%s\n%s\n", written.c_str(), again.problems().front().text().c_str());
  require(bool(again), "what was written can be read");
  if (!(*again == *session)) std::fprintf(stderr, "%s\n", written.c_str());
  require(*again == *session, "what was written reads as the same");
  require(write_session(*again) == written, "what was read writes as the same");
  return 0;
}
