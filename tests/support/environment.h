#pragma once
#include <cstdlib>

namespace mixgraph {

/// A number that whoever runs a test by hand may give.
inline long from_environment(const char* name, long otherwise) {
  const char* text = std::getenv(name);
  return text ? std::atol(text) : otherwise;
}

}  // namespace mixgraph
