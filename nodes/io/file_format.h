#pragma once
#include <sndfile.h>

#include <array>

#include "graph/format.h"

namespace mixgraph {

/// Which channel of a file holds each of a format's channels: files keep loudspeakers in the order of WAVE's channel mask.
using ChannelOrder = std::array<uint8_t, kMostChannels>;

/// The format that an open file says it has, or else the usual one of so many channels, and their order in it. [worker]
Format format_in_file(SNDFILE* file, int channels, ChannelOrder& order);
/// The order of a format's channels in files. [any]
ChannelOrder order_in_files(Format format);
/// Has a file that was opened for writing say where its channels belong, if its kind can; before anything is written. [worker]
void set_format_in_file(SNDFILE* file, Format format);

}  // namespace mixgraph
