// The board's end of scp: records alone, then a whole upload and a whole download with the input as the client's side.
// Whatever the client says, an upload stays inside its target.
#include <cstdlib>

#include "base/error.h"
#include "devices/board.h"
#include "devices/commands/scp.h"
#include "devices/commands/scp_records.h"

namespace {

using namespace vnpu;
using namespace vnpu::devices;

const Credentials root;

void remove_tree(Vfs& files, const std::string& path) {
  const auto entries = files.read_directory(root, path);
  if (!entries) return;
  for (const auto& entry : *entries) {
    const std::string full = path + "/" + entry.name;
    if (entry.type == FileType::directory) {
      remove_tree(files, full);
      (void)files.remove_directory(root, full);
    } else {
      (void)files.unlink(root, full);
    }
  }
}

std::size_t entries(Vfs& files, const std::string& path) {
  const auto list = files.read_directory(root, path);
  return list ? list->size() : 0;
}

void run(Board& board, std::vector<std::string> argv, const std::string& input) {
  const auto task = board.tasks().add(0, 0, 0, "scp", 0);
  if (!task) std::abort();
  try {
    Process process(board, task);
    process.argv = std::move(argv);
    process.cwd = "/fuzz";
    process.descriptors = {{0, bytes_stream(input)}, {1, null_stream()}, {2, null_stream()}};
    const int status = scp_command(process);
    if (status != 0 && status != 1) std::abort();
  } catch (const Killed&) {
  }
  board.tasks().remove(task->pid);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto board = Board::open("milkv-duo");
  Vfs& files = board->files();
  const std::string input(reinterpret_cast<const char*>(data), size);
  try {
    const auto record = parse_scp_record(input);
    const std::string line = write_scp_record(record);
    const auto again = parse_scp_record(std::string_view(line).substr(0, line.size() - 1));
    if (again.name != record.name || again.kind != record.kind || again.modified != record.modified) std::abort();
  } catch (const Error&) {
  }
  if (files.make_directories(root, "/fuzz/target") != Errno::ok) std::abort();
  const std::size_t outside = entries(files, "/"), beside = entries(files, "/fuzz");
  run(*board, {"scp", "-r", "-p", "-t", "target"}, input);
  if (entries(files, "/") != outside || entries(files, "/fuzz") != beside) std::abort();
  run(*board, {"scp", "-r", "-p", "-f", "target"}, input);
  remove_tree(files, "/fuzz/target");
  return 0;
}
