#include "tools/describe/completion.h"

#include <fmt/format.h>

#include <memory>

#include "tools/cli.h"

namespace mixgraph {
namespace {

/// The choices of an option that has a set of them: CLI11 shows these as "TEXT:{a,b}".
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t open = type.find('{'), close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return {};
  std::vector<std::string> choices;
  for (const std::string& choice : CLI::detail::split(type.substr(open + 1, close - open - 1), ','))
    choices.push_back(CLI::detail::trim_copy(choice));
  return choices;
}

std::vector<const CLI::App*> children(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

/// An option's names: "-o", "--output". Positional ones have none.
std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

std::vector<std::string> words(const CLI::App& app) {
  std::vector<std::string> all;
  for (const CLI::App* child : children(app)) all.push_back(child->get_name());
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : names_of(*option)) all.push_back(name);
  for (const CLI::Option* option : app.get_options())
    if (option->get_positional())
      for (const std::string& choice : choices_of(*option)) all.push_back(choice);
  return all;
}

std::string first_line(const std::string& text) {
  std::string line = text.substr(0, text.find_first_of("\n."));
  for (char& c : line)
    if (c == '\'' || c == '"' || c == '`' || c == '[' || c == ']' || c == ':' || c == '$') c = ' ';
  return line;
}

/// Calls `visit` for a subcommand and all below it, with its path: "osc send".
template <class Visit>
void walk(const CLI::App& app, const std::string& path, const Visit& visit) {
  visit(app, path);
  for (const CLI::App* child : children(app))
    walk(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), visit);
}

/// In bash and zsh alike: a case for each subcommand that sets `list`, one for each option with choices, and
/// files where neither fits. `typed` are the subcommands typed so far, `before` the word before the cursor.
std::string word_cases(const CLI::App& program) {
  std::string choices, commands;
  walk(program, "", [&](const CLI::App& app, const std::string& path) {
    commands += fmt::format("    '{}') list='{}' ;;\n", path, fmt::join(words(app), " "));
    for (const CLI::Option* option : app.get_options()) {
      const auto list = choices_of(*option);
      if (list.empty() || option->get_positional()) continue;
      for (const std::string& name : names_of(*option))
        choices += fmt::format("    '{} {}') list='{}' ;;\n", path, name, fmt::join(list, " "));
    }
  });
  return "  case \"$typed $before\" in\n" + choices + "    *) case \"$typed\" in\n" + commands +
         "    esac ;;\n  esac\n";
}

std::string path_pattern(const CLI::App& program) {
  std::vector<std::string> paths;
  walk(program, "", [&](const CLI::App&, const std::string& path) {
    if (!path.empty()) paths.push_back("'" + path + "'");
  });
  return fmt::format("{}", fmt::join(paths, "|"));
}

std::string fish_condition(const std::string& path, const CLI::App& app) {
  if (path.empty()) return "__fish_use_subcommand";
  std::string condition;
  for (const std::string& word : CLI::detail::split(path, ' '))
    condition += fmt::format("{}__fish_seen_subcommand_from {}", condition.empty() ? "" : "; and ", word);
  std::string inner;
  for (const CLI::App* child : children(app)) inner += " " + child->get_name();
  return inner.empty() ? condition : condition + "; and not __fish_seen_subcommand_from" + inner;
}

}  // namespace

std::string bash_completion(const CLI::App& program) {
  return fmt::format(
      R"sh(# bash completion for mixgraph:  mixgraph completion bash > /etc/bash_completion.d/mixgraph
_mixgraph() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" typed='' list='' word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "${{typed:+$typed }}$word" in {}) typed="${{typed:+$typed }}$word" ;; esac
  done
{}  COMPREPLY=($(compgen -W "$list" -- "$current"))
}}
complete -o default -F _mixgraph mixgraph
)sh",
      path_pattern(program), word_cases(program));
}

std::string zsh_completion(const CLI::App& program) {
  return fmt::format(R"sh(#compdef mixgraph
# zsh completion for mixgraph:  mixgraph completion zsh > "${{fpath[1]}}/_mixgraph"
_mixgraph() {{
  local before="${{words[CURRENT-1]}}" typed='' choices word
  for word in "${{(@)words[2,CURRENT-1]}}"; do
    case "${{typed:+$typed }}$word" in ({}) typed="${{typed:+$typed }}$word" ;; esac
  done
  choices="$(_mixgraph_words "$typed" "$before")"
  compadd -- ${{=choices}}
  _files
}}
_mixgraph_words() {{
  local typed="$1" before="$2" list=''
{}  print -r -- "$list"
}}
compdef _mixgraph mixgraph
)sh",
                     path_pattern(program), word_cases(program));
}

std::string fish_completion(const CLI::App& program) {
  std::string text =
      "# fish completion for mixgraph:  mixgraph completion fish > "
      "~/.config/fish/completions/mixgraph.fish\n";
  walk(program, "", [&](const CLI::App& app, const std::string& path) {
    const std::string start = fmt::format("complete -c mixgraph -n '{}'", fish_condition(path, app));
    for (const CLI::App* child : children(app))
      text += fmt::format("{} -f -a {} -d '{}'\n", start, child->get_name(),
                          first_line(child->get_description()));
    for (const CLI::Option* option : app.get_options()) {
      const std::string choices = fmt::format("{}", fmt::join(choices_of(*option), " "));
      std::string line = start;
      for (const std::string& name : option->get_snames()) line += " -s " + name;
      for (const std::string& name : option->get_lnames()) line += " -l " + name;
      if (!choices.empty()) line += " -f -a '" + choices + "'";
      if (option->get_items_expected_max() > 0 && !option->get_positional()) line += " -r";
      if (line != start) text += line + " -d '" + first_line(option->get_description()) + "'\n";
    }
  });
  return text;
}

void add_completion(CLI::App& program, Subcommands& all) {
  auto shell = std::make_shared<std::string>();
  CLI::App* app = program.add_subcommand("completion", "Print a completion script for a shell");
  app->add_option("shell", *shell, "The shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  app->footer(examples({"source <(mixgraph completion bash)",
                        "mixgraph completion fish > ~/.config/fish/completions/mixgraph.fish"}));
  all.push_back({app, [shell, &program] {
                   fmt::print("{}", *shell == "bash"  ? bash_completion(program)
                                    : *shell == "zsh" ? zsh_completion(program)
                                                      : fish_completion(program));
                   return kDone;
                 }});
}

}  // namespace mixgraph
