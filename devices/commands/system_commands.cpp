// uname, hostname, date, uptime, free, id, whoami, groups, env, printenv, which, nproc, dmesg, mount, lsmod, clear,
// passwd ...
#include <algorithm>
#include <random>

#include "devices/board_files.h"
#include "devices/commands/common.h"
#include "devices/launch.h"

namespace vnpu::devices::commands {

namespace {

int uname_main(Process& process) {
  auto options = parse(process, "amnrspvio", {{"all", 'a'}});
  if (!options) return 1;
  const auto& data = process.board.data();
  const bool all = options->has('a'), none = options->count.empty();
  std::string out;
  const auto add = [&](bool wanted, const std::string& text) {
    if (wanted) out += (out.empty() ? "" : " ") + text;
  };
  add(all || none || options->has('s'), "Linux");
  add(all || options->has('n'), process.board.hostname());
  add(all || options->has('r'), data.kernel_release);
  add(all || options->has('v'), data.kernel_version);
  add(all || options->has('m'), data.machine);
  // The boards of this machine have Ubuntu's coreutils, which know the processor and the platform.
  const bool coreutils = data.machine == "aarch64";
  const std::string known = coreutils ? data.machine : "unknown";
  add(options->has('p') || (all && coreutils), known);
  add(options->has('i') || (all && coreutils), known);
  add(all || options->has('o'), "GNU/Linux");
  process.print(out + "\n");
  return 0;
}

int hostname_main(Process& process) {
  auto options = parse(process, "sfidF:");
  if (!options) return 1;
  if (!options->operands.empty()) {
    if (process.user.uid != 0) return fail(process, "sethostname", Errno::perm);
    process.board.set_hostname(options->operands[0].substr(0, 64));
    return 0;
  }
  process.print(options->has('i') ? "127.0.1.1\n" : process.board.hostname() + "\n");
  return 0;
}

int date_main(Process& process) {
  auto options = parse(process, "us:d:r:RI::D:", {{"utc", 'u'}, {"set", 's'}, {"date", 'd'}});
  if (!options) return 1;
  std::int64_t when = process.board.now_ns();
  const auto read_time = [&](const std::string& text) -> bool {
    int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
    if (text.starts_with('@') && number(text.substr(1))) {
      when = *number(text.substr(1)) * 1000000000;
      return true;
    }
    if (std::sscanf(text.c_str(), "%d-%d-%d %d:%d:%d", &year, &month, &day, &hour, &minute, &second) < 3) return false;
    when = from_civil(year, month, day, hour, minute, second) * 1000000000;
    return true;
  };
  if (options->has('r')) {
    const auto status = process.files().stat(process.user, process.path(options->value['r']));
    if (!status) return fail(process, options->value['r'], status.error());
    when = status->modified_ns;
  }
  if (options->has('d') && !read_time(options->value['d']))
    return fail(process, "invalid date '" + options->value['d'] + "'");
  if (options->has('s')) {
    // The clock is shared by all who use the board and stays what it is.
    if (!read_time(options->value['s'])) return fail(process, "invalid date '" + options->value['s'] + "'");
    return fail(process, "can't set date", Errno::perm);
  }
  std::string pattern = "%a %b %e %H:%M:%S UTC %Y";
  if (options->has('R')) pattern = "%a, %d %b %Y %H:%M:%S +0000";
  if (options->has('I')) pattern = "%Y-%m-%d";
  if (!options->operands.empty()) {
    if (!options->operands[0].starts_with('+')) return fail(process, "invalid date '" + options->operands[0] + "'");
    pattern = options->operands[0].substr(1);
  }
  if (pattern.size() > 4096) return fail(process, "format too long");
  process.print(time_text(pattern, when) + "\n");
  return 0;
}

int uptime_main(Process& process) {
  const std::uint64_t minutes = process.board.uptime_ns() / 60000000000u;
  Output out(process);
  out << time_text(" %H:%M:%S up ", process.board.now_ns());
  if (minutes >= 1440)
    out.format("%llu day%s, ", static_cast<unsigned long long>(minutes / 1440), minutes / 1440 == 1 ? "" : "s");
  if (minutes % 1440 >= 60) {
    out.format("%2llu:%02llu", static_cast<unsigned long long>(minutes % 1440 / 60),
               static_cast<unsigned long long>(minutes % 60));
  } else {
    out.format("%llu min", static_cast<unsigned long long>(minutes % 60));
  }
  out << ",  load average: 0.00, 0.00, 0.00\n";
  return 0;
}

int free_main(Process& process) {
  auto options = parse(process, "bkmgh");
  if (!options) return 1;
  const Board::Memory memory = process.board.memory();
  const auto text = [&](std::uint64_t bytes) {
    if (options->has('h')) return human(bytes);
    return std::to_string(options->has('b')   ? bytes
                          : options->has('m') ? bytes >> 20
                          : options->has('g') ? bytes >> 30
                                              : bytes >> 10);
  };
  Output out(process);
  out << "              total        used        free      shared  buff/cache   available\n";
  out.format("Mem:    %11s %11s %11s %11s %11s %11s\n", text(memory.total).c_str(), text(memory.used).c_str(),
             text(memory.free).c_str(), text(memory.shared).c_str(), text(memory.cached).c_str(),
             text(memory.free + memory.cached / 2).c_str());
  out.format("Swap:   %11s %11s %11s\n", text(memory.swap).c_str(), text(0).c_str(), text(memory.swap).c_str());
  return 0;
}

int id_main(Process& process) {
  auto options = parse(process, "ugGnr");
  if (!options) return 1;
  Credentials who = process.user;
  if (!options->operands.empty()) {
    const auto login = process.board.find_user(options->operands[0]);
    if (!login) return fail(process, "unknown user " + options->operands[0]);
    who = login->credentials;
  }
  Output out(process);
  const bool names = options->has('n');
  if (options->has('u')) {
    out << (names ? user_text(process, who.uid) : std::to_string(who.uid)) << "\n";
  } else if (options->has('g')) {
    out << (names ? group_text(process, who.gid) : std::to_string(who.gid)) << "\n";
  } else if (options->has('G')) {
    out << (names ? group_text(process, who.gid) : std::to_string(who.gid));
    for (const auto gid : who.groups) out << " " << (names ? group_text(process, gid) : std::to_string(gid));
    out << "\n";
  } else {
    out.format("uid=%u(%s) gid=%u(%s)", who.uid, user_text(process, who.uid).c_str(), who.gid,
               group_text(process, who.gid).c_str());
    if (!who.groups.empty()) {
      out.format(" groups=%u(%s)", who.gid, group_text(process, who.gid).c_str());
      for (const auto gid : who.groups) out.format(",%u(%s)", gid, group_text(process, gid).c_str());
    }
    out << "\n";
  }
  return 0;
}

int whoami_main(Process& process) {
  process.print(user_text(process, process.user.uid) + "\n");
  return 0;
}

int groups_main(Process& process) {
  std::string out = group_text(process, process.user.gid);
  for (const auto gid : process.user.groups) out += " " + group_text(process, gid);
  process.print(out + "\n");
  return 0;
}

int env_main(Process& process) {
  auto environment = process.environment;
  std::size_t at = 1;
  auto& argv = process.argv;
  for (; at < argv.size(); ++at) {
    if (argv[at] == "-i" || argv[at] == "-") {
      environment.clear();
    } else if (argv[at] == "-u" && at + 1 < argv.size()) {
      environment.erase(argv[++at]);
    } else if (const std::size_t equals = argv[at].find('=');
               equals != std::string::npos && equals > 0 && argv[at][0] != '-') {
      environment[argv[at].substr(0, equals)] = argv[at].substr(equals + 1);
    } else {
      break;
    }
  }
  if (at < argv.size() && argv[at] == "--") ++at;
  if (at < argv.size()) return process.run({argv.begin() + static_cast<std::ptrdiff_t>(at), argv.end()}, environment);
  Output out(process);
  for (const auto& [name, value] : environment) out << name << "=" << value << "\n";
  return 0;
}

int printenv_main(Process& process) {
  int status = 0;
  Output out(process);
  if (process.argv.size() == 1)
    for (const auto& [name, value] : process.environment) out << name << "=" << value << "\n";
  for (std::size_t i = 1; i < process.argv.size(); ++i) {
    if (const auto* value = process.variable(process.argv[i])) {
      out << *value << "\n";
    } else {
      status = 1;
    }
  }
  return status;
}

int which_main(Process& process) {
  auto options = parse(process, "a");
  if (!options) return 1;
  int status = 0;
  for (const auto& name : options->operands) {
    std::optional<std::string> found;
    if (name.find('/') != std::string::npos) {
      if (process.files().access(process.user, process.path(name), 1) == Errno::ok) found = name;
    } else if (const auto* path = process.variable("PATH")) {
      found = search_path_for(process, name, *path);
    }
    if (found) {
      process.print(*found + "\n");
    } else {
      status = 1;
    }
  }
  return status;
}

int nproc_main(Process& process) {
  // One entry a processor; boards whose cpuinfo lists none have one.
  const std::string& info = process.board.data().cpu_info;
  int count = 0;
  for (auto at = info.find("processor"); at != std::string::npos; at = info.find("processor", at + 1))
    count += at == 0 || info[at - 1] == '\n';
  process.print(std::to_string(std::max(count, 1)) + "\n");
  return 0;
}

int dmesg_main(Process& process) {
  const auto& data = process.board.data();
  Output out(process);
  out << "[    0.000000] Linux version " << data.kernel_release << " " << data.kernel_version << "\n";
  out << "[    0.000000] Machine model: " << data.title << "\n";
  out.format("[    0.000000] ion: carveout heap at 0x%llx, %llu bytes\n",
             static_cast<unsigned long long>(data.ion_base),
             static_cast<unsigned long long>(process.board.ion().total()));
  out << "[    0.350000] cvi-tpu: TPU of " << data.chip << " ready\n";
  return 0;
}

int mount_main(Process& process) {
  if (process.argv.size() > 1 && process.argv.back() != "-a")
    return fail(process, "mounting is not possible on this board", Errno::perm);
  Output out(process);
  for (const auto& mount : process.files().mounts())
    out << mount.device << " on " << mount.mount_point << " type " << mount.type << " (rw,relatime)\n";
  return 0;
}

int umount_main(Process& process) {
  return fail(process, "can't unmount " + (process.argv.size() > 1 ? process.argv.back() : std::string("/")),
              Errno::perm);
}

int lsmod_main(Process& process) {
  process.print("Module                  Size  Used by    Not tainted\ncvi_tpu                24576  0 \n");
  return 0;
}

int insmod_main(Process& process) {
  if (process.argv.size() < 2) return usage(process);
  const auto status = process.files().stat(process.user, process.path(process.argv[1]));
  return fail(process, "can't insert '" + process.argv[1] + "'", status ? Errno::perm : status.error());
}

int clear_main(Process& process) {
  process.print("\033[H\033[J");
  return 0;
}

int reset_main(Process& process) {
  process.print("\033c\033(B\033[m\033[J\033[?25h");
  return 0;
}

int tty_main(Process& process) {
  process.print(process.is_terminal(0) ? "/dev/pts/0\n" : "not a tty\n");
  return process.is_terminal(0) ? 0 : 1;
}

int stty_main(Process& process) {
  Terminal* terminal = nullptr;
  if (const auto it = process.descriptors.find(0); it != process.descriptors.end()) terminal = it->second->terminal();
  if (!terminal) return fail(process, "standard input", Errno::notty);
  const auto window = terminal->size();
  if (process.argv.size() == 2 && process.argv[1] == "size") {
    Output(process).format("%u %u\n", window.rows, window.columns);
    return 0;
  }
  auto mode = terminal->mode();
  for (std::size_t i = 1; i < process.argv.size(); ++i) {
    const std::string& word = process.argv[i];
    if (word == "-echo") mode.echo = false;
    if (word == "echo") mode.echo = true;
    if (word == "raw") mode = {false, false, false};
    if (word == "sane" || word == "cooked" || word == "-raw") mode = {};
  }
  terminal->set_mode(mode);
  if (process.argv.size() == 1) Output(process).format("speed 38400 baud; line = 0;\n%sbrkint %sechok\n", "-", "-");
  return 0;
}

int devmem_main(Process& process) {
  if (process.argv.size() < 2) return usage(process);
  if (process.user.uid != 0) return fail(process, "can't open '/dev/mem'", Errno::acces);
  if (process.argv.size() > 3) return 0;  // registers take what is written
  int width = 32;
  if (process.argv.size() > 2) width = std::atoi(process.argv[2].c_str());
  if (width != 8 && width != 16 && width != 32 && width != 64) return usage(process);
  process.print("0x" + std::string(static_cast<std::size_t>(width / 4), '0') + "\n");
  return 0;
}

int reboot_main(Process& process) {
  if (process.user.uid != 0) return fail(process, "Operation not permitted");
  return fail(process, "this board ends with its host: stop `vnpu board` instead");
}

int passwd_main(Process& process) {
  std::string user = user_text(process, process.user.uid);
  if (process.argv.size() > 1) {
    if (process.user.uid != 0 && process.argv[1] != user)
      return fail(process, "you may not change the password of '" + process.argv[1] + "'");
    user = process.argv[1];
  }
  if (!process.board.find_user(user)) return fail(process, "unknown user " + user);
  Terminal* terminal = nullptr;
  if (const auto it = process.descriptors.find(0); it != process.descriptors.end()) terminal = it->second->terminal();
  struct Hidden {
    Terminal* terminal;
    explicit Hidden(Terminal* t) : terminal(t) {
      if (terminal) terminal->set_mode({true, false, true});
    }
    ~Hidden() {
      if (terminal) terminal->set_mode({});
    }
  } hidden(terminal);
  const auto ask = [&](const std::string& question) {
    process.complain(question);
    auto line = process.read_line();
    process.complain("\n");
    return line;
  };
  process.print("Changing password for " + user + "\n");
  if (process.user.uid != 0) {
    const auto old = ask("Old password: ");
    if (!old || !process.board.check_password(user, *old)) return fail(process, "incorrect password");
  }
  const auto first = ask("New password: ");
  if (!first || first->empty() || first->size() > 256) return fail(process, "password for " + user + " is unchanged");
  const auto second = ask("Retype password: ");
  if (!second || *second != *first)
    return fail(process, "passwords don't match\npasswd: password for " + user + " is unchanged");
  std::random_device source;
  static const char letters[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string salt;
  for (int i = 0; i < 12; ++i) salt += letters[source() % 64];
  const auto text = process.files().read_file({}, "/etc/shadow", 1 << 20);
  if (!text) return fail(process, "/etc/shadow", text.error());
  std::string out;
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find('\n', at), text->size());
    std::string line = text->substr(at, end - at);
    at = end + 1;
    if (line.starts_with(user + ":")) {
      const std::size_t rest = line.find(':', user.size() + 1);
      line = user + ":" + hashed_password(*first, salt) + (rest == std::string::npos ? "" : line.substr(rest));
    }
    out += line + "\n";
  }
  process.files().write_file({}, "/etc/shadow", out, 0600);
  process.print("passwd: password for " + user + " changed by " + user_text(process, process.user.uid) + "\n");
  return 0;
}

}  // namespace

void add_system_commands(ProgramTable& table) {
  const std::pair<const char*, Program> in_bin[] = {
      {"uname", uname_main},   {"hostname", hostname_main}, {"date", date_main}, {"mount", mount_main},
      {"umount", umount_main}, {"dmesg", dmesg_main},       {"stty", stty_main}, {"printenv", printenv_main}};
  for (const auto& [name, program] : in_bin) table.add_applet(name, program);
  const std::pair<const char*, Program> in_usr[] = {
      {"uptime", uptime_main}, {"free", free_main},   {"id", id_main},       {"whoami", whoami_main},
      {"groups", groups_main}, {"env", env_main},     {"which", which_main}, {"nproc", nproc_main},
      {"clear", clear_main},   {"reset", reset_main}, {"tty", tty_main},     {"passwd", passwd_main}};
  for (const auto& [name, program] : in_usr) table.add_applet(name, program, "/usr/bin");
  const std::pair<const char*, Program> in_sbin[] = {
      {"lsmod", lsmod_main},   {"insmod", insmod_main}, {"rmmod", insmod_main},    {"modprobe", insmod_main},
      {"devmem", devmem_main}, {"reboot", reboot_main}, {"poweroff", reboot_main}, {"halt", reboot_main}};
  for (const auto& [name, program] : in_sbin) table.add_applet(name, program, "/sbin");
}

}  // namespace vnpu::devices::commands
