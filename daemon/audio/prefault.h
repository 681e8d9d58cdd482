#pragma once

namespace mixgraph {

/// Maps all code and constants of the program and its libraries now, so that no audio thread waits for a page of them
/// when it runs through a piece of code for the first time. Does nothing where the kernel can't (before Linux 5.14).
/// [control]
void prefault_program();

/// Touches as much of this thread's stack as a block may need. [audio, once, before the first block]
void prefault_stack() noexcept;

}  // namespace mixgraph
