#include "devices/programs/pmu.h"

#include <algorithm>
#include <optional>

#include "devices/programs/output.h"

namespace vnpu::programs {
namespace {

using cv18xx::StreamEntry;
using cv18xx::TdmaCommand;
using cv18xx::TiuCommand;
using Type = PmuRecord::Type;

constexpr std::uint32_t assumed_clock = 750000000;

bool is_tiu(const PmuRecord& record) { return record.type == Type::tiu; }

// The counter wraps; the runtime loses one tick there.
std::uint32_t ticks(const PmuRecord& record) {
  return record.end >= record.start ? record.end - record.start : 0xffffffffu - record.start + record.end;
}

double megabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / 1024.0 / 1024.0; }

const char* tiu_operation(const TiuCommand& c) {
  if (c.tsk_typ == cv18xx::tsk_conv) return "Convolution";
  if (c.tsk_typ == cv18xx::tsk_matmul) return "Matrix Multiplication";
  if (c.tsk_typ == cv18xx::tsk_pool) {
    constexpr const char* names[] = {"Max Pooling", "Average Pooling", "Depthwise", "Min Pooling"};
    return names[c.tsk_eu_typ & 3];
  }
  constexpr const char* names[] = {"Mul", "Mac", "Add", "Sub", "Max", "Min", "Shift", "AND", "OR", "XOR", "Copy", "Ge"};
  return c.tsk_eu_typ < std::size(names) ? names[c.tsk_eu_typ] : "";
}

std::string description(const TiuCommand& c) {
  const std::string bf16 = c.opd_typ ? "BF16 " : "", per_channel = c.opt_chl_quan ? "PerChannel " : "";
  const std::string operation = tiu_operation(c);
  if (c.tsk_typ == cv18xx::tsk_arith) {
    if (c.tsk_eu_typ == cv18xx::arith_lut) return "TIU Lookup Table";
    const bool bits = c.tsk_eu_typ >= cv18xx::arith_shift && c.tsk_eu_typ <= cv18xx::arith_xor;
    if (c.tsk_eu_typ == cv18xx::arith_mul && c.opt_chl_quan) return "TIU Element-wise Mul(QDM)";
    return "TIU " + (bits ? "" : bf16) + "Element-wise " + operation;
  }
  if (c.tsk_typ == cv18xx::tsk_pool) {
    if (c.tsk_eu_typ == cv18xx::pool_depthwise)
      return c.opd_typ ? "TIU BF16 Depthwise Convolution" : "TIU Depthwise " + per_channel + "Convolution";
    return "TIU " + bf16 + operation;
  }
  return "TIU " + (c.opd_typ ? bf16 : per_channel) + operation;
}

std::string description(const TdmaCommand& c, Type type) {
  const std::string direction = type == Type::tdma_load ? "Load" : type == Type::tdma_store ? "Store" : "Move";
  return std::string("TDMA ") + (c.sys_dtype ? "Matrix " : "Tensor ") + direction +
         (c.compress_en ? " Compression" : "");
}

// Each record with its command: both engines work off their lists in order; a copy within DRAM leaves two records.
struct Row {
  PmuRecord record;
  const TiuCommand* tiu = nullptr;
  const TdmaCommand* tdma = nullptr;
  bool second_half = false;  // the other record of the same TDMA command

  std::uint32_t layer() const { return tiu ? tiu->layer_info : tdma->layer_ID; }
};

std::vector<Row> pair_up(std::span<const PmuRecord> records, std::span<const StreamEntry> stream) {
  std::vector<const TiuCommand*> tiu;
  std::vector<const TdmaCommand*> tdma;
  for (const auto& entry : stream) {
    if (const auto* t = std::get_if<TiuCommand>(&entry.command)) tiu.push_back(t);
    if (const auto* t = std::get_if<TdmaCommand>(&entry.command)) tdma.push_back(t);
  }
  std::vector<Row> rows;
  std::size_t next_tiu = 0, next_tdma = 0;
  std::optional<PmuRecord> last;
  for (const auto& record : records) {
    if (record.type == Type::end) break;
    Row row{record};
    if (is_tiu(record)) {
      if (next_tiu == tiu.size()) break;
      row.tiu = tiu[next_tiu++];
    } else {
      row.second_half = last && last->id == record.id && last->start == record.start && last->end == record.end;
      if (!row.second_half) ++next_tdma;
      if (next_tdma > tdma.size()) break;
      row.tdma = tdma[next_tdma - 1];
      last = record;
    }
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

PmuRecord decode_pmu_record(ByteView bytes) {
  const std::uint64_t word = bytes.u64(0, "record");
  PmuRecord record;
  record.type = static_cast<Type>(word & 15);
  record.id = static_cast<std::uint16_t>(word >> 4);
  record.event0 = static_cast<std::uint32_t>(word >> 20) & 0x3fffff;
  record.event1 = static_cast<std::uint32_t>(word >> 42);
  record.end = bytes.u32(8, "end");
  record.start = bytes.u32(12, "start");
  return record;
}

PmuTotals total(std::span<const PmuRecord> records, std::uint32_t clock_hz) {
  PmuTotals out;
  out.clock_hz = clock_hz ? clock_hz : assumed_clock;
  std::optional<PmuRecord> first, last, tdma;
  for (const auto& record : records) {
    if (record.type == Type::end) break;
    if (!first) first = record;
    last = record;
    if (is_tiu(record)) {
      out.tiu_ticks += ticks(record);
      continue;
    }
    if (record.type != Type::tdma_move) out.bytes += std::uint64_t{16} * record.event1;
    const bool again = tdma && tdma->id == record.id && tdma->start == record.start && tdma->end == record.end;
    if (!again) out.tdma_ticks += ticks(record);
    tdma = record;
  }
  if (first) {
    PmuRecord whole;
    whole.start = first->start;
    whole.end = last->end;
    out.ticks = ticks(whole);
  }
  return out;
}

std::string pmu_report(const PmuTotals& t, const std::string& chip) {
  const double all = static_cast<double>(std::max<std::uint64_t>(t.ticks, 1));
  const auto share = [&](std::uint64_t part) { return static_cast<double>(part) / all * 100.0; };
  const auto ms = [&](std::uint64_t n) { return static_cast<double>(n) / t.clock_hz * 1000.0; };  // in this order
  const double seconds = static_cast<double>(t.ticks) / t.clock_hz;
  const auto count = [](std::uint64_t n) { return static_cast<unsigned long>(n); };
  std::string out = "=======================inference total info ==========================\n";
  out += formatted("%-20s %8dMhz, %-20s %9.2fMB, %-20s %7.2fMB/s\n", (chip + "_tpu_clock:").c_str(),
                   static_cast<int>(t.clock_hz / 1000000), "inferece_data:", megabytes(t.bytes),
                   "inference_bw:", seconds > 0 ? megabytes(t.bytes) / seconds : 0.0);
  out += formatted("%-20s %10lut, %-20s %10lut, %-20s %10lut\n", "tdma_exe_tick:", count(t.tdma_ticks), "tiu_exe_tick",
                   count(t.tiu_ticks), "inference_tick", count(t.ticks));
  out += formatted("%-20s %10.2f%%, %-20s %10.2f%%, %-20s %10.2f%%\n", "tdma_exe_percent:", share(t.tdma_ticks),
                   "tiu_exe_percent:", share(t.tiu_ticks), "paralellism_percent",
                   std::max(share(t.tdma_ticks + t.tiu_ticks), 100.0));
  out += formatted("%-20s %9.2fms, %-20s %9.2fms, %-20s %9.2fms\n", "tdma_exe_ms:", ms(t.tdma_ticks),
                   "tiu_exe_ms:", ms(t.tiu_ticks), "inference_ms:", ms(t.ticks));
  return out;
}

std::string pmu_command_csv(std::span<const PmuRecord> records, std::span<const StreamEntry> stream) {
  std::string out =
      "pmutype, desID, event0, event1, , start, duration, end, layerID, desType,     srcAddr, dstAddr, trans_fmt, "
      "transpose_md, cmd_id, wait_id_tpu, dst_h_stride, dst_c_stride_low,     dst_n_stride, src_h_stride, "
      "src_c_stride_low, src_n_stride, dst_c, src_c, dst_w, dst_h, src_w, src_h, src_n\n";
  for (const auto& row : pair_up(records, stream)) {
    const PmuRecord& r = row.record;
    const int engine = r.type == Type::tiu ? 3 : r.type == Type::tdma_load ? 1 : 2;
    out += formatted("%d, %u, %u, %u, %d, %u, %u, %u, %u, ", static_cast<int>(r.type), unsigned{r.id}, r.event0,
                     r.event1, engine, r.start, ticks(r), r.end, row.layer());
    if (row.tiu) {
      out += description(*row.tiu) + "\n";
      continue;
    }
    const TdmaCommand& c = *row.tdma;
    // The addresses are decimal numbers behind "0x".
    out += description(c, r.type) +
           formatted(", 0x%llu, 0x%llu,         %u, %u, %u, %u, %u, %u, %u, %u, %u, %u, %u, %u, %u, %u, %u, %u, %u\n",
                     static_cast<unsigned long long>(c.src_address()), static_cast<unsigned long long>(c.dst_address()),
                     c.trans_fmt, c.transpose_md, c.cmd_id, c.wait_id_tpu, c.dst_h_stride, c.dst_c_stride_low,
                     c.dst_n_stride, c.src_h_stride, c.src_c_stride_low, c.src_n_stride, c.dst_c, c.src_c, c.dst_w,
                     c.dst_h, c.src_w, c.src_h, c.src_n);
  }
  return out;
}

std::string pmu_layer_csv(std::span<const PmuRecord> records, std::span<const StreamEntry> stream,
                          std::uint32_t clock_hz) {
  struct Layer {
    std::uint32_t id = 0, start = 0, end = 0, last_tdma = 0;
    std::uint64_t tiu = 0, tdma = 0, load_neuron = 0, load_weight = 0, store = 0, bytes = 0;
    std::uint64_t duration() const { return end - start; }
  };
  // Records that follow one another and are of one layer are one row. Layer 0 counts as none: what it did stays in the
  // sums of the next one.
  std::vector<Layer> layers;
  Layer layer;
  std::uint32_t last_tdma = 0;
  for (const auto& row : pair_up(records, stream)) {
    const PmuRecord& r = row.record;
    if (row.layer() != layer.id) {
      if (layer.id != 0) {
        layers.push_back(layer);
        layer = {};
      }
      layer.id = row.layer();
      layer.start = r.start;
      layer.end = r.end;
    }
    layer.end = std::max(layer.end, r.end);
    if (row.tiu) {
      layer.tiu += ticks(r);
    } else {
      last_tdma = r.id;
      if (!row.second_half) layer.tdma += ticks(r);
      if (r.type != Type::tdma_move) layer.bytes += std::uint64_t{16} * r.event1;
      if (r.type == Type::tdma_load && row.tdma->src_base_reg_sel == 0) layer.load_neuron += ticks(r);
      if (r.type == Type::tdma_load && row.tdma->src_base_reg_sel == 1) layer.load_weight += ticks(r);
      if (r.type == Type::tdma_store) layer.store += ticks(r);
    }
    layer.last_tdma = last_tdma;
  }
  if (layer.id != 0) layers.push_back(layer);

  std::uint64_t sum = 0;
  for (const auto& each : layers) sum += each.duration();
  std::string out =
      "layerID, start, duration, end, duration(%), parallelism(%), TIU(%),     loadNeuron(%), loadWeight(%), "
      "storeNeuron(%), throughput(MB/s), last_tdmaID, dumpStart, dumpLen, TIU, loadNeuron,     loadWeight, "
      "storeNeuron, byteCnt\n";
  const double clock = clock_hz ? clock_hz : assumed_clock;
  for (const auto& each : layers) {
    const double duration = static_cast<double>(std::max<std::uint64_t>(each.duration(), 1));
    const auto share = [&](std::uint64_t part) { return static_cast<double>(part) / duration * 100.0; };
    const auto count = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
    const double seconds = duration / clock;
    out += formatted(
        "%u, %u, %llu, %u, %f%%, %f%%, %f%%, %f%%, %f%%, %f%%, %.2fMB/s, %u, 0x0, 0x0, %llu, %llu, %llu, %llu, %llu\n",
        each.id, each.start, count(each.duration()), each.end,
        static_cast<double>(each.duration()) / static_cast<double>(std::max<std::uint64_t>(sum, 1)) * 100.0,
        std::max(share(each.tiu + each.tdma), 100.0), share(each.tiu), share(each.load_neuron), share(each.load_weight),
        share(each.store), megabytes(each.bytes) / seconds, each.last_tdma, count(each.tiu), count(each.load_neuron),
        count(each.load_weight), count(each.store), count(each.bytes));
  }
  return out;
}

}  // namespace vnpu::programs
