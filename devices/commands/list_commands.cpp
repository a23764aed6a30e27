// ls, stat, du, df, pwd, readlink, realpath.
#include <algorithm>
#include <map>

#include "devices/commands/common.h"

namespace vnpu::devices::commands {

namespace {

struct Item {
  std::string name, path;
  Stat status;
};

class List {
 public:
  List(Process& process, Parsed options) : process_(process), options_(std::move(options)), out_(process) {
    long_ = options_.has('l') || options_.has('n') || options_.has('g') || options_.has('o');
    colour_ = options_.has('K') && (options_.value['K'] == "always" || options_.value['K'].empty() ||
                                    (options_.value['K'] == "auto" && process.is_terminal(1)));
    one_ = options_.has('1') || (!process.is_terminal(1) && !options_.has('C') && !options_.has('x'));
  }

  int run() {
    if (options_.operands.empty()) options_.operands.push_back(".");
    std::vector<Item> files, directories;
    for (const auto& operand : options_.operands) {
      const bool follow =
          options_.has('L') || options_.has('H') || (!long_ && !options_.has('d')) || operand.ends_with('/');
      const std::string path = process_.path(operand);
      auto status = follow ? process_.files().stat(process_.user, path) : process_.files().lstat(process_.user, path);
      if (!status && follow) status = process_.files().lstat(process_.user, path);
      if (operand.empty() || !status) {
        out_.flush();
        fail(process_, operand, operand.empty() ? Errno::noent : status.error());
        status_ = 1;
        continue;
      }
      // A link to a directory given with -l is shown itself; without -l its content.
      (status->type == FileType::directory && !options_.has('d') ? directories : files)
          .push_back({operand, path, *status});
    }
    order(files);
    order(directories);
    if (!files.empty()) show(files, false);
    const bool heads = options_.operands.size() > 1 || options_.has('R');
    bool first = files.empty();
    for (const auto& directory : directories) {
      list_directory(directory.name, directory.path, heads, first, 0);
      first = false;
    }
    out_.flush();
    return status_;
  }

 private:
  void list_directory(const std::string& name, const std::string& path, bool head, bool first, int depth) {
    process_.check_signals();
    const auto entries = process_.files().read_directory(process_.user, path);
    if (!entries) {
      out_.flush();
      fail(process_, "can't open '" + name + "'", entries.error());
      status_ = 1;
      return;
    }
    if (head) out_ << (first ? "" : "\n") << name << ":\n";
    std::vector<Item> items;
    const auto add = [&](const std::string& entry) {
      const std::string full = path == "/" ? "/" + entry : path + "/" + entry;
      auto status =
          options_.has('L') ? process_.files().stat(process_.user, full) : process_.files().lstat(process_.user, full);
      if (!status && options_.has('L')) status = process_.files().lstat(process_.user, full);
      if (status) items.push_back({entry, full, *status});
    };
    if (options_.has('a')) {
      add(".");
      add("..");
    }
    for (const auto& entry : *entries)
      if (entry.name[0] != '.' || options_.has('a') || options_.has('A')) add(entry.name);
    order(items);
    show(items, true);
    if (!options_.has('R') || depth > 100) return;
    for (const auto& item : items)
      if (item.status.type == FileType::directory && item.name != "." && item.name != "..")
        list_directory(name.ends_with('/') ? name + item.name : name + "/" + item.name, item.path, true, false,
                       depth + 1);
  }

  void order(std::vector<Item>& items) {
    if (options_.has('U') || options_.has('f')) return;
    std::ranges::stable_sort(items, [&](const Item& a, const Item& b) {
      if (options_.has('t') && time(a) != time(b)) return time(a) > time(b);
      if (options_.has('S') && a.status.size != b.status.size) return a.status.size > b.status.size;
      return a.name < b.name;
    });
    if (options_.has('r')) std::ranges::reverse(items);
  }

  std::int64_t time(const Item& item) const {
    return options_.has('c')   ? item.status.changed_ns
           : options_.has('u') ? item.status.accessed_ns
                               : item.status.modified_ns;
  }

  std::string decorated(const Item& item) const {
    std::string out = item.name;
    if (colour_) {
      const char* code = item.status.type == FileType::directory                                     ? "1;34"
                         : item.status.type == FileType::symlink                                     ? "1;36"
                         : item.status.type == FileType::character_device                            ? "1;35"
                         : item.status.type == FileType::regular && (item.status.permissions & 0111) ? "1;32"
                         : item.status.type == FileType::regular                                     ? "0;0"
                                                                                                     : "0;35";
      out = std::string("\033[") + code + "m" + item.name + "\033[m";
    }
    if (options_.has('F') || options_.has('p')) {
      if (item.status.type == FileType::directory) out += '/';
      if (options_.has('F')) {
        if (item.status.type == FileType::symlink) out += '@';
        if (item.status.type == FileType::fifo) out += '|';
        if (item.status.type == FileType::socket) out += '=';
        if (item.status.type == FileType::regular && (item.status.permissions & 0111)) out += '*';
      }
    }
    return out;
  }

  void show(const std::vector<Item>& items, bool totals) {
    if (long_ || options_.has('s')) {
      std::uint64_t blocks = 0;
      for (const auto& item : items) blocks += item.status.blocks;
      if (totals && (long_ || options_.has('s')))
        out_.format("total %llu\n", static_cast<unsigned long long>(blocks / 2));
    }
    if (long_) {
      for (const auto& item : items) show_long(item);
      return;
    }
    if (one_) {
      for (const auto& item : items) out_ << prefix(item) << decorated(item) << "\n";
      return;
    }
    // Columns as wide as the longest name, filled downwards.
    std::size_t longest = 0;
    for (const auto& item : items) longest = std::max(longest, columns(item));
    const std::size_t width = longest + 2;
    const std::size_t per_row = std::max<std::size_t>(1, process_.window().columns / width);
    const std::size_t rows = (items.size() + per_row - 1) / per_row;
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t i = row; i < items.size(); i += rows) {
        out_ << prefix(items[i]) << decorated(items[i]);
        if (i + rows < items.size()) out_ << std::string(width - columns(items[i]), ' ');
      }
      out_ << "\n";
    }
  }

  std::size_t columns(const Item& item) const {
    std::size_t out = prefix(item).size();
    for (const char c : item.name) out += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    const std::size_t plain = item.name.size();
    if (!colour_) out += decorated(item).size() - plain;
    return out;
  }

  std::string prefix(const Item& item) const {
    char line[40];
    std::string out;
    if (options_.has('i')) {
      std::snprintf(line, sizeof line, "%7llu ", static_cast<unsigned long long>(item.status.inode));
      out += line;
    }
    if (options_.has('s')) {
      std::snprintf(line, sizeof line, "%6llu ", static_cast<unsigned long long>(item.status.blocks / 2));
      out += line;
    }
    return out;
  }

  std::string name_of_user(std::uint32_t uid) {
    const auto it = users_.find(uid);
    return it != users_.end() ? it->second : users_[uid] = user_text(process_, uid);
  }
  std::string name_of_group(std::uint32_t gid) {
    const auto it = groups_.find(gid);
    return it != groups_.end() ? it->second : groups_[gid] = group_text(process_, gid);
  }

  void show_long(const Item& item) {
    const Stat& status = item.status;
    out_ << prefix(item) << mode_text(status);
    out_.format(" %4llu ", static_cast<unsigned long long>(status.links));
    if (options_.has('n')) {
      out_.format("%-8u %-8u ", status.uid, status.gid);
    } else {
      out_.format("%-8.8s %-8.8s ", name_of_user(status.uid).c_str(), name_of_group(status.gid).c_str());
    }
    if (status.type == FileType::character_device || status.type == FileType::block_device) {
      out_.format("%4u, %3u ", status.device >> 8, status.device & 255);
    } else if (options_.has('h')) {
      out_.format("%9s ", human(status.size).c_str());
    } else {
      out_.format("%9llu ", static_cast<unsigned long long>(status.size));
    }
    if (options_.has('E')) {
      out_ << time_text("%Y-%m-%d %H:%M:%S +0000 ", time(item));
    } else {
      const std::int64_t age = process_.board.now_ns() / 1000000000 - time(item) / 1000000000;
      const bool recent = age < 365 * 86400 / 2 && age > -15 * 60;
      out_ << time_text(recent ? "%b %e %H:%M " : "%b %e  %Y ", time(item));
    }
    out_ << decorated(item);
    if (status.type == FileType::symlink) {
      const auto target = process_.files().read_link(process_.user, item.path);
      out_ << " -> " << (target ? *target : std::string());
    }
    out_ << "\n";
  }

  Process& process_;
  Parsed options_;
  Output out_;
  bool long_, one_, colour_;
  int status_ = 0;
  std::map<std::uint32_t, std::string> users_, groups_;
};

int ls_main(Process& process) {
  auto options = parse(process, "1AaCxdLHRFpliSstcurhngokwTUfeEK:",
                       {{"color", 'k'}, {"full-time", 'E'}, {"group-directories-first", 'k'}, {"all", 'a'}});
  if (!options) return 1;
  if (options->has('k') && options->value.contains('k')) {
    options->count['K'] = 1;
    options->value['K'] = options->value['k'];
  }
  if (options->has('E')) options->count['l'] = 1;
  return List(process, std::move(*options)).run();
}

int stat_main(Process& process) {
  auto options = parse(process, "Lfc:t");
  if (!options) return 1;
  if (options->operands.empty()) return usage(process);
  int status = 0;
  Output out(process);
  for (const auto& operand : options->operands) {
    const std::string path = process.path(operand);
    const auto found =
        options->has('L') ? process.files().stat(process.user, path) : process.files().lstat(process.user, path);
    if (!found) {
      status = fail(process, "can't stat '" + operand + "'", found.error());
      continue;
    }
    const Stat& s = *found;
    const char* type = s.type == FileType::directory                ? "directory"
                       : s.type == FileType::symlink                ? "symbolic link"
                       : s.type == FileType::character_device       ? "character special file"
                       : s.size == 0 && s.type == FileType::regular ? "regular empty file"
                                                                    : "regular file";
    if (options->has('c')) {
      const std::string& pattern = options->value['c'];
      for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%' || i + 1 >= pattern.size()) {
          out << std::string_view(&pattern[i], 1);
          continue;
        }
        switch (pattern[++i]) {
          case 's': out.format("%llu", static_cast<unsigned long long>(s.size)); break;
          case 'n': out << operand; break;
          case 'a': out.format("%o", s.permissions); break;
          case 'A': out << mode_text(s); break;
          case 'u': out.format("%u", s.uid); break;
          case 'g': out.format("%u", s.gid); break;
          case 'U': out << user_text(process, s.uid); break;
          case 'G': out << group_text(process, s.gid); break;
          case 'F': out << type; break;
          case 'i': out.format("%llu", static_cast<unsigned long long>(s.inode)); break;
          case 'h': out.format("%llu", static_cast<unsigned long long>(s.links)); break;
          case 'b': out.format("%llu", static_cast<unsigned long long>(s.blocks)); break;
          case 'B': out << "512"; break;
          case 'f': out.format("%x", s.mode()); break;
          case 'Y': out.format("%lld", static_cast<long long>(s.modified_ns / 1000000000)); break;
          case 'X': out.format("%lld", static_cast<long long>(s.accessed_ns / 1000000000)); break;
          case 'Z': out.format("%lld", static_cast<long long>(s.changed_ns / 1000000000)); break;
          case 'y': out << time_text("%Y-%m-%d %H:%M:%S.000000000 +0000", s.modified_ns); break;
          case '%': out << "%"; break;
          default: out << "?";
        }
      }
      out << "\n";
      continue;
    }
    std::string shown = operand;
    if (s.type == FileType::symlink)
      if (const auto target = process.files().read_link(process.user, path)) shown += "' -> '" + *target;
    out << "  File: " << shown << "\n";
    out.format("  Size: %-10llu\tBlocks: %-10llu IO Block: 4096   %s\n", static_cast<unsigned long long>(s.size),
               static_cast<unsigned long long>(s.blocks), type);
    out.format("Device: %llxh/%llud\tInode: %-10llu  Links: %-5llu\n", static_cast<unsigned long long>(s.filesystem),
               static_cast<unsigned long long>(s.filesystem), static_cast<unsigned long long>(s.inode),
               static_cast<unsigned long long>(s.links));
    out.format("Access: (%04o/%10.10s)  Uid: (%5u/%8s)   Gid: (%5u/%8s)\n", s.permissions, mode_text(s).c_str(), s.uid,
               user_text(process, s.uid).c_str(), s.gid, group_text(process, s.gid).c_str());
    out << time_text("Access: %Y-%m-%d %H:%M:%S.000000000 +0000\n", s.accessed_ns);
    out << time_text("Modify: %Y-%m-%d %H:%M:%S.000000000 +0000\n", s.modified_ns);
    out << time_text("Change: %Y-%m-%d %H:%M:%S.000000000 +0000\n", s.changed_ns);
  }
  return status;
}

int du_main(Process& process) {
  auto options = parse(process, "aHLsxdlcbhmk0");
  if (!options) return 1;
  if (options->operands.empty()) options->operands.push_back(".");
  Output out(process);
  int status = 0;
  const auto show = [&](std::uint64_t blocks, const std::string& name) {
    if (options->has('h')) {
      out << human(blocks * 512);
    } else {
      out.format("%llu",
                 static_cast<unsigned long long>(options->has('m') ? (blocks + 2047) / 2048 : (blocks + 1) / 2));
    }
    out << "\t" << name << "\n";
  };
  const auto walk = [&](auto&& self, const std::string& name, int depth) -> std::uint64_t {
    process.check_signals();
    const auto found = process.files().lstat(process.user, process.path(name));
    if (!found) {
      status = fail(process, name, found.error());
      return 0;
    }
    std::uint64_t blocks = found->blocks;
    if (found->type == FileType::directory && depth < 300) {
      if (const auto entries = process.files().read_directory(process.user, process.path(name)))
        for (const auto& entry : *entries)
          blocks += self(self, name.ends_with('/') ? name + entry.name : name + "/" + entry.name, depth + 1);
      if (!options->has('s') || depth == 0) show(blocks, name);
    } else if (depth == 0 || (options->has('a') && !options->has('s'))) {
      show(blocks, name);
    }
    return blocks;
  };
  std::uint64_t total = 0;
  for (const auto& operand : options->operands) total += walk(walk, operand, 0);
  if (options->has('c')) show(total, "total");
  return status;
}

int df_main(Process& process) {
  auto options = parse(process, "kmhPaiTt:");
  if (!options) return 1;
  int status = 0;
  std::vector<FileSystemUse> shown;
  if (options->operands.empty()) {
    for (auto& mount : process.files().mounts())
      if (mount.total || options->has('a')) shown.push_back(mount);
  }
  for (const auto& operand : options->operands) {
    const auto use = process.files().use(process.user, process.path(operand));
    if (!use) {
      status = fail(process, operand + ": can't find mount point");
    } else {
      shown.push_back(*use);
    }
  }
  Output out(process);
  const bool readable = options->has('h');
  if (!shown.empty() || options->operands.empty()) {
    if (options->has('T')) {
      out.format("Filesystem           Type       %s\n", readable ? "     Size      Used Available Use% Mounted on"
                                                                  : "1K-blocks      Used Available Use% Mounted on");
    } else {
      out.format("Filesystem           %s\n", readable            ? "     Size      Used Available Use% Mounted on"
                                              : options->has('m') ? "1M-blocks      Used Available Use% Mounted on"
                                                                  : "1K-blocks      Used Available Use% Mounted on");
    }
  }
  for (const auto& mount : shown) {
    const std::uint64_t used = mount.total - mount.free;
    const auto text = [&](std::uint64_t bytes) {
      return readable ? human(bytes) : std::to_string(bytes / (options->has('m') ? 1048576 : 1024));
    };
    const unsigned percent = mount.total ? static_cast<unsigned>((used * 100 + mount.total - 1) / mount.total) : 0;
    out.format("%-20s ", mount.device.c_str());
    if (options->has('T')) out.format("%-10s ", mount.type.c_str());
    out.format("%9s %9s %9s %3u%% %s\n", text(mount.total).c_str(), text(used).c_str(), text(mount.free).c_str(),
               percent, mount.mount_point.c_str());
  }
  return status;
}

int pwd_main(Process& process) {
  process.print(process.cwd + "\n");
  return 0;
}

int readlink_main(Process& process) {
  auto options = parse(process, "fnvm");
  if (!options) return 1;
  if (options->operands.empty()) return usage(process);
  for (const auto& operand : options->operands) {
    const std::string path = process.path(operand);
    const auto target = options->has('f') ? process.files().real_path(process.user, path, true)
                                          : process.files().read_link(process.user, path);
    if (!target) return 1;
    process.print(*target + (options->has('n') ? "" : "\n"));
  }
  return 0;
}

int realpath_main(Process& process) {
  int status = 0;
  if (process.argv.size() < 2) return usage(process);
  for (std::size_t i = 1; i < process.argv.size(); ++i) {
    const auto real = process.files().real_path(process.user, process.path(process.argv[i]));
    if (real) {
      process.print(*real + "\n");
    } else {
      status = fail(process, process.argv[i], real.error());
    }
  }
  return status;
}

}  // namespace

void add_list_commands(ProgramTable& table) {
  table.add_applet("ls", ls_main);
  table.add_applet("stat", stat_main);
  table.add_applet("du", du_main, "/usr/bin");
  table.add_applet("df", df_main);
  table.add_applet("pwd", pwd_main);
  table.add_applet("readlink", readlink_main, "/usr/bin");
  table.add_applet("realpath", realpath_main, "/usr/bin");
}

}  // namespace vnpu::devices::commands
