// The shell's own commands, by concern.
#pragma once

#include "devices/shell/shell.h"

namespace vnpu::devices::shell {

using Arguments = const std::vector<std::string>&;

// builtins_control.cpp
int builtin_break(Shell& shell, Arguments argv);  // and continue
int builtin_return(Shell& shell, Arguments argv);
int builtin_exit(Shell& shell, Arguments argv);
int builtin_eval(Shell& shell, Arguments argv);
int builtin_exec(Shell& shell, Arguments argv);
int builtin_source(Shell& shell, Arguments argv);
int builtin_command(Shell& shell, Arguments argv);
int builtin_type(Shell& shell, Arguments argv);
int builtin_true(Shell& shell, Arguments argv);
int builtin_false(Shell& shell, Arguments argv);
int builtin_let(Shell& shell, Arguments argv);
int builtin_times(Shell& shell, Arguments argv);
int builtin_help(Shell& shell, Arguments argv);
int builtin_history(Shell& shell, Arguments argv);

// builtins_variables.cpp
int builtin_cd(Shell& shell, Arguments argv);
int builtin_pwd(Shell& shell, Arguments argv);
int builtin_export(Shell& shell, Arguments argv);  // and readonly
int builtin_local(Shell& shell, Arguments argv);
int builtin_set(Shell& shell, Arguments argv);
int builtin_shift(Shell& shell, Arguments argv);
int builtin_unset(Shell& shell, Arguments argv);
int builtin_read(Shell& shell, Arguments argv);
int builtin_getopts(Shell& shell, Arguments argv);
int builtin_alias(Shell& shell, Arguments argv);
int builtin_unalias(Shell& shell, Arguments argv);
int builtin_umask(Shell& shell, Arguments argv);
int builtin_ulimit(Shell& shell, Arguments argv);

// builtins_jobs.cpp
int builtin_trap(Shell& shell, Arguments argv);
int builtin_wait(Shell& shell, Arguments argv);
int builtin_jobs(Shell& shell, Arguments argv);
int builtin_fg(Shell& shell, Arguments argv);  // and bg
int builtin_kill(Shell& shell, Arguments argv);

// "'it'\''s'", as set and alias print values.
std::string single_quoted(const std::string& text);
bool valid_name(const std::string& text);

}  // namespace vnpu::devices::shell
