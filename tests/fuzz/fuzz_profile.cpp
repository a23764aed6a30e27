// Any bytes as a model: profiling it ends with a profile or an Error, and the two forms of its report can be written.
#include <sstream>

#include "base/error.h"
#include "sim/core/profile_report.h"
#include "sim/runtime/registry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto profile = vnpu::open_model(vnpu::ByteView({data, size}))->profile({});
    std::ostringstream out;
    vnpu::write_trace_packets(profile, out);
    vnpu::write_vcd(profile, out);
  } catch (const vnpu::Error&) {
  }
  return 0;
}
