// A .bmodel, made in one of two ways: bytes that start with the magic are the file itself; all others are changes to
// the sample model's file, 6 bytes each (place, 32-bit word), so that no seeds are needed to get deep. What is accepted
// must describe and print itself, survive being written, taken apart, combined and read again, and refuse or build its
// networks without a crash.
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "models/bmodel/edit.h"
#include "models/bmodel/text.h"
#include "sim/bm1684x/model_file.h"
#include "sim/bm1684x/network.h"
#include "tests/models/bmodel_sample.h"

namespace {

using namespace vnpu;

Bytes make_file(ByteView data) {
  if (bmodel::looks_like_bmodel(data)) return Bytes(data.span().begin(), data.span().end());
  // Without the SHA-256, so that changed coefficients and commands are read too.
  static const Bytes sample = [] {
    auto model = bmodel::sample_model();
    for (auto& net : model.nets)
      for (auto& stage : net.stages) stage.coefficients->sha256.clear();
    return bmodel::write(model);
  }();
  Bytes file = sample;
  for (std::uint64_t at = 0; at + 6 <= data.size(); at += 6) {
    const std::uint32_t word = data.u32(at + 2, "word");
    std::memcpy(file.data() + data.u16(at, "place") % (file.size() - 3), &word, 4);
  }
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes file = make_file(ByteView(std::span(data, size)));
  std::shared_ptr<const bmodel::Model> model;
  try {
    model = std::make_shared<bmodel::Model>(bmodel::read(file));
  } catch (const Error& error) {
    if (!error.offset() || *error.offset() > file.size() || error.field().empty()) __builtin_trap();
    return 0;
  }
  const auto described = bm1684x::open(file)->describe();
  if (described.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).empty()) __builtin_trap();
  (void)bmodel::read(bmodel::write(*model));
  if (bmodel::as_text(file).empty()) __builtin_trap();
  // What they make must be readable; what they refuse may lie in ranges that only they take over.
  const auto edit = [&](const auto& make) {
    try {
      make();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::usage || error.kind() == ErrorKind::unsupported) return;
      if (error.kind() != ErrorKind::damaged || !error.offset() || *error.offset() > file.size()) __builtin_trap();
    }
  };
  std::vector<Bytes> made;
  edit([&] { made.push_back(bmodel::combined({file}, "now")); });
  edit([&] { bmodel::extract(file, "now", [&](std::size_t, std::size_t, const Bytes& one) { made.push_back(one); }); });
  for (const Bytes& one : made) (void)bmodel::read(one);
  const auto count = static_cast<unsigned>(std::min<std::size_t>(bm1684x::programs(*model).size(), 4));
  for (unsigned program = 0; program < count; ++program) {
    try {
      bm1684x::open(file)->disassemble({program}, [](const std::string& line) {
        if (line.find('\n') != std::string::npos) __builtin_trap();
      });
    } catch (const Error&) {
    }
    try {
      NetworkOptions options;
      options.engine = "scalar";
      options.program = program;
      bm1684x::BmNetwork network(model, options);
      for (const auto& info : network.inputs()) network.set_input(info.name, Bytes(info.byte_size));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::internal) __builtin_trap();
    }
  }
  return 0;
}
