#pragma once
#include <optional>
#include <string>
#include <vector>

namespace mixgraph {

/// What the command line of mixgraphd says. What it leaves open, the session says.
struct Options {
  std::string session;
  std::optional<int> osc_port;        ///< 0: any that is free
  std::vector<std::string> bind;      ///< addresses in figures; empty: loopback
  std::vector<std::string> allow;     ///< other machines that are heard; empty: the session's
  std::optional<std::string> driver;  ///< auto, portaudio, clock
  std::optional<std::string> device;
  std::optional<double> rate;  ///< Hz
  std::optional<int> period;   ///< frames
  std::string state;           ///< folder of the live state; empty: the usual one
  bool fresh = false;          ///< start from the session file, not from the live state
  bool check = false;          ///< only say what is wrong with the session
  bool no_restart = false;     ///< a crash or a stall ends the program
  std::string probe_device;    ///< not empty: only say whether this device is there, by the exit code
  std::string log_level = "info";
};

/// Reads the command line; nullopt with an exit code when there is nothing more to do (help, version, an
/// error).
std::optional<Options> read_options(int argc, char** argv, int& exit_code);

/// Exit codes of mixgraphd.
inline constexpr int kExitRuntime = 1, kExitUsage = 2, kExitSession = 3;

}  // namespace mixgraph
