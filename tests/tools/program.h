#pragma once
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/sound_files.h"

namespace mixgraph::program {

/// A new folder that goes with the test.
class Folder {
 public:
  std::string operator/(const std::string& name) const { return folder_.path(name); }
  /// Writes a file and returns its path.
  std::string write(const std::string& name, const std::string& text) const;

 private:
  TemporaryFolder folder_;
};

/// What a program did.
struct Outcome {
  int code = -1;
  std::string out, err;
};

/// Runs the built `mixgraph` with arguments and waits for it.
Outcome run_mixgraph(const std::vector<std::string>& arguments);

/// A file's bytes.
std::string bytes_of(const std::string& path);
/// A sine of an amplitude and phase (radians).
std::vector<float> sine(double frequency, double amplitude, double seconds, int rate = 48000,
                        double phase = 0);

}  // namespace mixgraph::program
