#include "daemon/osc/framing.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mixgraph {
namespace {

// RFC 1055
constexpr uint8_t kEnd = 0xc0;
constexpr uint8_t kEscape = 0xdb;
constexpr uint8_t kEscapedEnd = 0xdc;
constexpr uint8_t kEscapedEscape = 0xdd;

constexpr size_t kSizeBytes = 4;

int32_t size_in(std::span<const uint8_t> bytes) {
  return static_cast<int32_t>(uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 |
                              uint32_t{bytes[3]});
}

std::string limit() {
  return fmt::format("1 to {} bytes", FrameReader::kMaxFrame);
}

void append_slip(std::vector<uint8_t>& bytes, std::span<const uint8_t> packet) {
  bytes.push_back(kEnd);
  for (const uint8_t byte : packet) {
    const bool special = byte == kEnd || byte == kEscape;
    if (special) bytes.push_back(kEscape);
    bytes.push_back(!special ? byte : byte == kEnd ? kEscapedEnd : kEscapedEscape);
  }
  bytes.push_back(kEnd);
}

}  // namespace

void FrameReader::feed(std::span<const uint8_t> bytes) {
  if (broken_) return;
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(position_));
  position_ = 0;
  input_.insert(input_.end(), bytes.begin(), bytes.end());
}

FrameReader::Frame FrameReader::next() {
  if (std::exchange(told_, false)) frame_.clear();
  if (broken_ || position_ == input_.size()) return {};
  if (framing_ == Framing::unknown) {
    if (auto problem = detect()) return problem;
  }
  return framing_ == Framing::slip ? next_slip() : next_sized();
}

FrameReader::Frame FrameReader::detect() {
  const uint8_t first = input_[position_];
  if (first == kEnd || first == '/' || first == '#') {
    framing_ = Framing::slip;
  } else if (first == 0) {
    framing_ = Framing::size_prefix;
  } else {
    return break_off({"", fmt::format("a stream that begins with byte {:#04x}", first),
                      "OSC packets after their size (int32, big endian), or in SLIP"});
  }
  return {};
}

FrameReader::Frame FrameReader::next_sized() {
  // Most frames come whole.
  const size_t left = input_.size() - position_;
  if (frame_.empty() && left > kSizeBytes) {
    const auto rest = std::span<const uint8_t>(input_).subspan(position_);
    const int32_t size = size_in(rest);
    if (size > 0 && size_t(size) <= std::min(left - kSizeBytes, kMaxFrame)) {
      position_ += kSizeBytes + size_t(size);
      return rest.subspan(kSizeBytes, size_t(size));
    }
  }
  while (position_ < input_.size()) {
    const size_t wanted = frame_.size() < kSizeBytes ? kSizeBytes : kSizeBytes + size_in(frame_);
    const size_t taken = std::min(wanted - frame_.size(), input_.size() - position_);
    const auto from = input_.begin() + static_cast<std::ptrdiff_t>(position_);
    frame_.insert(frame_.end(), from, from + static_cast<std::ptrdiff_t>(taken));
    position_ += taken;
    if (frame_.size() < wanted) return {};
    if (wanted > kSizeBytes) return tell_frame(kSizeBytes);
    const int32_t size = size_in(frame_);
    if (size <= 0 || static_cast<size_t>(size) > kMaxFrame) {
      return break_off({"", fmt::format("a frame of {} bytes", size), limit()});
    }
  }
  return {};
}

FrameReader::Frame FrameReader::next_slip() {
  while (position_ < input_.size()) {
    const uint8_t byte = take_byte();
    if (byte == kEnd && escaped_)
      return skip_slip({"", "a SLIP frame that ends in ESC", "ESC before DC or DD"});
    if (byte == kEnd) {
      skipping_ = false;
      if (!frame_.empty()) return tell_frame(0);
      continue;
    }
    if (skipping_) continue;
    if (!escaped_ && byte == kEscape) {
      escaped_ = true;
      continue;
    }
    if (escaped_ && byte != kEscapedEnd && byte != kEscapedEscape) {
      return skip_slip({"", fmt::format("ESC before {:#04x} in a SLIP frame", byte), "ESC before DC or DD"});
    }
    if (frame_.size() == kMaxFrame) {
      return skip_slip({"", fmt::format("a SLIP frame of more than {} bytes", kMaxFrame), limit()});
    }
    frame_.push_back(!escaped_ ? byte : byte == kEscapedEnd ? kEnd : kEscape);
    escaped_ = false;
  }
  return {};
}

/// Forgets the frame; the END that may just have been read ends it.
FrameReader::Frame FrameReader::skip_slip(Problem problem) {
  skipping_ = input_[position_ - 1] != kEnd;
  escaped_ = false;
  frame_.clear();
  return Result<std::span<const uint8_t>>(std::move(problem));
}

FrameReader::Frame FrameReader::break_off(Problem problem) {
  broken_ = true;
  input_ = {};
  position_ = 0;
  frame_ = {};
  return Result<std::span<const uint8_t>>(std::move(problem));
}

FrameReader::Frame FrameReader::tell_frame(size_t head) {
  told_ = true;
  return std::span<const uint8_t>(frame_).subspan(head);
}

uint8_t FrameReader::take_byte() {
  return input_[position_++];
}

std::vector<uint8_t> frame(std::span<const uint8_t> packet, Framing framing) {
  std::vector<uint8_t> bytes;
  bytes.reserve(packet.size() + 8);
  if (framing == Framing::slip) {
    append_slip(bytes, packet);
    return bytes;
  }
  const auto size = static_cast<uint32_t>(packet.size());
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<uint8_t>(size >> shift));
  bytes.insert(bytes.end(), packet.begin(), packet.end());
  return bytes;
}

}  // namespace mixgraph
