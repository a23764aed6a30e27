// The shell of the boards: BusyBox ash as users meet it. One object is one shell or subshell; it runs in one thread.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "devices/launch.h"
#include "devices/process.h"
#include "devices/shell/ast.h"
#include "devices/shell/parser.h"

namespace vnpu::devices::shell {

struct Variable {
  std::optional<std::string> value;
  bool exported = false, readonly = false;
};

struct Options {
  bool errexit = false, xtrace = false, nounset = false, noglob = false, noclobber = false, verbose = false,
       allexport = false, noexec = false, monitor = false, pipefail = false, interactive = false, standard_in = false;
};

// Control flow through the tree.
struct BreakLoop {
  int levels;
  bool again;  // continue
};
struct ReturnFrom {
  int status;
};
struct ExitShell {
  int status;
};
struct Interrupted {};  // ^C at an interactive shell
// A failure that ends the command, and the shell when it came from a special builtin or an expansion of a script.
struct ShellError {
  std::string message;  // without the shell's name; empty: already said
  int status = 2;
  bool in_builtin = false;
};

// What was started together, and runs in threads of its own.
struct Job {
  struct Member {
    std::shared_ptr<Task> task;
    bool done = false;
    ExitStatus ended;
  };
  int number = 0, group = 0;  // number 0: in the foreground, not listed
  std::string text;
  std::mutex mutex;  // of all below
  std::condition_variable_any changed;
  std::vector<Member> members;
  int told_stop = 0;  // the stop that was reported

  int pid() const { return members.back().task->pid; }
  bool done() const {
    return std::ranges::all_of(members, [](const Member& member) { return member.done; });
  }
  // The signal that stopped what is left of it; 0: it runs, or has ended.
  int stopped() const {
    int out = 0;
    for (const auto& member : members) {
      if (member.done) continue;
      if (!(out = member.task->stopped())) return 0;
    }
    return out;
  }
};

class Shell {
 public:
  explicit Shell(Process& process);
  explicit Shell(std::unique_ptr<Process> process);

  // sh [-eux...] [-c TEXT [NAME [ARG]...]] [FILE [ARG]...]
  int main();
  int run_text(const std::string& text, bool last = false);  // parses and runs line by line; syntax errors are said
  int run_file(const std::string& path, const std::vector<std::string>& arguments);
  int interactive();

  // executor.cpp
  int execute(const Node& node, bool tested = false, bool last = false);

  // expand.cpp
  std::vector<std::string> expand(const std::vector<Word>& words, bool assignments);
  std::vector<std::string> expand_fields(const Word& word);
  std::string expand_string(const Word& word);         // one string: assignments, redirections, here-documents
  std::string expand_pattern(const Word& word);        // quoted characters escaped by backslashes
  std::string expand_prompt(const std::string& text);  // prompt.cpp

  std::optional<std::string> value(const std::string& name);  // of variables and special parameters
  std::string value_or_empty(const std::string& name) { return value(name).value_or(""); }
  void assign(const std::string& name, const std::string& value);  // throws ShellError when read-only
  void unset(const std::string& name);
  std::map<std::string, std::string> exported() const;
  std::int64_t arithmetic(const std::string& expression);

  void check_signals();
  void say(const std::string& message);  // on descriptor 2 with the shell's name, and the line in scripts
  void run_trap(int number);
  void run_exit_trap();
  bool set_option(char letter, bool on);
  // A copy with a process of its own, which it owns; null when no process is free (said).
  std::shared_ptr<Shell> subshell(const std::string& text, int group);
  Terminal* control() const;  // the terminal of job control; null without
  int wait_for(Job& job);
  int foreground(const std::shared_ptr<Job>& job);  // waits until it ends or stops, the terminal given to it
  void list_job(const std::shared_ptr<Job>& job);   // gives it a number and its place among the others
  void report_jobs();
  bool warn_of_stopped_jobs();  // once before an interactive shell leaves them
  void change_directory(const std::string& path, bool physical, const std::string& shown);
  void apply(const std::vector<Redirect>& redirects, std::map<int, std::shared_ptr<Stream>>& saved);
  void restore(std::map<int, std::shared_ptr<Stream>>& saved);
  int run_external(const std::vector<std::string>& argv, const std::map<std::string, std::string>& environment,
                   bool last, const std::string* search_path = nullptr);
  int call(const std::vector<std::string>& argv, bool functions, bool last,
           const std::map<std::string, std::string>& extra = {});

  static constexpr std::size_t history_limit = 255;
  void load_history();
  void remember(const std::string& entered);  // a line of the editor

  Process& process;
  std::string name = "sh";   // $0
  std::string command_name;  // for messages: the builtin or the script
  std::vector<std::string> arguments;
  std::map<std::string, Variable> variables;
  std::map<std::string, NodePtr> functions;
  Aliases aliases;
  Options options;
  std::map<int, std::string> traps;  // 0: EXIT
  std::vector<std::shared_ptr<Job>> jobs;
  std::vector<std::map<std::string, std::optional<Variable>>> locals;  // what `local` hides, by function call
  std::vector<std::string> history;
  int status = 0, last_background = 0, line = 0, loops = 0, function_depth = 0, source_depth = 0, nesting = 0;
  int getopts_at = 0;  // position within a group of letters
  bool is_subshell = false, login = false;
  int shell_pid = 0;  // $$
  int job_group = 0;  // of the job being run; 0: none
  bool exit_warned = false;

 private:
  int execute_node(const Node& node, bool tested, bool last);
  int simple(const Node& node, bool last);
  int pipeline(const Node& node, bool tested);
  int background(const Node& node);
  void start(const std::shared_ptr<Job>& job, std::shared_ptr<Task> task, std::function<ExitStatus()> body);
  int loop(const Node& node);
  bool round(const Node& body, int& out);
  int for_each(const Node& node);
  int select_case(const Node& node);
  int run_function(const std::string& function, const std::vector<std::string>& argv);
  int run_subshell(const Node& node, bool last);
  std::string capture(const Node& program);
  ExitStatus bounded(const Node& node);  // a subshell's body: its exits and errors become a status
  std::shared_ptr<Task> new_task(const std::string& text, int group);
  void say_signal(const ExitStatus& ended);
  void trace(const std::vector<std::string>& words);
  std::string parameter(const Part& part, bool& set);
  bool in_scripts() const { return !options.interactive; }

  friend class Expansion;
  std::size_t history_size();
  std::string history_path();  // empty: none is kept
  bool in_trap_ = false;
  std::string job_text_;                  // of the command being run, for `jobs`
  unsigned substitutions_ = 0;            // made so far
  std::unique_ptr<Process> own_process_;  // of a subshell
  std::uint32_t random_state_ = 1;
};

using Builtin = int (*)(Shell& shell, const std::vector<std::string>& argv);
struct BuiltinEntry {
  Builtin run;
  bool special = false;  // its errors end a script
  bool assigns = false;  // its arguments expand like assignments
};
const BuiltinEntry* find_builtin(const std::string& name);
std::vector<std::string> builtin_names();

// The program behind /bin/sh.
int sh_main(Process& process);

// "[1]+  Stopped                    sleep 100\n"
std::string job_line(const Shell& shell, Job& job, bool with_pid);

const char* signal_name(int number);             // "TERM"; null when unknown
std::optional<int> signal_of(std::string text);  // "TERM", "SIGTERM", "15"
const char* signal_message(int number);          // "Terminated", as the C library says it

}  // namespace vnpu::devices::shell
