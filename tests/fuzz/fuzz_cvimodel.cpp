// A .cvimodel, made in one of two ways: bytes that start with the magic are the file itself; all others are changes to
// the sample model's file, 6 bytes each (place, 32-bit word), so that no seeds are needed to get deep.
// Either is read as it is and with the md5 it should have. What is accepted must survive being written and read again.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "models/cvimodel/write.h"
#include "tests/models/sample.h"

namespace {

using namespace vnpu;

Bytes make_file(ByteView data) {
  if (cvimodel::looks_like_cvimodel(data)) return Bytes(data.span().begin(), data.span().end());
  static const Bytes sample = cvimodel::write(cvimodel::sample_model());
  Bytes file = sample;
  for (std::uint64_t at = 0; at + 6 <= data.size(); at += 6) {
    const std::uint32_t word = data.u32(at + 2, "word");
    std::memcpy(file.data() + data.u16(at, "place") % (file.size() - 3), &word, 4);
  }
  return file;
}

bool accepted(const Bytes& file, cvimodel::Model& model) {
  try {
    model = cvimodel::read(file);
    return true;
  } catch (const Error& error) {
    if (!error.offset() || *error.offset() > file.size() || error.field().empty()) __builtin_trap();
    return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes file = make_file(ByteView(std::span(data, size)));
  cvimodel::Model model, again;
  accepted(file, model);
  if (file.size() < 48) return 0;
  cvimodel::set_md5(file);
  if (!accepted(file, model)) return 0;
  (void)model.ion_bytes();
  if (!model.refusals().empty()) return 0;  // bytes of encrypted sections are not kept
  if (!accepted(cvimodel::write(model), again)) __builtin_trap();
  return 0;
}
