// sudo: a command or a shell as root (or another account), without asking for a password.
#include <algorithm>

#include "devices/board.h"
#include "devices/sophon/programs.h"
#include "devices/text.h"

namespace vnpu::sophon {
namespace {

constexpr const char* usage =
    "usage: sudo -h | -K | -k | -V\n"
    "usage: sudo [-EHnS] [-u user] [VAR=value] [-i|-s] [<command>]\n";

struct Options {
  std::string user = "root";
  bool login = false, shell = false, keeps = false;
  std::vector<std::string> command;
  std::map<std::string, std::string> variables;
};

// The exit status when the program ends at once.
std::optional<int> parse(devices::Process& process, Options& out) {
  const auto& argv = process.argv;
  std::size_t at = 1;
  for (; at < argv.size() && argv[at].size() > 1 && argv[at][0] == '-'; ++at) {
    if (argv[at] == "--") {
      ++at;
      break;
    }
    for (std::size_t i = 1; i < argv[at].size(); ++i) {
      switch (argv[at][i]) {
        case 'i': out.login = true; break;
        case 's': out.shell = true; break;
        case 'E': out.keeps = true; break;
        case 'H':
        case 'n':
        case 'S': break;
        case 'k':
        case 'K': return 0;
        case 'h': process.print(usage); return 0;
        case 'V': process.print("Sudo version 1.8.31\n"); return 0;
        case 'u': {
          std::string rest = argv[at].substr(i + 1);
          if (rest.empty() && at + 1 < argv.size()) rest = argv[++at];
          out.user = rest;
          i = argv[at].size();
          break;
        }
        default: process.complain(std::string("sudo: invalid option -- '") + argv[at][i] + "'\n" + usage); return 1;
      }
    }
  }
  for (; at < argv.size(); ++at) {
    const auto equals = argv[at].find('=');
    if (equals == std::string::npos || equals == 0 || argv[at].find('/') < equals) break;
    out.variables[argv[at].substr(0, equals)] = argv[at].substr(equals + 1);
  }
  out.command.assign(argv.begin() + static_cast<std::ptrdiff_t>(at), argv.end());
  if (!out.command.empty() || out.login || out.shell) return std::nullopt;
  process.complain(usage);
  return 1;
}

bool may(const devices::BoardData& data, const devices::Credentials& user) {
  const auto group = std::ranges::find(data.groups, "sudo", &devices::BoardData::Group::name);
  return user.uid == 0 || (group != data.groups.end() && std::ranges::count(user.groups, group->gid) != 0);
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

}  // namespace

int sudo(devices::Process& process) {
  Options options;
  if (const auto status = parse(process, options)) return *status;
  const auto& data = process.board.data();
  const auto caller = std::ranges::find(data.users, process.user.uid, &devices::BoardData::User::uid);
  const std::string name = caller == data.users.end() ? std::to_string(process.user.uid) : caller->name;
  if (!may(data, process.user)) {
    process.complain(name + " is not in the sudoers file.  This incident will be reported.\n");
    return 1;
  }
  const auto target = std::ranges::find(data.users, options.user, &devices::BoardData::User::name);
  const auto login = process.board.find_user(options.user);
  if (target == data.users.end() || !login) {
    process.complain("sudo: unknown user: " + options.user + "\nsudo: unable to initialize policy plugin\n");
    return 1;
  }
  auto environment = options.keeps ? process.environment : std::map<std::string, std::string>{{"PATH", data.path}};
  if (const auto* terminal = process.variable("TERM")) environment["TERM"] = *terminal;
  environment["HOME"] = target->home;
  environment["USER"] = environment["LOGNAME"] = target->name;
  environment["SHELL"] = target->shell;
  environment["SUDO_USER"] = name;
  environment["SUDO_UID"] = std::to_string(process.user.uid);
  environment["SUDO_GID"] = std::to_string(process.user.gid);
  environment["SUDO_COMMAND"] = options.command.empty() ? target->shell : joined(options.command);
  for (const auto& [key, value] : options.variables) environment[key] = value;

  std::vector<std::string> command = options.command;
  if (options.login || options.shell) {
    command = {target->shell};
    if (options.login) command.emplace_back("-l");
    if (!options.command.empty()) command.insert(command.end(), {"-c", joined(options.command)});
  }
  if (options.login) process.cwd = target->home;
  process.user = login->credentials;
  if (!options.login && !options.shell && command[0].find('/') == std::string::npos) {
    // Unknown commands are told in sudo's words.
    const std::string path = environment["PATH"];
    bool found = false;
    for (std::size_t from = 0; from <= path.size() && !found;) {
      const auto to = std::min(path.find(':', from), path.size());
      found = process.files().access(process.user, process.path(path.substr(from, to - from) + "/" + command[0]), 1) ==
              devices::Errno::ok;
      from = to + 1;
    }
    if (!found) {
      process.complain("sudo: " + command[0] + ": command not found\n");
      return 1;
    }
  }
  return process.run(command, environment);
}

}  // namespace vnpu::sophon
