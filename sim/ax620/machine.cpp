#include "sim/ax620/machine.h"

#include "base/error.h"
#include "sim/ax620/conv.h"
#include "sim/ax620/stream.h"

namespace vnpu::ax620 {
namespace {

void refuse_variables(bool has, const char* what) {
  if (has) throw Error(ErrorKind::unsupported, std::string(what) + ": addresses that are set at run time");
}

}  // namespace

Machine::Machine(std::uint64_t ddr, const Quirks& quirks, SimdLevel level)
    : quirks_(quirks), level_(level), ddr_(ddr), ocm_(ocm_bytes) {}

Machine::~Machine() = default;

void Machine::execute(const pb::Cmd& command) {
  written_.clear();
  const Kind which = kind(command);
  switch (which) {
    case Kind::sync: return;
    case Kind::ld: return load(command.ld());
    case Kind::st: return store(command.st());
    case Kind::mv: return move(command.mv());
    case Kind::fetch: return fetch(command.fetch());
    case Kind::conv: return convolve(command.conv());
    default: throw Error(ErrorKind::unsupported, std::string("operation '") + name(which) + "' is not known");
  }
}

void Machine::load(const pb::LdCmd& command) {
  refuse_variables(command.has_var_from_ddr() || command.has_var_to_ocm(), "ld");
  if (command.has_to_ddr() || command.has_uv_to_ocm() || command.has_uv_to_ddr() || !command.has_to_ocm()) {
    throw Error(ErrorKind::unsupported, "ld: a destination other than to_ocm");
  }
  UnitInput input;
  if (command.has_from_ddr()) gather(ddr_, command.from_ddr(), input.bytes);
  if (command.has_uv_from_ddr()) gather(ddr_, command.uv_from_ddr(), input.second);
  written_ = run_units(command.dma_stream(), std::move(input), ocm_, ddr_, quirks_);
  scatter(ocm_, command.to_ocm(), written_);
}

void Machine::store(const pb::StCmd& command) {
  if (command.has_uv_to_ddr() || command.has_uv_from_ocm() || !command.has_to_ddr()) {
    throw Error(ErrorKind::unsupported, "st: two planes");
  }
  UnitInput input;
  gather(ocm_, command.from_ocm(), input.bytes);
  written_ = run_units(command.dma_stream(), std::move(input), ocm_, ddr_, quirks_);
  scatter(ddr_, command.to_ddr(), written_);
}

void Machine::move(const pb::MvCmd& command) {
  if (command.has_uv_from_ocm() || command.has_uv_to_ocm() || !command.has_to_ocm()) {
    throw Error(ErrorKind::unsupported, "mv: two planes");
  }
  UnitInput input;
  if (command.has_from_ocm()) gather(ocm_, command.from_ocm(), input.bytes);
  written_ = run_units(command.dma_stream(), std::move(input), ocm_, ddr_, quirks_);
  scatter(ocm_, command.to_ocm(), written_);
}

void Machine::fetch(const pb::FetchCmd& command) {
  Bytes bytes;
  gather(ocm_, command.from_ocm(), bytes);
  weights_ = std::make_unique<LoadedWeights>(load_weights(command, bytes));
}

void Machine::convolve(const pb::ConvCmd& command) {
  if (!weights_) throw Error(ErrorKind::fault, "conv: no weights were fetched");
  written_ = run_conv(command, *weights_, ocm_, lines_, line_bytes_, quirks_, level_);
  scatter(ocm_, command.output_ocm(), written_);
}

}  // namespace vnpu::ax620
