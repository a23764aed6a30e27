// vnpu completion: shell completions, made from the options the program really has.
#include <iostream>

#include "base/error.h"
#include "host/cli.h"

namespace vnpu::cli {
namespace {

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

void bash(const CLI::App& app, const std::string& commands) {
  std::cout << "_vnpu() {\n  local cur=${COMP_WORDS[COMP_CWORD]} words\n  case ${COMP_WORDS[1]} in\n";
  for (const CLI::App* sub : app.get_subcommands({})) {
    std::cout << "    " << sub->get_name() << ") words=\"" << joined(option_names(*sub)) << " "
              << joined(option_names(app)) << "\" ;;\n";
  }
  std::cout << "    *) words=\"" << commands << " " << joined(option_names(app)) << "\" ;;\n  esac\n"
            << "  if [ $COMP_CWORD -eq 1 ] || [[ $cur == -* ]]; then COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
            << "  else COMPREPLY=($(compgen -f -- \"$cur\")); fi\n}\ncomplete -o filenames -F _vnpu vnpu\n";
}

void zsh(const CLI::App& app) {
  std::cout << "#compdef vnpu\n_vnpu() {\n  local -a commands\n  commands=(\n";
  for (const CLI::App* sub : app.get_subcommands({}))
    std::cout << "    '" << sub->get_name() << ":" << sub->get_description() << "'\n";
  std::cout << "  )\n  if (( CURRENT == 2 )); then _describe command commands; return; fi\n  case $words[2] in\n";
  for (const CLI::App* sub : app.get_subcommands({})) {
    std::cout << "    " << sub->get_name() << ") _arguments '*:file:_files'";
    for (const auto& name : option_names(*sub)) std::cout << " '" << name << "'";
    std::cout << " ;;\n";
  }
  std::cout << "  esac\n}\ncompdef _vnpu vnpu\n";
}

void fish(const CLI::App& app) {
  for (const CLI::App* sub : app.get_subcommands({})) {
    std::cout << "complete -c vnpu -n __fish_use_subcommand -a " << sub->get_name() << " -d '" << sub->get_description()
              << "'\n";
    for (const auto& name : option_names(*sub)) {
      std::cout << "complete -c vnpu -n '__fish_seen_subcommand_from " << sub->get_name() << "' -l " << name.substr(2)
                << "\n";
    }
  }
}

}  // namespace

void add_completion(CLI::App& app, Common&, int&) {
  auto* command =
      app.add_subcommand("completion", "shell completions: vnpu completion bash > /etc/bash_completion.d/vnpu");
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([shell, &app] {
    std::vector<std::string> names;
    for (const CLI::App* sub : app.get_subcommands({})) names.push_back(sub->get_name());
    if (*shell == "bash") bash(app, joined(names));
    if (*shell == "zsh") zsh(app);
    if (*shell == "fish") fish(app);
  });
}

}  // namespace vnpu::cli
