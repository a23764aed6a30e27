// Any bytes as a command buffer: profiling it ends with a profile or an Error, and its reports can be written. The
// first byte chooses the chip and the form of the buffer.
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "models/cvimodel/model.h"
#include "sim/core/profile_report.h"
#include "sim/cv18xx/timing/profile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vnpu;
  if (size == 0 || size > (1 << 20)) return 0;
  cvimodel::Model model;
  model.header.chip = data[0] & 1 ? "cv180x" : "cv181x";
  cvimodel::Section section;
  section.type = data[0] & 2 ? cvimodel::SectionType::dmabuf : cvimodel::SectionType::cmdbuf;
  section.name = "commands";
  section.bytes.assign(data + 1, data + size);
  section.size = static_cast<std::uint32_t>(section.bytes.size());
  model.sections.push_back(section);
  cvimodel::Program program;
  program.routines.push_back({{}, {}, cvimodel::TpuRoutine{"commands", (data[0] & 2) != 0}});
  model.programs.push_back(program);
  try {
    const Profile profile = cv18xx::profile_model(model, {});
    std::ostringstream out;
    write_trace_packets(profile, out);
    write_vcd(profile, out);
    out << profile_json(profile);
    cv18xx::pmu_records(profile);
  } catch (const Error&) {
  }
  return 0;
}
