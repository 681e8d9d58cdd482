#include <unistd.h>

#include <catch2/catch.hpp>

#include "daemon/life/open_requests.h"

using namespace mixgraph;

TEST_CASE("Open requests come back as they were written, as far as they are whole", "[restart]") {
  const std::vector<OpenRequest> written = {{{"127.0.0.1", 5000, 0}, "local", false, 0, {1, 2, 3}}, {{"::1", 65535, 1}, "remote\nview /mix/*", true, 1'000'000'000'000, {}},
                                            {{}, "remote", false, 7, {9}}};
  OpenRequests notes(-1);
  REQUIRE(notes.descriptor() >= 0);
  CHECK(notes.read().empty());
  notes.write(written);
  CHECK(notes.read() == written);
  const OpenRequests heir(dup(notes.descriptor()));
  CHECK(heir.read() == written);
  const off_t size = lseek(notes.descriptor(), 0, SEEK_END);
  REQUIRE(ftruncate(notes.descriptor(), size - 1) == 0);
  CHECK(heir.read() == std::vector<OpenRequest>(written.begin(), written.begin() + 2));
  notes.write({});
  CHECK(heir.read().empty());
  close(heir.descriptor());
}
