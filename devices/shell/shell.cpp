#include "devices/shell/shell.h"

#include <algorithm>

#include "devices/board.h"
#include "devices/shell/line_editor.h"

namespace vnpu::devices::shell {

namespace {
constexpr std::size_t value_limit = std::size_t{16} << 20;
}

Shell::Shell(Process& process) : process(process), shell_pid(process.task->pid) {}

Shell::Shell(std::unique_ptr<Process> own)
    : process(*own), shell_pid(process.task->pid), own_process_(std::move(own)) {}

void Shell::say(const std::string& message) {
  std::string text = name + ": ";
  if (!command_name.empty()) {
    if (command_name != name) text += command_name + ": ";
    if (in_scripts() || source_depth > 0) text += "line " + std::to_string(line) + ": ";
  }
  process.complain(text + message + "\n");
}

void Shell::assign(const std::string& variable, const std::string& text) {
  if (text.size() > value_limit) throw ShellError{"out of memory", 2, false};
  Variable& slot = variables[variable];
  if (slot.readonly) throw ShellError{variable + ": is read only", 2, false};
  slot.value = text;
  if (options.allexport) slot.exported = true;
  if (variable == "OPTIND") getopts_at = 0;
}

void Shell::unset(const std::string& variable) {
  const auto it = variables.find(variable);
  if (it == variables.end()) return;
  if (it->second.readonly) throw ShellError{variable + ": is read only", 2, false};
  variables.erase(it);
}

std::map<std::string, std::string> Shell::exported() const {
  std::map<std::string, std::string> out;
  for (const auto& [variable, slot] : variables)
    if (slot.exported && slot.value) out[variable] = *slot.value;
  return out;
}

bool Shell::set_option(char letter, bool on) {
  switch (letter) {
    case 'e': options.errexit = on; return true;
    case 'x': options.xtrace = on; return true;
    case 'u': options.nounset = on; return true;
    case 'f': options.noglob = on; return true;
    case 'C': options.noclobber = on; return true;
    case 'v': options.verbose = on; return true;
    case 'a': options.allexport = on; return true;
    case 'n': options.noexec = on; return true;
    case 'm': options.monitor = on; return true;
    case 'i': options.interactive = on; return true;
    case 's': options.standard_in = on; return true;
    case 'b':
    case 'h': return true;
    default: return false;
  }
}

int Shell::run_text(const std::string& text, bool last) {
  Parser parser(text, &aliases);
  try {
    while (const NodePtr node = parser.next()) {
      const bool final =
          last && text.find_first_not_of(" \t\n", std::min(parser.position(), text.size())) == std::string::npos;
      status = execute(*node, false, final && traps.empty());
    }
    check_signals();
  } catch (const SyntaxError& error) {
    line = error.line;
    throw ShellError{error.message, 2, false};
  }
  return status;
}

int Shell::run_file(const std::string& path, const std::vector<std::string>& with) {
  if (source_depth > 100) throw ShellError{"recursion too deep", 2, false};
  const auto text = process.files().read_file(process.user, process.path(path), std::uint64_t{16} << 20);
  if (!text) throw ShellError{"can't open '" + path + "': " + message(text.error()), 2, true};
  auto outer = arguments;
  if (!with.empty()) arguments = with;
  const std::string outer_name = std::exchange(command_name, path);
  const int outer_line = line, outer_loops = std::exchange(loops, 0);
  ++source_depth;
  const auto leave = [&] {
    --source_depth;
    command_name = outer_name;
    line = outer_line;
    loops = outer_loops;
    if (!with.empty()) arguments = outer;
  };
  int out = 0;
  try {
    status = 0;
    out = run_text(*text);
  } catch (const ReturnFrom& back) {
    out = back.status;
  } catch (const ShellError& error) {
    if (!error.message.empty()) say(error.message);
    leave();
    throw ShellError{"", error.status, true};
  } catch (...) {
    leave();
    throw;
  }
  leave();
  return out;
}

int Shell::main() {
  for (const auto& [variable, text] : process.environment) variables[variable] = {text, true, false};
  const auto set_default = [&](const char* variable, const std::string& text) {
    if (!variables.contains(variable)) variables[variable].value = text;
  };
  set_default("PATH", "/sbin:/usr/sbin:/bin:/usr/bin");
  set_default("PS1", process.user.uid == 0 ? "# " : "\\w \\$ ");
  set_default("PS2", "> ");
  set_default("PS4", "+ ");
  variables["IFS"].value = " \t\n";
  variables["OPTIND"].value = "1";
  variables["PPID"].value = std::to_string(process.task->parent);
  variables["PWD"].value = process.cwd;
  variables["PWD"].exported = true;

  const auto& argv = process.argv;
  name = argv.empty() ? "sh" : argv[0];
  login = name.starts_with('-');
  std::optional<std::string> text;
  std::size_t at = 1;
  bool command = false;
  for (; at < argv.size(); ++at) {
    const std::string& word = argv[at];
    if (word.size() < 2 || (word[0] != '-' && word[0] != '+')) break;
    if (word == "--") {
      ++at;
      break;
    }
    if (word == "--login") {
      login = true;
      continue;
    }
    const bool on = word[0] == '-';
    if (word[1] == 'o' && word.size() == 2) {
      ++at;
      if (at < argv.size() && argv[at] == "pipefail") options.pipefail = on;
      continue;
    }
    for (std::size_t i = 1; i < word.size(); ++i) {
      if (word[i] == 'c') {
        command = true;
      } else if (word[i] == 'l') {
        login = true;
      } else if (!set_option(word[i], on)) {
        process.complain(name + ": illegal option " + word + "\n");
        return 2;
      }
    }
  }
  if (command) {
    if (at >= argv.size()) {
      process.complain(name + ": -c requires an argument\n");
      return 2;
    }
    text = argv[at++];
    if (at < argv.size()) name = argv[at++];
  }
  std::string file;
  if (!command && !options.standard_in && at < argv.size()) file = argv[at++];
  arguments.assign(argv.begin() + static_cast<std::ptrdiff_t>(std::min(at, argv.size())), argv.end());

  if (!command && file.empty() && process.is_terminal(0) && process.is_terminal(2)) options.interactive = true;
  const bool interactively = options.interactive;
  if (interactively) {
    options.monitor = process.is_terminal(0);
    using Action = Task::Action;
    process.task->set_action(signal_number::interrupt, Action::caught);
    process.task->set_action(signal_number::term, Action::ignore);
    for (const int number :
         {signal_number::quit, signal_number::terminal_stop, signal_number::terminal_in, signal_number::terminal_out})
      process.task->set_action(number, Action::ignore);
    if (Terminal* terminal = control()) terminal->set_foreground(process.task->group());
  }

  const auto guarded = [&](auto&& body) -> bool {  // false: the shell ends
    try {
      body();
      return true;
    } catch (const ShellError& error) {
      if (!error.message.empty()) say(error.message);
      status = error.status;
      return options.interactive;
    } catch (const ExitShell& leaving) {
      status = leaving.status;
      return false;
    } catch (const ReturnFrom& back) {
      status = back.status;
      return options.interactive;
    } catch (const BreakLoop&) {
      return true;
    } catch (const Interrupted&) {
      status = 130;
      return true;
    }
  };
  bool running = true;
  const auto source_if_there = [&](const std::string& path) {
    if (!running || !process.files().stat(process.user, process.path(path))) return;
    running = guarded([&] {
      run_file(path, {});
      status = 0;
    });
  };
  if (login) {
    source_if_there("/etc/profile");
    source_if_there(value_or_empty("HOME") + "/.profile");
  }
  if (interactively && variables.contains("ENV")) source_if_there(value_or_empty("ENV"));

  if (running) {
    if (text) {
      guarded([&] { run_text(*text, true); });
    } else if (!file.empty()) {
      guarded([&] {
        const auto script = process.files().read_file(process.user, process.path(file), std::uint64_t{16} << 20);
        if (!script) throw ShellError{"can't open '" + file + "': " + message(script.error()), 2, false};
        name = command_name = file;
        run_text(*script, true);
      });
    } else {
      interactive();
    }
  }
  guarded([&] { run_exit_trap(); });
  return status & 255;
}

int Shell::interactive() {
  LineEditor editor(*this);
  if (options.interactive) load_history();
  std::string buffer;
  int first_line = 1, lines = 0;
  for (;;) {
    try {
      check_signals();
      if (options.interactive) report_jobs();
      const std::string prompt =
          options.interactive ? expand_prompt(value_or_empty(buffer.empty() ? "PS1" : "PS2")) : "";
      const auto got = editor.read(prompt);
      if (got.interrupted) {
        buffer.clear();
        status = 130;
        continue;
      }
      if (!got.line) {
        if (warn_of_stopped_jobs()) continue;
        if (!buffer.empty()) {
          Parser parser(buffer, &aliases, first_line);
          buffer.clear();
          try {
            while (const NodePtr node = parser.next()) status = execute(*node);
          } catch (const SyntaxError& error) {
            say(error.message);
            status = 2;
          }
          if (!options.interactive) return status;
        }
        if (options.interactive) process.complain("\n");
        return status;
      }
      if (options.interactive) process.board.typed(process.session, *got.line);
      ++lines;
      if (buffer.empty()) first_line = lines;
      buffer += *got.line + "\n";
      if (buffer.size() > (std::size_t{1} << 20)) throw ShellError{"line too long", 2, false};
      NodePtr node;
      Parser parser(buffer, &aliases, first_line);
      std::vector<NodePtr> nodes;
      try {
        while ((node = parser.next())) nodes.push_back(node);
      } catch (const SyntaxError& error) {
        if (error.incomplete) continue;
        buffer.clear();
        line = error.line;
        throw ShellError{error.message, 2, false};
      }
      if (parser.continued()) continue;
      buffer.clear();
      const bool warned = exit_warned;
      for (const auto& each : nodes) status = execute(*each);
      if (warned) exit_warned = false;
    } catch (const ShellError& error) {
      if (!error.message.empty()) say(error.message);
      status = error.status;
      buffer.clear();
      command_name.clear();
      loops = function_depth = source_depth = 0;
      if (!options.interactive) return status;
    } catch (const ExitShell& leaving) {
      return status = leaving.status;
    } catch (const ReturnFrom& back) {
      status = back.status;
    } catch (const BreakLoop&) {
    } catch (const Interrupted&) {
      process.complain("\n");
      status = 130;
      buffer.clear();
      command_name.clear();
      loops = function_depth = source_depth = 0;
    }
  }
}

int sh_main(Process& process) {
  Shell shell(process);
  return shell.main();
}

}  // namespace vnpu::devices::shell
