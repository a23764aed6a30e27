// The CPU functions against calls recorded from the vendor's runtime: every byte equal.
#include "tests/sim/host_functions/recorded_calls.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"

namespace vnpu::cv18xx::test {
namespace {

const std::string file = VNPU_SOURCE_DIR "/tests/sim/host_functions/recorded_calls.gz";

TEST(HostFunctionsRecorded, EqualTheVendorsRuntime) {
  std::map<std::string, int> equal;
  for (const RecordedCall& call : read_recorded_calls(file)) {
    if (!call.failure.empty()) continue;
    try {
      const std::string different = difference(call, replay(call));
      EXPECT_EQ(different, "") << describe(call);
      equal[call.function] += different.empty();
    } catch (const Error& error) {
      ADD_FAILURE() << describe(call) << ": " << error.what();
    }
  }
  for (const std::string_view name : host_function_names()) {
    EXPECT_GT(equal[std::string(name)], 0) << name << " is not covered";
  }
}

TEST(HostFunctionsRecorded, FailWhereTheVendorsRuntimeEnds) {
  int failing = 0;
  for (const RecordedCall& call : read_recorded_calls(file)) {
    if (call.failure.empty()) continue;
    ++failing;
    try {
      replay(call);
      ADD_FAILURE() << describe(call) << " should fail: " << call.failure;
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find("function " + call.function), 0u) << error.what();
      EXPECT_NE(error.kind(), ErrorKind::internal);
    }
  }
  EXPECT_GE(failing, 10);
}

// A recorded output with one bit changed must be noticed: the comparison is no formality.
TEST(HostFunctionsRecorded, TheComparisonNoticesOneBit) {
  for (RecordedCall& call : read_recorded_calls(file)) {
    if (call.function != "interp" || !call.failure.empty()) continue;
    const std::vector<Bytes> outputs = replay(call);
    call.outputs[0].bytes[4] ^= 1;
    EXPECT_NE(difference(call, outputs), "");
    return;
  }
  FAIL() << "no interp call";
}

// Outputs that lie over the inputs, and tensors at odd addresses, give the same bytes.
TEST(HostFunctionsRecorded, PlaceOfTheTensorsDoesNotMatter) {
  for (const RecordedCall& recorded : read_recorded_calls(file)) {
    if (!recorded.failure.empty()) continue;
    HostCall call;
    call.function = recorded.function;
    call.attributes = recorded.attributes;
    std::vector<Bytes> memory;
    memory.reserve(recorded.inputs.size() + recorded.outputs.size());
    const auto place = [&memory](const RecordedTensor& t, std::vector<HostTensor>& list, bool zero) {
      memory.emplace_back(t.bytes.size() + 1);
      if (!zero) std::copy(t.bytes.begin(), t.bytes.end(), memory.back().begin() + 1);
      list.push_back(t.tensor);
      list.back().bytes = std::span(memory.back()).subspan(1);
    };
    for (const RecordedTensor& t : recorded.inputs) place(t, call.inputs, false);
    for (const RecordedTensor& t : recorded.outputs) place(t, call.outputs, true);
    run_host_function(call);
    std::vector<Bytes> outputs;
    for (const HostTensor& t : call.outputs) outputs.emplace_back(t.bytes.begin(), t.bytes.end());
    EXPECT_EQ(difference(recorded, outputs), "") << describe(recorded);
  }
}

}  // namespace
}  // namespace vnpu::cv18xx::test
