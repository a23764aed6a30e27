#include <algorithm>

#include "devices/board.h"
#include "devices/shell/builtins.h"

namespace vnpu::devices::shell {

namespace {

std::shared_ptr<Job> find_job(Shell& shell, const std::string& text) {
  auto& jobs = shell.jobs;
  if (text.empty() || text == "%" || text == "%%" || text == "%+" || text == "+")
    return jobs.empty() ? nullptr : jobs.back();
  if (text == "%-") return jobs.size() < 2 ? nullptr : jobs[jobs.size() - 2];
  const bool by_number = text[0] == '%';
  const std::string rest = by_number ? text.substr(1) : text;
  const bool digits = !rest.empty() && rest.size() < 7 && rest.find_first_not_of("0123456789") == std::string::npos;
  for (const auto& job : jobs) {
    if (digits && (by_number ? job->number : job->pid()) == std::stoi(rest)) return job;
    if (!digits && by_number && job->text.starts_with(rest)) return job;
  }
  return nullptr;
}

}  // namespace

int builtin_jobs(Shell& shell, Arguments argv) {
  const bool with_pid = argv.size() > 1 && argv[1] == "-l", only_pid = argv.size() > 1 && argv[1] == "-p";
  std::string text;
  for (auto it = shell.jobs.rbegin(); it != shell.jobs.rend(); ++it)
    text += only_pid ? std::to_string((*it)->pid()) + "\n" : job_line(shell, **it, with_pid);
  std::erase_if(shell.jobs, [](const auto& job) {
    const std::scoped_lock lock(job->mutex);
    job->told_stop = job->stopped();
    return job->done();
  });
  shell.process.print(text);
  return 0;
}

int builtin_wait(Shell& shell, Arguments argv) {
  if (argv.size() == 1) {
    for (const auto& job : shell.jobs) shell.wait_for(*job);
    shell.jobs.clear();
    return 0;
  }
  int out = 0;
  for (std::size_t i = 1; i < argv.size(); ++i) {
    const auto job = find_job(shell, argv[i]);
    if (!job) {
      if (argv[i][0] == '%') throw ShellError{argv[i] + ": no such job", 2, true};
      out = 127;
      continue;
    }
    out = shell.wait_for(*job);
    std::erase(shell.jobs, job);
  }
  return out;
}

int builtin_fg(Shell& shell, Arguments argv) {
  const std::string name = argv.size() > 1 ? argv[1] : "";
  const auto job = find_job(shell, name);
  if (!job) throw ShellError{name.empty() ? "no current job" : name + ": no such job", 2, true};
  const bool back = argv[0] == "bg";
  // Whoever reads the job's name has its keys go there.
  Terminal* terminal = back ? nullptr : shell.control();
  if (terminal) terminal->set_foreground(job->group);
  shell.process.print((back ? "[" + std::to_string(job->number) + "] " : "") + job->text + "\n");
  shell.process.board.tasks().signal_group(job->group, signal_number::cont);
  if (!back) return shell.foreground(job);
  shell.list_job(job);
  return 0;
}

int builtin_kill(Shell& shell, Arguments argv) {
  int number = signal_number::term;
  std::size_t at = 1;
  if (at < argv.size() && argv[at].size() > 1 && argv[at][0] == '-') {
    std::string name = argv[at].substr(1);
    if (name == "l") {
      if (at + 1 < argv.size()) {
        for (++at; at < argv.size(); ++at) {
          const auto found = signal_of(argv[at]);
          const bool digits = argv[at].find_first_not_of("0123456789") == std::string::npos;
          // A status above 128 tells of the signal as well.
          const int value = digits ? std::atoi(argv[at].c_str()) & 127 : found.value_or(0);
          const char* text = signal_name(value);
          if (!text) throw ShellError{"unknown signal '" + argv[at] + "'", 1, true};
          shell.process.print(digits ? std::string(text) + "\n" : std::to_string(value) + "\n");
        }
        return 0;
      }
      std::string text;
      for (int i = 1; i < 32; ++i)
        if (const char* signal = signal_name(i)) {
          char line[32];
          std::snprintf(line, sizeof line, "%2d) %s\n", i, signal);
          text += line;
        }
      shell.process.print(text);
      return 0;
    }
    if (name == "s" && at + 1 < argv.size()) name = argv[++at];
    if (name != "-") {
      const auto found = signal_of(name);
      if (!found) {
        shell.process.complain("sh: bad signal name '" + name + "'\n");
        return 1;
      }
      number = *found;
    }
    ++at;
  }
  if (at >= argv.size()) {
    shell.process.complain("sh: you need to specify whom to kill\n");
    return 1;
  }
  int out = 0;
  for (; at < argv.size(); ++at) {
    const std::string& word = argv[at];
    if (word[0] == '%') {
      const auto job = find_job(shell, word);
      if (!job) throw ShellError{word + ": no such job", 2, true};
      shell.process.board.tasks().signal_group(job->group, number);
      if (const auto task = shell.process.board.tasks().find(job->pid())) task->signal(number);
      continue;
    }
    const bool group = word[0] == '-';
    const std::string digits = group ? word.substr(1) : word;
    if (digits.empty() || digits.size() > 9 || digits.find_first_not_of("0123456789") != std::string::npos) {
      shell.process.complain(shell.name + ": invalid number '" + word + "'\n");
      out = 1;
      continue;
    }
    auto& tasks = shell.process.board.tasks();
    const int pid = std::stoi(digits);
    if (group) {
      tasks.signal_group(pid, number);
      continue;
    }
    const auto task = tasks.find(pid);
    if (!task) {
      shell.process.complain(shell.name + ": can't kill pid " + word + ": No such process\n");
      out = 1;
    } else if (shell.process.user.uid != 0 && shell.process.user.uid != task->uid) {
      shell.process.complain(shell.name + ": can't kill pid " + word + ": Operation not permitted\n");
      out = 1;
    } else if (number != 0) {
      task->signal(number);
    }
  }
  return out;
}

int builtin_trap(Shell& shell, Arguments argv) {
  std::size_t at = 1;
  if (at < argv.size() && argv[at] == "--") ++at;
  if (at >= argv.size()) {
    for (const auto& [number, text] : shell.traps)
      shell.process.print("trap -- " + single_quoted(text) + " " + (number ? signal_name(number) : "EXIT") + "\n");
    return 0;
  }
  std::string action = argv[at];
  bool reset = action == "-";
  if (at + 1 >= argv.size() || (!action.empty() && action.find_first_not_of("0123456789") == std::string::npos)) {
    reset = true;
  } else {
    ++at;
  }
  int out = 0;
  for (; at < argv.size(); ++at) {
    const auto number = signal_of(argv[at]);
    if (!number || (*number != 0 && !signal_name(*number))) {
      shell.process.complain(shell.name + ": trap: " + argv[at] + ": invalid signal specification\n");
      out = 1;
      continue;
    }
    using Action = Task::Action;
    auto& task = *shell.process.task;
    if (reset) {
      shell.traps.erase(*number);
      if (*number)
        task.set_action(*number, shell.options.interactive && *number == signal_number::interrupt ? Action::caught
                                                                                                  : Action::standard);
    } else {
      shell.traps[*number] = action;
      if (*number) task.set_action(*number, action.empty() ? Action::ignore : Action::caught);
    }
  }
  return out;
}

}  // namespace vnpu::devices::shell
