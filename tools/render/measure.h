#pragma once
#include <string>

#include "graph/problem.h"

namespace mixgraph {

/// What a sound file measures, by libebur128 (ITU-R BS.1770-4, EBU Tech 3342).
struct Measurement {
  int rate = 0, channels = 0;
  double seconds = 0;
  double integrated = 0;                         ///< LUFS; -infinity if all is below -70
  double range = 0;                              ///< LU
  double true_peak = 0;                          ///< dBTP, the highest channel's
  double sample_peak = 0;                        ///< dBFS
  double max_momentary = 0, max_short_term = 0;  ///< LUFS
};

/// Reads a file from end to end and measures it. [any]
Result<Measurement> measure(const std::string& path);

/// For people, a line each: "integrated -14.0 LUFS". [any]
std::string to_text(const Measurement& m);
/// One line of JSON; levels of silence are null. [any]
std::string to_json(const std::string& path, const Measurement& m);

}  // namespace mixgraph
