// The units between the two ends of a DMA transfer. Feature maps are rows of pixels of channels, bytes or 16-bit words.
#include <array>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "sim/ax620/arithmetic.h"
#include "sim/ax620/kernels/words.h"
#include "sim/ax620/machine.h"
#include "sim/ax620/stream.h"

namespace vnpu::ax620 {
namespace {

using In = std::span<const std::uint8_t>;

[[noreturn]] void misfit(const char* unit, std::uint64_t bytes, const std::string& wanted) {
  throw Error(ErrorKind::damaged,
              std::string(unit) + ": a stream of " + std::to_string(bytes) + " bytes, " + wanted + " expected");
}

std::uint64_t positive(std::int64_t value, const char* what) {
  if (value <= 0 || value > 1 << 20) {
    throw Error(ErrorKind::damaged, std::string(what) + " of " + std::to_string(value));
  }
  return static_cast<std::uint64_t>(value);
}

std::uint64_t product(std::initializer_list<std::uint64_t> factors) {
  std::uint64_t out = 1;
  for (const auto factor : factors) {
    if (factor && out > max_stream / factor) throw Error(ErrorKind::damaged, "a feature map of more than 64 MB");
    out *= factor;
  }
  return out;
}

std::uint16_t word(In bytes, std::uint64_t i) {
  return static_cast<std::uint16_t>(bytes[2 * i] | bytes[2 * i + 1] << 8);
}

void put_word(Bytes& bytes, std::uint64_t i, std::uint16_t value) {
  bytes[2 * i] = static_cast<std::uint8_t>(value);
  bytes[2 * i + 1] = static_cast<std::uint8_t>(value >> 8);
}

// The commands hold a value for each of four lanes; only equal ones are known.
float immediate(const pb::Variable& in, const char* what) {
  if (in.immediate_values_size() < 1) throw Error(ErrorKind::unsupported, std::string(what) + " is not in the command");
  for (const double value : in.immediate_values()) {
    if (value != in.immediate_values(0)) {
      throw Error(ErrorKind::unsupported, std::string(what) + ": different values for the lanes");
    }
  }
  return static_cast<float>(in.immediate_values(0));
}

// 3 bytes a pixel to 4, the fourth 0.
void bgr_pack(const pb::BGRPackSubIP& unit, In in, Bytes& out) {
  if (unit.bgr_pack_bit() != 8) throw Error(ErrorKind::unsupported, "bgr_pack of other than 8 bits");
  if (in.size() % 3 != 0) misfit("bgr_pack", in.size(), "whole pixels of 3");
  out.resize(in.size() / 3 * 4);
  const auto* from = in.data();
  for (std::size_t i = 0; i < out.size(); i += 4, from += 3) {
    out[i] = from[0];
    out[i + 1] = from[1];
    out[i + 2] = from[2];
    out[i + 3] = 0;
  }
}

void padding(const pb::PaddingSubIP& unit, In in, Bytes& out) {
  const auto side = [](std::int32_t value) {
    if (value < 0 || value > 1 << 16) throw Error(ErrorKind::damaged, "padding of " + std::to_string(value));
    return static_cast<std::uint64_t>(value);
  };
  const auto channels = static_cast<std::uint64_t>(unit.padding_ch() ? unit.padding_ch() : 1);
  const auto bits = static_cast<std::uint64_t>(unit.padding_fbit() ? unit.padding_fbit() : 8);
  const auto pixel = product({channels, bits}) / 8;
  const auto left = side(unit.padding_left()), right = side(unit.padding_right());
  const auto top = side(unit.padding_top()), bottom = side(unit.padding_bottom());
  const auto width = side(unit.src_feat_width()), height = side(unit.src_feat_height());
  const auto row = product({width + left + right, pixel});
  out.assign(product({height + top + bottom, row}), static_cast<std::uint8_t>(unit.padding_value()));
  if (width == 0 || height == 0) return;  // a pure fill
  if (in.size() != width * height * pixel) misfit("padding", in.size(), std::to_string(width * height * pixel));
  for (std::uint64_t y = 0; y < height; ++y) {
    std::copy_n(in.data() + y * width * pixel, width * pixel, out.data() + (y + top) * row + left * pixel);
  }
}

// u8 to u16 = value * 256.
void pack(In in, Bytes& out) {
  out.resize(in.size() * 2);
  for (std::size_t i = 0; i < in.size(); ++i) {
    out[2 * i] = 0;
    out[2 * i + 1] = in[i];
  }
}

// u16 to its upper byte.
void unpack(In in, Bytes& out) {
  if (in.size() % 2 != 0) misfit("unpack", in.size(), "whole words");
  out.resize(in.size() / 2);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = in[2 * i + 1];
}

// With `upper` the unit behind it, unpack, as well.
void affine(const pb::AffineSubIP& unit, In in, const Quirks& quirks, SimdLevel level, bool upper, Bytes& out) {
  if (in.size() % 2 != 0) misfit("affine", in.size(), "whole words");
  Affine rule;
  rule.k = immediate(unit.affine_k(), "affine_k");
  rule.b = immediate(unit.affine_b(), "affine_b");
  rule.limit = round_to<std::uint16_t>(immediate(unit.affine_th(), "affine_th"), quirks);
  rule.is_signed = unit.affine_signed();
  rule.upper_byte = upper;
  out.resize(upper ? in.size() / 2 : in.size());
  if (level != SimdLevel::scalar && !quirks.round_half_up && !quirks.round_truncate) {
    return (level == SimdLevel::avx512 ? affine_avx512 : affine_avx2)(rule, in.data(), in.size() / 2, out.data());
  }
  for (std::size_t i = 0; i < in.size() / 2; ++i) {
    const auto x = word(in, i);
    const float value = rule.is_signed ? static_cast<float>(static_cast<std::int16_t>(x)) : static_cast<float>(x);
    const auto result = std::min(round_to<std::uint16_t>(value * rule.k + rule.b, quirks), rule.limit);
    if (upper) {
      out[i] = static_cast<std::uint8_t>(result >> 8);
    } else {
      put_word(out, i, result);
    }
  }
}

// Elements of 8 or 16 bits as doubles and back.
double element(In in, std::uint64_t i, bool wide) { return wide ? word(in, i) : in[i]; }

void put_element(Bytes& out, std::uint64_t i, bool wide, double value, const Quirks& quirks) {
  if (wide) {
    put_word(out, i, round_to<std::uint16_t>(value, quirks));
  } else {
    out[i] = round_to<std::uint8_t>(value, quirks);
  }
}

bool is_wide(std::int32_t bits, const char* unit) {
  if (bits == 8 || bits == 16) return bits == 16;
  throw Error(ErrorKind::unsupported, std::string(unit) + " of " + std::to_string(bits) + "-bit data");
}

// Mean over whole blocks.
void area_resize(const pb::AreaResizeSubIP& unit, In in, const Quirks& quirks, Bytes& out) {
  const bool wide = is_wide(unit.resize_bit(), "area_resize");
  const auto h = positive(unit.resize_in_h(), "area_resize height"),
             w = positive(unit.resize_in_w(), "area_resize width");
  const auto c = positive(unit.resize_ch(), "area_resize channels");
  const auto oh = positive(unit.resize_out_h(), "area_resize height"),
             ow = positive(unit.resize_out_w(), "area_resize width");
  if (h % oh != 0 || w % ow != 0) throw Error(ErrorKind::unsupported, "area_resize by a fraction");
  const std::uint64_t size = wide ? 2 : 1;
  if (in.size() != product({h, w, c, size})) misfit("area_resize", in.size(), std::to_string(h * w * c * size));
  const auto fy = h / oh, fx = w / ow;
  out.resize(oh * ow * c * size);
  for (std::uint64_t y = 0; y < oh; ++y) {
    for (std::uint64_t x = 0; x < ow; ++x) {
      for (std::uint64_t k = 0; k < c; ++k) {
        double sum = 0;  // of integers: exact
        for (std::uint64_t i = 0; i < fy * fx; ++i) {
          sum += element(in, ((y * fy + i / fx) * w + x * fx + i % fx) * c + k, wide);
        }
        put_element(out, (y * ow + x) * c + k, wide, sum / static_cast<double>(fy * fx), quirks);
      }
    }
  }
}

// Where an output line or column lies between two input ones.
struct Between {
  std::uint64_t first, second;
  double part;
};

std::vector<Between> axis(std::uint64_t count, std::int64_t first_out, double ratio, std::int64_t first_in,
                          std::uint64_t held, std::int64_t total) {
  std::vector<Between> out;
  for (std::uint64_t i = 0; i < count; ++i) {
    const double centre = static_cast<double>(static_cast<std::int64_t>(i) + first_out) + 0.5;
    const double place = std::clamp(centre / ratio - 0.5, 0.0, static_cast<double>(total - 1));
    const auto low = static_cast<std::int64_t>(std::floor(place));
    const auto high = std::min(low + 1, total - 1);
    const auto last = static_cast<std::int64_t>(held) - 1;
    out.push_back({static_cast<std::uint64_t>(std::clamp<std::int64_t>(low - first_in, 0, last)),
                   static_cast<std::uint64_t>(std::clamp<std::int64_t>(high - first_in, 0, last)),
                   place - static_cast<double>(low)});
  }
  return out;
}

// Half-pixel centres, edges repeated; the command holds a slice of lines and says which.
void bilinear_resize(const pb::BilinearResizeSubIP& unit, In in, const Quirks& quirks, Bytes& out) {
  const bool wide = is_wide(unit.resize_bit(), "bilinear_resize");
  const auto h = positive(unit.resize_in_h(), "bilinear_resize height"),
             w = positive(unit.resize_in_w(), "bilinear_resize width"),
             c = positive(unit.resize_ch(), "bilinear_resize channels"),
             oh = positive(unit.resize_out_h(), "bilinear_resize height"),
             ow = positive(unit.resize_out_w(), "bilinear_resize width");
  const std::uint64_t size = wide ? 2 : 1;
  if (in.size() != product({h, w, c, size})) misfit("bilinear_resize", in.size(), std::to_string(h * w * c * size));
  if (unit.resize_context_ilc_range_size() < 1 || unit.resize_context_olc_range_size() < 1 ||
      !(unit.resize_h_ratio() > 0) || !(unit.resize_w_ratio() > 0)) {
    throw Error(ErrorKind::damaged, "bilinear_resize without its slice or ratio");
  }
  product({oh, ow, c, size});
  const auto total = static_cast<std::int64_t>(positive(unit.resize_context_tot_ilc(), "bilinear_resize lines"));
  const auto rows =
      axis(oh, unit.resize_context_olc_range(0), unit.resize_h_ratio(), unit.resize_context_ilc_range(0), h, total);
  const auto columns = axis(ow, 0, unit.resize_w_ratio(), 0, w, static_cast<std::int64_t>(w));
  out.resize(oh * ow * c * size);
  std::vector<double> line(w * c);
  for (std::uint64_t y = 0; y < oh; ++y) {
    const auto& row = rows[y];
    for (std::uint64_t i = 0; i < w * c; ++i) {
      line[i] = element(in, row.first * w * c + i, wide) * (1 - row.part) +
                element(in, row.second * w * c + i, wide) * row.part;
    }
    for (std::uint64_t x = 0; x < ow; ++x) {
      const auto& column = columns[x];
      for (std::uint64_t k = 0; k < c; ++k) {
        const double value = line[column.first * c + k] * (1 - column.part) + line[column.second * c + k] * column.part;
        put_element(out, (y * ow + x) * c + k, wide, value, quirks);
      }
    }
  }
}

// NV12 to pixels of Y, U, V, 0.
void yuv_format(const pb::YUVFormatSubIP& unit, In luma, In chroma, Bytes& out) {
  if (unit.yuv_format_func_select() != pb::YUVFormatSubIP::YUV42XTO444 ||
      unit.yuv_format_42x() != pb::YUVFormatSubIP::NV12) {
    throw Error(ErrorKind::unsupported, "yuv_format of other than NV12 to 4:4:4");
  }
  const auto h = positive(unit.yuv_format_in_h(), "yuv_format height"),
             w = positive(unit.yuv_format_in_w(), "yuv_format width");
  if (h % 2 || w % 2 || luma.size() != product({h, w}) || chroma.size() != h * w / 2) {
    misfit("yuv_format", luma.size() + chroma.size(), std::to_string(h * w * 3 / 2));
  }
  out.resize(h * w * 4);
  for (std::uint64_t y = 0; y < h; ++y) {
    for (std::uint64_t x = 0; x < w; ++x) {
      auto* pixel = out.data() + (y * w + x) * 4;
      const auto* both = chroma.data() + ((y / 2) * (w / 2) + x / 2) * 2;
      pixel[0] = luma[y * w + x];
      pixel[1] = both[0];
      pixel[2] = both[1];
      pixel[3] = 0;
    }
  }
}

// out_i = sum m[i][j] in_j + offset_i.
void colour_matrix(const pb::CCMSubIP& unit, In in, const Quirks& quirks, Bytes& out) {
  if (unit.ccm_mat33().immediate_values_size() != 9 || unit.ccm_offset().immediate_values_size() != 3) {
    throw Error(ErrorKind::unsupported, "ccm without its numbers in the command");
  }
  if (in.size() % 4 != 0) misfit("ccm", in.size(), "whole pixels of 4");
  std::array<float, 9> m;
  std::array<float, 3> offset;
  for (int i = 0; i < 9; ++i) m[i] = static_cast<float>(unit.ccm_mat33().immediate_values(i));
  for (int i = 0; i < 3; ++i) offset[i] = static_cast<float>(unit.ccm_offset().immediate_values(i));
  out.resize(in.size());
  for (std::size_t p = 0; p < in.size(); p += 4) {
    const float a = in[p], b = in[p + 1], c = in[p + 2];
    for (std::size_t i = 0; i < 3; ++i) {
      const float sum = std::fma(c, m[3 * i + 2], std::fma(b, m[3 * i + 1], a * m[3 * i])) + offset[i];
      out[p + i] = round_to<std::uint8_t>(sum, quirks);
    }
    out[p + 3] = 0;
  }
}

}  // namespace

void run_units(const pb::DMAStream& stream, UnitInput input, std::span<const std::uint8_t> ocm,
               std::span<const std::uint8_t> ddr, const Quirks& quirks, SimdLevel level, Bytes& out, Bytes& spare) {
  In in = input.bytes;
  for (int i = 0; i < stream.sub_ips_size(); ++i) {
    const auto& unit = stream.sub_ips(i);
    std::swap(out, spare);  // `in` may lie in the spare one now
    if (unit.has_bgr_pack()) {
      bgr_pack(unit.bgr_pack(), in, out);
    } else if (unit.has_fma()) {
      run_float_unit(unit.fma(), in, ocm, ddr, quirks, out);
    } else if (unit.has_padding()) {
      padding(unit.padding(), in, out);
    } else if (unit.has_pack()) {
      pack(in, out);
    } else if (unit.has_unpack()) {
      unpack(in, out);
    } else if (unit.has_affine()) {
      const bool upper = i + 1 < stream.sub_ips_size() && stream.sub_ips(i + 1).has_unpack();
      affine(unit.affine(), in, quirks, level, upper, out);
      i += upper;
    } else if (unit.has_area_resize()) {
      area_resize(unit.area_resize(), in, quirks, out);
    } else if (unit.has_bilinear_resize()) {
      bilinear_resize(unit.bilinear_resize(), in, quirks, out);
    } else if (unit.has_yuv_format()) {
      yuv_format(unit.yuv_format(), in, input.second, out);
    } else if (unit.has_ccm()) {
      colour_matrix(unit.ccm(), in, quirks, out);
    } else {
      throw Error(ErrorKind::unsupported, "a DMA unit outside of the known law");
    }
    in = out;
  }
  if (stream.sub_ips_size() == 0) out.assign(in.begin(), in.end());
}

}  // namespace vnpu::ax620
