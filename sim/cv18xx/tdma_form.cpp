#include "sim/cv18xx/tdma_form.h"

#include <array>

#include "base/error.h"

namespace vnpu::cv18xx {
namespace {

constexpr std::array<const char*, 4> direction_names = {"g2l", "l2g", "g2g", "l2l"};

const char* operation_name(const TdmaCommand& c) {
  if (c.trans_dir == l2l) return c.mv_lut_idx ? "lut_index" : c.mv_lut_base ? "lut_base" : "copy";
  if (c.trans_fmt) return "general";
  if (c.compress_en) return c.sys_dtype ? "vlc_matrix" : "vlc";
  if (c.spec_func == spec_fill) return "fill";
  if (c.spec_func == spec_transpose) {
    if (c.sys_dtype) return "matrix_transposed";
    static constexpr std::array<const char*, 4> names = {"nc", "chw3", "chw4", "cw"};
    return names[c.transpose_md & 3];
  }
  return c.sys_dtype ? "matrix" : "copy";
}

// The checks of one command: each names the field it refuses.
class Checks {
 public:
  explicit Checks(const TdmaCommand& command) : c_(command) {}

  void fault_unless(bool good, const char* field, const char* why) const {
    if (!good) refuse_tdma(c_, field, why);
  }
  void supported_if(bool good, const char* field, const char* why) const {
    if (!good) throw Error(ErrorKind::unsupported, tdma_mnemonic(c_) + ": " + field + ": " + why);
  }

  void formats() const {
    fault_unless(c_.src_fmt == 1 || c_.src_fmt == 2, "src_fmt", "is neither 1 (int8) nor 2 (bf16)");
    fault_unless(c_.dst_fmt == 1 || c_.dst_fmt == 2, "dst_fmt", "is neither 1 (int8) nor 2 (bf16)");
  }
  void conversion() const {
    if (c_.src_fmt == c_.dst_fmt) return;
    supported_if(c_.trans_dir != g2g, "dst_fmt", "conversion between global memories");
    fault_unless(c_.trans_dir != g2l || c_.src_fmt == 1, "src_fmt",
                 "bf16 cannot become int8 on the way to local memory");
    fault_unless(c_.trans_dir != l2g || c_.src_fmt == 2, "src_fmt",
                 "int8 cannot become bf16 on the way to global memory");
  }
  void both_int8() const {
    fault_unless(c_.src_fmt == 1, "src_fmt", "must be 1 (int8)");
    fault_unless(c_.dst_fmt == 1, "dst_fmt", "must be 1 (int8)");
  }
  void both_equal() const { fault_unless(c_.src_fmt == c_.dst_fmt, "dst_fmt", "must be src_fmt"); }
  void direction(bool good) const { fault_unless(good, "trans_dir", "this operation does not go in this direction"); }

  void source_tensor() const {
    fault_unless(c_.src_n != 0, "src_n", "is 0");
    fault_unless(c_.src_c != 0, "src_c", "is 0");
    fault_unless(c_.src_h != 0, "src_h", "is 0");
    fault_unless(c_.src_w != 0, "src_w", "is 0");
  }
  void destination_tensor() const {
    fault_unless(c_.src_n != 0, "src_n", "is 0");
    fault_unless(c_.dst_c != 0, "dst_c", "is 0");
    fault_unless(c_.dst_h != 0, "dst_h", "is 0");
    fault_unless(c_.dst_w != 0, "dst_w", "is 0");
  }
  void equal_products() const {
    const std::uint64_t source = std::uint64_t{c_.src_c} * c_.src_h * c_.src_w;
    const std::uint64_t destination = std::uint64_t{c_.dst_c} * c_.dst_h * c_.dst_w;
    fault_unless(source == destination, "dst shape", "has not the source's number of elements");
  }
  // What the rotating loads ask of their destination.
  void aligned_planes() const {
    fault_unless(c_.dst_address() % 16 == 0, "dst_base_addr_low", "is not a multiple of 16");
    fault_unless(c_.dst_n_stride % 16 == 0, "dst_n_stride", "is not a multiple of 16");
    fault_unless(c_.dst_c_stride() % 16 == 0, "dst_c_stride", "is not a multiple of 16");
    fault_unless(c_.dst_h_stride == c_.dst_w, "dst_h_stride", "is not dst_w");
  }
  // A matrix on its local side: `columns` in channels of `width`, no channel more than they need.
  void channels(std::uint32_t columns, std::uint32_t channels, std::uint32_t height, std::uint32_t width,
                bool source) const {
    const char* const c = source ? "src_c" : "dst_c";
    const char* const h = source ? "src_h" : "dst_h";
    const char* const w = source ? "src_w" : "dst_w";
    fault_unless(height == 1, h, "must be 1 for a matrix");
    fault_unless(width != 0, w, "is 0");
    fault_unless(channels == (columns + width - 1) / width, c, "is not the number of channels the columns need");
  }

 private:
  const TdmaCommand& c_;
};

TdmaForm vlc_form(const TdmaCommand& c, const Checks& check) {
  check.supported_if(c.src_fmt == c.dst_fmt, "dst_fmt", "conversion of compressed data");
  check.supported_if(!c.sys_dtype || c.spec_func == spec_copy, "spec_func", "of a compressed matrix");
  const std::uint32_t element = c.src_fmt;
  check.fault_unless(c.src_n != 0, "src_n", "is 0");
  if (c.trans_dir == g2l) {
    // The strides of a compressed tensor do not matter, the stream says it all.
    if (c.sys_dtype) {
      check.fault_unless(c.src_c == c.src_n, "src_c", "is not src_n, the rows");
      check.fault_unless(c.src_w != 0, "src_w", "is 0");
      check.supported_if(c.src_c_stride() == c.src_w * element, "src_c_stride", "compressed rows with gaps");
      check.channels(c.src_w, c.dst_c, c.dst_h, c.dst_w, false);
    } else {
      check.destination_tensor();
    }
    return TdmaForm::vlc_load;
  }
  const auto contiguous = [&](const char* field, std::uint64_t stride, std::uint64_t elements) {
    check.fault_unless(stride == elements * element, field, "the compressed side must be contiguous");
  };
  if (c.sys_dtype) {
    check.fault_unless(c.dst_c == c.src_n, "dst_c", "is not src_n, the rows");
    check.fault_unless(c.dst_w != 0, "dst_w", "is 0");
    check.channels(c.dst_w, c.src_c, c.src_h, c.src_w, true);
    check.supported_if(c.dst_c_stride() == c.dst_w * element, "dst_c_stride", "compressed rows with gaps");
  } else {
    check.supported_if(c.src_c != 0 && c.src_h != 0 && c.src_w != 0, "src shape", "nothing to compress");
    check.destination_tensor();
    contiguous("dst_h_stride", c.dst_h_stride, c.dst_w);
    contiguous("dst_c_stride", c.dst_c_stride(), std::uint64_t{c.dst_h} * c.dst_w);
    contiguous("dst_n_stride", c.dst_n_stride, std::uint64_t{c.dst_c} * c.dst_h * c.dst_w);
  }
  check.fault_unless(c.compress_bias1 == 0, "compress_bias1", "must be 0");
  check.fault_unless(c.compress_bias0 == (c.src_fmt == 2 ? 127 : 0), "compress_bias0",
                     "must be 127 for bf16, 0 for int8");
  check.fault_unless(c.src_fmt == 2 || !c.compress_zero_guard, "compress_zero_guard", "is for bf16");
  check.fault_unless(c.src_fmt == 1 || !c.cmprs_fmt, "cmprs_fmt", "must be 0 for bf16");
  return TdmaForm::vlc_store;
}

TdmaForm transpose_form(const TdmaCommand& c, const Checks& check) {
  if (c.sys_dtype) {
    check.direction(c.trans_dir == g2l);
    check.both_int8();
    check.fault_unless(c.src_c != 0, "src_c", "is 0");
    check.fault_unless(c.src_w != 0, "src_w", "is 0");
    check.channels(c.src_c, c.dst_c, c.dst_h, c.dst_w, false);
    check.aligned_planes();
    return TdmaForm::matrix_load_transposed;
  }
  check.source_tensor();
  check.destination_tensor();
  switch (c.transpose_md) {
    case 0:
      check.conversion();
      check.fault_unless(c.dst_c == c.src_n, "dst_c", "is not src_n");
      check.fault_unless(std::uint64_t{c.src_h} * c.src_w == std::uint64_t{c.dst_h} * c.dst_w, "dst shape",
                         "has not the source's number of elements");
      return TdmaForm::nc_transpose;
    case 3:
      check.direction(c.trans_dir == l2g);
      check.both_int8();
      check.fault_unless(c.dst_c == c.src_w, "dst_c", "is not src_w");
      check.fault_unless(c.dst_h == c.src_h, "dst_h", "is not src_h");
      check.fault_unless(c.dst_w == c.src_c, "dst_w", "is not src_c");
      return TdmaForm::cw_transpose;
    default:
      check.direction(c.trans_dir == g2l);
      check.both_int8();
      check.fault_unless(c.src_c == (c.transpose_md == 1 ? 3 : 4), "src_c", "is not the number of rotated channels");
      check.fault_unless(c.dst_c == c.src_c, "dst_c", "is not src_c");
      check.fault_unless(c.dst_h == c.src_h, "dst_h", "is not src_h");
      check.fault_unless(c.dst_w == c.src_w, "dst_w", "is not src_w");
      check.aligned_planes();
      return TdmaForm::chw_rotate;
  }
}

TdmaForm matrix_form(const TdmaCommand& c, const Checks& check) {
  check.conversion();
  check.fault_unless(c.src_n != 0, "src_n", "is 0");
  if (c.trans_dir == g2l) {
    check.fault_unless(c.src_c == c.src_n, "src_c", "is not src_n, the rows");
    check.fault_unless(c.src_w != 0, "src_w", "is 0");
    check.channels(c.src_w, c.dst_c, c.dst_h, c.dst_w, false);
    return TdmaForm::matrix_load;
  }
  check.fault_unless(c.dst_c == c.src_n, "dst_c", "is not src_n, the rows");
  check.fault_unless(c.dst_w != 0, "dst_w", "is 0");
  check.channels(c.dst_w, c.src_c, c.src_h, c.src_w, true);
  return TdmaForm::matrix_store;
}

TdmaForm tensor_form(const Checks& check, TdmaForm form) {
  check.source_tensor();
  check.destination_tensor();
  check.conversion();
  check.equal_products();
  return form;
}

// Local to local there are only tensor copies; what selects other operations elsewhere has no effect.
TdmaForm local_form(const TdmaCommand& c, const Checks& check) {
  check.fault_unless(c.spec_func == spec_copy, "spec_func", "must be 0 between local memories");
  const bool bf16 = c.src_fmt == 2 && c.dst_fmt == 2;
  if (!bf16 || (!c.mv_lut_idx && !c.mv_lut_base)) return tensor_form(check, TdmaForm::tensor_copy);
  check.supported_if(!(c.mv_lut_idx && c.mv_lut_base), "mv_lut_base", "together with mv_lut_idx");
  return tensor_form(check, c.mv_lut_idx ? TdmaForm::lut_index : TdmaForm::lut_base);
}

}  // namespace

void refuse_tdma(const TdmaCommand& command, const char* field, const std::string& why) {
  throw Error(ErrorKind::fault, tdma_mnemonic(command) + ": " + field + ": " + why);
}

std::string tdma_mnemonic(const TdmaCommand& command) {
  return std::string("tdma.") + direction_names[command.trans_dir & 3] + "." + operation_name(command);
}

TdmaForm tdma_form(const TdmaCommand& c) {
  // vld is not looked at by the vendor's simulator.
  const Checks check(c);
  check.formats();
  if (c.trans_dir == l2l) return local_form(c, check);
  if (c.trans_fmt) {
    check.fault_unless(c.spec_func == spec_copy, "spec_func", "must be 0 with trans_fmt");
    check.fault_unless(!c.sys_dtype, "sys_dtype", "must be 0 with trans_fmt");
    check.both_equal();
    return TdmaForm::general_copy;
  }
  if (c.trans_dir == g2g) {
    check.fault_unless(c.spec_func == spec_copy, "spec_func", "must be 0 between global memories");
    check.fault_unless(!c.sys_dtype, "sys_dtype", "must be 0 between global memories");
    check.fault_unless(!c.compress_en, "compress_en", "must be 0 between global memories");
    return tensor_form(check, TdmaForm::tensor_copy);
  }
  if (c.compress_en) return vlc_form(c, check);
  switch (c.spec_func) {
    case spec_copy: return c.sys_dtype ? matrix_form(c, check) : tensor_form(check, TdmaForm::tensor_copy);
    case spec_transpose: return transpose_form(c, check);
    case spec_fill:
      check.fault_unless(!c.sys_dtype, "sys_dtype", "must be 0 in a fill");
      check.both_equal();
      return TdmaForm::fill;
    default: refuse_tdma(c, "spec_func", "is neither 0 (copy), 1 (transpose) nor 4 (fill)");
  }
}

}  // namespace vnpu::cv18xx
