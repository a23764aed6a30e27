// A model's profile against what running it does: the same commands, bytes and multiply-accumulates.
#include "sim/core/profile.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/bytes.h"
#include "base/error.h"
#include "models/cvimodel/model.h"
#include "sim/core/profile_report.h"
#include "sim/cv18xx/execute.h"
#include "sim/cv18xx/placement.h"
#include "sim/cv18xx/tensor_info.h"
#include "sim/cv18xx/tensor_view.h"
#include "sim/cv18xx/timing/profile.h"
#include "sim/cv18xx/vlc.h"
#include "sim/runtime/registry.h"

namespace vnpu::cv18xx {
namespace {

const char* const model_names[] = {"digits_cv180x_int8", "digits_cv181x_int8", "digits_cv180x_bf16",
                                   "digits_cv181x_bf16"};

std::string model_path(const std::string& name) { return std::string(VNPU_GOLDEN "/digits/") + name + ".cvimodel"; }

Profile profile_of(const std::string& name, std::vector<std::string> settings = {}, std::string board = {}) {
  return open_model(std::filesystem::path(model_path(name)))->profile({board, std::move(settings), 0});
}

// Bytes of `memory` that a command writes, whatever it writes: run it on two memories that differ everywhere.
std::uint64_t written_bytes(const TdmaCommand& command, const Chip& chip, const cvimodel::Model& model,
                            const Placement& placement, bool local) {
  std::vector<Bytes> after;
  for (const std::uint8_t fill : {0x00, 0xFF}) {
    Memory memory(chip, placement.total);
    for (unsigned sel = 0; sel < 8; ++sel) memory.base[sel] = placement.regions[sel].address;
    for (const auto& section : model.sections) {
      if (section.type == cvimodel::SectionType::weight)
        std::ranges::copy(section.bytes, memory.global().begin() +
                                             static_cast<std::ptrdiff_t>(placement.regions[base_weight].address));
    }
    auto target = local ? memory.local() : memory.global();
    if (local || command.trans_dir == l2g) std::ranges::fill(target, fill);
    execute(command, memory, {});
    target = local ? memory.local() : memory.global();
    after.emplace_back(target.begin(), target.end());
  }
  std::uint64_t same = 0;
  for (std::size_t i = 0; i < after[0].size(); ++i) same += after[0][i] == after[1][i];
  return same;
}

// Bytes of the stream that a compressed load of weights decodes: the shortest beginning that is a whole stream.
std::uint64_t decoded_bytes(const TdmaCommand& d, const cvimodel::Model& model) {
  EXPECT_EQ(d.trans_dir, g2l);
  EXPECT_EQ(d.src_base_reg_sel, base_weight);
  const auto weights = std::ranges::find(model.sections, cvimodel::SectionType::weight, &cvimodel::Section::type);
  const auto stream = std::span(weights->bytes).subspan(d.src_address());
  const std::uint64_t elements =
      d.sys_dtype ? std::uint64_t{d.src_n} * d.src_w : std::uint64_t{d.src_n} * d.dst_c * d.dst_h * d.dst_w;
  Bytes plain(elements * d.dst_fmt);
  std::size_t enough = stream.size(), short_of = 0;
  while (enough - short_of > 1) {
    const std::size_t middle = (enough + short_of) / 2;
    try {
      vlc_decode(stream.first(middle), plain);
      enough = middle;
    } catch (const Error&) {
      short_of = middle;
    }
  }
  return enough;
}

TEST(ProfileCounts, EqualWhatRunningDoes) {
  std::uint64_t all_compressed = 0;
  for (const char* name : model_names) {
    SCOPED_TRACE(name);
    const Bytes file = read_file(std::filesystem::path(model_path(name)));
    const cvimodel::Model model = cvimodel::read(file);
    const Chip& chip = *find_chip(model.header.chip);
    const Profile profile = profile_model(model, {});

    // Commands: step through the functional network.
    std::map<std::string, std::uint64_t> steps;
    const auto network = open_model(file)->instantiate({});
    while (const auto step = network->step()) {
      const std::string& text = step->text;
      ++steps[text.starts_with("cpu ") ? "cpu" : text.starts_with("tdma.") ? "tdma" : "tiu"];
    }
    for (const auto& engine : profile.engines) EXPECT_EQ(engine.commands, steps[engine.name]) << engine.name;

    // Bytes and multiply-accumulates: what the executor touches, and the operands it reads.
    const Placement placement = place(model, model.programs[0]);
    std::uint64_t moved = 0, macs = 0, compressed = 0;
    for (const auto& routine : model.programs[0].routines) {
      const auto* tpu = std::get_if<cvimodel::TpuRoutine>(&routine.body);
      if (!tpu) continue;
      for (const auto& entry : read_commands(*model.find_section(tpu->section), tpu->is_dmabuf, chip)) {
        if (entry.engine == Engine::tdma) {
          const TdmaCommand& d = entry.tdma();
          if (d.compress_en) {
            compressed += decoded_bytes(d, model);
          } else if (d.trans_dir == l2g) {
            moved += written_bytes(d, chip, model, placement, false);
          } else if (d.trans_dir == g2l) {
            // As many elements read as written; a conversion changes their size.
            moved += written_bytes(d, chip, model, placement, true) * d.src_fmt / d.dst_fmt;
          }
        } else if (entry.engine == Engine::tiu) {
          const TiuCommand& t = entry.tiu();
          const auto weights = opd1_view(t, chip.lanes, {}).count();
          const std::uint64_t positions = std::uint64_t{t.res0_n} * t.res0_h * t.res0_w;
          if (t.tsk_typ == tsk_conv) macs += positions * weights;
          if (t.tsk_typ == tsk_pool && t.tsk_eu_typ == pool_depthwise) macs += positions * weights;
          if (t.tsk_typ == tsk_matmul) macs += res0_view(t, chip.lanes).count() * t.opd1_n;
        }
      }
    }
    EXPECT_EQ(profile.macs(), macs);
    std::uint64_t plain = 0, packed = 0;
    for (const auto& command : profile.commands) {
      const bool vlc = profile.texts[command.text].find(".vlc") != std::string::npos;
      (vlc ? packed : plain) += command.data_bytes;
    }
    EXPECT_EQ(plain, moved);
    EXPECT_EQ(packed, compressed);
    EXPECT_GT(moved, 10000u);
    all_compressed += compressed;
  }
  EXPECT_GT(all_compressed, 1000u);
}

TEST(Profile, SumsAgree) {
  for (const char* name : model_names) {
    SCOPED_TRACE(name);
    const Profile p = profile_of(name);
    std::uint64_t critical = 0, layers = 0, commands = 0;
    for (const auto& command : p.commands) critical += command.critical_cycles;
    for (const auto& layer : p.layers) layers += layer.critical_cycles, commands += layer.commands;
    EXPECT_EQ(critical, p.cycles);  // the critical path is the whole time
    EXPECT_EQ(layers, p.cycles);
    EXPECT_EQ(commands, p.commands.size());
    EXPECT_EQ(p.host_cycles() + p.inference_cycles(), p.cycles);
    for (std::size_t i = 1; i < p.commands.size(); ++i) EXPECT_LE(p.commands[i - 1].start, p.commands[i].start);
    std::uint64_t bus = 0;
    for (const auto& master : p.masters) bus += master.read_bytes + master.written_bytes;
    EXPECT_EQ(bus, p.bus_bytes());
    EXPECT_GE(p.bus_bytes(), p.data_bytes());
    EXPECT_GT(p.mac_efficiency(), 0);
    EXPECT_LE(p.mac_efficiency(), 1);
  }
}

TEST(Profile, PiecesOfALayerBecomeOne) {
  Profile p = profile_of("digits_cv181x_int8");
  const std::size_t before = p.layers.size();
  std::vector<std::string> names;
  std::size_t with_id = 0;
  for (const auto& layer : p.layers) {
    if (!layer.id) continue;
    ++with_id;
    if (*layer.id >= names.size()) names.resize(*layer.id + 1);
    names[*layer.id] = with_id % 2 ? "odd" : "even";
  }
  ASSERT_GT(with_id, 3u);
  const std::uint64_t commands = p.commands.size(), macs = p.macs();
  p.name_layers(names);
  EXPECT_EQ(p.layers.size(), before - with_id + 2);
  std::uint64_t pieces = 0, critical = 0, counted = 0, multiplied = 0;
  std::vector<std::uint64_t> by_layer(p.layers.size(), 0);
  for (const auto& command : p.commands) ++by_layer.at(command.layer);
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    const auto& layer = p.layers[i];
    pieces += layer.pieces, critical += layer.critical_cycles, counted += layer.commands, multiplied += layer.macs;
    EXPECT_EQ(by_layer[i], layer.commands) << layer.name;
  }
  EXPECT_EQ(pieces, before);
  EXPECT_EQ(critical, p.cycles);
  EXPECT_EQ(counted, commands);
  EXPECT_EQ(multiplied, macs);
}

TEST(Profile, ParametersMoveTheTime) {
  const auto base = profile_of("digits_cv181x_int8");
  const auto ms = [](const Profile& p) { return p.ms(p.inference_cycles()); };
  EXPECT_LT(ms(profile_of("digits_cv181x_int8", {"clock.tpu_mhz=1000", "dram.mega_transfers=3732"})), ms(base));
  EXPECT_GT(ms(profile_of("digits_cv181x_int8", {"dram.mega_transfers=200"})), ms(base));
  const auto busy = profile_of("digits_cv181x_int8", {"background.mbps=2000"});
  EXPECT_GT(ms(busy), ms(base));
  EXPECT_EQ(busy.masters.back().name, "background");
  EXPECT_EQ(busy.bus_bytes(), base.bus_bytes());
  EXPECT_LT(ms(profile_of("digits_cv181x_int8", {}, "maixcam")), ms(base));
  EXPECT_THROW(profile_of("digits_cv181x_int8", {}, "milkv-duo"), Error);  // another chip
}

TEST(Profile, ReportsAreTheSameEachTime) {
  for (const char* name : model_names) {
    const std::string first = profile_json(profile_of(name)).dump();
    EXPECT_EQ(first, profile_json(profile_of(name)).dump());
    const auto j = nlohmann::json::parse(first);
    EXPECT_EQ(j["commands"], profile_of(name).commands.size());
    EXPECT_LE(j["costliest"].size(), 5u);
  }
}

TEST(Profile, JsonTraceHoldsEveryCommand) {
  const Profile p = profile_of("digits_cv181x_int8");
  std::ostringstream text;
  write_trace_json(p, text);
  const auto trace = nlohmann::json::parse(text.str());
  std::size_t slices = 0;
  double last = 0;
  for (const auto& event : trace["traceEvents"]) {
    if (event["ph"] != "X") continue;
    ++slices;
    last = std::max(last, event["ts"].get<double>() + event["dur"].get<double>());
  }
  EXPECT_EQ(slices, p.commands.size());
  EXPECT_NEAR(last, static_cast<double>(p.cycles) / p.mhz, 0.01);
}

TEST(Profile, WaveformRisesAndFalls) {
  const Profile p = profile_of("digits_cv181x_int8");
  std::ostringstream text;
  write_vcd(p, text);
  std::istringstream lines(text.str());
  std::uint64_t rises = 0, falls = 0, now = 0;
  bool header = true;
  for (std::string line; std::getline(lines, line);) {
    if (line == "#0") header = false;
    if (header) continue;
    if (line[0] == '#') {
      const auto time = std::stoull(line.substr(1));
      EXPECT_GE(time, now);
      now = time;
    } else if (line[0] == '1') {
      ++rises;
    } else if (line[0] == '0') {
      ++falls;
    }
  }
  EXPECT_EQ(rises, p.commands.size());
  EXPECT_EQ(falls, p.commands.size() + p.engines.size());  // all fall at the start
  EXPECT_EQ(now, static_cast<std::uint64_t>(std::llround(static_cast<double>(p.cycles) * 1e6 / p.mhz)));
}

TEST(Pmu, RecordsTellTheSameTimes) {
  const Profile p = profile_of("digits_cv181x_int8");
  const Bytes records = pmu_records(p);
  ASSERT_EQ(records.size() % 16, 0u);
  std::map<unsigned, std::uint64_t> ticks;
  std::uint64_t first = ~std::uint64_t{0}, last = 0, before = 0, beats = 0;
  std::size_t count = 0;
  for (std::size_t at = 0;; at += 16, ++count) {
    ASSERT_LT(at, records.size());
    std::uint64_t low = 0, high = 0;
    for (int i = 7; i >= 0; --i) low = low << 8 | records[at + i], high = high << 8 | records[at + 8 + i];
    const unsigned type = low & 15;
    if (type == 0) break;
    const std::uint64_t end = high & 0xFFFFFFFF, start = high >> 32;
    EXPECT_GE(end, before);  // in the order of completion
    before = end;
    ticks[type == 4 ? 1 : 0] += end - start;
    beats += low >> 42;
    first = std::min(first, start), last = std::max(last, end);
  }
  EXPECT_EQ(count, p.engines[0].commands + p.engines[1].commands);
  EXPECT_EQ(ticks[1], p.engines[0].busy_cycles);
  EXPECT_EQ(ticks[0], p.engines[1].busy_cycles);
  EXPECT_NEAR(static_cast<double>(last - first), static_cast<double>(p.inference_cycles()), 10);
  EXPECT_EQ(beats * 16, p.bus_bytes());
}

}  // namespace
}  // namespace vnpu::cv18xx
