// Calls of the vendor runtime's CPU functions as tools/oracle/record_host_calls.py writes them (its head describes the
// file), here gzip-compressed.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "sim/cv18xx/host_functions/host_functions.h"

namespace vnpu::cv18xx::test {

struct RecordedTensor {
  HostTensor tensor;  // its spans are set by RecordedCall::make
  Bytes bytes, behind;
};

struct RecordedCall {
  std::string function;
  std::vector<cvimodel::Attribute> attributes;
  std::vector<RecordedTensor> inputs, outputs;  // outputs as the vendor's runtime left them
  std::string failure;                          // what the vendor's runtime said when it ended the process, else empty
};

std::vector<RecordedCall> read_recorded_calls(const std::string& path);

// Runs the call on zeroed outputs; returns the output bytes.
std::vector<Bytes> replay(const RecordedCall& call, const Quirks& quirks = {});

// Empty when the outputs are equal, else where the first difference is.
std::string difference(const RecordedCall& call, const std::vector<Bytes>& outputs);

std::string describe(const RecordedCall& call);

}  // namespace vnpu::cv18xx::test
