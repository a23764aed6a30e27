// CONV of all types: planes of the input become cells once, the weights rows of words; then blocks of pixels.
#include <algorithm>
#include <cstring>

#include "sim/bm1684x/conv_form.h"
#include "sim/bm1684x/kernels/kernels.h"
#include "sim/bm1684x/kernels/product.h"
#include "sim/bm1684x/kernels/window_map.h"

namespace vnpu::bm1684x::kernels {
namespace {

// A place in the depth: a plane of cells (one input channel, or four of bytes) and a tap.
struct Entry {
  std::uint32_t plane, ky, kx;
};

struct Conv {
  const TiuJob& job;
  const TiuCommand& c;
  const ConvForm& form;
  const GemmOps& ops;
  Workspace& workspace;
  std::uint32_t lanes_of_cell;  // input channels in a cell
  std::uint32_t planes;
  std::vector<Entry> entries;
  Product product;
  std::int32_t* cells = nullptr;           // of one batch: planes x h x w
  std::vector<const std::int32_t*> plane;  // where the cells of each plane are: there, or in local memory itself
  std::vector<std::int32_t> fills;         // padding and inserted, of every plane
  std::vector<std::uint32_t> channel;
  std::uint8_t flip;  // of input bytes: signed become unsigned

  std::size_t plane_size() const { return std::size_t{form.from.h} * form.from.w; }
};

// The order of the depth, cut to chunks: f32 by channel, then taps; the cube by blocks of 32 channels, then taps.
void order_depth(Conv& v) {
  const std::uint32_t group = v.product.kind == ProductKind::floats ? 1 : v.product.kind == ProductKind::cube ? 32 : 16;
  for (std::uint32_t first = 0; first < v.planes; first += group) {
    const std::uint32_t count = std::min(group, v.planes - first);
    for (std::uint32_t ky = 0; ky < v.form.window.y.kernel; ++ky) {
      for (std::uint32_t kx = 0; kx < v.form.window.x.kernel; ++kx) {
        for (std::uint32_t i = 0; i < count; ++i) v.entries.push_back({first + i, ky, kx});
        if (v.product.kind == ProductKind::cube) v.product.depths.push_back(count);
      }
    }
  }
  if (v.product.kind == ProductKind::cube) return;
  for (std::size_t left = v.entries.size(); left > 0;) {
    const std::size_t depth = std::min(left, most_depth);
    v.product.depths.push_back(depth);
    left -= depth;
  }
}

// One plane of input bytes or words, dense; `room` holds it when memory does not.
const std::uint8_t* dense_plane(const Conv& v, std::uint32_t n, std::uint32_t ic, std::uint8_t* room) {
  const TensorView& view = v.form.input;
  const std::uint8_t* local = v.job.memory.local().data();
  const Shape& s = view.shape;
  if (view.strides.w == 1 && view.strides.h == s.w) return local + view.row(n, ic, 0);
  for (std::uint32_t h = 0; h < s.h; ++h) {
    for (std::uint32_t w = 0; w < s.w; ++w) {
      std::memcpy(room + (std::size_t{h} * s.w + w) * view.bytes, local + view.at(n, ic, h, w), view.bytes);
    }
  }
  return room;
}

void widen(const GemmOps& ops, Precision from, float* to, const std::uint8_t* bytes, std::size_t count) {
  if (from == f32) {
    std::memcpy(to, bytes, 4 * count);
  } else {
    (from == f16 ? ops.widen_f16 : ops.widen_bf16)(to, bytes, count);
  }
}

void load_cells(Conv& v, std::uint32_t n, std::uint8_t* room) {
  const std::size_t size = v.plane_size();
  for (std::uint32_t p = 0; p < v.planes; ++p) {
    std::int32_t* to = v.cells + p * size;
    v.plane[p] = to;
    if (v.lanes_of_cell == 1) {
      const std::uint8_t* dense = dense_plane(v, n, p, room);
      const bool aligned = reinterpret_cast<std::uintptr_t>(dense) % alignof(std::int32_t) == 0;
      if (v.c.opd0_prec == f32 && dense != room && aligned) {
        v.plane[p] = reinterpret_cast<const std::int32_t*>(dense);  // results are written when all is read
      } else {
        widen(v.ops, v.c.opd0_prec, reinterpret_cast<float*>(to), dense, size);
      }
      continue;
    }
    const std::uint8_t* planes[4];
    for (std::uint32_t i = 0; i < 4; ++i) {
      // What lies beyond the channels meets weights of 0.
      const std::uint32_t ic = std::min(4 * p + i, v.form.from.c - 1);
      planes[i] = dense_plane(v, n, ic, room + i * size);
    }
    v.ops.interleave(to, planes, size, v.flip);
  }
}

std::int32_t fill_cell(const Conv& v, const WindowFill& fill, std::uint32_t plane, bool inserted) {
  const auto value = [&](std::uint32_t ic) { return inserted ? fill.inserted(ic) : fill.padding(ic); };
  if (v.c.opd0_prec == f32) return static_cast<std::int32_t>(value(plane));
  if (v.lanes_of_cell == 1) {
    const auto half = static_cast<std::uint16_t>(value(plane));
    return static_cast<std::int32_t>(v.c.opd0_prec == f16 ? f16_to_f32(half) : bf16_to_f32(half));
  }
  std::uint32_t cell = 0;
  for (std::uint32_t i = 0; i < 4; ++i) {
    const std::uint32_t ic = std::min(4 * plane + i, v.form.from.c - 1);
    cell |= ((value(ic) & 0xFF) ^ v.flip) << (8 * i);
  }
  return static_cast<std::int32_t>(cell);
}

// The weight of an input channel, raw.
const std::uint8_t* weight_row(const Conv& v, std::uint32_t oc) {
  return v.job.memory.local().data() + v.form.weights.row(0, oc, 0);
}

void load_float_weights(Conv& v, std::int32_t* to) {
  auto* out = reinterpret_cast<float*>(to);
  std::size_t entry = 0;
  const unsigned bytes = bytes_of(v.c.opd0_prec);
  for (const std::size_t depth : v.product.depths) {
    for (std::uint32_t oc = 0; oc < v.form.to.c; ++oc) {
      const std::uint8_t* row =
          v.c.opd1_const ? reinterpret_cast<const std::uint8_t*>(&v.c.opd1_addr) : weight_row(v, oc);
      for (std::size_t k = 0; k < depth;) {
        const Entry& e = v.entries[entry + k];
        // Channels of one block and tap lie side by side; so do all words of the depth.
        const bool follow = !v.c.opd1_const && (v.product.kind == ProductKind::cube || !v.form.window.rotated);
        const std::size_t run = follow ? depth - k : 1;
        const std::size_t place = v.c.opd1_const ? 0 : v.form.weight_place(e.plane, e.ky, e.kx);
        widen(v.ops, v.c.opd0_prec, out + k, row + place * bytes, run);
        k += run;
      }
      out += depth;
    }
    entry += depth;
  }
}

// Bytes: signed weights (unsigned ones less 128). Returns the sums of every row's.
constexpr std::size_t pack_bytes = 64;

std::vector<std::int32_t> load_byte_weights(Conv& v, std::int32_t* to) {
  const std::uint8_t flip = v.c.opd1_sign ? 0 : 0x80;
  const std::size_t words = v.ops.byte_weight_words;
  std::vector<std::int32_t> sums(v.product.rows, 0);
  std::size_t entry = 0;
  for (const std::size_t depth : v.product.depths) {
    for (std::uint32_t oc = 0; oc < v.product.rows; ++oc) {
      const bool ones = oc == v.form.to.c;  // the row that sums the input
      const std::uint8_t* row = ones || v.c.opd1_const ? nullptr : weight_row(v, oc);
      for (std::size_t k = 0; k < depth; ++k, to += words) {
        const Entry& e = v.entries[entry + k];
        // All channels of a pack lie side by side.
        if (constexpr std::size_t cells = pack_bytes / 4; row && words == 1 && k + cells <= depth &&
                                                          e.plane % cells == 0 &&
                                                          4 * e.plane + pack_bytes <= v.form.from.c) {
          std::uint8_t pack[pack_bytes];
          std::memcpy(pack, row + v.form.weight_place(4 * e.plane, e.ky, e.kx), sizeof pack);
          std::int32_t sum = 0;
          for (std::uint8_t& each : pack) sum += static_cast<std::int8_t>(each ^= flip);
          sums[oc] += sum;
          std::memcpy(to, pack, sizeof pack);
          k += cells - 1, to += cells - 1;
          continue;
        }
        std::int8_t four[4] = {};
        const std::uint8_t* place = row ? row + v.form.weight_place(4 * e.plane, e.ky, e.kx) : nullptr;
        const std::uint32_t there = std::min(4u, v.form.from.c - 4 * e.plane);
        for (std::uint32_t i = 0; i < there; ++i) {
          const auto raw = static_cast<std::uint8_t>(place ? place[i] : v.c.opd1_addr);
          four[i] = ones ? std::int8_t{1} : static_cast<std::int8_t>(raw ^ flip);
          sums[oc] += four[i];
        }
        store_byte_weights(to, four, words);
      }
    }
    entry += depth;
  }
  return sums;
}

// What turns sums of unsigned inputs and signed weights into those asked for: + constant + factor * sum of inputs.
struct ByteCorrection {
  std::int32_t constant, factor;
};

std::vector<ByteCorrection> byte_corrections(const Conv& v, const std::vector<std::int32_t>& weight_sums) {
  const std::int32_t input_shift = v.flip ? 128 : 0, weight_shift = v.c.opd1_sign ? 0 : 128;
  const auto depth = static_cast<std::int32_t>(v.form.taps() * v.form.from.c);
  std::vector<ByteCorrection> corrections;
  for (std::uint32_t oc = 0; oc < v.form.to.c; ++oc) {
    const auto zero = static_cast<std::int32_t>(extend(v.channel[oc], 8, v.c.opd2_sign));
    const std::int32_t factor = weight_shift - zero;
    corrections.push_back({-input_shift * weight_sums[oc] - factor * input_shift * depth, factor});
  }
  return corrections;
}

bool run_bytes(Conv& v) {
  const Shape& to = v.form.to;
  const std::size_t results = std::size_t{to.h} * to.w;
  bool needs_ones = !v.c.opd1_sign;
  for (const std::uint32_t zero : v.channel) needs_ones |= (zero & 0xFF) != 0;
  v.product.rows = to.c + (needs_ones ? 1 : 0);
  auto* weights = v.workspace.take<std::int32_t>(v.product.rows * v.entries.size() * v.ops.byte_weight_words);
  const auto weight_sums = load_byte_weights(v, weights);
  v.product.weights = weights;
  const auto corrections = byte_corrections(v, weight_sums);
  const WindowFill fill = read_window_fill(v.job, i8, v.form.from.c);
  for (std::uint32_t p = 0; p < v.planes; ++p) {
    v.fills.push_back(fill_cell(v, fill, p, false));
    v.fills.push_back(fill_cell(v, fill, p, true));
  }
  auto* room = v.workspace.take<std::uint8_t>(4 * v.plane_size());
  std::uint8_t* local = v.job.memory.local().data();
  WindowMap map(v.form.window);
  const ProductRoom buffers(v.product, v.workspace);
  // All batches are read before any is written.
  const std::size_t batch = v.planes * v.plane_size();
  auto* all = v.workspace.take<std::int32_t>(batch * to.n);
  for (std::uint32_t n = 0; n < to.n; ++n) {
    v.cells = all + n * batch;
    load_cells(v, n, room);
  }
  for (std::uint32_t n = 0; n < to.n; ++n) {
    const std::int32_t* cells = all + n * batch;
    for_blocks(
        v.product, buffers, results, [&](std::size_t first, std::size_t count) { map.place(first, count); },
        [&](std::size_t, std::size_t, std::int32_t* sums, std::int32_t*) {
          std::fill_n(sums, v.product.rows * block, 0);
        },
        [&](std::size_t entry, std::size_t depth, std::size_t, std::int32_t* out) {
          for (std::size_t k = 0; k < depth; ++k) {
            const Entry& e = v.entries[entry + k];
            map.pack(std::size_t{e.ky} * v.form.window.x.kernel + e.kx, cells + e.plane * v.plane_size(),
                     v.fills[2 * e.plane], v.fills[2 * e.plane + 1], out + k * block);
          }
        },
        [&](std::size_t first, std::size_t count, std::int32_t* sums, std::int32_t*) {
          const std::int32_t* ones = sums + to.c * block;
          for (std::uint32_t oc = 0; oc < to.c; ++oc) {
            if (!(v.job.lanes >> ((v.form.result.lane + oc) % lane_count) & 1)) continue;
            std::uint8_t* out = local + v.form.result.row(n, oc, 0) + first * v.form.result.bytes;
            const ByteCorrection& fix = corrections[oc];
            std::uint32_t values[block];
            const auto* sum = reinterpret_cast<const std::uint32_t*>(sums + oc * block);
            for (std::size_t i = 0; i < count; ++i) values[i] = sum[i] + static_cast<std::uint32_t>(fix.constant);
            if (fix.factor != 0) {
              for (std::size_t i = 0; i < count; ++i) {
                values[i] += static_cast<std::uint32_t>(fix.factor) * static_cast<std::uint32_t>(ones[i]);
              }
            }
            if (v.c.res0_prec == i16) {
              for (std::size_t i = 0; i < count; ++i) {
                const auto value =
                    static_cast<std::int16_t>(std::clamp(static_cast<std::int32_t>(values[i]), -32768, 32767));
                std::memcpy(out + 2 * i, &value, 2);
              }
              continue;
            }
            if (v.c.res_add) {
              for (std::size_t i = 0; i < count; ++i) {
                std::uint32_t old;
                std::memcpy(&old, out + 4 * i, 4);
                values[i] += old;
              }
            }
            std::memcpy(out, values, 4 * count);
          }
        });
  }
  return true;
}

bool run_floats(Conv& v) {
  const Shape& to = v.form.to;
  const std::size_t results = std::size_t{to.h} * to.w;
  const bool cube = v.product.kind == ProductKind::cube;
  v.product.rows = to.c;
  auto* weights = v.workspace.take<std::int32_t>(v.product.rows * v.entries.size());
  load_float_weights(v, weights);
  v.product.weights = weights;
  const WindowFill fill = read_window_fill(v.job, v.c.opd0_prec, v.form.from.c);
  for (std::uint32_t p = 0; p < v.planes; ++p) {
    v.fills.push_back(fill_cell(v, fill, p, false));
    v.fills.push_back(fill_cell(v, fill, p, true));
  }
  auto* room = v.workspace.take<std::uint8_t>(4 * v.plane_size());
  v.cells = v.workspace.take<std::int32_t>(v.planes * v.plane_size());
  auto* staged = v.workspace.take<float>(to.count());
  const std::uint8_t* local = v.job.memory.local().data();
  WindowMap map(v.form.window);
  const ProductRoom buffers(v.product, v.workspace);
  bool has_nan = false;
  for (std::uint32_t n = 0; n < to.n; ++n) {
    load_cells(v, n, room);
    const auto start = [&](std::size_t first, std::size_t count, std::int32_t* sums, std::int32_t* second) {
      for (std::uint32_t oc = 0; oc < to.c; ++oc) {
        float* sum = reinterpret_cast<float*>(sums + oc * block);
        const float bias = as_float(v.channel[oc]);
        float old[block] = {};
        if (v.c.res_add) std::memcpy(old, local + v.form.result.row(n, oc, 0) + 4 * first, 4 * count);
        if (cube) {
          for (std::size_t i = 0; i < block; ++i) sum[i] = old[i] + bias;
          continue;
        }
        // The first product goes to the sum that begins with the bias when old results are added, else to the other.
        float* other = reinterpret_cast<float*>(second + oc * block);
        for (std::size_t i = 0; i < block; ++i)
          sum[i] = v.c.res_add ? bias : old[i], other[i] = v.c.res_add ? old[i] : bias;
      }
    };
    const auto finish = [&](std::size_t first, std::size_t count, const std::int32_t* sums,
                            const std::int32_t* second) {
      for (std::uint32_t oc = 0; oc < to.c; ++oc) {
        const float* sum = reinterpret_cast<const float*>(sums + oc * block);
        float* out = staged + (std::size_t{n} * to.c + oc) * results + first;
        for (std::size_t i = 0; i < count; ++i) {
          out[i] = cube ? sum[i] : sum[i] + reinterpret_cast<const float*>(second + oc * block)[i];
        }
        for (std::size_t i = 0; i < count; ++i) has_nan |= is_nan(out[i]);
      }
    };
    const bool done = for_blocks(
        v.product, buffers, results, [&](std::size_t first, std::size_t count) { map.place(first, count); }, start,
        [&](std::size_t entry, std::size_t depth, std::size_t, std::int32_t* out) {
          for (std::size_t k = 0; k < depth; ++k) {
            const Entry& e = v.entries[entry + k];
            map.pack(std::size_t{e.ky} * v.form.window.x.kernel + e.kx, v.plane[e.plane], v.fills[2 * e.plane],
                     v.fills[2 * e.plane + 1], out + k * block);
          }
        },
        finish);
    if (!done || has_nan) return false;  // which NaN it is only the law knows
  }
  std::uint8_t* memory = v.job.memory.local().data();
  for (std::uint32_t n = 0; n < to.n; ++n) {
    for (std::uint32_t oc = 0; oc < to.c; ++oc) {
      if (!(v.job.lanes >> ((v.form.result.lane + oc) % lane_count) & 1)) continue;
      std::uint8_t* out = memory + v.form.result.row(n, oc, 0);
      const float* from = staged + (std::size_t{n} * to.c + oc) * results;
      if (v.c.res0_prec == f32) {
        std::memcpy(out, from, 4 * results);
      } else {
        (v.c.res0_prec == f16 ? v.ops.narrow_f16 : v.ops.narrow_bf16)(out, from, results);
      }
    }
  }
  return true;
}

}  // namespace

bool execute_conv(const TiuJob& job, const GemmOps& ops) {
  const TiuCommand& c = job.command;
  if (c.tsk_eu_typ != 0) return false;
  const ConvForm form = make_conv_form(c);
  if (c.opd0_prec == i8 && c.res0_prec == i16 && form.taps() * form.from.c > 30000)
    return false;  // sums beyond 31 bits
  const ProductKind kind = c.opd0_prec == i8    ? ProductKind::bytes
                           : c.opd0_prec == f32 ? ProductKind::floats
                                                : ProductKind::cube;
  const std::uint32_t lanes_of_cell = kind == ProductKind::bytes ? 4 : 1;
  Conv v{job,
         c,
         form,
         ops,
         job.memory.workspace(),
         lanes_of_cell,
         (form.from.c + lanes_of_cell - 1) / lanes_of_cell,
         {},
         {ops, kind, 0, {}, nullptr},
         nullptr,
         std::vector<const std::int32_t*>((form.from.c + lanes_of_cell - 1) / lanes_of_cell),
         {},
         read_conv_channels(job),
         static_cast<std::uint8_t>(c.opd0_sign ? 0x80 : 0)};
  v.workspace.reset();
  order_depth(v);
  return kind == ProductKind::bytes ? run_bytes(v) : run_floats(v);
}

}  // namespace vnpu::bm1684x::kernels
