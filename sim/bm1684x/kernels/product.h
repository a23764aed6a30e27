// Sums of products, block by block: packs the cells of a chunk of the depth, adds its products to the sums of all rows.
#pragma once

#include <vector>

#include "sim/bm1684x/kernels/gemm.h"
#include "sim/core/workspace.h"

namespace vnpu::bm1684x::kernels {

enum class ProductKind : std::uint8_t { bytes, floats, cube };

struct Product {
  const GemmOps& ops;
  ProductKind kind;
  std::size_t rows = 0;
  std::vector<std::size_t> depths;        // of the chunks, at most `most_depth` each
  const std::int32_t* weights = nullptr;  // chunk after chunk, see gemm.h

  std::size_t weight_words() const { return kind == ProductKind::bytes ? ops.byte_weight_words : 1; }
};
inline constexpr std::size_t most_depth = 64;

// Accumulators and cells of a block.
struct ProductRoom {
  ProductRoom(const Product& product, Workspace& workspace)
      : sums(workspace.take<std::int32_t>(product.rows * block)),
        second(workspace.take<std::int32_t>(product.kind == ProductKind::floats ? product.rows * block : 0)),
        cells(workspace.take<std::int32_t>(most_depth * block)) {}

  std::int32_t *sums, *second, *cells;
};

// For every block of results: start(first, count, sums, second) fills the accumulators, pack(entry, depth, count,
// cells) writes the cells of a chunk, finish(first, count, sums, second) takes the result. `second` is of floats only.
// next(first, count) announces a block. False when a chunk has no short way.
template <class Next, class Start, class Pack, class Finish>
bool for_blocks(const Product& product, const ProductRoom& room, std::size_t results, Next&& next, Start&& start,
                Pack&& pack, Finish&& finish) {
  auto [sums, second, cells] = room;
  for (std::size_t first = 0; first < results; first += block) {
    const std::size_t count = results - first < block ? results - first : block;
    next(first, count);
    start(first, count, sums, second);
    const std::int32_t* weights = product.weights;
    std::size_t entry = 0;
    for (const std::size_t depth : product.depths) {
      pack(entry, depth, count, cells);
      const Chunk chunk{cells, weights, product.rows, depth, count};
      if (product.kind == ProductKind::bytes) {
        product.ops.add_bytes(chunk, sums);
      } else if (product.kind == ProductKind::floats) {
        product.ops.add_floats(chunk, reinterpret_cast<float*>(sums), reinterpret_cast<float*>(second));
      } else if (!product.ops.add_cube(chunk, reinterpret_cast<float*>(sums))) {
        return false;
      }
      weights += product.rows * depth * product.weight_words();
      entry += depth;
    }
    finish(first, count, sums, second);
  }
  return true;
}

}  // namespace vnpu::bm1684x::kernels
