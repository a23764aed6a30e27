#include "sim/runtime/registry.h"

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "sim/ax620/model_file.h"
#include "sim/bm1684x/model_file.h"
#include "sim/bm1684x/recorded_commands.h"
#include "sim/cv18xx/check_file.h"
#include "sim/cv18xx/model_file.h"
#include "sim/k210/model_file.h"

namespace vnpu {
namespace {

struct Family {
  bool (*recognises)(ByteView);
  std::unique_ptr<ModelFile> (*open)(ByteView);
  bool (*recognises_checks)(ByteView);
  std::unique_ptr<CheckFile> (*open_checks)(ByteView);
};

// Families without check files of their own.
bool no_checks(ByteView) { return false; }
std::unique_ptr<CheckFile> open_no_checks(ByteView) { return nullptr; }

// One line a family.
constexpr Family families[] = {
    {ax620::recognises, ax620::open, no_checks, open_no_checks},
    {bm1684x::recognises, bm1684x::open, bm1684x::recognises_checks, bm1684x::open_checks},
    {cv18xx::recognises, cv18xx::open, cv18xx::recognises_checks, cv18xx::open_checks},
    {k210::recognises, k210::open, no_checks, open_no_checks},
};

}  // namespace

std::unique_ptr<ModelFile> open_model(ByteView file) {
  for (const Family& family : families) {
    if (family.recognises(file)) return family.open(file);
  }
  std::string first;
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(file.size(), 8); ++i) {
    char hex[4];
    std::snprintf(hex, sizeof hex, "%02x ", file.data()[i]);
    first += hex;
  }
  throw Error(ErrorKind::damaged, 0, "magic",
              first.empty()
                  ? "the file is empty"
                  : "no known model format begins with " + first + "(known: .cvimodel, .kmodel, .bmodel, .joint)");
}

std::unique_ptr<ModelFile> open_model(const std::filesystem::path& path) {
  const Bytes file = read_file(path);
  try {
    return open_model(file);
  } catch (const Error& error) {
    throw with_context(error, path.string());
  }
}

std::unique_ptr<CheckFile> open_checks(ByteView unpacked) {
  for (const Family& family : families) {
    if (family.recognises_checks(unpacked)) return family.open_checks(unpacked);
  }
  return nullptr;
}

}  // namespace vnpu
