// Cycles and memory accesses of TDMA commands.
#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "isa/cv18xx/chip.h"
#include "sim/cv18xx/tdma_form.h"
#include "sim/cv18xx/timing/cost.h"

namespace vnpu::cv18xx {
namespace {

constexpr std::uint64_t word_bytes = 16;
constexpr std::uint64_t all_memory = std::uint64_t{1} << 40;
constexpr std::uint64_t burst_bytes = 256;  // 16 beats of 16 bytes

// A tensor on one side of a transfer, in bytes.
struct Box {
  std::uint64_t address = 0;
  std::uint64_t n = 1, c = 1, h = 1, row = 1;  // row: bytes
  std::uint64_t n_stride = 0, c_stride = 0, h_stride = 0;
  std::uint64_t bytes() const { return n * c * h * row; }  // after within()
  // No more than so many bytes; four 16-bit sizes and an element of two bytes can exceed 64 bits.
  bool within(std::uint64_t limit) const {
    std::uint64_t product = 1;
    for (const std::uint64_t factor : {n, c, h, row}) {
      if (factor != 0 && product > limit / factor) return false;
      product *= factor;
    }
    return true;
  }
};

Box source_box(const TdmaCommand& d) {
  return {d.src_address(), d.src_n,          d.src_c,       d.src_h, std::uint64_t{d.src_w} * d.src_fmt,
          d.src_n_stride,  d.src_c_stride(), d.src_h_stride};
}

Box destination_box(const TdmaCommand& d) {
  return {d.dst_address(), d.src_n,          d.dst_c,       d.dst_h, std::uint64_t{d.dst_w} * d.dst_fmt,
          d.dst_n_stride,  d.dst_c_stride(), d.dst_h_stride};
}

std::uint64_t touched(std::uint64_t address, std::uint64_t length, std::uint64_t unit) {
  if ((unit & (unit - 1)) == 0) {
    const int shift = std::countr_zero(unit);
    return ((address + length + unit - 1) >> shift) - (address >> shift);
  }
  return (address + length + unit - 1) / unit - address / unit;
}

// 16-byte words of local memory that the pieces of a tensor touch, each piece for itself.
std::uint64_t local_words(const Box& box, std::uint32_t lanes) {
  const std::uint64_t lane = box.address / lane_bytes, offset = box.address % lane_bytes;
  const bool whole_planes = box.h_stride == box.row || box.h == 1;
  const std::uint64_t pieces = whole_planes ? 1 : box.h, length = whole_planes ? box.h * box.row : box.row;
  if ((box.n_stride | box.c_stride | (whole_planes ? 0 : box.h_stride)) % word_bytes == 0)
    return box.n * box.c * pieces * touched(offset, length, word_bytes);
  std::uint64_t words = 0;
  for (std::uint64_t n = 0; n < box.n; ++n) {
    for (std::uint64_t c = 0; c < box.c; ++c) {
      const std::uint64_t plane = offset + n * box.n_stride + (lane + c) / lanes * box.c_stride;
      for (std::uint64_t p = 0; p < pieces; ++p) words += touched(plane + p * box.h_stride, length, word_bytes);
    }
  }
  return words;
}

// What a tensor in DRAM costs: its contiguous runs, each rounded out to units.
class Runs {
 public:
  explicit Runs(const TimingValues& values)
      : unit_(static_cast<std::uint64_t>(values.unit_bytes)),
        page_(static_cast<std::uint64_t>(values.page_bytes)),
        gap_(static_cast<std::uint64_t>(values.join_gap)) {}

  void add(const Box& box) {
    std::uint64_t levels[3][2] = {{box.n, box.n_stride}, {box.c, box.c_stride}, {box.h, box.h_stride}};
    std::uint64_t length = box.row;
    // Dimensions that follow each other closely enough are one run, from the inside out.
    int open = 3;
    while (open > 0) {
      const auto [count, stride] = levels[open - 1];
      if (count > 1 && (stride < length || stride - length > gap_)) break;
      length = count > 1 ? stride * (count - 1) + length : length;
      --open;
    }
    std::uint64_t pieces = 1;
    for (int level = 0; level < open; ++level) pieces *= levels[level][0];
    if (pieces > many) return add_run(box.address, length, pieces);  // as if all began alike
    enumerate(box.address, levels, open, length);
  }
  // `count` bytes somewhere, as one run.
  void add_run(std::uint64_t address, std::uint64_t length, std::uint64_t times = 1) {
    if (length == 0) return;
    runs += times;
    bytes += times * touched(address, length, unit_) * unit_;
    pages += times * touched(address, length, page_);
    bursts += times * touched(address, length, burst_bytes);
  }
  MemoryAccess access(bool write) const {
    const auto cut = [](std::uint64_t count) {
      return static_cast<std::uint32_t>(std::min<std::uint64_t>(count, 0x7FFFFFFFu));
    };
    return {bytes, cut(runs), cut(pages), write};
  }

  std::uint64_t bytes = 0, runs = 0, pages = 0, bursts = 0;

 private:
  void enumerate(std::uint64_t address, const std::uint64_t (*levels)[2], int open, std::uint64_t length) {
    if (open == 0) return add_run(address, length);
    const auto [count, stride] = levels[0];
    if (open == 1 && stride % page_ == 0) return add_run(address, length, count);
    for (std::uint64_t i = 0; i < count; ++i) enumerate(address + i * levels[0][1], levels + 1, open - 1, length);
  }

  static constexpr std::uint64_t many = 1 << 17;
  std::uint64_t unit_, page_, gap_;
};

bool is_load(const TdmaCommand& d) { return d.trans_dir == g2l; }

void require_local(const TdmaCommand& d, const Box& box, std::uint32_t lanes) {
  if (box.bytes() > std::uint64_t{lanes} * lane_bytes) refuse_tdma(d, "shape", "has more bytes than local memory");
}

}  // namespace

CommandCost CostModel::tdma(const TdmaCommand& d, std::optional<std::uint64_t> stored) const {
  const TdmaForm form = tdma_form(d);
  CommandCost cost;
  const bool load = is_load(d);
  const Box source = source_box(d), destination = destination_box(d);
  double work = 0, start = load ? v_.load_start : v_.store_start;
  cost.bound = Bound::dram;
  Runs reads(v_), writes(v_);

  if (form == TdmaForm::general_copy) {
    const std::uint64_t size = d.src_n_stride;
    const bool reading = d.trans_dir == g2l || d.trans_dir == g2g, writing = d.trans_dir == l2g || d.trans_dir == g2g;
    if (reading) reads.add_run(d.src_address(), size);
    if (writing) writes.add_run(d.dst_address(), size);
    if (d.trans_dir != g2g) work = static_cast<double>((size + word_bytes - 1) / word_bytes);
    if (d.trans_dir == g2g) start = v_.load_start + v_.store_start;
    cost.data_bytes = (reading ? size : 0) + (writing ? size : 0);
  } else if (d.trans_dir == l2l) {
    require_local(d, destination, lanes_);
    start = v_.move_start;
    work = 2.0 * static_cast<double>(local_words(destination, lanes_));
  } else if (d.trans_dir == g2g) {
    start = v_.load_start + v_.store_start;
    if (!source.within(all_memory) || !destination.within(all_memory))
      refuse_tdma(d, "shape", "has more bytes than any memory");
    reads.add(source);
    writes.add(destination);
    cost.data_bytes = source.bytes() + destination.bytes();
  } else {
    const bool matrix = form == TdmaForm::matrix_load || form == TdmaForm::matrix_load_transposed ||
                        form == TdmaForm::matrix_store || (d.compress_en && d.sys_dtype);
    Box outside = load ? source : destination;
    Box inside = load ? destination : source;
    if (matrix) {
      // Rows of global memory, one behind the other; n and h of the fields mean nothing there.
      outside.n = 1, outside.h = 1;
      outside.c = load ? d.src_n : d.dst_c;
      if (form == TdmaForm::matrix_load_transposed) outside.c = d.src_n;
      const std::uint64_t columns = load ? d.src_w : d.dst_w;
      const std::uint64_t element = load ? d.dst_fmt : d.src_fmt;
      const std::uint64_t stride = load ? d.src_c_stride() : d.dst_c_stride();
      work = static_cast<double>(outside.c * ((columns * element + word_bytes - 1) / word_bytes)) *
             (stride % word_bytes ? 1.5 : 1.0);
      outside.row = columns * (load ? d.src_fmt : d.dst_fmt);
      if (outside.c * columns * element > std::uint64_t{lanes_} * lane_bytes)
        refuse_tdma(d, "shape", "has more bytes than local memory");
      cost.data_bytes = outside.bytes();
    } else {
      require_local(d, inside, lanes_);
      if (!outside.within(all_memory)) refuse_tdma(d, "shape", "has more bytes than any memory");
      work = static_cast<double>(local_words(inside, lanes_));
      // A fill reads nothing; a compressed tensor's other side says nothing.
      if (!d.compress_en && !(form == TdmaForm::fill && load)) cost.data_bytes = outside.bytes();
    }
    work *= load ? v_.load_word : v_.store_word;
    Runs& runs = load ? reads : writes;
    if (d.compress_en) {
      start += load ? v_.vlc_load : v_.vlc_store;
      const auto plain = static_cast<double>(matrix ? outside.bytes() : inside.bytes());
      cost.data_bytes = stored.value_or(static_cast<std::uint64_t>(std::llround(plain * v_.vlc_ratio)));
      runs.add_run(load ? d.src_address() : d.dst_address(), cost.data_bytes);
    } else if (!(form == TdmaForm::fill && load)) {
      runs.add(outside);
    }
    if (form == TdmaForm::nc_transpose || form == TdmaForm::cw_transpose || form == TdmaForm::chw_rotate ||
        form == TdmaForm::matrix_load_transposed) {
      work = v_.transpose_element * static_cast<double>(inside.bytes());
    }
  }

  cost.timed.start_cycles = static_cast<std::uint32_t>(std::llround(start));
  cost.timed.work_cycles = static_cast<std::uint64_t>(std::llround(work));
  cost.timed.access = {reads.access(false), writes.access(true)};
  cost.bursts = reads.bursts + writes.bursts;
  const double lost_ns = static_cast<double>(reads.runs + writes.runs) * v_.run_ns +
                         static_cast<double>(reads.pages + writes.pages) * v_.page_ns;
  const double bytes_per_ns = v_.bus_bits / 8 * v_.mega_transfers * v_.efficiency / 1e3;
  const double memory = (static_cast<double>(reads.bytes + writes.bytes) / bytes_per_ns + lost_ns) * v_.tpu_mhz / 1e3;
  const bool transposes = form == TdmaForm::nc_transpose || form == TdmaForm::cw_transpose ||
                          form == TdmaForm::chw_rotate || form == TdmaForm::matrix_load_transposed;
  if (work > memory) cost.bound = transposes ? Bound::transposition : Bound::local_memory;
  if (std::max(work, memory) < start) cost.bound = Bound::start;
  return cost;
}

}  // namespace vnpu::cv18xx
