// The cosine transforms of IJG libjpeg 9 ("islow") for blocks of 8 and of 16 samples a side.
//
// Each direction is one product with a matrix of integers, scaled by 2^13; between the two directions two extra bits
// are kept. The numbers are sqrt(2)*cos((2x+1)*k*pi/2N), but for the last bit of some of them: the library computes
// with sums of rounded constants, and these are the coefficients its factorisation amounts to.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vnpu::programs {

// 8 x 8 dequantised coefficients to `columns` x `rows` samples (each 8 or 16).
void inverse_block(const std::int64_t* coefficients, std::size_t rows, std::size_t columns, std::uint8_t* out,
                   std::size_t stride);

// `side` x `side` samples (8 or 16) to 8 x 8 coefficients, eight times too large as the quantiser expects them.
void forward_block(const std::uint8_t* samples, std::size_t stride, std::size_t side, std::int32_t* out);

}  // namespace vnpu::programs
