// The board's programs on model files of any content, read as leniently as the vendor's runtime reads them.
#include "base/error.h"
#include "tests/devices/board_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vnpu;
  programs::BoardState board;
  board.ion_bytes = std::uint64_t{4} << 20;
  board.files["/m"].assign(data, data + size);
  // The chip's name stands in the header; a board of that chip goes further.
  if (size > 48 && std::string(data + 30, data + 36) == "cv181x") board.chip = "cv181x";
  for (const char* tool : {"cvi_sample_model_info /m", "model_runner --dump-all-tensors -m /m",
                           "cvimodel_tool -a dump -i /m", "cvimodel_tool -a extract -i /m"}) {
    std::vector<std::string> argv(1);
    for (const char* c = tool; *c; ++c) {
      if (*c == ' ') {
        argv.emplace_back();
      } else {
        argv.back() += *c;
      }
    }
    programs::run_program(board, argv, "/", {}, false);
    if (board.ion_used) __builtin_trap();
    const Bytes file = board.files["/m"];
    board.files = {{"/m", file}};
  }
  return 0;
}
