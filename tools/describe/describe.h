#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "config/composite.h"
#include "graph/node.h"

namespace mixgraph {

// The reference of node types, made from their tables, in three forms. [any]

std::string describe_text(const NodeType& type);
std::string describe_text(const Composite& type);
std::string describe_markdown(const NodeType& type);
std::string describe_markdown(const Composite& type);
nlohmann::ordered_json describe_json(const NodeType& type);
nlohmann::ordered_json describe_json(const Composite& type);

/// Facts of the table in words, for all forms.
std::string channels_text(const NodeType& type, const Port& port);  ///< "mono", "stereo", "mono or stereo", "any format"
std::string value_text(const Parameter& p, double value);  ///< with the unit: "-18 dB"
std::string default_text(const Parameter& p);
std::string range_text(const Parameter& p);  ///< "-60 to 0 dB", "off, on"
std::string_view curve_name(Curve curve);
/// "31, 20 to 20000 Hz, log".
std::string along_text(const Feed& feed);
std::string change_text(const Parameter& p);     ///< "live", "live, at once", "rebuild"
std::string running_text(const NodeType& type);  ///< "runs in banks of up to 64", "runs alone"
/// Latency with the initial settings, in ms at 48 kHz; 0: none.
double latency_ms(const NodeType& type);

}  // namespace mixgraph
