// bm-smi as the SoC's libsophon 0.5.1 has it: a screen drawn anew until a key comes, and a log file beside it.
#include <algorithm>
#include <charconv>
#include <optional>

#include "devices/board.h"
#include "devices/commands/common.h"
#include "devices/screen_keys.h"
#include "devices/sophon/programs.h"
#include "devices/text.h"

namespace vnpu::sophon {
namespace {

using devices::text;

constexpr const char* usage =
    "bm-smi: command line prompt\n"
    "usage: bm-smi [--opmode=display] [--file=/xx/yy.txt] [--lms=500] [--loop]\n"
    "opmode:\n"
    "  SOC mode just only use display.\n"
    "file:\n"
    "  the target file to save smi log, default is empty.\n"
    "lms:\n"
    "  how many ms of the sample interval, default is 500.\n"
    "loop:\n"
    "  if --loop (default): smi sample device every lms ms.\n"
    "  if --noloop: smi sample device only once.\n";

struct Options {
  std::string mode, file;
  int interval_ms = 500;
  bool loop = true;
  int status = -1;  // of what ended before anything was shown
};

constexpr int wrong = 234;  // -EINVAL

Options parse(devices::Process& process) {
  Options out;
  const auto fail = [&](const std::string& message, int status) {
    process.complain(message);
    out.status = status;
  };
  for (std::size_t i = 1; i < process.argv.size() && out.status < 0; ++i) {
    std::string name = process.argv[i];
    if (!name.starts_with("-")) {
      process.print(text("ERROR: unknown command line flag: %s\nplase check input flags!\n", name.c_str()));
      continue;
    }
    name.erase(0, name.starts_with("--") ? 2 : 1);
    std::optional<std::string> value;
    if (const auto equals = name.find('='); equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    }
    if (name == "help" || name == "helpshort") {
      process.print(usage);
      out.status = 1;
    } else if (name == "loop" || name == "noloop") {
      const bool yes = !value || *value == "true" || *value == "1" || *value == "t" || *value == "y" || *value == "yes";
      out.loop = (name == "loop") == yes;
    } else if (name != "opmode" && name != "opval" && name != "file" && name != "lms") {
      fail(text("ERROR: unknown command line flag '%s'\n", name.c_str()), 1);
    } else {
      if (!value && ++i < process.argv.size()) value = process.argv[i];
      if (!value) {
        fail(text("ERROR: flag '%s' is missing its argument\n", process.argv[i - 1].c_str()), 1);
      } else if (name == "opmode") {
        out.mode = *value;
      } else if (name == "file") {
        out.file = *value;
      } else if (name == "lms") {
        const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), out.interval_ms);
        if (error != std::errc{} || end != value->data() + value->size())
          fail(text("ERROR: illegal value '%s' specified for int32 flag 'lms'\n", value->c_str()), 1);
      }
    }
  }
  return out;
}

// Of the time since the start.
unsigned tpu_percent(devices::Board& board) {
  const std::uint64_t up = std::max<std::uint64_t>(1, board.uptime_ns());
  return static_cast<unsigned>(std::min<std::uint64_t>(100, board.tpu().use().busy_ns * 100 / up));
}

// The screen names chip and board, the file the board alone; nothing else differs. What the SoC cannot tell is N/A.
std::string page(devices::Process& process, bool screen) {
  const auto used = static_cast<unsigned>(process.board.ion().used() >> 20);
  const auto total = static_cast<unsigned>(process.board.ion().total() >> 20);
  const std::string left(39, '-'), right(58, '-'), wide(98, '-');
  const std::string thick_left(39, '='), thick_right(58, '=');
  std::string out = devices::commands::time_text("%a %b %e %H:%M:%S %Y\n", process.board.now_ns());
  out += "+" + wide + "+\n";
  out += text("| Lib Version:%9s             Driver Version:  %s%41s|\n", library_version, library_version, "");
  out += "+" + left + "+" + right + "+\n";
  out += "|card  Name      Mode        SN         |TPU  boardT  chipT   TPU_P  TPU_V  ECC  CorrectN  Tpu-Util|\n";
  out += "|12V_ATX  MaxP boardP Minclk Maxclk  Fan|Bus-ID      Status   Currclk   TPU_C   Memory-Usage       |\n";
  out += "|" + thick_left + "+" + thick_right + "|\n";
  out += text("|%2d ", 0) + (screen ? text("%5s-%-5s", "1684X", "SOC") : text(" %-10s", "SOC")) +
         text(" %5s %17s |%2d   %4s    %4s   %5s   %5s  %3s    %3s       %5s |\n", "SOC", "    N/A         ", 0, "N/A",
              "N/A", "N/A", "N/A", "N/A", "N/A", text("%u%%", tpu_percent(process.board)).c_str());
  out += text("|%6s %5s  %4s  %4s  %7s %5s|%11s%7s %7s   %7s %5uMB/%5uMB      |\n", "N/A", "N/A", "N/A", "75M", "1000M",
              "N/A", "N/A       ", "Active", "1000M", "N/A", used, total);
  out += "+" + thick_left + "+" + thick_right + "+\n";
  out += "\n+" + wide + "+\n";
  out += text("| Processes:%75s TPU Memory |\n", "");
  out += text("|  TPU-ID       PID   Process name%53s Usage      |\n", "");
  out += "|" + std::string(98, '=') + "|\n";
  return out;
}

}  // namespace

int bm_smi(devices::Process& process) {
  const Options options = parse(process);
  if (options.status >= 0) return options.status;
  if (!options.mode.empty() && options.mode != "display") {
    process.print(text("not support flag:%s, Please check!\n", options.mode.c_str()));
    return wrong;
  }
  if (options.interval_ms < 300) {
    process.print(text("invalid lsm = %d, it is less than 300\nvalidate input param failed!\n", options.interval_ms));
    return wrong;
  }
  std::shared_ptr<devices::Stream> file;
  if (!options.file.empty()) {
    namespace flag = devices::open_flag;
    const auto opened = process.open(options.file, flag::write | flag::create | flag::append);
    if (!opened) {
      process.print(text("open %s failed\nvalidate input param failed!\n", options.file.c_str()));
      return wrong;
    }
    file = *opened;
  }
  const auto log = [&] {
    if (!file) return;
    const std::string lines = page(process, false) + "\n\n\n";
    (void)file->write({reinterpret_cast<const std::uint8_t*>(lines.data()), lines.size()}, process.task->token());
  };
  log();
  if (!process.is_terminal(1)) {
    // There is no screen to draw again: scripts get it once, as lines.
    process.print(page(process, true));
    return 0;
  }
  devices::ScreenKeys keys(process);
  process.print("\033[?1049h");
  for (;;) {
    process.print("\033[H\033[J" + page(process, true));
    if (!options.loop || keys.wait(std::chrono::milliseconds(options.interval_ms))) break;
    log();
  }
  process.print("\033[?1049l");
  return 0;
}

}  // namespace vnpu::sophon
