// A command on its way through the kernels, and what their files share: rows in and out of local memory, the checks
// that make fast arithmetic exact.
#pragma once

#include <xmmintrin.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/core/workspace.h"
#include "sim/cv18xx/kernels/ops.h"
#include "sim/cv18xx/requantise.h"
#include "sim/cv18xx/tiu_job.h"

namespace vnpu::cv18xx::kernels {

struct KernelJob {
  const TiuJob& job;
  Workspace& workspace;
  const Ops& ops;

  const TiuCommand& command() const { return job.command; }
  std::uint8_t* at(std::uint64_t address) const { return job.local.data() + address; }
};

// Each covers the common forms of one kind of command. False: not this form, nothing was changed. Throws what the law
// would throw.
bool conv(const KernelJob& k);
bool depthwise(const KernelJob& k);
bool pool(const KernelJob& k);
bool matmul(const KernelJob& k);
bool arith(const KernelJob& k);
bool lut(const KernelJob& k);

// Room for one buffer of a kernel; what asks for more is left to the law.
inline constexpr std::uint64_t buffer_limit = std::uint64_t{64} << 20;

// Whether computing `pixels` results a channel instead of the `wanted` ones is no waste to speak of: `work`
// multiplications in all. A kernel wider than its results would cost hostile commands far more than the law allows.
inline bool worthwhile(std::ptrdiff_t pixels, std::uint64_t wanted, std::uint64_t work) {
  return static_cast<std::uint64_t>(pixels) <= 8 * wanted || work < std::uint64_t{1} << 28;
}

inline constexpr std::ptrdiff_t round_up(std::ptrdiff_t v, std::ptrdiff_t unit) { return (v + unit - 1) / unit * unit; }

// Results of a channel stand this far apart: whole vectors of every level may be written.
inline constexpr std::ptrdiff_t row_unit = 64;

// While it lives, float operations round toward zero and flush subnormal results to 0; subnormal operands count (fp32
// biases keep them; bf16 operands are flushed when they are widened). The loops of Ops stand in files of their own, so
// no float operation can move across its borders.
class FloatScope {
 public:
  FloatScope() : saved_(_mm_getcsr()) { _mm_setcsr(masks | toward_zero | flush); }
  ~FloatScope() { _mm_setcsr(saved_); }
  FloatScope(const FloatScope&) = delete;
  FloatScope& operator=(const FloatScope&) = delete;

 private:
  static constexpr unsigned masks = 0x1F80, toward_zero = 0x6000, flush = 0x8000;
  unsigned saved_;
};

// ---- elements between local memory and dense buffers ----

// All elements of plane `plane` of the view in the order n, c, h, w; T as wide as its elements.
template <class T>
void gather_dense(const KernelJob& k, const TensorView& view, T* out, unsigned plane = 0);

// Rows of `pitch` elements, h rows side by side for each n, c, channels `channel_pitch` elements apart; the first w
// elements of a row are stored.
template <class T>
void scatter_rows(const KernelJob& k, const TensorView& view, const T* values, std::ptrdiff_t pitch,
                  std::ptrdiff_t channel_pitch, unsigned plane = 0);
template <class T>
void scatter_dense(const KernelJob& k, const TensorView& view, const T* values, unsigned plane = 0) {
  scatter_rows(k, view, values, view.w, std::ptrdiff_t{view.h} * view.w, plane);
}
// fp32 partial sums, upper halves in plane 0, lower in plane 1; rows as above.
void gather_words(const KernelJob& k, const TensorView& view, std::uint32_t* out, std::ptrdiff_t pitch,
                  std::ptrdiff_t channel_pitch);
void scatter_words(const KernelJob& k, const TensorView& view, const std::uint32_t* values, std::ptrdiff_t pitch,
                   std::ptrdiff_t channel_pitch);

// ---- requantisation ----

// The finish of a plain (shift) or qdm command as the registers give it; false when this form is left to the law.
bool int_finish(const TiuCommand& command, IntFinish& finish);
// Fills multiplier and shifts of one channel; false for a code the kernels leave to the law.
bool channel_finish(const KernelJob& k, const ChannelParams& params, ChannelFinish& finish);

// ---- exactness of fp32 sums ----

// The smallest and the largest exponent of a range; 255 and 0 when it met no number but zero.
std::uint32_t lowest(const ExponentRange& range);
std::uint32_t highest(const ExponentRange& range);

// No sum of `count` products of an a and a w, added to a start below 2^(start_high - 126), reaches the largest finite
// number, and no operand is Inf or NaN (all ranges biased exponents).
bool sums_stay_finite(const ExponentRange& a, const ExponentRange& w, std::uint64_t count, std::uint32_t start_high);
// No product of non-zero numbers lies below 2^-126, so that a fused multiply-add is exact too.
inline bool products_stay_normal(const ExponentRange& a, const ExponentRange& w) {
  return lowest(a) + lowest(w) >= 128;
}

// The bf16 pattern of the insert value of sums; false when it is no bf16 number.
bool insert_pattern(const TiuJob& job, std::uint16_t& bits);

}  // namespace vnpu::cv18xx::kernels
