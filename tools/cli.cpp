#include "tools/cli.h"

#include <fmt/format.h>

#include <iostream>
#include <sstream>

namespace mixgraph {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 done; 1 it failed (a file, a device, the network); 2 wrong usage;\n"
    "            3 problems in what was handed in, printed as file:line:column: what; hint\n";

/// In the list of subcommands only the first line of each description; all of it in the subcommand's own
/// help.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_subcommand(const CLI::App* app) const override {
    const std::string what = app->get_description();
    std::stringstream line;
    CLI::detail::format_help(line, app->get_name(), what.substr(0, what.find('\n')), get_column_width());
    return line.str();
  }
};

void build(CLI::App& program, Subcommands& all) {
  program.set_version_flag("--version", std::string("mixgraph 0.1.0"), "Print the version and exit");
  program.formatter(std::make_shared<HelpFormatter>());
  program.require_subcommand(1);
  program.footer(kFooter);
  for (auto add :
       {add_render, add_validate, add_describe, add_devices, add_osc, add_dot, add_bench, add_completion})
    add(program, all);
}

int run_chosen(const Subcommands& all) {
  for (const Subcommand& s : all)
    if (s.app->parsed()) return s.run();
  return kUsage;
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CLI::App program("Renders, checks, describes and drives mixing and mastering sessions.", "mixgraph");
  Subcommands all;
  build(program, all);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return program.exit(e, std::cout, std::cerr) == 0 ? kDone : kUsage;
  }
  try {
    return run_chosen(all);
  } catch (const std::exception& e) {
    std::cerr << "mixgraph: " << e.what() << "\n";
    return kFailed;
  }
}

std::string examples(std::initializer_list<std::string_view> lines) {
  std::string text = "Examples:\n";
  for (std::string_view line : lines) text += fmt::format("  {}\n", line);
  return text;
}

int print_problems(const Problems& problems, ExitCode code) {
  for (const Problem& p : problems) std::cerr << p.text() << "\n";
  return code;
}

Result<InstructionSet> find_instruction_set(const std::string& name) {
  std::string names;
  for (InstructionSet set : available_instruction_sets()) {
    if (name_of(set) == name) return set;
    names += (names.empty() ? "" : ", ") + std::string(name_of(set));
  }
  return Problem{"--isa", "`" + name + "` is no instruction set of this machine", "it has " + names};
}

Result<NodeTypes> find_node_types(const std::string& instruction_set) {
  if (instruction_set.empty()) return node_types();
  auto set = find_instruction_set(instruction_set);
  if (!set) return set.problems();
  return node_types(*set);
}

}  // namespace mixgraph
