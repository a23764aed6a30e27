#include "isa/ax620/command_list.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/protobuf_check.h"

namespace vnpu::ax620 {
namespace {

constexpr std::uint64_t max_ddr = std::uint64_t{1} << 30;
constexpr int max_regions = 1024;  // of one kind; known files have ten at most

std::string command_text(std::size_t index) { return "command " + std::to_string(index); }

template <class Regions>
std::vector<Region> regions(const Regions& in, const char* what) {
  std::vector<Region> out;
  if (in.size() > max_regions) {
    throw Error(ErrorKind::unsupported, std::string("base_addrs.") + what + ": " + std::to_string(in.size()) +
                                            " regions, more than " + std::to_string(max_regions));
  }
  for (const auto& region : in) {
    if (region.start_addr() < 0 || region.end_addr() < region.start_addr() ||
        static_cast<std::uint64_t>(region.end_addr()) > max_ddr) {
      throw Error(ErrorKind::damaged, std::string("base_addrs.") + what + " '" + region.name() + "': [" +
                                          std::to_string(region.start_addr()) + ", " +
                                          std::to_string(region.end_addr()) + ") is no stretch of memory");
    }
    out.push_back({region.name(), static_cast<std::uint64_t>(region.start_addr()),
                   static_cast<std::uint64_t>(region.end_addr())});
  }
  return out;
}

// Waits and ids are small numbers in every file; the hardware keeps 16 bits.
unsigned job_id(std::int64_t value, std::size_t command) {
  if (value < 0 || value > 0xffff) {
    throw Error(ErrorKind::damaged, command_text(command) + ": job id " + std::to_string(value) + " has no 16 bits");
  }
  return static_cast<unsigned>(value);
}

unsigned unit(std::int64_t value, std::size_t command) {
  if (value < 0 || value >= execution_units) {
    throw Error(ErrorKind::damaged,
                command_text(command) + ": execution unit " + std::to_string(value) + " does not exist");
  }
  return static_cast<unsigned>(value);
}

}  // namespace

const char* name(Kind kind) {
  static constexpr std::array names{"none", "sync",  "ld",    "st",  "mv",  "conv", "fetch",
                                    "warp", "remap", "blend", "ccm", "itp", "ydrc"};
  return names[static_cast<std::size_t>(kind)];
}

Kind kind(const pb::Cmd& command) {
  const std::array<std::pair<bool, Kind>, 12> carried{{{command.has_sync(), Kind::sync},
                                                       {command.has_ld(), Kind::ld},
                                                       {command.has_st(), Kind::st},
                                                       {command.has_mv(), Kind::mv},
                                                       {command.has_conv(), Kind::conv},
                                                       {command.has_fetch(), Kind::fetch},
                                                       {command.has_warp(), Kind::warp},
                                                       {command.has_remap(), Kind::remap},
                                                       {command.has_blend(), Kind::blend},
                                                       {command.has_ccm(), Kind::ccm},
                                                       {command.has_itp(), Kind::itp},
                                                       {command.has_ydrc(), Kind::ydrc}}};
  Kind found = Kind::none;
  for (const auto& [is, kind] : carried) {
    if (!is) continue;
    if (found != Kind::none) {
      throw Error(ErrorKind::damaged, std::string("a command is both ") + name(found) + " and " + name(kind));
    }
    found = kind;
  }
  if (found == Kind::none) throw Error(ErrorKind::damaged, "a command carries no operation");
  return found;
}

CommandList read_command_list(ByteView unpacked, std::uint64_t memory) {
  check_protobuf(unpacked, pb::PulsarModel::descriptor(), memory, "model");
  pb::PulsarModel in;
  if (!in.ParseFromArray(unpacked.data(), static_cast<int>(unpacked.size()))) {
    throw Error(ErrorKind::damaged, 0, "model", "cannot be parsed");
  }
  if (in.virtual_npu_type() != pb::PulsarModel::virtual_npu_disable) {
    throw Error(ErrorKind::unsupported, "the command list is for an AX630A: only AX620A models are known");
  }
  CommandList out;
  switch (in.ax620_virtual_npu_type()) {
    case pb::PulsarModel::ax620_virtual_npu_disable: out.mode = "MODE_0"; break;
    case pb::PulsarModel::ax620_virtual_npu_1_1_1: out.mode = "MODE_111"; break;
    case pb::PulsarModel::ax620_virtual_npu_1_1_2: out.mode = "MODE_112"; break;
    default:
      throw Error(ErrorKind::unsupported,
                  "virtual NPU type " + std::to_string(static_cast<int>(in.ax620_virtual_npu_type())));
  }
  out.inputs = regions(in.base_addrs().inputs(), "inputs");
  out.outputs = regions(in.base_addrs().outputs(), "outputs");
  out.swaps = regions(in.base_addrs().swaps(), "swaps");
  out.parameters = regions(in.base_addrs().params(), "params");
  auto& commands = *in.mutable_cmds()->mutable_cmds();
  out.commands.reserve(static_cast<std::size_t>(commands.size()));
  for (auto& command : commands) {
    try {
      kind(command);
    } catch (const Error& error) {
      throw with_context(error, command_text(out.commands.size()));
    }
    out.commands.push_back(std::move(command));
  }
  return out;
}

std::vector<std::vector<Job>> jobs(const CommandList& list) {
  std::vector<std::vector<Job>> out(execution_units);
  std::array<Job, execution_units> open;
  for (std::size_t i = 0; i < list.commands.size(); ++i) {
    const auto& command = list.commands[i];
    const auto e = unit(command.eu_idx(), i);
    Job& job = open[e];
    if (command.has_sync()) {
      for (const auto& sync : command.sync().sync_eus()) {
        job.waits.push_back({unit(sync.eu_idx(), i), job_id(sync.sync_id(), i)});
      }
      continue;
    }
    job.commands.push_back(i);
    if (command.id() <= 0) continue;
    job.unit = e;
    job.id = job_id(command.id(), i);
    if (job.id != out[e].size() + 1) {
      throw Error(ErrorKind::damaged, command_text(i) + ": job " + std::to_string(job.id) + " of unit " +
                                          std::to_string(e) + " follows job " + std::to_string(out[e].size()));
    }
    out[e].push_back(std::move(job));
    job = {};
  }
  for (unsigned e = 0; e < execution_units; ++e) {
    if (!open[e].commands.empty()) {
      throw Error(ErrorKind::damaged, command_text(open[e].commands.front()) + ": unit " + std::to_string(e) +
                                          " ends with commands that belong to no job");
    }
  }
  return out;
}

std::vector<const Job*> order(const std::vector<std::vector<Job>>& units) {
  std::vector<const Job*> out;
  std::vector<std::size_t> done(units.size(), 0), met(units.size(), 0);  // jobs; waits of the next one
  const auto finished = [&](const Wait& wait) { return done[wait.unit] >= wait.job; };
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t e = 0; e < units.size(); ++e) {
      while (done[e] < units[e].size()) {
        const Job& job = units[e][done[e]];
        while (met[e] < job.waits.size() && finished(job.waits[met[e]])) ++met[e];  // what is finished stays so
        if (met[e] < job.waits.size()) break;
        out.push_back(&job);
        ++done[e];
        met[e] = 0;
        moved = true;
      }
    }
  }
  std::string stuck;
  for (std::size_t e = 0; e < units.size(); ++e) {
    if (done[e] == units[e].size()) continue;
    const Job& job = units[e][done[e]];
    stuck += (stuck.empty() ? "" : ", ") + ("unit " + std::to_string(e)) + " at job " + std::to_string(job.id);
    std::size_t named = 0;
    for (const Wait& wait : job.waits) {
      if (finished(wait)) continue;
      if (++named > 4) {
        stuck += " and more";
        break;
      }
      stuck += " (waits for job " + std::to_string(wait.job) + " of unit " + std::to_string(wait.unit) + ")";
    }
  }
  if (!stuck.empty()) throw Error(ErrorKind::fault, "Wait Job Timeout: the command list never ends: " + stuck);
  return out;
}

std::vector<std::vector<Job>> machine_code_jobs(const std::vector<std::uint64_t>& code,
                                                const std::vector<std::uint32_t>& streams) {
  std::vector<std::vector<Job>> out(execution_units);
  if (streams.size() > execution_units) {
    throw Error(ErrorKind::damaged, "machine code for " + std::to_string(streams.size()) + " execution units");
  }
  std::size_t at = 0;
  for (unsigned e = 0; e < streams.size(); ++e) {
    Job job;
    for (std::uint32_t k = 0; k < streams[e] && at < code.size(); ++k, ++at) {
      if ((code[at] & 0xff) != 0xa2) continue;
      const auto address = static_cast<unsigned>(code[at] >> 16 & 0xffff);
      const auto value = static_cast<std::uint32_t>(code[at] >> 32);
      const unsigned id = (value & 0xffff) - 1;
      if (value >> 28 == 0xe) {
        job.waits.push_back({unit(address >> 10, at), id});
      } else if (value >> 28 == 4) {
        job.unit = e;
        job.id = id;
        out[e].push_back(std::move(job));
        job = {};
      }
    }
  }
  return out;
}

}  // namespace vnpu::ax620
