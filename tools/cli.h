#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/problem.h"
#include "nodes/list.h"

namespace mixgraph {

/// What `mixgraph` returns to the shell.
enum ExitCode : int {
  kDone = 0,
  kFailed = 1,    ///< something could not be done: a file, a device, the network
  kUsage = 2,     ///< the command line is wrong
  kProblems = 3,  ///< what was handed in has problems, and they were printed
};

/// A subcommand: its arguments, and what it does once they are read.
struct Subcommand {
  CLI::App* app;
  std::function<int()> run;  ///< returns an ExitCode
};
using Subcommands = std::vector<Subcommand>;

/// One function per file of this folder: each adds its subcommand to the program.
void add_render(CLI::App& program, Subcommands& all);
void add_validate(CLI::App& program, Subcommands& all);
void add_describe(CLI::App& program, Subcommands& all);
void add_devices(CLI::App& program, Subcommands& all);
void add_osc(CLI::App& program, Subcommands& all);
void add_dot(CLI::App& program, Subcommands& all);
void add_bench(CLI::App& program, Subcommands& all);
void add_completion(CLI::App& program, Subcommands& all);

/// The whole program: reads the arguments, runs one subcommand, returns its exit code.
int run_command_line(int argc, const char* const* argv);

/// The text below the help of a subcommand: examples, one per line.
std::string examples(std::initializer_list<std::string_view> lines);

/// Prints problems to stderr, one per line, and returns `code`.
int print_problems(const Problems& problems, ExitCode code);

/// The instruction set of that name; the problem lists those that this machine has.
Result<InstructionSet> find_instruction_set(const std::string& name);
/// The node types for an instruction set by name; empty: the widest (or that of MIXGRAPH_ISA).
Result<NodeTypes> find_node_types(const std::string& instruction_set);

}  // namespace mixgraph
