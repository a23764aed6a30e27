// Cases as folders hold them: the input is a list of files (name, 32-bit length, bytes); model, JSON, npz and layer
// table are all hostile.
#include <string>

#include "base/error.h"
#include "sim/runtime/golden_case.h"
#include "sim/runtime/layer_trace.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vnpu;
  const ByteView input(std::span(data, size));
  std::map<std::string, Bytes> files;
  try {
    for (std::uint64_t at = 0; at < input.size() && files.size() < 16;) {
      std::string name;
      for (; input.u8(at, "name") != 0; ++at) name += static_cast<char>(input.u8(at, "name"));
      const auto length = input.u32(at + 1, "length");
      const auto content = input.sub(at + 5, length, "content").span();
      files[name] = Bytes(content.begin(), content.end());
      at += 5 + length;
    }
  } catch (const Error&) {
  }
  if (const auto table = files.find("tensor_info.txt"); table != files.end()) {
    try {
      parse_layer_table(ByteView(table->second));
    } catch (const Error&) {
    }
  }
  NetworkOptions options;
  options.engine = "scalar";
  run_case(CaseFiles("fuzz/case", std::move(files)), options);
  return 0;
}
