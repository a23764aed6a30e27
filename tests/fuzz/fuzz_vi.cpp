// vi: a file and a stream of keys.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "devices/board.h"
#include "devices/keyboard.h"
#include "devices/vi/editor.h"

using namespace vnpu::devices;

namespace {

class Keys : public vi::Console {
 public:
  explicit Keys(std::string keys) : keys_(std::move(keys)) {}
  int read() override {
    if (at_ >= keys_.size()) return key::gone;
    const auto byte = static_cast<unsigned char>(keys_[at_++]);
    if (byte >= 0xf6) return key::up + (byte - 0xf6);  // arrows and the like
    if (byte == 0xf5) {
      size_ = {size_.columns == 80 ? 7u : 80u, size_.rows == 24 ? 3u : 24u};
      return key::resized;
    }
    return byte == 3 ? key::interrupt : byte;
  }
  bool waiting() override { return false; }
  void write(const std::string&) override {}
  WindowSize size() const override { return size_; }
  void pause() override {}
  void resume() override {}

 private:
  std::string keys_;
  std::size_t at_ = 0;
  WindowSize size_{80, 24};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 2048) return 0;
  static const std::unique_ptr<Board> board = Board::open("milkv-duo");
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t border = std::min(text.find('\0'), text.size());
  board->files().write_file(Credentials{}, "/tmp/f", text.substr(0, border));
  const auto task = board->tasks().add(1, 0, 0, "vi", 0);
  if (!task) return 0;
  Process process(*board, task);
  process.argv = {"vi", "/tmp/f"};
  process.depth = 1000;  // no commands besides
  process.descriptors[1] = process.descriptors[2] = null_stream();
  Keys keys(border < size ? text.substr(border + 1) : "");
  try {
    vi::Editor(process, keys, {"/tmp/f"}, false, {}).run();
  } catch (const Killed&) {
  }
  board->tasks().remove(task->pid);
  return 0;
}
