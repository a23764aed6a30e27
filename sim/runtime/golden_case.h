// A golden case: a model, its inputs, and what the vendor's simulator made of them. A case is a folder (or a folder in
// an archive) with
//   case.json        programs, their inputs and outputs (a case with a result), or
//   expect.json      what the vendor's runtime did with a broken file,
//   model.*          the model file,
//   input.npz        inputs of program 0; input_1.npz of program 1, ...; raw storage, bf16 as uint16
//   output.npz       outputs, likewise
//   traces.json      optional: CRC-32 of every tensor of the model after the whole run, or a row a command
//                    (step_trace.h)
//   layers.json, tensor_info.txt   optional: CRC-32 of every layer's values (float32) when it was produced
// Cases of models with several nets name the net of every run (run_case.h); "dynamic": true in case.json marks models
// that must be refused. Cases of formats whose tensors have no names are numbered instead (numbered_case.h). A folder
// with one of
//   errors.json      broken files, by name
//   expected.json    files with "loads", whether the vendor's runtime takes them
//   cases.json       outputs of detectors (arrays of outputs.npz) and the objects found in them
// holds a set of small checks (case_set.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/core/checks.h"
#include "sim/core/network.h"

namespace vnpu {

class CaseFiles {
 public:
  // `name`: "FAMILY/CASE", for reports.
  CaseFiles(std::string name, std::filesystem::path folder);
  CaseFiles(std::string name, std::map<std::string, Bytes> files);

  const std::string& name() const { return name_; }
  bool has(const std::string& file) const { return files_.contains(file); }
  // The bytes of a file of the case; throws Error(damaged) when it is missing.
  Bytes read(const std::string& file) const;
  // A file beside the case's folder, such as "images/a.npz"; throws Error(damaged) for a case in an archive.
  Bytes read_beside(const std::string& file) const;
  // The only file "STEM.*"; throws Error(damaged) when there is none or more than one.
  std::string only_file(const std::string& stem) const;
  std::string model_file() const { return only_file("model"); }

 private:
  std::string name_;
  std::filesystem::path folder_;        // empty: all in memory
  std::map<std::string, Bytes> files_;  // contents empty when they lie in the folder
};

// True for a folder's file names that make it a case.
bool is_case_file(const std::string& file_name);

enum class Verdict { passed, failed, skipped };

struct CaseResult {
  std::string name;
  Verdict verdict = Verdict::passed;
  std::string message;                              // first difference, error, or why skipped; empty when passed
  std::size_t outputs = 0, traces = 0, layers = 0;  // tensors compared
  double seconds = 0;
};

// Runs the case; errors of the simulator become a failed result, never an exception.
// A broken file passes when it is refused with an error that names what is wrong, or gives the recorded result where
// the vendor's runtime gave one; the case "good", which is not broken, must give it.
CaseResult run_case(const CaseFiles& files, const NetworkOptions& options);

// SHA-256 over all outputs when every element of the inputs is 1: how broken files are tried.
std::string hash_with_ones(const ModelFile& model, const NetworkOptions& options);

// "tensor[1,2,3]: expected 5, got 6; 17 of 96 elements differ"; nullopt when the bytes are equal.
std::optional<std::string> first_difference(const Tensor& expected, const Tensor& got);

}  // namespace vnpu
