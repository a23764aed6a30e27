#include "devices/sophon/profile_folder.h"

#include <array>

#include "devices/board.h"
#include "devices/text.h"
#include "isa/bm1684x/command_stream.h"
#include "models/bmodel/model.h"

namespace vnpu::sophon {
namespace {

using devices::text;
using ull = unsigned long long;

constexpr std::uint64_t page = 4096;

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_block(std::string& out, std::uint32_t type, const std::string& bytes) {
  put<std::uint32_t>(out, type);
  put<std::uint32_t>(out, static_cast<std::uint32_t>(bytes.size()));
  out += bytes;
}

constexpr std::uint64_t ddr = 0x1'0000'0000;  // below it is memory inside of the chip
constexpr std::size_t gdma_record_words = 48;
constexpr std::uint32_t first_engine_gdma = 1;  // of the profile's engines

// Cycles of the chip's clock as those of the monitor, which counts at 1 GHz.
std::uint32_t monitor_time(const Profile& profile, std::uint64_t cycles) {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(static_cast<double>(cycles) * 1000 / profile.mhz));
}

// One record of 32 bytes a TIU command: start, end, id (16 bits) and load in cycles (48), reads, stalls, writes. What
// nothing here models is 0.
std::string tiu_records(const Profile& profile) {
  std::string out;
  for (const auto& each : profile.commands) {
    if (each.engine == first_engine_gdma) continue;
    const std::uint32_t start = monitor_time(profile, each.start), end = monitor_time(profile, each.end);
    put<std::uint32_t>(out, start);
    put<std::uint32_t>(out, end);
    put<std::uint64_t>(out, ((each.id - 1) & 0xffff) | (each.end - each.start) << 16);
    out.append(16, '\0');
  }
  return out;
}

// One record of 192 bytes a GDMA command: start, end, id (20 bits), bytes asked for and moved on each bus. DDR counts
// on the first of its two buses.
std::string gdma_records(const Profile& profile, const bmodel::Stage& stage) {
  std::vector<const ProfiledCommand*> timed;
  for (const auto& each : profile.commands)
    if (each.engine == first_engine_gdma) timed.push_back(&each);
  std::string out;
  std::size_t at = 0;
  for (const auto& subnet : stage.subnets) {
    for (const auto& group : subnet.groups) {
      for (const auto& entry : bm1684x::parse_queue(bm1684x::Engine::gdma, group.gdma.view(), group.gdma_count)) {
        if (entry.is_end() || at == timed.size()) continue;
        const ProfiledCommand& command = *timed[at++];
        const bool from_ddr = entry.gdma().src_address() >= ddr, to_ddr = entry.gdma().dst_address() >= ddr;
        const auto bytes = static_cast<std::uint32_t>(from_ddr && to_ddr ? command.data_bytes / 2 : command.data_bytes);
        std::array<std::uint32_t, gdma_record_words> words{};
        words[0] = monitor_time(profile, command.start);
        words[1] = monitor_time(profile, command.end);
        words[2] = (command.id - 1) & 0xfffff;
        enum { d0_aw = 3, d0_wr, d0_ar, gif_aw = 9, gif_wr, gif_ar };
        words[from_ddr ? d0_ar : gif_ar] = bytes;
        words[to_ddr ? d0_aw : gif_aw] = words[to_ddr ? d0_wr : gif_wr] = bytes;
        for (const auto word : words) put(out, word);
      }
    }
  }
  return out;
}

const bmodel::Stage* stage_of(const bmodel::Model& model, unsigned program) {
  for (const auto& net : model.nets) {
    if (program < net.stages.size()) return &net.stages[program];
    program -= static_cast<unsigned>(net.stages.size());
  }
  return nullptr;
}

}  // namespace

void write_profile_folder(devices::Process& process, const std::string& model, const std::string& net,
                          const Stage& stage, const Loaded& loaded) {
  const auto file = read_whole(process, model);
  if (!file) return;
  const bmodel::Model read = bmodel::read(view_of(*file));
  const bmodel::Stage* at = stage_of(read, stage.program);
  if (!at) return;
  const std::string folder = process.path("bmprofile_data-1");
  auto& files = process.files();
  files.make_directories(process.user, folder);

  std::string tiu, gdma, counts;
  std::uint32_t groups = 0;
  for (const auto& subnet : at->subnets) {
    for (const auto& group : subnet.groups) {
      tiu.append(reinterpret_cast<const char*>(group.tiu.view().data()), group.tiu.view().size());
      gdma.append(reinterpret_cast<const char*>(group.gdma.view().data()), group.gdma.view().size());
      put<std::uint32_t>(counts, group.gdma_count);
      put<std::uint32_t>(counts, group.tiu_count);
      ++groups;
    }
  }
  const auto now_us = static_cast<std::uint64_t>(process.board.now_ns() / 1000);
  const std::uint64_t took = loaded.time() ? loaded.time()->launch_us : 0;
  // The converter's records of layers stand in front, when the model has them.
  std::string global;
  if (const auto& records = at->net_profile; records.bytes) global.assign(records.bytes->begin(), records.bytes->end());
  if (!global.empty() && !global.ends_with('\n')) global += '\n';
  global += "[bmprofile] arch=BM1684X\n[bmprofile] net_name=" + net +
            "\n[bmprofile] tpu_freq=1000\n[bmprofile] core_list=0,\n";
  const auto memory = [&](std::uint64_t address, std::uint64_t size, const char* what) {
    global += text("[bmprofile] mtype=1 addr=%llu size=%llu alloc=%llu free=%llu desc=%s\n", static_cast<ull>(address),
                   static_cast<ull>(size), static_cast<ull>(now_us), static_cast<ull>(now_us + took), what);
  };
  if (at->coefficients) memory(at->coefficients->address, at->coefficients->data.size, "coeff");
  // Buffers of the run time itself lie behind what the stage's plan of addresses takes.
  std::uint64_t end = at->ctx_addr + at->ctx_size;
  end = std::max(end, at->io_addr + at->io_size);
  if (at->coefficients) end = std::max(end, at->coefficients->address + at->coefficients->data.size);
  const std::uint64_t tiu_at = (end + page - 1) / page * page, gdma_at = (tiu_at + tiu.size() + page - 1) / page * page;
  memory(tiu_at, tiu.size(), "bd_cmd_mem");
  memory(gdma_at, gdma.size(), "gdma_cmd_mem");
  for (const auto* list : {&at->inputs, &at->outputs})
    for (const auto& tensor : *list) memory(tensor.device_addr, tensor.size, "io_mem");

  std::string iteration;
  if (loaded.time()) {
    std::string summary;
    for (int i = 0; i < 3; ++i) put<std::uint32_t>(summary, 0);  // iteration, sub-network, its kind: TPU
    put<std::uint64_t>(summary, now_us);
    put<std::uint64_t>(summary, now_us + took);
    put<std::uint64_t>(summary, 0);
    put_block(iteration, 1, summary);
  }
  if (loaded.profile()) {
    put_block(iteration, 3, tiu_records(*loaded.profile()));
    put_block(iteration, 4, gdma_records(*loaded.profile(), *at));
  }
  std::string commands;
  for (const std::uint64_t each : {gdma_at, std::uint64_t{0}, tiu_at, std::uint64_t{0}})
    put<std::uint64_t>(commands, each);
  put<std::uint32_t>(commands, groups);
  put_block(iteration, 8, commands + counts);

  files.write_file(process.user, folder + "/global.profile", global);
  files.write_file(process.user, folder + text("/cmd_%llx_0_0.dat", static_cast<ull>(tiu_at)), tiu);
  files.write_file(process.user, folder + text("/cmd_%llx_0_1.dat", static_cast<ull>(gdma_at)), gdma);
  files.write_file(process.user, folder + "/iter0.profile", iteration);
}

}  // namespace vnpu::sophon
