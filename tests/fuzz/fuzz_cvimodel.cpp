// Any bytes as a .cvimodel: once as they are, once with the md5 they should have, so that the fuzzer gets behind it.
// Seeds: .cvimodel files. What is accepted must survive being written and read again.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "models/cvimodel/write.h"

namespace {

bool accepted(const vnpu::Bytes& file, vnpu::cvimodel::Model& model) {
  try {
    model = vnpu::cvimodel::read(file);
    return true;
  } catch (const vnpu::Error&) {
    return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  vnpu::Bytes file(data, data + size);
  vnpu::cvimodel::Model model, again;
  accepted(file, model);
  if (size < 48) return 0;
  vnpu::cvimodel::set_md5(file);
  if (!accepted(file, model)) return 0;
  (void)model.refusals();
  (void)model.ion_bytes();
  if (!accepted(vnpu::cvimodel::write(model), again)) __builtin_trap();
  return 0;
}
