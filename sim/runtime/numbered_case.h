// Golden cases of formats whose tensors have no names. case.json has
//   runs                 how many times the network is run, one after the other
//   inputs               optional: one a run, a list of numbers (float32) or "FILE.npz ARRAY" or "FILE.npz ARRAY[i]",
//                        the file beside the case; else input.npz has x<run>_<input>
//   trace, trace_run0 or kpu_trace   optional: [index, type, CRC-32, bytes] of what each step of run 0 produced;
//                        entries of no bytes stand for steps that show nothing
//   yolo2                optional: anchors, threshold, nms and, a run, the objects found in output 0
// and output.npz y<run>_<output>, compared byte for byte.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "sim/runtime/golden_case.h"

namespace vnpu {

// The first difference, or nothing; counts what was compared in `result`.
std::optional<std::string> run_numbered(const CaseFiles& files, const nlohmann::json& info, const ModelFile& model,
                                        const NetworkOptions& options, CaseResult& result);

// The first difference between objects found and expected (a JSON list of x, y, w, h, classid, value), or nothing.
struct RegionLayer;
std::optional<std::string> object_difference(const Tensor& output, const RegionLayer& layer,
                                             const nlohmann::json& expected);

}  // namespace vnpu
