// ps, top, kill, killall, pidof, sleep, usleep, time, timeout, nohup, watch, xargs.
#include <algorithm>
#include <cmath>

#include "devices/commands/common.h"
#include "devices/screen_keys.h"
#include "devices/shell/shell.h"

namespace vnpu::devices::commands {

namespace {

int ps_main(Process& process) {
  const unsigned width = process.is_terminal(1) ? std::max(30u, process.window().columns) : 200;
  Output out(process);
  out << "PID   USER     TIME  COMMAND\n";
  for (const auto& task : process.board.tasks().all()) {
    const std::uint64_t seconds = (task->cpu_ns + task->tpu_ns) / 1000000000u;
    char head[64];
    std::snprintf(head, sizeof head, "%5d %-8.8s %2llu:%02llu  ", task->pid, user_text(process, task->uid).c_str(),
                  static_cast<unsigned long long>(seconds / 60), static_cast<unsigned long long>(seconds % 60));
    std::string line = head + task->command();
    if (line.size() > width) line.resize(width);
    out << line << "\n";
  }
  return 0;
}

int top_main(Process& process) {
  auto options = parse(process, "bn:d:Hm");
  if (!options) return 1;
  const bool terminal = process.is_terminal(1) && !options->has('b');
  std::uint64_t rounds = options->has('n')
                             ? static_cast<std::uint64_t>(std::max(1, std::atoi(options->value['n'].c_str())))
                         : terminal ? ~std::uint64_t{0}
                                    : 1;
  const double delay = options->has('d') ? std::clamp(std::atof(options->value['d'].c_str()), 0.1, 3600.0) : 5.0;
  std::map<int, std::uint64_t> before;
  std::uint64_t last_time = 0;
  std::optional<ScreenKeys> keys;
  if (terminal) keys.emplace(process);
  for (; rounds > 0; --rounds) {
    const auto tasks = process.board.tasks().all();
    const std::uint64_t now = process.board.uptime_ns();
    const double span = static_cast<double>(std::max<std::uint64_t>(1, now - last_time));
    last_time = now;
    struct Row {
      std::shared_ptr<Task> task;
      double share;
    };
    std::vector<Row> rows;
    double busy = 0;
    for (const auto& task : tasks) {
      const std::uint64_t used = task->cpu_ns + task->tpu_ns;  // of either
      const std::uint64_t old = before.contains(task->pid) ? before[task->pid] : 0;
      before[task->pid] = used;
      const double share = std::min(100.0, static_cast<double>(used - std::min(used, old)) * 100.0 / span);
      busy += share;
      rows.push_back({task, share});
    }
    busy = std::min(busy, 100.0);
    std::ranges::stable_sort(rows, [](const Row& a, const Row& b) { return a.share > b.share; });
    const Board::Memory memory = process.board.memory();
    Output out(process);
    if (terminal) out << "\033[H\033[J";
    out.format("Mem: %lluK used, %lluK free, %lluK shrd, 0K buff, %lluK cached\n",
               static_cast<unsigned long long>(memory.used >> 10), static_cast<unsigned long long>(memory.free >> 10),
               static_cast<unsigned long long>(memory.shared >> 10),
               static_cast<unsigned long long>(memory.cached >> 10));
    out.format("CPU: %3.0f%% usr   0%% sys   0%% nic %3.0f%% idle   0%% io   0%% irq   0%% sirq\n", busy, 100 - busy);
    out.format("Load average: 0.00 0.00 0.00 1/%zu %d\n", tasks.size(), process.task->pid);
    out << (terminal ? "\033[7m" : "") << "  PID  PPID USER     STAT   VSZ %VSZ CPU %CPU COMMAND"
        << (terminal ? "\033[m" : "") << "\n";
    std::size_t left = terminal ? std::max(5u, process.window().rows) - 5 : rows.size();
    for (const auto& row : rows) {
      if (left-- == 0) break;
      const std::uint64_t bytes = row.task->memory;
      char line[128];
      std::snprintf(
          line, sizeof line, "%5d %5d %-8.8s %-4c %5lluk %3.0f%%   0 %3.0f%% ", row.task->pid, row.task->parent,
          user_text(process, row.task->uid).c_str(), row.task->state(), static_cast<unsigned long long>(bytes >> 10),
          memory.total ? static_cast<double>(bytes) * 100 / static_cast<double>(memory.total) : 0.0, row.share);
      std::string text = line + row.task->command();
      if (terminal && text.size() > process.window().columns) text.resize(process.window().columns);
      out << text << "\n";
    }
    out.flush();
    if (rounds == 1) break;
    const auto pause = std::chrono::nanoseconds(static_cast<std::int64_t>(delay * 1e9));
    if (!keys) {
      process.sleep_ns(static_cast<std::uint64_t>(pause.count()));
    } else if (const auto key = keys->wait(pause); key == 'q' || key == 'Q' || key == '\4') {
      break;
    }
  }
  return 0;
}

int kill_main(Process& process) {
  int number = signal_number::term;
  std::size_t at = 1;
  auto& argv = process.argv;
  if (at < argv.size() && argv[at].size() > 1 && argv[at][0] == '-') {
    std::string name = argv[at].substr(1);
    if (name == "s" && at + 1 < argv.size()) name = argv[++at];
    const auto found = shell::signal_of(name);
    if (!found) return fail(process, "bad signal name '" + name + "'");
    number = *found;
    ++at;
  }
  if (at >= argv.size()) return fail(process, "you need to specify whom to kill");
  int status = 0;
  const bool by_name = base_name(argv[0]) == "killall" || base_name(argv[0]) == "pkill";
  for (; at < argv.size(); ++at) {
    bool found = false;
    if (by_name) {
      for (const auto& task : process.board.tasks().all()) {
        const std::string command = task->command();
        const std::string first = command.substr(0, command.find(' '));
        if (base_name(first) != argv[at] || task->pid == process.task->pid) continue;
        if (process.user.uid != 0 && task->uid != process.user.uid) continue;
        task->signal(number);
        found = true;
      }
      if (!found) {
        process.complain(std::string(base_name(argv[0])) + ": " + argv[at] + ": no process killed\n");
        status = 1;
      }
      continue;
    }
    const auto pid = commands::number(argv[at]);
    if (!pid) {
      status = fail(process, "invalid number '" + argv[at] + "'");
      continue;
    }
    const auto task = process.board.tasks().find(static_cast<int>(*pid));
    if (!task) {
      status = fail(process, "can't kill pid " + argv[at], Errno::srch);
    } else if (process.user.uid != 0 && task->uid != process.user.uid) {
      status = fail(process, "can't kill pid " + argv[at], Errno::perm);
    } else if (number) {
      task->signal(number);
    }
  }
  return status;
}

int pidof_main(Process& process) {
  std::string out;
  for (std::size_t i = 1; i < process.argv.size(); ++i)
    for (const auto& task : process.board.tasks().all()) {
      const std::string command = task->command();
      if (base_name(command.substr(0, command.find(' '))) == process.argv[i])
        out += (out.empty() ? "" : " ") + std::to_string(task->pid);
    }
  if (out.empty()) return 1;
  process.print(out + "\n");
  return 0;
}

std::optional<double> seconds_of(const std::string& text) {
  char* end = nullptr;
  double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || value < 0 || !std::isfinite(value)) return std::nullopt;
  if (*end == 'm') value *= 60;
  if (*end == 'h') value *= 3600;
  if (*end == 'd') value *= 86400;
  if (*end && (std::string_view("smhd").find(*end) == std::string_view::npos || end[1])) return std::nullopt;
  return std::min(value, 1e9);
}

int sleep_main(Process& process) {
  if (process.argv.size() < 2) return usage(process);
  double total = 0;
  for (std::size_t i = 1; i < process.argv.size(); ++i) {
    const auto value = seconds_of(process.argv[i]);
    if (!value) return fail(process, "invalid number '" + process.argv[i] + "'");
    total += base_name(process.argv[0]) == "usleep" ? *value / 1e6 : *value;
  }
  process.sleep_ns(static_cast<std::uint64_t>(total * 1e9));
  return 0;
}

// Simulated time: what the CPU and the TPU worked for the command, and what it slept in the board's clock.
int time_main(Process& process) {
  auto options = parse(process, "+vpo:f:a");
  if (!options) return 1;
  if (options->operands.empty()) return 0;
  const std::uint64_t cpu = process.task->cpu_ns, tpu = process.task->tpu_ns, start = process.board.uptime_ns();
  const int status = process.run(options->operands);
  const std::uint64_t worked = process.task->cpu_ns - cpu, on_tpu = process.task->tpu_ns - tpu;
  // A command that computed took its simulated time; one that only waited took the clock's.
  const std::uint64_t real = worked + on_tpu > 0 ? worked + on_tpu : process.board.uptime_ns() - start;
  const auto show = [&](const char* name, std::uint64_t ns) {
    const double seconds = static_cast<double>(ns) / 1e9;
    char line[64];
    if (options->has('p')) {
      std::snprintf(line, sizeof line, "%s %.2f\n", name, seconds);
    } else {
      std::snprintf(line, sizeof line, "%s\t%dm %.2fs\n", name, static_cast<int>(seconds / 60),
                    std::fmod(seconds, 60.0));
    }
    process.complain(line);
  };
  show("real", real);
  show("user", worked);
  show("sys", 0);
  return status;
}

int nohup_main(Process& process) {
  if (process.argv.size() < 2) return usage(process);
  process.task->set_action(signal_number::hup, Task::Action::ignore);
  if (process.is_terminal(1)) {
    auto stream = process.open("nohup.out", open_flag::write | open_flag::create | open_flag::append, 0600);
    if (!stream) return fail(process, "can't open 'nohup.out'", stream.error());
    process.complain("nohup: appending output to nohup.out\n");
    process.descriptors[1] = *stream;
    if (process.is_terminal(2)) process.descriptors[2] = *stream;
  }
  if (process.is_terminal(0)) process.descriptors[0] = null_stream();
  return process.run({process.argv.begin() + 1, process.argv.end()});
}

int timeout_main(Process& process) {
  auto options = parse(process, "+s:k:t:");
  if (!options) return 1;
  if (options->operands.size() < 2) return usage(process);
  const auto limit = seconds_of(options->operands[0]);
  if (!limit) return fail(process, "invalid number '" + options->operands[0] + "'");
  const int number =
      options->has('s') ? shell::signal_of(options->value['s']).value_or(signal_number::term) : signal_number::term;
  // A watcher kills whatever this process started meanwhile.
  struct Watch {
    std::mutex mutex;
    std::condition_variable changed;
    bool over = false;
  };
  auto watch = std::make_shared<Watch>();
  Board& board = process.board;
  const int parent = process.task->pid;
  process.board.start_thread([watch, &board, parent, number, seconds = *limit] {
    std::unique_lock lock(watch->mutex);
    if (watch->changed.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return watch->over; })) return;
    for (const auto& task : board.tasks().all())
      if (task->parent == parent) task->signal(number);
  });
  const auto finish = [&] {
    std::scoped_lock lock(watch->mutex);
    watch->over = true;
    watch->changed.notify_all();
  };
  int status = 0;
  try {
    status = process.run({options->operands.begin() + 1, options->operands.end()});
  } catch (...) {
    finish();
    throw;
  }
  finish();
  return status;
}

int watch_main(Process& process) {
  auto options = parse(process, "+n:t");
  if (!options) return 1;
  if (options->operands.empty()) return usage(process);
  const auto period = options->has('n') ? seconds_of(options->value['n']) : std::optional(2.0);
  if (!period) return fail(process, "invalid number '" + options->value['n'] + "'");
  std::string command;
  for (const auto& word : options->operands) command += (command.empty() ? "" : " ") + word;
  for (;;) {
    process.print("\033[H\033[J");
    if (!options->has('t')) {
      char head[64];
      std::snprintf(head, sizeof head, "Every %.1fs: ", *period);
      const std::string stamp = time_text("%Y-%m-%d %H:%M:%S", process.board.now_ns());
      std::string line = head + command;
      const std::size_t width = process.window().columns;
      if (line.size() + stamp.size() + 1 < width) line.append(width - line.size() - stamp.size(), ' ');
      process.print(line + stamp + "\n\n");
    }
    process.run({"sh", "-c", command});
    process.sleep_ns(static_cast<std::uint64_t>(std::max(0.1, *period) * 1e9));
  }
}

int xargs_main(Process& process) {
  auto options = parse(process, "+0rtn:s:I:i:L:P:p", {{"no-run-if-empty", 'r'}, {"null", '0'}});
  if (!options) return 1;
  const auto text = process.read_all(std::size_t{64} << 20);
  if (!text) return fail(process, "read error", text.error());
  std::vector<std::string> items;
  const bool by_line = options->has('I') || options->has('L');
  if (options->has('0') || by_line) {
    const char separator = options->has('0') ? '\0' : '\n';
    for (std::size_t at = 0; at < text->size();) {
      const std::size_t end = std::min(text->find(separator, at), text->size());
      std::string item = text->substr(at, end - at);
      if (by_line) item.erase(0, std::min(item.find_first_not_of(" \t"), item.size()));
      if (!item.empty() || options->has('0')) items.push_back(item);
      at = end + 1;
    }
  } else {
    std::string item;
    bool open = false;
    char quote = 0;
    for (std::size_t i = 0; i < text->size(); ++i) {
      const char c = (*text)[i];
      if (quote) {
        if (c == quote) {
          quote = 0;
        } else {
          item += c;
        }
      } else if (c == '\'' || c == '"') {
        quote = c;
        open = true;
      } else if (c == '\\' && i + 1 < text->size()) {
        item += (*text)[++i];
        open = true;
      } else if (std::isspace(static_cast<unsigned char>(c))) {
        if (open) items.push_back(std::exchange(item, {}));
        open = false;
      } else {
        item += c;
        open = true;
      }
    }
    if (quote) return fail(process, std::string("unmatched ") + (quote == '"' ? "double" : "single") + " quote");
    if (open) items.push_back(item);
  }
  std::vector<std::string> command = options->operands;
  if (command.empty()) command.push_back("echo");
  int status = 0;
  const auto run = [&](const std::vector<std::string>& words) {
    process.check_signals();
    if (options->has('t')) {
      std::string line;
      for (const auto& word : words) line += (line.empty() ? "" : " ") + word;
      process.complain(line + "\n");
    }
    const int result = process.run(words);
    if (result == 127 || result == 126) {
      status = result;
      return false;
    }
    if (result == 255) {
      status = 124;
      return false;
    }
    if (result) status = 123;
    return true;
  };
  if (options->has('I')) {
    const std::string& mark = options->value['I'];
    for (const auto& item : items) {
      std::vector<std::string> words;
      for (std::string word : command) {
        for (std::size_t at = 0;
             !mark.empty() && (at = word.find(mark, at)) != std::string::npos && word.size() < 131072;
             at += item.size())
          word.replace(at, mark.size(), item);
        words.push_back(word);
      }
      if (!run(words)) return status;
    }
    return status;
  }
  const std::size_t most = options->has('n')
                               ? static_cast<std::size_t>(std::max(1, std::atoi(options->value['n'].c_str())))
                           : options->has('L') ? 1
                                               : 100000;
  if (items.empty()) {
    if (!options->has('r')) run(command);
    return status;
  }
  for (std::size_t at = 0; at < items.size();) {
    std::vector<std::string> words = command;
    std::size_t bytes = 0;
    for (std::size_t n = 0; n < most && at < items.size() && bytes < 32768; ++n) {
      bytes += items[at].size() + 1;
      words.push_back(items[at++]);
    }
    if (!run(words)) break;
  }
  return status;
}

}  // namespace

void add_process_commands(ProgramTable& table) {
  table.add_applet("ps", ps_main);
  table.add_applet("kill", kill_main);
  table.add_applet("sleep", sleep_main);
  table.add_applet("usleep", sleep_main);
  table.add_applet("pidof", pidof_main);
  table.add_applet("watch", watch_main);
  for (const auto& [name, program] : {std::pair<const char*, Program>{"top", top_main},
                                      {"killall", kill_main},
                                      {"time", time_main},
                                      {"nohup", nohup_main},
                                      {"timeout", timeout_main},
                                      {"xargs", xargs_main},
                                      {"pkill", kill_main}})
    table.add_applet(name, program, "/usr/bin");
}

}  // namespace vnpu::devices::commands
