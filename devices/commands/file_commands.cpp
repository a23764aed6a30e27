// cp, mv, rm, rmdir, touch, ln, mktemp, truncate, sync.
#include <functional>

#include "devices/commands/common.h"

namespace vnpu::devices::commands {

namespace {

std::string below(const std::string& directory, std::string_view name) {
  return directory.ends_with('/') ? directory + std::string(name) : directory + "/" + std::string(name);
}

bool is_directory(Process& process, const std::string& name) {
  const auto status = process.files().stat(process.user, process.path(name));
  return status && status->type == FileType::directory;
}

bool confirm(Process& process, const std::string& question) {
  process.complain(std::string(base_name(process.argv[0])) + ": " + question + "? ");
  const auto answer = process.read_line();
  return answer && !answer->empty() && (*answer)[0] == 'y';
}

// Copies one thing to a path that names the copy itself. Returns the exit status.
class Copier {
 public:
  struct Rules {
    bool recursive = false, preserve = false, follow = true, force = false, ask = false, update = false,
         verbose = false, link = false, symbolic = false, keep = false;
  };
  Copier(Process& process, Rules rules) : process_(process), rules_(rules) {}

  int copy(const std::string& from, const std::string& to, int depth = 0) {
    process_.check_signals();
    auto& files = process_.files();
    const auto& who = process_.user;
    const std::string source = process_.path(from), target = process_.path(to);
    const auto status = rules_.follow ? files.stat(who, source) : files.lstat(who, source);
    if (!status) return fail(process_, "can't stat '" + from + "'", status.error());
    const auto there = files.stat(who, target);
    if (there && there->inode == status->inode && there->filesystem == status->filesystem)
      return fail(process_, "'" + from + "' and '" + to + "' are the same file");
    if (status->type == FileType::directory) {
      if (!rules_.recursive) return fail(process_, "omitting directory '" + from + "'");
      return copy_directory(from, to, *status, there && there->type == FileType::directory, depth);
    }
    if (rules_.keep && there) return 0;
    if (rules_.update && there && there->modified_ns >= status->modified_ns) return 0;
    if (rules_.ask && there && !confirm(process_, "overwrite '" + to + "'")) return 0;
    if (status->type == FileType::symlink) {
      const auto link = files.read_link(who, source);
      if (files.lstat(who, target)) files.unlink(who, target);
      const Errno error = link ? files.symlink(who, *link, target) : link.error();
      return error == Errno::ok ? 0 : fail(process_, "can't create symlink '" + to + "'", error);
    }
    if (rules_.link || rules_.symbolic) {
      if (rules_.force) files.unlink(who, target);
      const Errno error = rules_.link ? files.link(who, source, target) : files.symlink(who, from, target);
      return error == Errno::ok ? 0 : fail(process_, "can't create link '" + to + "'", error);
    }
    auto input = process_.open(from, open_flag::read);
    if (!input) return fail(process_, "can't open '" + from + "'", input.error());
    auto output =
        process_.open(to, open_flag::write | open_flag::create | open_flag::truncate, status->permissions & 07777);
    if (!output && rules_.force && files.unlink(who, target) == Errno::ok)
      output =
          process_.open(to, open_flag::write | open_flag::create | open_flag::truncate, status->permissions & 07777);
    if (!output) return fail(process_, "can't create '" + to + "'", output.error());
    std::vector<std::uint8_t> buffer(65536);
    for (;;) {
      process_.check_signals();
      const auto got = (*input)->read(buffer, process_.task->token());
      if (!got) return fail(process_, "read error", got.error());
      if (*got == 0) break;
      const Errno error = (*output)->write(std::span(buffer).first(*got), process_.task->token());
      if (error != Errno::ok) return fail(process_, "write error", error);
    }
    if (rules_.preserve) keep_attributes(target, *status);
    if (rules_.verbose) process_.print("'" + from + "' -> '" + to + "'\n");
    return 0;
  }

 private:
  void keep_attributes(const std::string& target, const Stat& status) {
    SetStat change;
    change.permissions = status.permissions;
    change.accessed_ns = status.accessed_ns;
    change.modified_ns = status.modified_ns;
    process_.files().set_stat(process_.user, target, change);
    SetStat owner;
    owner.uid = status.uid;
    owner.gid = status.gid;
    process_.files().set_stat(process_.user, target, owner);
  }

  int copy_directory(const std::string& from, const std::string& to, const Stat& status, bool there, int depth) {
    auto& files = process_.files();
    if (depth > 250) return fail(process_, "recursion detected, omitting directory '" + from + "'");
    const auto real_from = files.real_path(process_.user, process_.path(from));
    const auto real_to = files.real_path(process_.user, process_.path(to), true);
    if (depth == 0 && real_from && real_to && (*real_to + "/").starts_with(*real_from + "/"))
      return fail(process_, "recursion detected, omitting directory '" + from + "'");
    if (!there) {
      const Errno error =
          files.make_directory(process_.user, process_.path(to), (status.permissions | 0700) & ~process_.umask);
      if (error != Errno::ok) return fail(process_, "can't create directory '" + to + "'", error);
    }
    const auto entries = files.read_directory(process_.user, process_.path(from));
    if (!entries) return fail(process_, "can't open '" + from + "'", entries.error());
    int out = 0;
    const bool follow = rules_.follow;
    for (const auto& entry : *entries) {
      rules_.follow = follow && follow_below_;
      out |= copy(below(from, entry.name), below(to, entry.name), depth + 1);
      rules_.follow = follow;
    }
    if (rules_.preserve) keep_attributes(process_.path(to), status);
    return out;
  }

  Process& process_;
  Rules rules_;

 public:
  bool follow_below_ = false;  // links met on the way down
};

// The last operand as a directory, or the only target. Calls act(source, target) for each.
int each_target(Process& process, Parsed& options, bool plain_target,
                const std::function<int(const std::string&, const std::string&)>& act) {
  if (options.operands.size() < 2) return usage(process);
  const std::string last = options.operands.back();
  options.operands.pop_back();
  const bool into = !plain_target && is_directory(process, last);
  if (!into && options.operands.size() > 1) return fail(process, "target '" + last + "' is not a directory");
  int status = 0;
  for (const auto& operand : options.operands) status |= act(operand, into ? below(last, base_name(operand)) : last);
  return status;
}

int cp_main(Process& process) {
  auto options = parse(process, "adpRrfiLHPslnuvT",
                       {{"recursive", 'r'}, {"force", 'f'}, {"archive", 'a'}, {"verbose", 'v'}, {"preserve", 'p'}});
  if (!options) return 1;
  Copier::Rules rules;
  rules.recursive = options->has('r') || options->has('R') || options->has('a');
  rules.preserve = options->has('p') || options->has('a');
  rules.follow =
      options->has('L') || options->has('H') ||
      !(options->has('P') || options->has('d') || options->has('a') || (rules.recursive && !options->has('L')));
  rules.force = options->has('f');
  rules.ask = options->has('i');
  rules.update = options->has('u');
  rules.keep = options->has('n');
  rules.verbose = options->has('v');
  rules.link = options->has('l');
  rules.symbolic = options->has('s');
  Copier copier(process, rules);
  copier.follow_below_ = options->has('L') || !rules.recursive;
  return each_target(process, *options, options->has('T'),
                     [&](const std::string& from, const std::string& to) { return copier.copy(from, to); });
}

int remove_tree(Process& process, const std::string& name, bool force, bool recursive, bool ask, bool verbose,
                int depth = 0) {
  process.check_signals();
  auto& files = process.files();
  const std::string path = process.path(name);
  const auto status = files.lstat(process.user, path);
  if (!status) {
    if (force && (status.error() == Errno::noent || status.error() == Errno::notdir)) return 0;
    return fail(process, "can't remove '" + name + "'", status.error());
  }
  if (status->type == FileType::directory) {
    if (!recursive) return fail(process, "'" + name + "' is a directory");
    if (ask && !confirm(process, "descend into directory '" + name + "'")) return 0;
    const auto entries = files.read_directory(process.user, path);
    if (!entries) return fail(process, "can't open '" + name + "'", entries.error());
    int out = 0;
    if (depth < 300)
      for (const auto& entry : *entries)
        out |= remove_tree(process, below(name, entry.name), force, recursive, ask, verbose, depth + 1);
    if (ask && !confirm(process, "remove directory '" + name + "'")) return out;
    const Errno error = files.remove_directory(process.user, path);
    if (error != Errno::ok) return fail(process, "can't remove '" + name + "'", error);
    if (verbose) process.print("removed directory: '" + name + "'\n");
    return out;
  }
  const bool unwritable = status->type != FileType::symlink &&
                          process.files().access(process.user, path, 2) != Errno::ok && process.is_terminal(0);
  if ((ask || (unwritable && !force)) && !confirm(process, "remove '" + name + "'")) return 0;
  const Errno error = files.unlink(process.user, path);
  if (error != Errno::ok) return fail(process, "can't remove '" + name + "'", error);
  if (verbose) process.print("removed '" + name + "'\n");
  return 0;
}

int rm_main(Process& process) {
  auto options = parse(process, "firRv", {{"recursive", 'r'}, {"force", 'f'}, {"interactive", 'i'}, {"verbose", 'v'}});
  if (!options) return 1;
  if (options->operands.empty()) return options->has('f') ? 0 : usage(process);
  int status = 0;
  for (const auto& operand : options->operands) {
    const std::string_view last = base_name(operand);
    if (last == "." || last == "..") {
      status = fail(process, "can't remove '.' or '..'");
      continue;
    }
    status |= remove_tree(process, operand, options->has('f'), options->has('r') || options->has('R'),
                          options->has('i') && !options->has('f'), options->has('v'));
  }
  return status;
}

int mv_main(Process& process) {
  auto options = parse(process, "finTv", {{"force", 'f'}, {"interactive", 'i'}, {"verbose", 'v'}});
  if (!options) return 1;
  return each_target(process, *options, options->has('T'), [&](const std::string& from, const std::string& to) {
    auto& files = process.files();
    const auto there = files.lstat(process.user, process.path(to));
    if (there && options->has('n')) return 0;
    if (there && options->has('i') && !options->has('f') && !confirm(process, "overwrite '" + to + "'")) return 0;
    const Errno error = files.rename(process.user, process.path(from), process.path(to));
    if (error == Errno::xdev) {
      Copier::Rules rules;
      rules.recursive = rules.preserve = rules.force = true;
      rules.follow = false;
      if (there && there->type != FileType::directory) files.unlink(process.user, process.path(to));
      if (const int failed = Copier(process, rules).copy(from, to)) return failed;
      return remove_tree(process, from, true, true, false, false);
    }
    if (error != Errno::ok) return fail(process, "can't rename '" + from + "'", error);
    if (options->has('v')) process.print("'" + from + "' -> '" + to + "'\n");
    return 0;
  });
}

int rmdir_main(Process& process) {
  auto options = parse(process, "p", {{"parents", 'p'}, {"ignore-fail-on-non-empty", 'p'}});
  if (!options) return 1;
  if (options->operands.empty()) return usage(process);
  int status = 0;
  for (const auto& operand : options->operands) {
    std::string name = operand;
    for (;;) {
      const Errno error = process.files().remove_directory(process.user, process.path(name));
      if (error != Errno::ok) {
        status = fail(process, "'" + name + "'", error);
        break;
      }
      name = directory_name(name);
      if (!options->has('p') || name == "." || name == "/") break;
    }
  }
  return status;
}

int touch_main(Process& process) {
  auto options = parse(process, "camhr:d:t:", {{"no-create", 'c'}, {"reference", 'r'}, {"date", 'd'}});
  if (!options) return 1;
  if (options->operands.empty()) return usage(process);
  std::int64_t when = process.board.now_ns();
  if (options->has('r')) {
    const auto status = process.files().stat(process.user, process.path(options->value['r']));
    if (!status) return fail(process, options->value['r'], status.error());
    when = status->modified_ns;
  } else if (options->has('d') || options->has('t')) {
    const std::string& text = options->has('d') ? options->value['d'] : options->value['t'];
    int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
    if (text.starts_with('@') && number(text.substr(1))) {
      when = *number(text.substr(1)) * 1000000000;
    } else if (std::sscanf(text.c_str(), options->has('d') ? "%d-%d-%d %d:%d:%d" : "%4d%2d%2d%2d%2d.%2d", &year, &month,
                           &day, &hour, &minute, &second) >= 3) {
      when = from_civil(year, month, day, hour, minute, second) * 1000000000;
    } else {
      return fail(process, "invalid date '" + text + "'");
    }
  }
  int status = 0;
  for (const auto& operand : options->operands) {
    SetStat change;
    if (!options->has('m') || options->has('a')) change.accessed_ns = when;
    if (!options->has('a') || options->has('m')) change.modified_ns = when;
    Errno error = process.files().set_stat(process.user, process.path(operand), change);
    if (error == Errno::noent) {
      if (options->has('c')) continue;
      const auto made = process.open(operand, open_flag::write | open_flag::create);
      error = made.error();
      if (made && (options->has('r') || options->has('d') || options->has('t')))
        error = process.files().set_stat(process.user, process.path(operand), change);
    }
    if (error != Errno::ok) status = fail(process, operand, error);
  }
  return status;
}

int ln_main(Process& process) {
  auto options = parse(process, "sfnbvTS:", {{"symbolic", 's'}, {"force", 'f'}});
  if (!options) return 1;
  if (options->operands.empty()) return usage(process);
  if (options->operands.size() == 1) options->operands.push_back(".");
  const std::string last = options->operands.back();
  options->operands.pop_back();
  const auto there = process.files().lstat(process.user, process.path(last));
  const bool keep = options->has('T') || (options->has('n') && there && there->type == FileType::symlink);
  const bool into = !keep && is_directory(process, last);
  if (!into && options->operands.size() > 1) return usage(process);
  int status = 0;
  for (const auto& operand : options->operands) {
    const std::string target = into ? below(last, base_name(operand)) : last;
    const std::string path = process.path(target);
    if (options->has('f')) process.files().unlink(process.user, path);
    Errno error;
    if (options->has('s')) {
      error = process.files().symlink(process.user, operand, path);
    } else {
      const auto source = process.files().stat(process.user, process.path(operand));
      if (!source) {
        status = fail(process, operand, source.error());
        continue;
      }
      error = process.files().link(process.user, process.path(operand), path);
    }
    if (error != Errno::ok) status = fail(process, target, error);
  }
  return status;
}

int mktemp_main(Process& process) {
  auto options = parse(process, "dqtp:u");
  if (!options) return 1;
  std::string name = options->operands.empty() ? "tmp.XXXXXX" : options->operands[0];
  if (options->operands.empty() || options->has('t') || options->has('p'))
    name = below(options->has('p') ? options->value['p'] : "/tmp", name);
  const std::size_t marks = name.find("XXXXXX");
  if (marks == std::string::npos) return fail(process, "Invalid argument");
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::uint64_t state =
      static_cast<std::uint64_t>(process.board.now_ns()) + static_cast<std::uint64_t>(process.task->pid) * 7919;
  for (int tries = 0; tries < 100; ++tries) {
    std::string fresh = name;
    for (std::size_t i = 0; i < 6; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      fresh[marks + i] = letters[(state >> 33) % 62];
    }
    Errno error = Errno::ok;
    if (options->has('u')) {
    } else if (options->has('d')) {
      error = process.files().make_directory(process.user, process.path(fresh), 0700);
    } else {
      error = process.files()
                  .open(process.user, process.path(fresh), open_flag::write | open_flag::create | open_flag::exclusive,
                        0600)
                  .error();
    }
    if (error == Errno::exist) continue;
    if (error != Errno::ok) return fail(process, fresh, error);
    process.print(fresh + "\n");
    return 0;
  }
  return fail(process, name, Errno::exist);
}

int truncate_main(Process& process) {
  auto options = parse(process, "cs:");
  if (!options) return 1;
  const auto wanted = options->has('s') ? size(options->value['s']) : std::nullopt;
  if (!wanted || options->operands.empty()) return usage(process);
  int status = 0;
  for (const auto& operand : options->operands) {
    const auto file =
        process.files().open(process.user, process.path(operand),
                             open_flag::write | (options->has('c') ? 0 : open_flag::create), 0666 & ~process.umask);
    const Errno error = file ? (*file)->truncate(*wanted) : file.error();
    if (error != Errno::ok && !(options->has('c') && error == Errno::noent)) status = fail(process, operand, error);
  }
  return status;
}

int sync_main(Process&) { return 0; }  // every write is already where it belongs

}  // namespace

void add_file_commands(ProgramTable& table) {
  table.add_applet("cp", cp_main);
  table.add_applet("mv", mv_main);
  table.add_applet("rm", rm_main);
  table.add_applet("rmdir", rmdir_main);
  table.add_applet("touch", touch_main);
  table.add_applet("ln", ln_main);
  table.add_applet("mktemp", mktemp_main);
  table.add_applet("truncate", truncate_main, "/usr/bin");
  table.add_applet("sync", sync_main);
}

}  // namespace vnpu::devices::commands
