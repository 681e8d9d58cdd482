#include "daemon/audio/presence.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace mixgraph {
namespace {

std::string variable(const char* name, const std::string& fallback = "") {
  const char* text = getenv(name);
  return text && *text ? text : fallback;
}

void add(std::vector<std::string>& found, const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return;
  found.push_back(path + " " + std::to_string(status.st_ino) + " " + std::to_string(status.st_ctim.tv_sec) +
                  " " + std::to_string(status.st_ctim.tv_nsec));
}

std::string runtime_folder() {
  return variable("XDG_RUNTIME_DIR", "/run/user/" + std::to_string(getuid()));
}

void add_jack(std::vector<std::string>& found) {
  const std::string server = variable("JACK_DEFAULT_SERVER", "default");
  const std::string owner = variable("JACK_PROMISCUOUS_SERVER").empty() ? "_" + std::to_string(getuid()) : "";
  for (const char* folder : {"/dev/shm", "/tmp"})
    add(found, std::string(folder) + "/jack_" + server + owner + "_0");
}

void add_pulse(std::vector<std::string>& found) {
  std::string server = variable("PULSE_SERVER");
  if (server.starts_with("unix:")) server.erase(0, 5);
  if (server.starts_with("/")) add(found, server);
  add(found, variable("PULSE_RUNTIME_PATH", runtime_folder() + "/pulse") + "/native");
  add(found, "/run/pulse/native");
}

bool has_new(const std::vector<std::string>& now, const std::vector<std::string>& before) {
  return std::any_of(now.begin(), now.end(), [&](const std::string& one) {
    return std::find(before.begin(), before.end(), one) == before.end();
  });
}

}  // namespace

Presence Presence::look() {
  Presence presence;
  add_jack(presence.servers);
  add(presence.servers,
      variable("PIPEWIRE_RUNTIME_DIR", runtime_folder()) + "/" + variable("PIPEWIRE_REMOTE", "pipewire-0"));
  add_pulse(presence.servers);
  if (DIR* folder = opendir("/dev/snd")) {
    while (const dirent* entry = readdir(folder))
      if (entry->d_name[0] != '.') add(presence.cards, std::string("/dev/snd/") + entry->d_name);
    closedir(folder);
  }
  return presence;
}

bool Presence::has_new_server(const Presence& before) const {
  return has_new(servers, before.servers);
}

bool Presence::has_new_card(const Presence& before) const {
  return has_new(cards, before.cards);
}

}  // namespace mixgraph
