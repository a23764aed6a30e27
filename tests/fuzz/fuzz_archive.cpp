// Archives of cases and single compressed files.
#include "base/archive.h"
#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vnpu;
  const ByteView file(std::span(data, size));
  const ArchiveLimits limits{.entry_bytes = 1 << 20, .total_bytes = 1 << 22, .entries = 1000};
  for (const auto format : {ArchiveFormat::tar, ArchiveFormat::zip}) {
    try {
      for_each_entry(file, format, limits, [](const std::string&, const Bytes&) {});
    } catch (const Error&) {
    }
  }
  try {
    decompress(file, 1 << 22);
  } catch (const Error&) {
  }
  return 0;
}
