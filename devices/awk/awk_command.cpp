// awk [-F SEP] [-v NAME=VALUE]... [-f FILE]... [-e TEXT]... [PROGRAM] [OPERAND]...
#include "devices/awk/awk_command.h"

#include "devices/awk/machine.h"
#include "devices/commands/common.h"

namespace vnpu::devices::awk {

namespace {

int bad_option(Process& process, char letter) {
  process.complain(std::string("awk: invalid option -- '") + letter + "'\n");
  return commands::usage(process);
}

}  // namespace

int run(Process& process, std::uint64_t steps) {
  const auto& argv = process.argv;
  std::vector<std::string> assignments, operands;
  std::string program;
  bool have_program = false;
  std::optional<std::string> separator;
  std::size_t at = 1;
  for (; at < argv.size() && argv[at].size() > 1 && argv[at][0] == '-'; ++at) {
    if (argv[at] == "--") {
      ++at;
      break;
    }
    const char letter = argv[at][1];
    if (std::string_view("Fvfe").find(letter) == std::string_view::npos) return bad_option(process, letter);
    std::string value = argv[at].substr(2);
    if (value.empty()) {
      if (at + 1 >= argv.size()) {
        process.complain(std::string("awk: option requires an argument -- '") + letter + "'\n");
        return commands::usage(process);
      }
      value = argv[++at];
    }
    if (letter == 'F') {
      separator = value;
    } else if (letter == 'v') {
      assignments.push_back(value);
    } else {
      if (letter == 'f') {
        const auto text = commands::content(process, value);
        if (!text) return 1;
        value = *text;
      }
      program += value + "\n";
      have_program = true;
    }
  }
  if (!have_program) {
    if (at >= argv.size()) return commands::usage(process);
    program = argv[at++];
  }
  operands.assign(argv.begin() + static_cast<std::ptrdiff_t>(at), argv.end());
  try {
    Limits limits;
    limits.steps = steps;
    Machine machine(process, parse(program), limits);
    if (separator) machine.set_separator(*separator);
    for (const auto& assignment : assignments)
      if (!machine.assign_operand(assignment)) {
        process.complain("awk: bad assignment '" + assignment + "'\n");
        return commands::usage(process);
      }
    return machine.run(operands);
  } catch (const Fault& fault) {
    process.complain("awk: cmd. line:" + std::to_string(std::max(1, fault.line)) + ": " + fault.text + "\n");
    return 1;
  }
}

int awk_command(Process& process) { return run(process, 0); }

}  // namespace vnpu::devices::awk
