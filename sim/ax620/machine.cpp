#include "sim/ax620/machine.h"

#include "base/error.h"
#include "sim/ax620/conv.h"
#include "sim/ax620/stream.h"

namespace vnpu::ax620 {
namespace {

// Decoded weights that are kept: all of a large model's (18 MB of a 4 MB file), and a bound for any other.
constexpr std::uint64_t max_decoded = std::uint64_t{32} << 20;

void refuse_variables(bool has, const char* what) {
  if (has) throw Error(ErrorKind::unsupported, std::string(what) + ": addresses that are set at run time");
}

}  // namespace

Machine::Machine(std::uint64_t ddr, const Quirks& quirks, SimdLevel level)
    : quirks_(quirks), level_(level), ddr_(ddr), ocm_(ocm_bytes), conv_(std::make_unique<ConvMemory>()) {}

Machine::~Machine() = default;

void Machine::execute(const pb::Cmd& command) {
  const Kind which = kind(command);
  switch (which) {
    case Kind::sync: return written_.clear();
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
  if (command.has_from_ddr()) input.bytes = view(ddr(), command.from_ddr(), input_);
  if (command.has_uv_from_ddr()) input.second = view(ddr(), command.uv_from_ddr(), second_);
  run_units(command.dma_stream(), input, ocm(), ddr(), quirks_, level_, written_, spare_);
  scatter(ocm_.bytes(), command.to_ocm(), written_);
}

void Machine::store(const pb::StCmd& command) {
  if (command.has_uv_to_ddr() || command.has_uv_from_ocm() || !command.has_to_ddr()) {
    throw Error(ErrorKind::unsupported, "st: two planes");
  }
  const UnitInput input{view(ocm(), command.from_ocm(), input_), {}};
  run_units(command.dma_stream(), input, ocm(), ddr(), quirks_, level_, written_, spare_);
  scatter(ddr_.bytes(), command.to_ddr(), written_);
}

void Machine::move(const pb::MvCmd& command) {
  if (command.has_uv_from_ocm() || command.has_uv_to_ocm() || !command.has_to_ocm()) {
    throw Error(ErrorKind::unsupported, "mv: two planes");
  }
  UnitInput input;
  if (command.has_from_ocm()) {
    if (command.dma_stream().sub_ips_size() == 0) {
      gather(ocm(), command.from_ocm(), written_);
      return scatter(ocm_.bytes(), command.to_ocm(), written_);
    }
    input.bytes = view(ocm(), command.from_ocm(), input_);
  }
  run_units(command.dma_stream(), input, ocm(), ddr(), quirks_, level_, written_, spare_);
  scatter(ocm_.bytes(), command.to_ocm(), written_);
}

void Machine::fetch(const pb::FetchCmd& command) {
  written_.clear();
  weights_ = decoded(command, view(ocm(), command.from_ocm(), input_));
}

std::shared_ptr<LoadedWeights> Machine::decoded(const pb::FetchCmd& command, std::span<const std::uint8_t> bytes) {
  const auto known = decoded_.find(&command);
  if (known != decoded_.end() && known->second->are(command, bytes)) return known->second;
  auto made = std::make_shared<LoadedWeights>(load_weights(command, bytes));
  if (known != decoded_.end()) {  // other bytes in the same place: rare, and then these are the ones to keep
    decoded_bytes_ -= known->second->footprint();
    decoded_.erase(known);
  }
  if (decoded_bytes_ + made->footprint() > max_decoded) {
    decoded_.clear();
    decoded_bytes_ = 0;
  }
  if (made->footprint() <= max_decoded) {
    decoded_bytes_ += made->footprint();
    decoded_.emplace(&command, made);
  }
  return made;
}

void Machine::convolve(const pb::ConvCmd& command) {
  if (!weights_) throw Error(ErrorKind::fault, "conv: no weights were fetched");
  run_conv(command, *weights_, ocm(), *conv_, quirks_, level_, written_);
  scatter(ocm_.bytes(), command.output_ocm(), written_);
}

}  // namespace vnpu::ax620
