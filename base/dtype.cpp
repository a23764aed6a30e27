#include "base/dtype.h"

#include <array>

namespace vnpu {
namespace {
struct Row {
  std::size_t size;
  std::string_view name;
};
constexpr std::array<Row, 13> rows{{{4, "f32"},
                                    {4, "i32"},
                                    {4, "u32"},
                                    {2, "bf16"},
                                    {2, "i16"},
                                    {2, "u16"},
                                    {1, "i8"},
                                    {1, "u8"},
                                    {8, "f64"},
                                    {8, "i64"},
                                    {8, "u64"},
                                    {2, "f16"},
                                    {1, "bool"}}};
}  // namespace

std::size_t size_of(DType dtype) { return rows.at(static_cast<std::size_t>(dtype)).size; }
std::string_view name(DType dtype) { return rows.at(static_cast<std::size_t>(dtype)).name; }

}  // namespace vnpu
