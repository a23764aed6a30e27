#include "devices/commands/commands.h"

#include "devices/awk/awk_command.h"
#include "devices/commands/common.h"
#include "devices/commands/scp.h"
#include "devices/commands/usage.h"
#include "devices/shell/shell.h"
#include "devices/vi/vi_command.h"

namespace vnpu::devices {

namespace {

// busybox [NAME [ARG]...]
int busybox_main(Process& process) {
  if (process.argv.size() > 1 && !process.argv[1].starts_with('-')) {
    const Program program = process.board.programs().applet(process.argv[1]);
    if (!program) {
      commands::Output(process).format("%s: applet not found\n", process.argv[1].c_str());
      return 127;
    }
    process.argv.erase(process.argv.begin());
    return program(process);
  }
  commands::Output out(process);
  if (process.argv.size() > 1 && process.argv[1] == "--list") {
    for (const auto& [name, entry] : process.board.programs().applets()) out << name << "\n";
    return 0;
  }
  out << "BusyBox v1.32.0 (2026-11-21 00:00:00 UTC) multi-call binary.\n\nUsage: busybox [function [arguments]...]\n"
         "   or: busybox --list\n   or: function [arguments]...\n\nCurrently defined functions:\n";
  std::string row = "\t";
  for (const auto& [name, entry] : process.board.programs().applets()) {
    if (row.size() + name.size() + 2 > 72) {
      out << row << "\n";
      row = "\t";
    }
    row += name + ", ";
  }
  row.resize(row.size() - 2);
  out << row << "\n";
  return 0;
}

}  // namespace

void add_shell_commands(ProgramTable& table) {
  using namespace commands;
  table.add_applet("sh", shell::sh_main);
  table.add_applet("ash", shell::sh_main);
  table.add_applet("busybox", busybox_main);
  add_test_commands(table);
  add_echo_commands(table);
  add_text_commands(table);
  add_list_commands(table);
  add_file_commands(table);
  add_mode_commands(table);
  add_system_commands(table);
  add_process_commands(table);
  add_filter_commands(table);
  table.add_applet("scp", scp_command, "/usr/bin");
  add_grep_command(table);
  add_find_command(table);
  add_digest_commands(table);
  add_archive_commands(table);
  add_network_commands(table);
  add_sed_command(table);
  add_diff_command(table);
  add_pager_commands(table);
  table.add_applet("awk", awk::awk_command, "/usr/bin");
  table.add_applet("vi", vi::vi_command);
}

}  // namespace vnpu::devices
