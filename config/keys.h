#pragma once
#include <string_view>
#include <vector>

#include "config/session.h"
#include "config/value.h"

namespace mixgraph {

/// All keys at the top of a session. [any]
std::vector<std::string_view> session_keys();
/// Reads `name`, `osc`, `media` or `recordings`; false if the key is none of these. [any]
bool read_settings(std::string_view key, const Yaml& value, Session& session, Report& report);
/// Reads `audio` (nullptr: not there). [any]
void read_audio(const Yaml::Entry* audio, Session& session, Report& report);
/// Reads `scenes` once the graph is known, which tells what the values are. [any]
void read_scenes(const Yaml& yaml, NodeTypes types, Session& session, Report& report);

/// The settings and scenes of a session that differ from defaults, as they are written. [any]
Yaml write_settings(const Session& session);
Yaml write_scenes(const Session& session);

}  // namespace mixgraph
