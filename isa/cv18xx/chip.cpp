#include "isa/cv18xx/chip.h"

namespace vnpu::cv18xx {
namespace {
constexpr Chip table[] = {
    {"cv181x", 8, 0xA7, 182202},
    {"cv180x", 2, 0xA8, 182203},
};
}  // namespace

std::span<const Chip> chips() { return table; }

const Chip* find_chip(std::string_view name) {
  for (const Chip& chip : table) {
    if (chip.name == name) return &chip;
  }
  return nullptr;
}

}  // namespace vnpu::cv18xx
