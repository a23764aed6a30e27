#include "devices/board.h"
#include "devices/shell/builtins.h"

namespace vnpu::devices::shell {

namespace {

int number(const std::string& text) {
  if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos)
    throw ShellError{"Illegal number: " + text, 2, true};
  return std::stoi(text);
}

// An applet run within the shell: echo, test, printf.
int inline_applet(Shell& shell, Arguments argv) {
  const Program program = shell.process.board.programs().applet(argv[0] == "[[" ? "[[" : argv[0]);
  if (!program) throw ShellError{"not found", 127, true};
  struct Inline {
    Process& process;
    std::vector<std::string> argv;
    Inline(Process& p, Arguments words) : process(p), argv(std::exchange(p.argv, words)) { process.speaks_as = "sh"; }
    ~Inline() {
      process.argv = std::move(argv);
      process.speaks_as.clear();
    }
  } within(shell.process, argv);
  return program(shell.process);
}

const std::map<std::string, BuiltinEntry>& table() {
  static const std::map<std::string, BuiltinEntry> entries{
      {".", {builtin_source, true}},
      {":", {builtin_true, true}},
      {"[", {inline_applet}},
      {"[[", {inline_applet}},
      {"alias", {builtin_alias, false, true}},
      {"bg", {builtin_fg}},
      {"break", {builtin_break, true}},
      {"cd", {builtin_cd}},
      {"chdir", {builtin_cd}},
      {"command", {builtin_command}},
      {"continue", {builtin_break, true}},
      {"echo", {inline_applet}},
      {"eval", {builtin_eval, true}},
      {"exec", {builtin_exec, true}},
      {"exit", {builtin_exit, true}},
      {"export", {builtin_export, true, true}},
      {"false", {builtin_false}},
      {"fg", {builtin_fg}},
      {"getopts", {builtin_getopts}},
      {"hash", {builtin_true}},
      {"help", {builtin_help}},
      {"history", {builtin_history}},
      {"jobs", {builtin_jobs}},
      {"kill", {builtin_kill}},
      {"let", {builtin_let}},
      {"local", {builtin_local, true, true}},
      {"printf", {inline_applet}},
      {"pwd", {builtin_pwd}},
      {"read", {builtin_read}},
      {"readonly", {builtin_export, true, true}},
      {"return", {builtin_return, true}},
      {"set", {builtin_set, true}},
      {"shift", {builtin_shift, true}},
      {"source", {builtin_source, true}},
      {"test", {inline_applet}},
      {"times", {builtin_times, true}},
      {"trap", {builtin_trap, true}},
      {"true", {builtin_true}},
      {"type", {builtin_type}},
      {"ulimit", {builtin_ulimit}},
      {"umask", {builtin_umask}},
      {"unalias", {builtin_unalias}},
      {"unset", {builtin_unset, true}},
      {"wait", {builtin_wait}},
  };
  return entries;
}

}  // namespace

const BuiltinEntry* find_builtin(const std::string& name) {
  const auto it = table().find(name);
  return it == table().end() ? nullptr : &it->second;
}

std::vector<std::string> builtin_names() {
  std::vector<std::string> out;
  for (const auto& [name, entry] : table()) out.push_back(name);
  return out;
}

int builtin_true(Shell&, Arguments) { return 0; }
int builtin_false(Shell&, Arguments) { return 1; }

int builtin_break(Shell& shell, Arguments argv) {
  const int levels = argv.size() > 1 ? number(argv[1]) : 1;
  if (levels <= 0) throw ShellError{"Illegal number: " + argv[1], 2, true};
  if (shell.loops == 0) return 0;
  throw BreakLoop{std::min(levels, shell.loops), argv[0] == "continue"};
}

int builtin_return(Shell& shell, Arguments argv) {
  throw ReturnFrom{argv.size() > 1 ? number(argv[1]) & 255 : shell.status};
}

int builtin_exit(Shell& shell, Arguments argv) {
  if (shell.warn_of_stopped_jobs()) return 0;
  throw ExitShell{argv.size() > 1 ? number(argv[1]) & 255 : shell.status};
}

int builtin_eval(Shell& shell, Arguments argv) {
  std::string text;
  for (std::size_t i = 1; i < argv.size(); ++i) text += (i > 1 ? " " : "") + argv[i];
  shell.status = 0;
  return shell.run_text(text);
}

int builtin_exec(Shell& shell, Arguments argv) {
  if (argv.size() < 2) return 0;  // redirections only
  const std::vector<std::string> rest(argv.begin() + 1, argv.end());
  const int status = shell.run_external(rest, shell.exported(), true);
  shell.traps.erase(0);
  throw ExitShell{status};
}

int builtin_source(Shell& shell, Arguments argv) {
  if (argv.size() < 2) throw ShellError{"filename argument required", 2, true};
  std::string path = argv[1];
  if (path.find('/') == std::string::npos) {
    // PATH, then the current directory.
    const std::string search = shell.value_or_empty("PATH");
    for (std::size_t at = 0; at <= search.size();) {
      const std::size_t end = std::min(search.find(':', at), search.size());
      const std::string candidate = search.substr(at, end - at) + "/" + argv[1];
      at = end + 1;
      const auto status = shell.process.files().stat(shell.process.user, shell.process.path(candidate));
      if (status && status->type == FileType::regular) {
        path = candidate;
        break;
      }
    }
  }
  return shell.run_file(path, {argv.begin() + 2, argv.end()});
}

namespace {

int describe(Shell& shell, const std::string& name, bool brief, bool in_type) {
  auto& process = shell.process;
  static const std::vector<std::string> words{"!",  "{",   "}",        "case", "do", "done", "elif",  "else", "esac",
                                              "fi", "for", "function", "if",   "in", "then", "until", "while"};
  for (const auto& word : words) {
    if (word != name) continue;
    process.print(brief ? name + "\n" : name + " is a shell keyword\n");
    return 0;
  }
  if (const auto it = shell.aliases.find(name); it != shell.aliases.end()) {
    process.print(brief ? "alias " + name + "=" + single_quoted(it->second) + "\n"
                        : name + " is an alias for " + it->second + "\n");
    return 0;
  }
  if (shell.functions.contains(name)) {
    process.print(brief ? name + "\n" : name + " is a function\n");
    return 0;
  }
  if (const BuiltinEntry* builtin = find_builtin(name)) {
    process.print(brief ? name + "\n"
                        : name + (builtin->special ? " is a special shell builtin\n" : " is a shell builtin\n"));
    return 0;
  }
  std::optional<std::string> path;
  if (name.find('/') != std::string::npos) {
    if (process.files().access(process.user, process.path(name), 1) == Errno::ok) path = name;
  } else {
    path = search_path_for(process, name, shell.value_or_empty("PATH"));
  }
  if (path) {
    process.print(brief ? *path + "\n" : name + " is " + *path + "\n");
    return 0;
  }
  if (in_type || !brief) process.print(name + ": not found\n");
  return 127;
}

}  // namespace

int builtin_type(Shell& shell, Arguments argv) {
  int out = 0;
  for (std::size_t i = 1; i < argv.size(); ++i) out |= describe(shell, argv[i], false, true);
  return out;
}

int builtin_command(Shell& shell, Arguments argv) {
  std::size_t at = 1;
  bool brief = false, verbose = false;
  for (; at < argv.size() && argv[at].size() > 1 && argv[at][0] == '-'; ++at) {
    if (argv[at] == "--") {
      ++at;
      break;
    }
    for (const char c : argv[at].substr(1)) {
      if (c == 'v') brief = true;
      if (c == 'V') verbose = true;
    }
  }
  if (at >= argv.size()) return 0;
  if (brief || verbose) return describe(shell, argv[at], brief, false);
  return shell.call({argv.begin() + static_cast<std::ptrdiff_t>(at), argv.end()}, false, false);
}

int builtin_let(Shell& shell, Arguments argv) {
  if (argv.size() < 2) throw ShellError{"expression expected", 2, true};
  std::int64_t value = 0;
  for (std::size_t i = 1; i < argv.size(); ++i) value = shell.arithmetic(argv[i]);
  return value == 0;
}

int builtin_times(Shell& shell, Arguments) {
  const auto ns = shell.process.task->cpu_ns.load();
  char line[96];
  const auto minutes = static_cast<unsigned long long>(ns / 60000000000u);
  std::snprintf(line, sizeof line, "%llum%.3fs 0m0.000s\n%llum%.3fs 0m0.000s\n", minutes,
                static_cast<double>(ns % 60000000000u) / 1e9, minutes, static_cast<double>(ns % 60000000000u) / 1e9);
  shell.process.print(line);
  return 0;
}

int builtin_help(Shell& shell, Arguments) {
  std::string text = "Built-in commands:\n------------------\n";
  std::string row = "\t";
  const auto add = [&](const std::string& name) {
    if (row.size() + name.size() > 70) {
      text += row + "\n";
      row = "\t";
    }
    row += name + " ";
  };
  for (const auto& name : builtin_names()) add(name);
  text += row + "\n\nPrograms of this board's maker:\n";
  row = "\t";
  for (const auto& [name, program] : shell.process.board.programs().vendors()) add(name);
  shell.process.print(text + row + "\n\n");
  return 0;
}

int builtin_history(Shell& shell, Arguments) {
  std::string text;
  char head[32];
  for (std::size_t i = 0; i < shell.history.size(); ++i) {
    std::snprintf(head, sizeof head, "%4zu ", i);
    text += head + shell.history[i] + "\n";
  }
  shell.process.print(text);
  return 0;
}

}  // namespace vnpu::devices::shell
