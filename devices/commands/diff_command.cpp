// diff: unified, of files and directories.
#include <algorithm>
#include <set>

#include "devices/commands/common.h"
#include "devices/commands/diff_lines.h"

namespace vnpu::devices::commands {

namespace {

constexpr std::size_t line_limit = 2'000'000;

struct Options {
  bool text = false, spaces = false, all_spaces = false, blank = false, minimal = false, fold = false, absent = false,
       brief = false, recurse = false, same = false, tab = false, expand = false;
  std::size_t context = 3;
  std::vector<std::string> labels;
  std::string start;
};

class Diff {
 public:
  Diff(Process& process, const Options& options) : process_(process), options_(options), out_(process) {}

  int run(std::string first, std::string second) {
    const auto a = look(first), b = look(second);
    if (!a || !b) return 2;
    if (*a == FileType::directory && *b == FileType::directory) {
      directories(first, second);
      return status_;
    }
    // A file against a directory: against the file of that name in it.
    if (*a == FileType::directory) first = inside(first, std::string(base_name(second)));
    if (*b == FileType::directory) second = inside(second, std::string(base_name(first)));
    files(first, second, first, second);
    return status_;
  }

 private:
  static std::string inside(const std::string& directory, const std::string& name) {
    return directory.ends_with('/') ? directory + name : directory + "/" + name;
  }

  std::optional<FileType> type_of(const std::string& path) const {
    const auto status = process_.files().stat(process_.user, process_.path(path));
    if (!status) return std::nullopt;
    return status->type;
  }
  std::optional<FileType> look(const std::string& path) {
    if (path == "-") return FileType::regular;
    const auto status = process_.files().stat(process_.user, process_.path(path));
    if (status) return status->type;
    if (options_.absent && status.error() == Errno::noent) return FileType::regular;
    fail(process_, "can't stat '" + path + "'", status.error());
    return std::nullopt;
  }

  // Nothing: it cannot be read (said). A missing file is empty where -N allows.
  std::optional<std::string> text_of(const std::string& path, bool may_miss) {
    if (may_miss && path != "-" && type_of(path).value_or(FileType::directory) == FileType::directory)
      return std::string();
    return content(process_, path);
  }

  static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      const std::size_t stop = end == std::string::npos ? text.size() : end + 1;
      out.push_back(text.substr(at, stop - at));
      at = stop;
      if (out.size() > line_limit) break;
    }
    return out;
  }

  // What is compared of a line.
  std::string key(const std::string& line) const {
    if (!options_.spaces && !options_.all_spaces && !options_.fold) return line;
    std::string out;
    bool gap = false;
    for (const char c : line) {
      const bool blank = std::isspace(static_cast<unsigned char>(c)) != 0;
      if (blank && (options_.all_spaces || options_.spaces)) {
        gap = true;
        continue;
      }
      if (gap && !options_.all_spaces) out += ' ';
      gap = false;
      out += options_.fold ? static_cast<char>(std::tolower(static_cast<unsigned char>(c))) : c;
    }
    return out;
  }

  void files(const std::string& first, const std::string& second, const std::string& shown_first,
             const std::string& shown_second) {
    process_.check_signals();
    const auto real_a = process_.files().real_path(process_.user, process_.path(first));
    const auto real_b = process_.files().real_path(process_.user, process_.path(second));
    if (real_a && real_b && *real_a == *real_b && first != "-" && second != "-") return;
    const auto a = text_of(first, options_.absent), b = text_of(second, options_.absent);
    if (!a || !b) {
      status_ = 2;
      return;
    }
    if (*a == *b) {
      if (options_.same) out_ << "Files " << shown_first << " and " << shown_second << " are identical\n";
      return;
    }
    const bool binary = !options_.text && (a->find('\0') != std::string::npos || b->find('\0') != std::string::npos);
    const auto differ = [&] {
      out_ << "Files " << shown_first << " and " << shown_second << " differ\n";
      status_ = std::max(status_, 1);
    };
    if (binary) return differ();
    const auto lines_a = lines_of(*a), lines_b = lines_of(*b);
    if (lines_a.size() > line_limit || lines_b.size() > line_limit) {
      process_.complain("diff: out of memory\n");
      status_ = 2;
      return;
    }
    std::vector<std::string> keys_a, keys_b;
    for (const auto& line : lines_a) keys_a.push_back(key(line));
    for (const auto& line : lines_b) keys_b.push_back(key(line));
    auto found = edits(keys_a, keys_b, options_.minimal);
    if (options_.blank)
      std::erase_if(found, [&](const Edit& edit) {
        const auto blank = [](const std::string& line) { return line == "\n" || line.empty(); };
        return std::all_of(lines_a.begin() + static_cast<std::ptrdiff_t>(edit.from),
                           lines_a.begin() + static_cast<std::ptrdiff_t>(edit.from_end), blank) &&
               std::all_of(lines_b.begin() + static_cast<std::ptrdiff_t>(edit.to),
                           lines_b.begin() + static_cast<std::ptrdiff_t>(edit.to_end), blank);
      });
    if (found.empty()) return;
    if (options_.brief) return differ();
    status_ = std::max(status_, 1);
    const auto& labels = options_.labels;
    out_ << "--- " << (labels.empty() ? shown_first : labels[0]) << "\n+++ "
         << (labels.size() < 2 ? shown_second : labels[1]) << "\n";
    hunks(found, lines_a, lines_b);
  }

  static std::string range(std::size_t from, std::size_t to) {
    if (to - from == 1) return std::to_string(to);
    return std::to_string(to == from ? from : from + 1) + "," + std::to_string(to - from);
  }

  void line(char mark, const std::string& text) {
    out_ << std::string_view(&mark, 1);
    if (options_.tab) out_ << "\t";
    std::string shown;
    std::size_t column = 0;
    for (const char c : text) {
      if (c == '\t' && options_.expand) {
        do shown += ' ';
        while (++column % 8);
        continue;
      }
      shown += c == '\0' ? ' ' : c;
      ++column;
    }
    out_ << shown;
    if (!text.ends_with('\n')) out_ << "\n\\ No newline at end of file\n";
  }

  void hunks(const std::vector<Edit>& found, const std::vector<std::string>& a, const std::vector<std::string>& b) {
    const std::size_t context = options_.context;
    for (std::size_t i = 0; i < found.size();) {
      process_.check_signals();
      std::size_t last = i;
      while (last + 1 < found.size() && found[last + 1].from - found[last].from_end <= 2 * context) ++last;
      const std::size_t from = found[i].from - std::min(context, found[i].from);
      const std::size_t to = found[i].to - std::min(context, found[i].to);
      const std::size_t from_end = std::min(a.size(), found[last].from_end + context);
      const std::size_t to_end = std::min(b.size(), found[last].to_end + context);
      out_ << "@@ -" << range(from, from_end) << " +" << range(to, to_end) << " @@\n";
      std::size_t at = from;
      for (; i <= last; ++i) {
        while (at < found[i].from) line(' ', a[at++]);
        for (; at < found[i].from_end; ++at) line('-', a[at]);
        for (std::size_t j = found[i].to; j < found[i].to_end; ++j) line('+', b[j]);
      }
      while (at < from_end) line(' ', a[at++]);
    }
  }

  // The names in a directory; of all below it, files only, when it is recursed into.
  void gather(const std::string& directory, const std::string& prefix, std::set<std::string>& into, int depth) {
    process_.check_signals();
    const auto names = process_.files().read_directory(process_.user, process_.path(inside(directory, prefix)));
    if (!names) {
      fail(process_, inside(directory, prefix), names.error());
      status_ = 2;
      return;
    }
    for (const auto& entry : *names) {
      const std::string name = prefix.empty() ? entry.name : prefix + "/" + entry.name;
      if (!options_.recurse) {
        into.insert(name);
        continue;
      }
      const auto status = process_.files().lstat(process_.user, process_.path(inside(directory, name)));
      if (status && status->type == FileType::directory) {
        if (depth < 200) gather(directory, name, into, depth + 1);
      } else {
        into.insert(name);
      }
    }
  }

  void directories(const std::string& first, const std::string& second) {
    std::set<std::string> names_a, names_b, all;
    gather(first, "", names_a, 0);
    gather(second, "", names_b, 0);
    all.insert(names_a.begin(), names_a.end());
    all.insert(names_b.begin(), names_b.end());
    for (const auto& name : all) {
      if (name < options_.start) continue;
      const std::string a = inside(first, name), b = inside(second, name);
      const bool in_a = names_a.contains(name), in_b = names_b.contains(name);
      if (!in_a || !in_b) {
        if (options_.absent && type_of(in_a ? a : b) != FileType::directory) {
          files(a, b, in_a ? a : "/dev/null", in_b ? b : "/dev/null");
        } else {
          out_ << "Only in " << (in_a ? first : second) << ": " << name << "\n";
          status_ = std::max(status_, 1);
        }
        continue;
      }
      const bool folder_a = type_of(a) == FileType::directory, folder_b = type_of(b) == FileType::directory;
      if (folder_a && folder_b) {
        out_ << "Common subdirectories: " << a << " and " << b << "\n";
      } else if (folder_a || folder_b) {
        const auto kind = [](bool folder) { return folder ? "directory" : "regular file"; };
        out_ << "File " << a << " is a " << kind(folder_a) << " while file " << b << " is a " << kind(folder_b) << "\n";
        status_ = std::max(status_, 1);
      } else {
        files(a, b, a, b);
      }
    }
  }

  Process& process_;
  const Options& options_;
  Output out_;
  int status_ = 0;
};

int diff_main(Process& process) {
  auto parsed = parse(process, "abBdiL:NqrsS:tTU:wu",
                      {{"text", 'a'},
                       {"brief", 'q'},
                       {"recursive", 'r'},
                       {"new-file", 'N'},
                       {"unified", 'u'},
                       {"ignore-case", 'i'},
                       {"ignore-space-change", 'b'},
                       {"ignore-all-space", 'w'},
                       {"ignore-blank-lines", 'B'},
                       {"report-identical-files", 's'},
                       {"expand-tabs", 't'},
                       {"initial-tab", 'T'},
                       {"minimal", 'd'},
                       {"label", 'L'}});
  if (!parsed) return 2;
  if (parsed->operands.size() != 2) {
    return usage(process);
  }
  Options options;
  options.text = parsed->has('a');
  options.spaces = parsed->has('b');
  options.all_spaces = parsed->has('w');
  options.blank = parsed->has('B');
  options.minimal = parsed->has('d');
  options.fold = parsed->has('i');
  options.absent = parsed->has('N');
  options.brief = parsed->has('q');
  options.recurse = parsed->has('r');
  options.same = parsed->has('s');
  options.tab = parsed->has('T');
  options.expand = parsed->has('t');
  options.start = parsed->value['S'];
  // The labels in their order; the table of options keeps the last one only.
  for (std::size_t i = 1; i + 1 < process.argv.size(); ++i)
    if (process.argv[i] == "-L") options.labels.push_back(process.argv[++i]);
  if (options.labels.empty() && parsed->has('L')) options.labels.push_back(parsed->value['L']);
  if (parsed->has('U')) {
    const auto lines = number(parsed->value['U']);
    if (!lines || *lines < 0) {
      fail(process, "invalid number '" + parsed->value['U'] + "'");
      return 2;
    }
    options.context = static_cast<std::size_t>(std::min(*lines, 1'000'000LL));
  }
  return Diff(process, options).run(parsed->operands[0], parsed->operands[1]);
}

}  // namespace

void add_diff_command(ProgramTable& table) { table.add_applet("diff", diff_main, "/usr/bin"); }

}  // namespace vnpu::devices::commands
