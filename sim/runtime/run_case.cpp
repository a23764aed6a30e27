#include "sim/runtime/run_case.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace vnpu {
namespace {

using Json = nlohmann::json;

bool fits(const Json& program, const Json& run) {
  if (program.value("net", "") != run.value("net", "")) return false;
  const Json& inputs = program.at("inputs");
  return std::ranges::all_of(run.at("inputs"), [&](const Json& wanted) {
    return std::ranges::any_of(inputs, [&](const Json& input) {
      return input.at("name") == wanted.at("name") && input.at("shape") == wanted.at("shape");
    });
  });
}

}  // namespace

unsigned program_of_run(const ModelFile& model, const Json& run) {
  const Json described = model.describe();
  const Json& programs = described.at("programs");
  for (unsigned i = 0; i < programs.size(); ++i)
    if (fits(programs[i], run)) return i;
  throw Error(ErrorKind::damaged, "no program of the model fits the run of net '" + run.value("net", "") + "'");
}

}  // namespace vnpu
