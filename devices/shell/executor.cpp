// Walks the tree.
#include <algorithm>

#include "devices/board.h"
#include "devices/shell/pattern.h"
#include "devices/shell/shell.h"

namespace vnpu::devices::shell {

namespace {

constexpr int nesting_limit = 1000;  // of everything that recurses in one thread

// What is already run by a subshell needs no second one for its parentheses.
const Node& body_of(const Node& node) {
  return node.kind == Node::Kind::subshell && node.redirects.empty() ? *node.children[0] : node;
}

}  // namespace

int Shell::execute(const Node& node, bool tested, bool last) {
  if (process.depth + ++nesting > nesting_limit) {
    --nesting;
    throw ShellError{"recursion too deep", 2, false};
  }
  struct Leave {
    int& count;
    ~Leave() { --count; }
  } leave{nesting};
  check_signals();
  if (options.noexec && !options.interactive) return 0;
  if (node.line) line = node.line;

  const bool compound = node.kind != Node::Kind::simple && node.kind != Node::Kind::function;
  if (compound && !node.redirects.empty()) {
    std::map<int, std::shared_ptr<Stream>> saved;
    try {
      apply(node.redirects, saved);
    } catch (const ShellError& error) {
      restore(saved);
      say(error.message);
      return status = error.status;
    }
    try {
      status = execute_node(node, tested, false);
    } catch (...) {
      restore(saved);
      throw;
    }
    restore(saved);
  } else {
    status = execute_node(node, tested, last);
  }
  const bool plain =
      node.kind == Node::Kind::simple || node.kind == Node::Kind::pipeline || node.kind == Node::Kind::subshell;
  if (options.errexit && !tested && status != 0 && plain && !node.negated) throw ExitShell{status};
  return status;
}

int Shell::execute_node(const Node& node, bool tested, bool last) {
  switch (node.kind) {
    case Node::Kind::simple: return simple(node, last);
    case Node::Kind::pipeline: return pipeline(node, tested);
    case Node::Kind::list: {
      int out = 0;
      for (std::size_t i = 0; i < node.children.size(); ++i) {
        if (node.background[i]) {
          out = background(*node.children[i]);
        } else {
          out = execute(*node.children[i], tested, last && i + 1 == node.children.size());
        }
        status = out;
      }
      return node.children.empty() ? status : out;
    }
    case Node::Kind::and_or: {
      const int left = execute(*node.children[0], true);
      status = left;
      if ((left == 0) != node.is_and) return left;
      return execute(*node.children[1], tested, last);
    }
    case Node::Kind::group: return execute(*node.children[0], tested, last);
    case Node::Kind::subshell: return run_subshell(node, last);
    case Node::Kind::if_: {
      if (execute(*node.children[0], true) == 0) return execute(*node.children[1], tested, last);
      if (node.children.size() > 2) return execute(*node.children[2], tested, last);
      return 0;
    }
    case Node::Kind::while_:
    case Node::Kind::until: return loop(node);
    case Node::Kind::for_: return for_each(node);
    case Node::Kind::case_: return select_case(node);
    case Node::Kind::function: functions[node.name] = node.children[0]; return 0;
  }
  return 0;
}

int Shell::loop(const Node& node) {
  int out = 0;
  ++loops;
  try {
    for (;;) {
      check_signals();
      try {
        const int condition = execute(*node.children[0], true);
        if ((condition == 0) == (node.kind == Node::Kind::until)) break;
        out = execute(*node.children[1]);
      } catch (BreakLoop& jump) {
        out = 0;
        if (--jump.levels > 0 && loops > 1) throw;
        if (!jump.again) break;
      }
    }
  } catch (...) {
    --loops;
    throw;
  }
  --loops;
  return out;
}

int Shell::for_each(const Node& node) {
  const std::vector<std::string> items = node.over_arguments ? arguments : expand(node.words, false);
  int out = 0;
  ++loops;
  try {
    for (const auto& item : items) {
      check_signals();
      assign(node.name, item);
      try {
        out = execute(*node.children[0]);
      } catch (BreakLoop& jump) {
        out = 0;
        if (--jump.levels > 0 && loops > 1) throw;
        if (!jump.again) break;
      }
    }
  } catch (...) {
    --loops;
    throw;
  }
  --loops;
  return out;
}

int Shell::select_case(const Node& node) {
  const std::string subject = expand_string(node.words[0]);
  for (const auto& item : node.cases) {
    for (const auto& pattern : item.patterns) {
      if (!matches(expand_pattern(pattern), subject)) continue;
      status = 0;
      return execute(*item.body);
    }
  }
  return 0;
}

std::shared_ptr<Task> Shell::new_task(const std::string& text, int group) {
  auto task = process.board.tasks().add(process.task->pid, group, process.user.uid, text, process.board.now_ns());
  if (!task) throw ShellError{"can't fork: Resource temporarily unavailable", 2, false};
  for (const auto& [number, action] : traps)
    if (number > 0 && action.empty()) task->set_action(number, Task::Action::ignore);
  for (const int number : {signal_number::hup, signal_number::interrupt, signal_number::quit})
    if (!options.interactive && process.task->action(number) == Task::Action::ignore)
      task->set_action(number, Task::Action::ignore);
  process.board.tasks().enter_session(*task, process.session);  // last: it may end the task at once
  return task;
}

Terminal* Shell::control() const {
  if (!options.monitor || is_subshell) return nullptr;
  const auto it = process.descriptors.find(0);
  return it == process.descriptors.end() ? nullptr : it->second->terminal();
}

std::shared_ptr<Shell> Shell::subshell(const std::string& text, int group) {
  auto task = new_task(text, group);
  auto copy = std::make_unique<Process>(process.copy(task));
  copy->depth = process.depth + nesting;
  auto out = std::make_shared<Shell>(std::move(copy));
  out->name = name;
  out->command_name = command_name;
  out->arguments = arguments;
  out->variables = variables;
  out->functions = functions;
  out->aliases = aliases;
  out->options = options;
  out->options.interactive = out->options.monitor = false;
  for (const auto& [number, action] : traps)
    if (number > 0 && action.empty()) out->traps[number] = action;
  out->locals = locals;
  out->status = status;
  out->last_background = last_background;
  out->line = line;
  out->loops = 0;
  out->function_depth = function_depth;
  out->source_depth = source_depth;
  out->is_subshell = true;
  out->shell_pid = shell_pid;
  out->job_group = task->group();
  return out;
}

ExitStatus Shell::bounded(const Node& node) {
  ExitStatus out;
  try {
    try {
      execute(node, false, true);
    } catch (const ShellError& error) {
      if (!error.message.empty()) say(error.message);
      status = error.status;
    } catch (const ExitShell& leaving) {
      status = leaving.status;
    } catch (const ReturnFrom& leaving) {
      status = leaving.status;
    } catch (const BreakLoop&) {
    }
    try {
      run_exit_trap();
    } catch (const ExitShell& leaving) {
      status = leaving.status;
    }
    out.status = status;
  } catch (const Killed& killed) {
    out = {128 + killed.signal, killed.signal};
  } catch (const std::bad_alloc&) {
    out = {128 + signal_number::kill, signal_number::kill};
  }
  auto& table = process.board.tasks();
  if (const auto parent = table.find(process.task->parent)) {
    parent->cpu_ns += process.task->cpu_ns;
    parent->tpu_ns += process.task->tpu_ns;
  }
  table.remove(process.task->pid);
  process.descriptors.clear();  // readers of its pipes see the end
  return out;
}

int Shell::run_subshell(const Node& node, bool) {
  const auto inner = subshell(name, job_group ? job_group : options.monitor ? 0 : process.task->group());
  Terminal* terminal = control();
  if (terminal) terminal->set_foreground(inner->process.task->group());
  const RunningChild running(process.task, inner->process.task);
  const ExitStatus ended = inner->bounded(*node.children[0]);
  if (terminal) terminal->set_foreground(process.task->group());
  say_signal(ended);
  return ended.status;
}

std::string Shell::capture(const Node& program) {
  const auto inner = subshell(name, job_group ? job_group : process.task->group());
  const auto collector = Collector::make(std::size_t{16} << 20);
  inner->process.descriptors[1] = collector;
  {
    const RunningChild running(process.task, inner->process.task);
    status = inner->bounded(program).status;
  }
  ++substitutions_;
  check_signals();
  std::string out = collector->take();
  std::erase(out, '\0');
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

int Shell::pipeline(const Node& node, bool tested) {
  if (node.children.size() == 1) {
    const int out = execute(*node.children[0], tested || node.negated);
    return node.negated ? out == 0 : out;
  }
  struct Stages {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::size_t running = 0;
    std::vector<ExitStatus> ended;
  };
  auto stages = std::make_shared<Stages>();
  stages->ended.resize(node.children.size());
  int group = job_group ? job_group : options.monitor ? 0 : process.task->group();
  std::shared_ptr<Stream> input;
  std::vector<std::shared_ptr<Shell>> shells;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    auto stage = subshell(name, group);
    if (group == 0) group = stage->process.task->group();
    stage->job_group = group;
    if (input) stage->process.descriptors[0] = std::move(input);
    input = nullptr;
    if (i + 1 < node.children.size()) {
      Pipe pipe = make_pipe();
      stage->process.descriptors[1] = std::move(pipe.write_end);
      input = std::move(pipe.read_end);
    }
    shells.push_back(std::move(stage));
  }
  Terminal* terminal = control();
  if (terminal) terminal->set_foreground(group);
  stages->running = shells.size() - 1;
  for (std::size_t i = 0; i + 1 < shells.size(); ++i) {
    process.board.start_thread([stages, i, shell = std::move(shells[i]), child = node.children[i]]() mutable {
      const ExitStatus ended = shell->bounded(body_of(*child));
      shell.reset();
      std::scoped_lock lock(stages->mutex);
      stages->ended[i] = ended;
      --stages->running;
      stages->changed.notify_all();
    });
  }
  {
    const RunningChild running(process.task, shells.back()->process.task);
    stages->ended.back() = shells.back()->bounded(body_of(*node.children.back()));
  }
  shells.clear();
  {
    std::unique_lock lock(stages->mutex);
    while (!stages->changed.wait(lock, process.task->token(), [&] { return stages->running == 0; })) {
      lock.unlock();
      if (terminal) terminal->set_foreground(process.task->group());
      check_signals();
      lock.lock();
    }
  }
  if (terminal) terminal->set_foreground(process.task->group());
  int out = stages->ended.back().status;
  if (options.pipefail)
    for (const auto& ended : stages->ended)
      if (ended.status != 0) out = ended.status;
  say_signal(stages->ended.back());
  return node.negated ? out == 0 : out;
}

int Shell::background(const Node& node) {
  auto inner = subshell(node.source.empty() ? name : node.source, options.monitor ? 0 : process.task->group());
  auto job = std::make_shared<Job>();
  job->pid = inner->process.task->pid;
  job->group = inner->process.task->group();
  job->text = node.source;
  job->number = 1;
  for (const auto& other : jobs) job->number = std::max(job->number, other->number + 1);
  if (!options.monitor) inner->process.descriptors[0] = null_stream();
  if (!options.monitor) {
    inner->process.task->set_action(signal_number::interrupt, Task::Action::ignore);
    inner->process.task->set_action(signal_number::quit, Task::Action::ignore);
  }
  jobs.push_back(job);
  last_background = job->pid;
  // The node lives as long as the thread.
  auto body = std::make_shared<Node>(node);
  process.board.start_thread([job, body, shell = std::move(inner)]() mutable {
    const ExitStatus ended = shell->bounded(body_of(*body));
    shell.reset();
    std::scoped_lock lock(job->mutex);
    job->done = true;
    job->status = ended.status;
    job->signal = ended.signal;
    job->changed.notify_all();
  });
  return 0;
}

int Shell::wait_for(Job& job) {
  std::unique_lock lock(job.mutex);
  if (!job.changed.wait(lock, process.task->token(), [&] { return job.done; })) {
    lock.unlock();
    const int number = process.task->pending();
    check_signals();
    return 128 + number;
  }
  return job.status;
}

void Shell::say_signal(const ExitStatus& ended) {
  if (ended.signal == 0) return;
  if (ended.signal == signal_number::interrupt) {
    if (options.interactive) process.complain("\n");
    return;
  }
  if (ended.signal == signal_number::pipe) return;
  process.complain(std::string(signal_message(ended.signal)) + "\n");
}

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
  Terminal* terminal = job_group ? nullptr : control();
  if (terminal) terminal->set_foreground(task->group());
  const ExitStatus ended = run_program(child, found->program);
  if (terminal) {
    terminal->set_foreground(process.task->group());
    terminal->set_mode({});
  }
  if (!last || options.interactive) say_signal(ended);
  // A script that was interrupted together with its command ends, too.
  if (ended.signal == signal_number::interrupt && !options.interactive) {
    check_signals();
    if (is_subshell) throw Killed{signal_number::interrupt};
  }
  return ended.status;
}

}  // namespace vnpu::devices::shell
