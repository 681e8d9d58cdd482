#pragma once
#include "graph/node.h"

namespace mixgraph::MIXGRAPH_ISA {

/// One T on the heap for each channel: of a node that runs alone, so that mono takes no room for sixteen. [control] but for
/// operator[].
template <class T>
class ForChannels {
 public:
  template <class... A>
  explicit ForChannels(int count, const A&... arguments) : count_(count) {
    for (int c = 0; c < count; c++) all_[c] = new T(arguments...);
  }
  ForChannels(const ForChannels&) = delete;
  ForChannels& operator=(const ForChannels&) = delete;
  ~ForChannels() {
    for (int c = 0; c < count_; c++) delete all_[c];
  }
  T& operator[](int c) { return *all_[c]; }

 private:
  int count_;
  T* all_[kMostChannels] = {};
};

}  // namespace mixgraph::MIXGRAPH_ISA
