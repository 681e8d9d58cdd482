#include "tools/render/song.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/yaml.h"

namespace mixgraph {
namespace {

namespace fs = std::filesystem;

std::string beside(const std::string& session_path, const std::string& folder) {
  return (fs::path(session_path).parent_path() / folder).lexically_normal().string();
}

/// Where the innermost key that leads to `address` stands: for "/mix/vox/eq" that of "vox", if no "eq" is
/// written.
Place place_of(const Yaml& file, const std::string& address) {
  Place place = file.place;
  const Yaml* at = &file;
  std::stringstream parts(address.substr(1, address.find(':') - 1));
  for (std::string part; std::getline(parts, part, '/');) {
    const Yaml::Entry* entry = at->find(part);
    if (!entry) break;
    place = entry->place;
    at = &entry->value;
  }
  return place;
}

}  // namespace

Result<Song> load_song(const std::string& path, NodeTypes types, double rate) {
  auto session = load_session(path, types);
  if (!session) return session.problems();
  Song song{path, std::move(*session), {}, types};
  const AudioSettings& audio = song.session.audio;
  song.engine.environment = {rate > 0 ? rate : audio.rate, beside(path, song.session.media), beside(path, song.session.recordings), audio.downmix};
  const DeviceChannels channels = channels_of(audio, song.session.graph);
  song.engine.inputs = channels.inputs;
  song.engine.outputs = channels.outputs;
  song.engine.ceiling_db = audio.ceiling;
  if (audio.memory > 0) song.engine.memory = size_t(audio.memory) << 20;
  return song;
}

Format format_of_render(const Song& song) {
  const Environment& environment = song.engine.environment;
  Format format = usual_format(song.engine.outputs);
  for (const Node& node : song.session.graph.nodes()) {
    if (node.type->role != DeviceRole::device_output) continue;
    const Format own = own_format(*node.type, {environment, format, node.values});
    if (own.channels == song.engine.outputs) format = own;
  }
  return format;
}

Problems with_lines(const Problems& problems, const std::string& session_path) {
  std::ifstream stream(session_path, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  Report ignored;
  const auto yaml = parse_yaml(text.str(), session_path, ignored);
  if (!yaml) return problems;
  Problems located;
  for (const Problem& p : problems) {
    if (!p.where.starts_with('/')) {
      located.push_back(p);
      continue;
    }
    located.push_back({place_of(*yaml, p.where).text(), p.where + ": " + p.what, p.hint});
  }
  return located;
}

}  // namespace mixgraph
