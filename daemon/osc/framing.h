#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "graph/problem.h"

namespace mixgraph {

/// How OSC packets follow one another on a byte stream.
enum class Framing : uint8_t {
  unknown,
  size_prefix,  ///< OSC 1.0: each packet after its size, a big-endian int32
  slip,         ///< OSC 1.1: RFC 1055, with an END before and after each packet
};

/// Cuts a TCP byte stream into OSC packets. The framing is told by the first byte: C0, `/` or `#` is SLIP, 00
/// is a size prefix (packets are far below 16 MiB), anything else is refused. No I/O, no clock; holds at most
/// one frame and the bytes that were fed and not yet asked for. [control]
class FrameReader {
 public:
  static constexpr size_t kMaxFrame = 65536;  ///< bytes

  /// Takes bytes as they arrive, cut anywhere.
  void feed(std::span<const uint8_t> bytes);

  /// The next packet, which is there until the next call of this or of feed(), or what is wrong with the next frame; empty
  /// when more bytes are needed. After a problem in SLIP reading goes on at the next frame; other problems leave the reader
  /// broken().
  std::optional<Result<std::span<const uint8_t>>> next();

  /// True when there is no way to find the next frame: the connection is to be closed. next() is empty from
  /// then on.
  bool broken() const { return broken_; }
  /// True when a frame has begun and not ended.
  bool in_frame() const { return (!frame_.empty() && !told_) || escaped_ || skipping_; }
  Framing framing() const { return framing_; }

 private:
  using Frame = std::optional<Result<std::span<const uint8_t>>>;
  Frame detect();
  Frame next_sized();
  Frame next_slip();
  Frame skip_slip(Problem problem);
  Frame break_off(Problem problem);
  Frame tell_frame(size_t head);
  uint8_t take_byte();

  std::vector<uint8_t> input_;  // fed, and read up to position_
  size_t position_ = 0;
  std::vector<uint8_t> frame_;  // the frame so far; with its size in front in size-prefix framing
  bool told_ = false;           // the frame has been given out
  Framing framing_ = Framing::unknown;
  bool escaped_ = false;   // the last byte was ESC
  bool skipping_ = false;  // until the next END, after a problem
  bool broken_ = false;
};

/// The bytes of one packet on a stream. Unknown framing is answered with size prefixes. [control]
std::vector<uint8_t> frame(std::span<const uint8_t> packet, Framing framing);

}  // namespace mixgraph
