#include "sim/bm1684x/execute.h"

#include "base/error.h"

namespace vnpu::bm1684x {
namespace {

[[noreturn]] void not_implemented(const std::string& mnemonic) {
  throw Error(ErrorKind::unsupported, mnemonic + " is not implemented");
}

}  // namespace

void execute(const TiuCommand& command, Memory&, const ExecuteOptions&) { not_implemented(mnemonic(command)); }
void execute(const GdmaCommand& command, Memory&, const ExecuteOptions&) { not_implemented(mnemonic(command)); }

}  // namespace vnpu::bm1684x
