#pragma once
#include <CLI/CLI.hpp>
#include <string>

namespace mixgraph {

// Shell completion scripts, made from the program's tree of subcommands and options. [any]

std::string bash_completion(const CLI::App& program);
std::string zsh_completion(const CLI::App& program);
std::string fish_completion(const CLI::App& program);

}  // namespace mixgraph
