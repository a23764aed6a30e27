// awk: the first part of the input is a program, the rest what it reads.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "devices/awk/awk_command.h"
#include "devices/awk/syntax.h"
#include "devices/board.h"

using namespace vnpu::devices;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 4096) return 0;
  static const std::unique_ptr<Board> board = Board::open("milkv-duo");
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t border = std::min(text.find('\0'), text.size());
  const auto task = board->tasks().add(1, 0, 0, "awk", 0);
  if (!task) return 0;
  Process process(*board, task);
  process.argv = {"awk", text.substr(0, border), "-"};
  process.depth = 1000;  // no commands besides
  process.environment = {{"HOME", "/root"}};
  process.descriptors[0] = bytes_stream(border < size ? text.substr(border + 1) : "");
  process.descriptors[1] = Collector::make(1 << 20);
  process.descriptors[2] = Collector::make(1 << 20);
  try {
    awk::run(process, 20'000);
  } catch (const Killed&) {
  }
  board->tasks().remove(task->pid);
  return 0;
}
