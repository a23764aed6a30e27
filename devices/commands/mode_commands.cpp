// mkdir, chmod, chown, chgrp: permissions and owners.
#include <algorithm>
#include <functional>

#include "devices/commands/common.h"

namespace vnpu::devices::commands {

namespace {

// "u+rwx,go-w", "755". Nothing when it cannot be read.
std::optional<std::uint32_t> changed_mode(const std::string& text, std::uint32_t mode, bool directory,
                                          std::uint32_t umask) {
  if (!text.empty() && text.find_first_not_of("01234567") == std::string::npos) {
    if (text.size() > 5) return std::nullopt;
    const auto value = static_cast<std::uint32_t>(std::stoul(text, nullptr, 8));
    return value > 07777 ? std::nullopt : std::optional(value);
  }
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string clause = text.substr(at, end - at);
    at = end + 1;
    std::size_t i = 0;
    std::uint32_t who = 0;
    for (; i < clause.size(); ++i) {
      if (clause[i] == 'u') {
        who |= 04700;
      } else if (clause[i] == 'g') {
        who |= 02070;
      } else if (clause[i] == 'o') {
        who |= 01007;
      } else if (clause[i] == 'a') {
        who |= 07777;
      } else {
        break;
      }
    }
    const std::uint32_t mask = who ? who : 07777 & ~umask;
    if (!who) who = 07777;
    if (i >= clause.size()) return std::nullopt;
    while (i < clause.size()) {
      const char op = clause[i++];
      if (op != '+' && op != '-' && op != '=') return std::nullopt;
      std::uint32_t bits = 0;
      for (; i < clause.size() && clause[i] != '+' && clause[i] != '-' && clause[i] != '='; ++i) {
        switch (clause[i]) {
          case 'r': bits |= 0444; break;
          case 'w': bits |= 0222; break;
          case 'x': bits |= 0111; break;
          case 'X':
            if (directory || (mode & 0111)) bits |= 0111;
            break;
          case 's': bits |= 06000; break;
          case 't': bits |= 01000; break;
          case 'u': bits |= (mode >> 6 & 7) * 0111; break;
          case 'g': bits |= (mode >> 3 & 7) * 0111; break;
          case 'o': bits |= (mode & 7) * 0111; break;
          default: return std::nullopt;
        }
      }
      bits &= mask;
      if (op == '+') mode |= bits;
      if (op == '-') mode &= ~bits;
      if (op == '=') mode = (mode & ~(who & 0777)) | bits;
    }
  }
  return mode;
}

int mkdir_main(Process& process) {
  auto options = parse(process, "m:pv", {{"mode", 'm'}, {"parents", 'p'}, {"verbose", 'v'}});
  if (!options) return 1;
  if (options->operands.empty()) return usage(process);
  std::uint32_t mode = 0777 & ~process.umask;
  if (options->has('m')) {
    const auto given = changed_mode(options->value['m'], 0777, true, 0);
    if (!given) return fail(process, "invalid mode '" + options->value['m'] + "'");
    mode = *given;
  }
  int status = 0;
  for (const auto& operand : options->operands) {
    const std::string path = process.path(operand);
    Errno error;
    if (options->has('p')) {
      error = process.files().make_directories(process.user, path, 0777 & ~process.umask);
      if (error == Errno::ok && options->has('m'))
        error = process.files().set_stat(
            process.user, path,
            {.size = {}, .permissions = mode, .uid = {}, .gid = {}, .accessed_ns = {}, .modified_ns = {}});
    } else {
      error = operand.empty() ? Errno::noent : process.files().make_directory(process.user, path, mode);
    }
    if (error != Errno::ok) {
      status = fail(process, "can't create directory '" + operand + "'", error);
    } else if (options->has('v')) {
      process.print("created directory: '" + operand + "'\n");
    }
  }
  return status;
}

// Calls on the operand and, with -R, on all below.
int change_tree(Process& process, const std::string& name, bool recursive,
                const std::function<Errno(const std::string&, const Stat&)>& change, int depth = 0) {
  process.check_signals();
  const std::string path = process.path(name);
  const auto status = depth ? process.files().lstat(process.user, path) : process.files().stat(process.user, path);
  if (!status) return fail(process, name, status.error());
  if (status->type == FileType::symlink) return 0;
  int out = 0;
  if (const Errno error = change(path, *status); error != Errno::ok) out = fail(process, name, error);
  if (recursive && status->type == FileType::directory && depth < 300)
    if (const auto entries = process.files().read_directory(process.user, path))
      for (const auto& entry : *entries)
        out |=
            change_tree(process, (name.ends_with('/') ? name : name + "/") + entry.name, recursive, change, depth + 1);
  return out;
}

int chmod_main(Process& process) {
  // "-x" is a mode, not an option.
  auto& argv = process.argv;
  bool recursive = false;
  std::size_t at = 1;
  while (at < argv.size() && argv[at].size() > 1 && argv[at][0] == '-' &&
         argv[at].find_first_not_of("RvcfR", 1) == std::string::npos) {
    recursive |= argv[at].find('R') != std::string::npos;
    ++at;
  }
  if (at < argv.size() && argv[at] == "--") ++at;
  if (at + 1 >= argv.size()) return usage(process);
  const std::string mode = argv[at++];
  if (!changed_mode(mode, 0, false, process.umask)) return fail(process, "invalid mode '" + mode + "'");
  int status = 0;
  for (; at < argv.size(); ++at)
    status |= change_tree(process, argv[at], recursive, [&](const std::string& path, const Stat& old) {
      SetStat change;
      change.permissions = changed_mode(mode, old.permissions, old.type == FileType::directory, process.umask);
      return process.files().set_stat(process.user, path, change);
    });
  return status;
}

int chown_main(Process& process) {
  auto options = parse(process, "Rhcfv", {{"recursive", 'R'}});
  if (!options) return 1;
  if (options->operands.size() < 2) return usage(process);
  const std::string who = options->operands.front();
  const bool group_only = base_name(process.argv[0]) == "chgrp";
  const std::size_t colon = group_only ? 0 : std::min(who.find_first_of(":."), who.size());
  const std::string user = group_only ? "" : who.substr(0, colon);
  const std::string group = group_only ? who : colon < who.size() ? who.substr(colon + 1) : "";
  SetStat change;
  if (!user.empty()) {
    const auto login = process.board.find_user(user);
    const auto value = number(user);
    if (!login && (!value || *value < 0)) return fail(process, "unknown user " + user);
    change.uid = login ? login->credentials.uid : static_cast<std::uint32_t>(*value);
  }
  if (!group.empty()) {
    std::optional<std::uint32_t> found;
    if (const auto value = number(group); value && *value >= 0) found = static_cast<std::uint32_t>(*value);
    if (!found)
      if (const auto text = process.files().read_file({}, "/etc/group", 1 << 20)) {
        const std::string marked = "\n" + *text;
        const std::size_t at = marked.find("\n" + group + ":");
        if (at != std::string::npos) {
          const std::size_t second = marked.find(':', at + group.size() + 2);
          found = static_cast<std::uint32_t>(std::atoi(marked.c_str() + second + 1));
        }
      }
    if (!found) return fail(process, "unknown group " + group);
    change.gid = found;
  }
  int status = 0;
  for (std::size_t i = 1; i < options->operands.size(); ++i)
    status |= change_tree(process, options->operands[i], options->has('R'), [&](const std::string& path, const Stat&) {
      return process.files().set_stat(process.user, path, change);
    });
  return status;
}

}  // namespace

void add_mode_commands(ProgramTable& table) {
  table.add_applet("mkdir", mkdir_main);
  table.add_applet("chmod", chmod_main);
  table.add_applet("chown", chown_main);
  table.add_applet("chgrp", chown_main);
}

}  // namespace vnpu::devices::commands
