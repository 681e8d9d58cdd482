#pragma once
#include "daemon/life/restart.h"

namespace mixgraph {

/// From now on a crash of any thread (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, which an uncaught exception
/// raises too, SIGSYS) or too much processor time of a real-time thread (SIGXCPU) is printed on standard
/// error, with where it was, and the process starts again. If it can't, it ends by that signal. `restart` is
/// kept for ever. Also gives the calling thread a signal stack. [control]
void restart_on_crash(Restart& restart);

}  // namespace mixgraph
