// A feed's buffers between two threads.
#include <catch2/catch.hpp>

#include <algorithm>
#include <thread>

#include "graph/feed.h"

using namespace mixgraph;

namespace {
constexpr Feed kFeed{.id = "f", .label = "F", .doc = "F.", .size = 64, .along = {"Place"}, .rest = -1};
}

TEST_CASE("a feed's reader gets whole vectors, and never one older than before", "[feed]") {
  FeedBuffer buffer(kFeed);
  CHECK(buffer.next() == nullptr);
  CHECK(buffer.take().empty());
  buffer.want(true);
  constexpr int kLast = 200'000;
  std::thread writer([&] {
    for (int n = 0; n <= kLast; n++) {
      std::fill_n(buffer.next(), kFeed.size, float(n));
      buffer.publish();
    }
  });
  float latest = -1;
  bool whole = true, in_order = true;
  while (latest < kLast) {
    const auto values = buffer.take();
    if (values.empty()) continue;
    whole = whole && std::all_of(values.begin(), values.end(), [&](float x) { return x == values[0]; });
    in_order = in_order && values[0] > latest;
    latest = values[0];
  }
  writer.join();
  CHECK(whole);
  CHECK(in_order);
  CHECK(buffer.take().empty());
}
