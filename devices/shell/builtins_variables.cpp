#include <algorithm>
#include <cctype>

#include "devices/board.h"
#include "devices/shell/builtins.h"

namespace vnpu::devices::shell {

std::string single_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

bool valid_name(const std::string& text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0]))) return false;
  return std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

void Shell::change_directory(const std::string& path, bool physical, const std::string& shown) {
  const std::string full = process.path(path);
  const auto status = process.files().stat(process.user, full);
  if (!status) throw ShellError{"can't cd to " + shown + ": " + message(status.error()), 2, true};
  if (status->type != FileType::directory)
    throw ShellError{"can't cd to " + shown + ": " + message(Errno::notdir), 2, true};
  if (process.files().access(process.user, full, 1) != Errno::ok)
    throw ShellError{"can't cd to " + shown + ": " + message(Errno::acces), 2, true};
  std::string place;
  if (!physical) {
    // As typed, with "." and ".." taken out of the text: a linked directory keeps its name.
    std::vector<std::string> names;
    for (std::size_t at = 0; at < full.size();) {
      const std::size_t end = std::min(full.find('/', at), full.size());
      const std::string name = full.substr(at, end - at);
      at = end + 1;
      if (name.empty() || name == ".") continue;
      if (name == "..") {
        if (!names.empty()) names.pop_back();
      } else {
        names.push_back(name);
      }
    }
    for (const auto& name : names) place += "/" + name;
    if (place.empty()) place = "/";
    const auto there = process.files().stat(process.user, place);
    if (!there || there->type != FileType::directory) physical = true;
  }
  if (physical) {
    const auto real = process.files().real_path(process.user, full);
    if (!real) throw ShellError{"can't cd to " + shown + ": " + message(real.error()), 2, true};
    place = *real;
  }
  assign("OLDPWD", process.cwd);
  variables["OLDPWD"].exported = true;
  process.cwd = place;
  assign("PWD", place);
  variables["PWD"].exported = true;
}

int builtin_cd(Shell& shell, Arguments argv) {
  bool physical = false, print = false;
  std::size_t at = 1;
  while (at < argv.size() && (argv[at] == "-P" || argv[at] == "-L" || argv[at] == "--")) {
    physical = argv[at] == "-P";
    if (argv[at++] == "--") break;
  }
  std::string target = at < argv.size() ? argv[at] : shell.value_or_empty("HOME");
  if (target == "-") {
    target = shell.value_or_empty("OLDPWD");
    print = true;
    if (target.empty()) target = ".";
  }
  if (target.empty()) return 0;
  const std::string search = shell.value_or_empty("CDPATH");
  if (!search.empty() && target[0] != '/' && target[0] != '.') {
    for (std::size_t from = 0; from <= search.size();) {
      const std::size_t end = std::min(search.find(':', from), search.size());
      const std::string candidate = search.substr(from, end - from) + "/" + target;
      from = end + 1;
      const auto status = shell.process.files().stat(shell.process.user, shell.process.path(candidate));
      if (status && status->type == FileType::directory) {
        target = candidate;
        print = true;
        break;
      }
    }
  }
  shell.change_directory(target, physical, target);
  if (print) shell.process.print(shell.process.cwd + "\n");
  return 0;
}

int builtin_pwd(Shell& shell, Arguments argv) {
  std::string place = shell.process.cwd;
  if (argv.size() > 1 && argv[1] == "-P") {
    const auto real = shell.process.files().real_path(shell.process.user, place);
    if (real) place = *real;
  }
  shell.process.print(place + "\n");
  return 0;
}

int builtin_export(Shell& shell, Arguments argv) {
  const bool exporting = argv[0] == "export";
  std::size_t at = 1;
  bool off = false;
  while (at < argv.size() && (argv[at] == "-n" || argv[at] == "-p" || argv[at] == "--")) off |= argv[at++] == "-n";
  if (at >= argv.size()) {
    std::string text;
    for (const auto& [name, variable] : shell.variables) {
      if (!(exporting ? variable.exported : variable.readonly)) continue;
      text += argv[0] + " " + name + (variable.value ? "=" + single_quoted(*variable.value) : "") + "\n";
    }
    shell.process.print(text);
    return 0;
  }
  for (; at < argv.size(); ++at) {
    const std::size_t equals = argv[at].find('=');
    const std::string name = argv[at].substr(0, equals);
    if (!valid_name(name)) throw ShellError{name + ": bad variable name", 2, true};
    if (equals != std::string::npos) shell.assign(name, argv[at].substr(equals + 1));
    if (exporting) {
      shell.variables[name].exported = !off;
    } else {
      shell.variables[name].readonly = true;
    }
  }
  return 0;
}

int builtin_local(Shell& shell, Arguments argv) {
  if (shell.locals.empty()) throw ShellError{"not in a function", 2, true};
  for (std::size_t i = 1; i < argv.size(); ++i) {
    const std::size_t equals = argv[i].find('=');
    const std::string name = argv[i].substr(0, equals);
    if (!valid_name(name)) throw ShellError{name + ": bad variable name", 2, true};
    auto& hidden = shell.locals.back();
    if (!hidden.contains(name)) {
      const auto it = shell.variables.find(name);
      hidden[name] = it == shell.variables.end() ? std::nullopt : std::optional(it->second);
      if (it != shell.variables.end() && equals == std::string::npos) it->second.value.reset();
    }
    if (equals != std::string::npos) shell.assign(name, argv[i].substr(equals + 1));
  }
  return 0;
}

int builtin_set(Shell& shell, Arguments argv) {
  if (argv.size() == 1) {
    std::string text;
    for (const auto& [name, variable] : shell.variables)
      if (variable.value) text += name + "=" + single_quoted(*variable.value) + "\n";
    shell.process.print(text);
    return 0;
  }
  const std::pair<const char*, bool Options::*> names[] = {
      {"errexit", &Options::errexit},     {"noglob", &Options::noglob},   {"interactive", &Options::interactive},
      {"monitor", &Options::monitor},     {"noexec", &Options::noexec},   {"stdin", &Options::standard_in},
      {"xtrace", &Options::xtrace},       {"verbose", &Options::verbose}, {"noclobber", &Options::noclobber},
      {"allexport", &Options::allexport}, {"nounset", &Options::nounset}, {"pipefail", &Options::pipefail}};
  std::size_t at = 1;
  bool replace = false;
  for (; at < argv.size(); ++at) {
    const std::string& word = argv[at];
    if (word == "--") {
      replace = true;
      ++at;
      break;
    }
    if (word == "-") {
      shell.options.xtrace = shell.options.verbose = false;
      ++at;
      replace = at < argv.size();
      break;
    }
    if (word.size() < 2 || (word[0] != '-' && word[0] != '+')) {
      replace = true;
      break;
    }
    const bool on = word[0] == '-';
    for (std::size_t i = 1; i < word.size(); ++i) {
      if (word[i] != 'o') {
        if (word[i] == 'i' || word[i] == 's' || !shell.set_option(word[i], on))
          throw ShellError{std::string("illegal option ") + word[0] + word[i], 2, true};
        continue;
      }
      if (at + 1 >= argv.size()) {
        std::string text = on ? "Current option settings\n" : "";
        char line[64];
        for (const auto& [name, member] : names) {
          if (on) {
            std::snprintf(line, sizeof line, "%-16s%s\n", name, shell.options.*member ? "on" : "off");
          } else {
            std::snprintf(line, sizeof line, "set %co %s\n", shell.options.*member ? '-' : '+', name);
          }
          text += line;
        }
        shell.process.print(text);
        break;
      }
      ++at;
      const auto it = std::ranges::find_if(names, [&](const auto& entry) { return argv[at] == entry.first; });
      if (it == std::end(names)) throw ShellError{"illegal option " + word + " " + argv[at], 2, true};
      shell.options.*(it->second) = on;
      break;
    }
  }
  if (replace) shell.arguments.assign(argv.begin() + static_cast<std::ptrdiff_t>(at), argv.end());
  return 0;
}

int builtin_shift(Shell& shell, Arguments argv) {
  std::size_t count = 1;
  if (argv.size() > 1) {
    if (argv[1].empty() || argv[1].size() > 9 || argv[1].find_first_not_of("0123456789") != std::string::npos)
      throw ShellError{"Illegal number: " + argv[1], 2, true};
    count = std::stoul(argv[1]);
  }
  if (count > shell.arguments.size()) return 1;
  shell.arguments.erase(shell.arguments.begin(), shell.arguments.begin() + static_cast<std::ptrdiff_t>(count));
  return 0;
}

int builtin_unset(Shell& shell, Arguments argv) {
  bool function = false;
  std::size_t at = 1;
  for (; at < argv.size() && argv[at].starts_with('-'); ++at) function = argv[at] == "-f";
  for (; at < argv.size(); ++at) {
    if (function) {
      shell.functions.erase(argv[at]);
    } else {
      shell.unset(argv[at]);
    }
  }
  return 0;
}

int builtin_read(Shell& shell, Arguments argv) {
  bool raw = false, silent = false;
  std::string prompt, delimiter = "\n";
  int descriptor = 0, most = 0;
  std::optional<double> timeout;
  std::size_t at = 1;
  for (; at < argv.size() && argv[at].size() > 1 && argv[at][0] == '-'; ++at) {
    if (argv[at] == "--") {
      ++at;
      break;
    }
    for (std::size_t i = 1; i < argv[at].size(); ++i) {
      const char c = argv[at][i];
      if (c == 'r') {
        raw = true;
      } else if (c == 's') {
        silent = true;
      } else if (std::string_view("ptndu").find(c) != std::string_view::npos) {
        std::string value = argv[at].substr(i + 1);
        if (value.empty()) {
          if (++at >= argv.size()) throw ShellError{std::string("option requires an argument -- ") + c, 2, true};
          value = argv[at];
        }
        if (c == 'p') prompt = value;
        if (c == 'd') delimiter = value.substr(0, 1);
        if (c == 't') timeout = std::atof(value.c_str());
        if (c == 'n') most = std::atoi(value.c_str());
        if (c == 'u') descriptor = std::atoi(value.c_str());
        break;
      } else {
        throw ShellError{std::string("illegal option -") + c, 2, true};
      }
    }
  }
  Terminal* terminal = nullptr;
  if (const auto it = shell.process.descriptors.find(descriptor); it != shell.process.descriptors.end())
    terminal = it->second->terminal();
  if (!prompt.empty() && terminal) shell.process.complain(prompt);
  struct ModeGuard {
    Terminal* terminal;
    Terminal::Mode mode;
    ~ModeGuard() {
      if (terminal) terminal->set_mode(mode);
    }
  } guard{nullptr, {}};
  if (terminal && (silent || most > 0)) {
    guard = {terminal, terminal->mode()};
    terminal->set_mode({most <= 0, !silent, true});
  }

  // Byte by byte: what follows the line belongs to the next reader.
  std::string text, quoted;  // quoted: 'q' for bytes behind a backslash
  bool complete = false, escaped = false;
  for (;;) {
    std::uint8_t byte = 0;
    const auto got = shell.process.read(std::span(&byte, 1), descriptor);
    if (!got && got.error() == Errno::intr) {
      shell.check_signals();
      continue;
    }
    if (!got || *got == 0) break;
    const char c = static_cast<char>(byte);
    if (escaped) {
      escaped = false;
      if (c == '\n') continue;
      text += c;
      quoted += 'q';
    } else if (c == '\\' && !raw) {
      escaped = true;
    } else if (c == (delimiter.empty() ? '\0' : delimiter[0])) {
      complete = true;
      break;
    } else if (c != '\0') {
      text += c;
      quoted += ' ';
    }
    if (most > 0 && text.size() >= static_cast<std::size_t>(most)) {
      complete = true;
      break;
    }
    if (text.size() > (std::size_t{1} << 20)) break;
  }

  std::vector<std::string> names(argv.begin() + static_cast<std::ptrdiff_t>(std::min(at, argv.size())), argv.end());
  if (names.empty()) {
    shell.assign("REPLY", text);
    return complete ? 0 : 1;
  }
  const std::string separators = shell.value("IFS").value_or(" \t\n");
  const auto separator = [&](std::size_t i, bool blank) {
    if (quoted[i] == 'q' || separators.find(text[i]) == std::string::npos) return false;
    return !blank || text[i] == ' ' || text[i] == '\t' || text[i] == '\n';
  };
  std::size_t position = 0;
  const auto skip_blanks = [&] {
    while (position < text.size() && separator(position, true)) ++position;
  };
  skip_blanks();
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string field;
    if (i + 1 == names.size()) {
      std::size_t end = text.size();
      while (end > position && separator(end - 1, true)) --end;
      field = text.substr(position, end - position);
    } else {
      const std::size_t begin = position;
      while (position < text.size() && !separator(position, false)) ++position;
      field = text.substr(begin, position - begin);
      skip_blanks();
      if (position < text.size() && separator(position, false) && !separator(position, true)) {
        ++position;
        skip_blanks();
      }
    }
    shell.assign(names[i], field);
  }
  return complete ? 0 : 1;
}

int builtin_getopts(Shell& shell, Arguments argv) {
  if (argv.size() < 3) throw ShellError{"usage: getopts optstring var [arg...]", 2, true};
  const std::string& letters = argv[1];
  const std::string& name = argv[2];
  const std::vector<std::string> words =
      argv.size() > 3 ? std::vector<std::string>(argv.begin() + 3, argv.end()) : shell.arguments;
  const bool quiet = letters.starts_with(':');
  const std::string index_text = shell.value_or_empty("OPTIND");
  std::size_t index = index_text.empty() || index_text.size() > 6
                          ? 1
                          : static_cast<std::size_t>(std::max(1, std::atoi(index_text.c_str())));
  int at = shell.getopts_at;
  const auto finish = [&](std::size_t next, int position) {
    shell.assign("OPTIND", std::to_string(next));
    shell.getopts_at = position;
  };
  if (index > words.size() || (at == 0 && (words[index - 1].size() < 2 || words[index - 1][0] != '-'))) {
    shell.assign(name, "?");
    finish(index, 0);
    return 1;
  }
  const std::string& word = words[index - 1];
  if (at == 0) {
    if (word == "--") {
      shell.assign(name, "?");
      finish(index + 1, 0);
      return 1;
    }
    at = 1;
  }
  const char letter = word[std::min<std::size_t>(static_cast<std::size_t>(at), word.size() - 1)];
  ++at;
  const bool ended = static_cast<std::size_t>(at) >= word.size();
  const std::size_t found = letter == ':' ? std::string::npos : letters.find(letter, quiet ? 1 : 0);
  shell.unset("OPTARG");
  if (found == std::string::npos) {
    shell.assign(name, "?");
    if (quiet) {
      shell.assign("OPTARG", std::string(1, letter));
    } else {
      shell.process.complain("Illegal option -" + std::string(1, letter) + "\n");
    }
    finish(ended ? index + 1 : index, ended ? 0 : at);
    return 0;
  }
  if (found + 1 < letters.size() && letters[found + 1] == ':') {
    if (!ended) {
      shell.assign("OPTARG", word.substr(static_cast<std::size_t>(at)));
      finish(index + 1, 0);
    } else if (index < words.size()) {
      shell.assign("OPTARG", words[index]);
      finish(index + 2, 0);
    } else {
      shell.assign(name, quiet ? ":" : "?");
      if (quiet) {
        shell.assign("OPTARG", std::string(1, letter));
      } else {
        shell.process.complain("No arg for -" + std::string(1, letter) + " option\n");
      }
      finish(index + 1, 0);
      return 0;
    }
    shell.assign(name, std::string(1, letter));
    return 0;
  }
  shell.assign(name, std::string(1, letter));
  finish(ended ? index + 1 : index, ended ? 0 : at);
  return 0;
}

int builtin_alias(Shell& shell, Arguments argv) {
  if (argv.size() == 1) {
    for (const auto& [name, text] : shell.aliases) shell.process.print(name + "=" + single_quoted(text) + "\n");
    return 0;
  }
  int out = 0;
  for (std::size_t i = 1; i < argv.size(); ++i) {
    const std::size_t equals = argv[i].find('=', 1);
    if (equals != std::string::npos) {
      shell.aliases[argv[i].substr(0, equals)] = argv[i].substr(equals + 1);
    } else if (const auto it = shell.aliases.find(argv[i]); it != shell.aliases.end()) {
      shell.process.print(it->first + "=" + single_quoted(it->second) + "\n");
    } else {
      shell.process.complain("alias: " + argv[i] + " not found\n");
      out = 1;
    }
  }
  return out;
}

int builtin_unalias(Shell& shell, Arguments argv) {
  int out = 0;
  for (std::size_t i = 1; i < argv.size(); ++i) {
    if (argv[i] == "-a") {
      shell.aliases.clear();
    } else if (!shell.aliases.erase(argv[i])) {
      shell.process.complain("unalias: " + argv[i] + " not found\n");
      out = 1;
    }
  }
  return out;
}

int builtin_umask(Shell& shell, Arguments argv) {
  char text[40];
  std::size_t at = 1;
  const bool symbolic = at < argv.size() && argv[at] == "-S";
  if (symbolic) ++at;
  if (at >= argv.size()) {
    if (symbolic) {
      std::string out;
      for (int shift = 6; shift >= 0; shift -= 3) {
        const unsigned bits = ~(shell.process.umask >> shift) & 7;
        out += std::string(out.empty() ? "" : ",") + "ugo"[2 - shift / 3] + "=" + (bits & 4 ? "r" : "") +
               (bits & 2 ? "w" : "") + (bits & 1 ? "x" : "");
      }
      shell.process.print(out + "\n");
    } else {
      std::snprintf(text, sizeof text, "%04o\n", shell.process.umask);
      shell.process.print(text);
    }
    return 0;
  }
  const std::string& word = argv[at];
  if (word.find_first_not_of("01234567") != std::string::npos || word.size() > 4)
    throw ShellError{"illegal mode: " + word, 2, true};
  shell.process.umask = static_cast<std::uint32_t>(std::stoul(word, nullptr, 8)) & 0777;
  return 0;
}

int builtin_ulimit(Shell& shell, Arguments argv) {
  if (argv.size() > 2) return 0;  // limits are the board's own; setting them is accepted
  shell.process.print(argv.size() == 2 && argv[1] == "-n" ? "1024\n" : "unlimited\n");
  return 0;
}

}  // namespace vnpu::devices::shell
