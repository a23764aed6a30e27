// The shell: any text is parsed; what parses is run on a board in memory with little time.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "devices/board.h"
#include "devices/shell/arithmetic.h"
#include "devices/shell/parser.h"
#include "devices/shell/pattern.h"

using namespace vnpu::devices;

namespace {

void parse(const std::string& text) {
  shell::Aliases aliases{{"ll", "ls -l"}, {"x", "x y"}};
  shell::Parser parser(text, &aliases);
  try {
    while (parser.next()) {
    }
  } catch (const shell::SyntaxError&) {
  }
  try {
    shell::evaluate(text,
                    {[](const std::string& name) { return name; }, [](const std::string&, const std::string&) {}});
  } catch (const shell::ArithmeticError&) {
  }
  const std::size_t half = text.size() / 2;
  shell::matches(text.substr(0, std::min<std::size_t>(half, 64)), text.substr(half, 64));
}

void execute(const std::string& text) {
  static const std::unique_ptr<Board> board = Board::open("milkv-duo");
  SessionRequest request;
  request.command = text;
  const auto session = board->start(std::move(request));
  for (int i = 0; i < 200 && !session->finished(); ++i)
    std::this_thread::sleep_for(std::chrono::microseconds(i < 100 ? 50 : 1000));
  if (!session->finished()) session->hang_up();
  session->wait();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  parse(text);
  if (data[0] & 1) execute(text);
  return 0;
}
