// Simple commands: functions, builtins, programs.
#include <utility>

#include "devices/board.h"
#include "devices/shell/shell.h"

namespace vnpu::devices::shell {

void Shell::trace(const std::vector<std::string>& words) {
  std::string text = expand_prompt(value("PS4").value_or("+ "));
  for (std::size_t i = 0; i < words.size(); ++i) text += (i ? " " : "") + words[i];
  process.complain(text + "\n");
}

int Shell::simple(const Node& node, bool last) {
  const unsigned before = substitutions_;
  std::vector<std::string> argv = expand(node.words, false);
  if (argv.empty()) {
    // Assignments alone stay; redirections are done and undone.
    std::map<int, std::shared_ptr<Stream>> saved;
    try {
      apply(node.redirects, saved);
    } catch (const ShellError& error) {
      restore(saved);
      say(error.message);
      return error.status;
    }
    restore(saved);
    std::vector<std::string> shown;
    for (const auto& assignment : node.assignments) {
      std::string text = expand_string(assignment.value);
      if (assignment.append) text = value_or_empty(assignment.name) + text;
      assign(assignment.name, text);
      shown.push_back(assignment.name + "=" + text);
    }
    if (options.xtrace && !shown.empty()) trace(shown);
    return substitutions_ != before ? status : 0;
  }

  std::map<std::string, std::string> extra;
  std::vector<std::string> shown;
  for (const auto& assignment : node.assignments) {
    std::string text = expand_string(assignment.value);
    if (assignment.append) text = value_or_empty(assignment.name) + text;
    extra[assignment.name] = text;
    shown.push_back(assignment.name + "=" + text);
  }
  if (options.xtrace) {
    shown.insert(shown.end(), argv.begin(), argv.end());
    trace(shown);
  }

  const BuiltinEntry* builtin = functions.contains(argv[0]) ? nullptr : find_builtin(argv[0]);
  std::map<int, std::shared_ptr<Stream>> saved;
  try {
    apply(node.redirects, saved);
  } catch (const ShellError& error) {
    restore(saved);
    say(error.message);
    if (builtin && builtin->special && in_scripts()) throw ExitShell{error.status};
    return error.status;
  }
  const bool keep = argv[0] == "exec" && builtin;  // exec's redirections stay
  try {
    const int out = call(argv, true, last && node.redirects.empty(), extra);
    if (!keep) restore(saved);
    return out;
  } catch (...) {
    if (!keep) restore(saved);
    throw;
  }
}

int Shell::call(const std::vector<std::string>& argv, bool use_functions, bool last,
                const std::map<std::string, std::string>& extra) {
  const bool function = use_functions && functions.contains(argv[0]);
  const BuiltinEntry* builtin = function ? nullptr : find_builtin(argv[0]);
  if (!function && !builtin) {
    auto environment = exported();
    for (const auto& [variable, text] : extra) environment[variable] = text;
    const auto path = extra.find("PATH");
    return run_external(argv, environment, last, path == extra.end() ? nullptr : &path->second);
  }
  // Assignments before a special builtin stay; before others they are undone.
  std::map<std::string, std::optional<Variable>> hidden;
  for (const auto& [variable, text] : extra) {
    const auto it = variables.find(variable);
    hidden[variable] = it == variables.end() ? std::nullopt : std::optional(it->second);
    assign(variable, text);
    variables[variable].exported = true;
  }
  const bool keep = builtin && builtin->special;
  const auto undo = [&] {
    if (keep) return;
    for (const auto& [variable, old] : hidden) {
      if (old) {
        variables[variable] = *old;
      } else {
        variables.erase(variable);
      }
    }
  };
  const std::string outer = command_name;
  try {
    int out = 0;
    if (function) {
      out = run_function(argv[0], argv);
    } else {
      command_name = argv[0];
      try {
        out = builtin->run(*this, argv);
      } catch (const ShellError& error) {
        if (!error.message.empty()) say(error.message);
        if (builtin->special && in_scripts()) throw ShellError{"", error.status, true};
        out = error.status;
      }
      command_name = outer;
    }
    undo();
    return out;
  } catch (...) {
    command_name = outer;
    undo();
    throw;
  }
}

int Shell::run_function(const std::string& function, const std::vector<std::string>& argv) {
  const NodePtr body = functions.at(function);  // may be redefined while it runs
  std::vector<std::string> outer(argv.begin() + 1, argv.end());
  std::swap(arguments, outer);
  const int outer_loops = std::exchange(loops, 0);
  ++function_depth;
  locals.emplace_back();
  const auto leave = [&] {
    for (const auto& [variable, old] : locals.back()) {
      if (old) {
        variables[variable] = *old;
      } else {
        variables.erase(variable);
      }
    }
    locals.pop_back();
    --function_depth;
    loops = outer_loops;
    std::swap(arguments, outer);
  };
  int out = 0;
  try {
    out = execute(*body);
  } catch (const ReturnFrom& back) {
    out = back.status;
  } catch (...) {
    leave();
    throw;
  }
  leave();
  return out;
}

int Shell::run_external(const std::vector<std::string>& argv, const std::map<std::string, std::string>& environment,
                        bool last, const std::string* search_path) {
  const auto own_path = value("PATH");
  auto found = find_executable(process, argv[0], argv, search_path ? search_path : own_path ? &*own_path : nullptr);
  if (!found) {
    const Errno error = found.error();
    const bool missing = error == Errno::noent || error == Errno::notdir;
    say(argv[0] + ": " + (missing ? "not found" : message(error)));
    return missing ? 127 : 126;
  }
  if (!found->plain_script.empty()) {
    std::vector<std::string> script{name, found->plain_script};
    script.insert(script.end(), argv.begin() + 1, argv.end());
    found->argv = script;
    found->program = sh_main;
  }
  if (!found->program) {
    say(found->refusal.empty() ? argv[0] + ": not found" : found->refusal);
    return 126;
  }
  std::string text;
  for (const auto& word : found->argv) text += (text.empty() ? "" : " ") + word;
  if (text.size() > 4096) text.resize(4096);
  auto task = new_task(text, job_group ? job_group : options.monitor ? 0 : process.task->group());
  Process child = process.copy(task);
  child.argv = found->argv;
  child.environment = environment;
  child.depth = process.depth + nesting + 10;
  if (!job_group && control()) {
    auto job = std::make_shared<Job>();
    job->text = job_text_;
    job->group = task->group();
    start(job, task, [own = std::make_shared<Process>(std::move(child)), program = found->program]() mutable {
      const ExitStatus out = run_program(*own, program);
      own.reset();
      return out;
    });
    return foreground(job);
  }
  const ExitStatus ended = run_program(child, found->program);
  if (!last || options.interactive) say_signal(ended);
  // A script that was interrupted together with its command ends, too.
  if (ended.signal == signal_number::interrupt && !options.interactive) {
    check_signals();
    if (is_subshell) throw Killed{signal_number::interrupt};
  }
  return ended.status;
}

}  // namespace vnpu::devices::shell
