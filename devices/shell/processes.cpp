// Subshells, pipelines and substitutions: copies of the shell in processes of their own.
#include "devices/board.h"
#include "devices/shell/shell.h"

namespace vnpu::devices::shell {

namespace {

// What is already run by a subshell needs no second one for its parentheses.
const Node& body_of(const Node& node) {
  return node.kind == Node::Kind::subshell && node.redirects.empty() ? *node.children[0] : node;
}

}  // namespace

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
      check_signals();  // what ended the last command may have been meant for the whole group
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
  auto inner = subshell(name, job_group ? job_group : options.monitor ? 0 : process.task->group());
  if (control()) {
    auto job = std::make_shared<Job>();
    job->text = job_text_;
    job->group = inner->process.task->group();
    const auto task = inner->process.task;
    start(job, task, [shell = std::move(inner), body = node.children[0]]() mutable {
      const ExitStatus out = shell->bounded(*body);
      shell.reset();
      return out;
    });
    return foreground(job);
  }
  const RunningChild running(process.task, inner->process.task);
  const ExitStatus ended = inner->bounded(*node.children[0]);
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
  auto job = std::make_shared<Job>();
  job->text = node.source;
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
  job->group = group;
  // Without job control the last stage runs in this thread.
  const bool controlled = control() != nullptr;
  for (std::size_t i = 0; i < shells.size(); ++i) {
    const auto task = shells[i]->process.task;
    if (!controlled && i + 1 == shells.size()) break;
    start(job, task, [shell = std::move(shells[i]), child = node.children[i]]() mutable {
      const ExitStatus ended = shell->bounded(body_of(*child));
      shell.reset();
      return ended;
    });
  }
  int out;
  if (controlled) {
    out = foreground(job);
  } else {
    const auto task = shells.back()->process.task;
    ExitStatus ended;
    {
      const RunningChild running(process.task, task);
      ended = shells.back()->bounded(body_of(*node.children.back()));
    }
    shells.clear();
    wait_for(*job);
    job->members.push_back({task, true, ended});
    say_signal(ended);
    out = ended.status;
  }
  if (options.pipefail) {
    const std::scoped_lock lock(job->mutex);
    for (const auto& member : job->members)
      if (member.done && member.ended.status != 0) out = member.ended.status;
  }
  return node.negated ? out == 0 : out;
}

}  // namespace vnpu::devices::shell
