#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "daemon/audio/presence.h"
#include "tests/support/sound_files.h"

using namespace mixgraph;

namespace {

/// Listens at a path, as a sound server does.
int serve(const std::string& path) {
  const int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  unlink(path.c_str());
  REQUIRE(bind(made, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return made;
}

}  // namespace

TEST_CASE("A sound server that was started again is new, one that went is not", "[restart]") {
  const TemporaryFolder folder;
  const std::string path = folder.path("native");
  setenv("PULSE_SERVER", ("unix:" + path).c_str(), 1);
  const Presence without = Presence::look();
  const int first = serve(path);
  const Presence with = Presence::look();
  CHECK(with.has_new_server(without));
  CHECK_FALSE(Presence::look().has_new_server(with));
  close(first);  // killed: its socket file stays
  CHECK_FALSE(Presence::look().has_new_server(with));
  const int second = serve(path);
  CHECK(Presence::look().has_new_server(with));
  CHECK_FALSE(Presence::look().has_new_card(with));
  close(second);
  unlink(path.c_str());
  CHECK_FALSE(Presence::look().has_new_server(with));
  unsetenv("PULSE_SERVER");
}
