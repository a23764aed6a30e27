// npz and npy readers: whatever is read is written and read again, to the same tensors.
#include <cstdlib>

#include "base/error.h"
#include "base/npz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vnpu;
  const ByteView file(std::span(data, size));
  const NpzLimits limits{.bytes = 1 << 24, .arrays = 1000};
  try {
    const auto tensors = read_npz(file, limits);
    const auto again = read_npz(ByteView(write_npz(tensors)), limits);
    if (again.size() != tensors.size()) std::abort();
    for (std::size_t i = 0; i < again.size(); ++i) {
      if (again[i].first != tensors[i].first || again[i].second.bytes != tensors[i].second.bytes) std::abort();
    }
  } catch (const Error&) {
  }
  try {
    const auto tensor = read_npy(file, limits);
    if (read_npy(write_npy(tensor)).bytes != tensor.bytes) std::abort();
  } catch (const Error&) {
  }
  return 0;
}
