#include "sim/cv18xx/tdma_form.h"

#include <array>

#include "base/error.h"

namespace vnpu::cv18xx {
namespace {

constexpr std::array<const char*, 4> direction_names = {"g2l", "l2g", "g2g", "l2l"};

const char* operation_name(const TdmaCommand& c) {
  if (c.compress_en) return c.sys_dtype ? "vlc_matrix" : "vlc";
  if (c.trans_fmt) return "general";
  if (c.spec_func == spec_fill) return "fill";
  if (c.mv_lut_idx) return "lut_index";
  if (c.mv_lut_base) return "lut_base";
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
    fault_unless(c_.trans_dir != g2g, "dst_fmt", "differs from src_fmt between global memories");
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
  void no_lut() const {
    supported_if(!c_.mv_lut_idx, "mv_lut_idx", "together with another operation");
    supported_if(!c_.mv_lut_base, "mv_lut_base", "together with another operation");
  }

 private:
  const TdmaCommand& c_;
};

TdmaForm vlc_form(const TdmaCommand& c, const Checks& check) {
  check.direction(c.trans_dir == g2l || c.trans_dir == l2g);
  check.supported_if(c.spec_func == spec_copy, "spec_func", "together with compress_en");
  check.supported_if(!c.trans_fmt, "trans_fmt", "together with compress_en");
  check.no_lut();
  check.both_equal();
  const bool load = c.trans_dir == g2l;
  const std::uint32_t element = c.src_fmt;
  if (c.sys_dtype) {
    check.fault_unless(c.src_n != 0, "src_n", "is 0");
    if (load) {
      check.fault_unless(c.src_w != 0, "src_w", "is 0");
      check.fault_unless(c.dst_c != 0, "dst_c", "is 0");
      check.fault_unless(c.dst_w != 0, "dst_w", "is 0");
      check.fault_unless(std::uint64_t{c.dst_c} * c.dst_w >= c.src_w, "dst_w",
                         "dst_c * dst_w is less than the columns");
      check.fault_unless(c.src_c == c.src_n, "src_c", "is not src_n, the rows");
      check.fault_unless(c.src_c_stride() == c.src_w * element, "src_c_stride", "compressed rows must be contiguous");
    } else {
      check.fault_unless(c.dst_w != 0, "dst_w", "is 0");
      check.fault_unless(c.src_c != 0, "src_c", "is 0");
      check.fault_unless(c.src_w != 0, "src_w", "is 0");
      check.fault_unless(std::uint64_t{c.src_c} * c.src_w >= c.dst_w, "src_w",
                         "src_c * src_w is less than the columns");
      check.fault_unless(c.dst_c == c.src_n, "dst_c", "is not src_n, the rows");
      check.fault_unless(c.dst_c_stride() == c.dst_w * element, "dst_c_stride", "compressed rows must be contiguous");
    }
  } else {
    check.source_tensor();
    check.destination_tensor();
    check.equal_products();
    if (load) {
      check.fault_unless(c.src_c_stride() == std::uint64_t{c.src_h} * c.src_w * element, "src_c_stride",
                         "compressed tensors must be contiguous");
    } else {
      check.fault_unless(c.dst_c_stride() == std::uint64_t{c.dst_h} * c.dst_w * element, "dst_c_stride",
                         "compressed tensors must be contiguous");
    }
  }
  if (load) return TdmaForm::vlc_load;
  check.fault_unless(c.compress_bias1 == 0, "compress_bias1", "must be 0");
  check.fault_unless(c.compress_bias0 == (c.src_fmt == 2 ? 127 : 0), "compress_bias0",
                     "must be 127 for bf16, 0 for int8");
  check.fault_unless(c.src_fmt == 2 || !c.compress_zero_guard, "compress_zero_guard", "is for bf16");
  return TdmaForm::vlc_store;
}

TdmaForm transpose_form(const TdmaCommand& c, const Checks& check) {
  if (c.sys_dtype) {
    check.direction(c.trans_dir == g2l);
    check.supported_if(c.transpose_md == 0, "transpose_md", "of a matrix");
    check.both_int8();
    check.fault_unless(c.src_n != 0, "src_n", "is 0");
    check.fault_unless(c.src_c == c.src_n, "src_c", "is not src_n, the rows");
    check.fault_unless(c.src_w != 0, "src_w", "is 0");
    check.fault_unless(c.dst_c != 0, "dst_c", "is 0");
    check.fault_unless(c.dst_w != 0, "dst_w", "is 0");
    check.fault_unless(std::uint64_t{c.dst_c} * c.dst_w >= c.src_n, "dst_w", "dst_c * dst_w is less than the rows");
    return TdmaForm::matrix_load_transposed;
  }
  check.source_tensor();
  check.destination_tensor();
  switch (c.transpose_md) {
    case 0:
      check.direction(c.trans_dir == g2l || c.trans_dir == l2g);
      check.conversion();
      check.fault_unless(std::uint64_t{c.src_n} * c.src_h * c.src_w == std::uint64_t{c.dst_c} * c.dst_h * c.dst_w,
                         "dst shape", "has not the source's number of elements");
      return TdmaForm::nc_transpose;
    case 3:
      check.direction(c.trans_dir == l2g);
      check.both_int8();
      check.fault_unless(c.dst_c == c.src_w && c.dst_h == c.src_h && c.dst_w == c.src_c, "dst shape",
                         "is not the source's with c and w exchanged");
      return TdmaForm::cw_transpose;
    default: {
      check.direction(c.trans_dir == g2l);
      check.both_int8();
      const std::uint32_t channels = c.transpose_md == 1 ? 3 : 4;
      check.fault_unless(c.src_c == channels, "src_c", "is not the number of rotated channels");
      check.fault_unless(c.dst_c == c.src_c && c.dst_h == c.src_h && c.dst_w == c.src_w, "dst shape",
                         "is not the source's");
      check.fault_unless(c.dst_address() % 16 == 0, "dst_base_addr_low", "is not a multiple of 16");
      return TdmaForm::chw_rotate;
    }
  }
}

TdmaForm matrix_form(const TdmaCommand& c, const Checks& check) {
  check.direction(c.trans_dir == g2l || c.trans_dir == l2g);
  check.conversion();
  check.fault_unless(c.src_n != 0, "src_n", "is 0");
  check.fault_unless(c.src_c != 0, "src_c", "is 0");
  check.fault_unless(c.src_w != 0, "src_w", "is 0");
  check.fault_unless(c.dst_c != 0, "dst_c", "is 0");
  check.fault_unless(c.dst_w != 0, "dst_w", "is 0");
  if (c.trans_dir == g2l) {
    check.fault_unless(c.src_c == c.src_n, "src_c", "is not src_n, the rows");
    check.fault_unless(std::uint64_t{c.dst_c} * c.dst_w >= c.src_w, "dst_w", "dst_c * dst_w is less than the columns");
    return TdmaForm::matrix_load;
  }
  check.fault_unless(c.dst_c == c.src_n, "dst_c", "is not src_n, the rows");
  check.fault_unless(std::uint64_t{c.src_c} * c.src_w >= c.dst_w, "src_w", "src_c * src_w is less than the columns");
  return TdmaForm::matrix_store;
}

}  // namespace

void refuse_tdma(const TdmaCommand& command, const char* field, const std::string& why) {
  throw Error(ErrorKind::fault, tdma_mnemonic(command) + ": " + field + ": " + why);
}

std::string tdma_mnemonic(const TdmaCommand& command) {
  return std::string("tdma.") + direction_names[command.trans_dir & 3] + "." + operation_name(command);
}

TdmaForm tdma_form(const TdmaCommand& c) {
  const Checks check(c);
  check.fault_unless(c.vld == 1, "vld", "must be 1");
  check.formats();
  if (c.compress_en) return vlc_form(c, check);
  if (c.trans_fmt) {
    check.supported_if(c.spec_func == spec_copy, "spec_func", "together with trans_fmt");
    check.supported_if(!c.sys_dtype, "sys_dtype", "together with trans_fmt");
    check.no_lut();
    check.both_equal();
    check.fault_unless(c.src_n_stride != 0, "src_n_stride", "0 bytes");
    return TdmaForm::general_copy;
  }
  if (c.spec_func == spec_fill) {
    check.direction(c.trans_dir == g2l || c.trans_dir == l2g);
    check.supported_if(!c.sys_dtype, "sys_dtype", "together with a fill");
    check.no_lut();
    check.destination_tensor();
    return TdmaForm::fill;
  }
  if (c.spec_func == spec_transpose) {
    check.no_lut();
    return transpose_form(c, check);
  }
  check.fault_unless(c.spec_func == spec_copy, "spec_func", "is neither 0 (copy), 1 (transpose) nor 4 (fill)");
  if (c.mv_lut_idx || c.mv_lut_base) {
    check.supported_if(!(c.mv_lut_idx && c.mv_lut_base), "mv_lut_base", "together with mv_lut_idx");
    check.supported_if(!c.sys_dtype, "sys_dtype", "together with mv_lut");
    check.direction(c.trans_dir == l2l);
    check.fault_unless(c.src_fmt == 2, "src_fmt", "must be 2 (bf16)");
    check.fault_unless(c.dst_fmt == 2, "dst_fmt", "must be 2 (bf16)");
    check.source_tensor();
    check.destination_tensor();
    check.equal_products();
    return c.mv_lut_idx ? TdmaForm::lut_index : TdmaForm::lut_base;
  }
  if (c.sys_dtype) return matrix_form(c, check);
  check.source_tensor();
  check.destination_tensor();
  check.conversion();
  check.equal_products();
  return TdmaForm::tensor_copy;
}

}  // namespace vnpu::cv18xx
