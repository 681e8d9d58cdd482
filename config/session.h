#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/composite.h"
#include "config/scene.h"
#include "graph/graph.h"
#include "graph/shared.h"

namespace mixgraph {

/// `audio:`, what the daemon opens.
struct AudioSettings {
  double rate = 48000;          ///< Hz
  int block = 0;                ///< frames of a device's period; 0: the device's choice
  std::string driver = "auto";  ///< auto, portaudio, clock
  std::string device;           ///< empty: the default one
  std::string input_device;     ///< empty: the same one
  std::optional<int> inputs, outputs;  ///< channels; nothing: channels_of() what the graph uses
  std::vector<int> input_map, output_map;  ///< device channels from 1; empty: in order
  double ceiling = 0;                      ///< dBFS, of all outputs
  int threads = 0;                         ///< that run the graph where it pays; 0: a quarter of the processors, 1 to 4
  int memory = 0;                          ///< MiB that the nodes may take; 0: usual_memory()
  double restore_max = 0;                  ///< dB, of levels in master/ that come from a live state
  Downmix downmix;                         ///< levels with which formats fold
  bool operator==(const AudioSettings&) const = default;
};

/// Device channels of each direction.
struct DeviceChannels {
  int inputs = 2, outputs = 2;
};
/// The highest channel of the device that one of its nodes names: up to 256; 0: none. [any]
int channels_of(const Node& node);
/// As many as are written, or 2, and at least as many as the nodes of a graph name: up to 256. [any]
DeviceChannels channels_of(const AudioSettings& audio, const Graph& graph);

/// Who may make the daemon touch files: load and save sessions, name files of players and recorders.
enum class FileAccess : uint8_t { loopback, all, none };

/// What is carried out of a UDP client on another machine before it has shown that it is there.
enum class Confirm : uint8_t {
  answers,  ///< what only sets parameters
  all,      ///< nothing
  off,      ///< everything: any address is trusted
};

/// `osc:`, where the daemon listens, and to whom.
struct OscSettings {
  int port = 9000;
  std::vector<std::string> bind;   ///< addresses; empty: loopback
  std::vector<std::string> allow;  ///< who is heard besides this machine, as Network::parse() reads it
  FileAccess files = FileAccess::loopback;
  Confirm confirm = Confirm::answers;
  double rate = 2000;  ///< messages per second of a UDP client on another machine; 0: no limit
  double loopback_rate = 0;  ///< the same on this machine
  std::vector<std::string> peers;  ///< surfaces that can't confirm or renew, as NetworkPeer::parse() reads them
  bool operator==(const OscSettings&) const = default;
};

/// A session file's content.
struct Session {
  std::string name;
  AudioSettings audio;
  OscSettings osc;
  std::string media = ".", recordings = ".";  ///< folders of players and recorders; relative to the file's
  std::vector<std::string> include;           ///< files of composite types; relative to the file's folder
  Graph graph;
  Scenes scenes;
  Composites composites;  ///< the types that the file was read with; no part of its content
  uint64_t text_hash = 0, types_hash = 0;  ///< of the file's text, and of those of composite types; no part of it
  bool operator==(const Session& other) const;
};

/// Reads a session file: all its problems at once, each with file:line:column. [control, worker]
Result<Session> load_session(const std::string& path, NodeTypes types);
/// The same for a file that somebody names beneath a folder: neither links nor other folders. [control, worker]
Result<Session> load_session_beneath(const std::string& folder, const std::string& name, NodeTypes types);
/// The same from a text; `folder` is where files beside it and included files are looked for. [control,
/// worker]
Result<Session> parse_session(std::string_view text, const std::string& file_name, const std::string& folder,
                              NodeTypes types);

/// The text of a session: parse_session() makes an equal one of it. Composite instances are folded, and only
/// what differs from defaults is written. Left out are nodes outside in/, mix/ and master/, and values in
/// scenes that their parameter can't take. [control, worker]
std::string write_session(const Session& session);
/// The same without nodes and scenes: settings alone. [control, worker]
std::string write_head(const Session& session);

/// On which terms a file is replaced.
struct SaveTerms {
  bool follow_link = false;  ///< a link stays and the file that it leads to is replaced; else it is refused
  std::optional<uint64_t> replaces = {};  ///< hash_of() the text that may be replaced: any other is left alone
};
/// Writes a session's text so that whatever happens the file holds either the old or the new session: a new file, synced,
/// read back as a session, renamed over the old one, which stays as `path`.bak. Those who save in one folder at a time
/// wait for one another. [worker]
Problems save_text(const std::string& text, const std::string& path, NodeTypes types, const SaveTerms& terms = {});
/// Removes what saves of this file have left that were killed. [control, worker]
void clean_up_after_saves(const std::string& path);

/// A number that tells one text from another. [any]
uint64_t hash_of(std::string_view text);
/// The same for all that a session was read from: while it stays, the files say the same. [any]
uint64_t fingerprint(const Session& session);

}  // namespace mixgraph
