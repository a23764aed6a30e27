#include "sim/cv18xx/placement.h"

#include <algorithm>

#include "base/error.h"

namespace vnpu::cv18xx {
namespace {

constexpr std::uint64_t page = 4096;
// Taken lazily: only pages that a command really touches cost memory.
constexpr std::uint64_t gap = 16u << 20;
constexpr std::uint64_t limit = std::uint64_t{4} << 30;  // the vendor's simulated device

std::uint64_t page_rounded(std::uint64_t size) { return (size + page - 1) / page * page; }

}  // namespace

std::string_view base_name(unsigned sel) {
  constexpr std::string_view names[] = {"shared", "weight", "private", "io3", "io4", "io5", "io6", "io7"};
  return names[sel & 7];
}

Placement place(const cvimodel::Model& model, const cvimodel::Program& program) {
  Placement placement;
  auto& regions = placement.regions;
  // All programs share one block; the largest decides.
  for (const auto& each : model.programs) {
    regions[base_shared].size = std::max<std::uint64_t>(regions[base_shared].size, each.shared_gmem);
  }
  for (const auto& section : model.sections) {
    if (section.type == cvimodel::SectionType::weight) {
      regions[base_weight].size = std::max<std::uint64_t>(regions[base_weight].size, section.bytes.size());
    }
  }
  regions[base_private].size = program.private_gmem;
  for (const auto& tensor : program.tensors) {
    if (!tensor.place || tensor.place->sel < base_first_io) continue;
    auto& region = regions[tensor.place->sel];
    region.size = std::max(region.size, tensor.place->offset + tensor.byte_size());
  }
  const bool one_block = program.neuron_size != 0;  // old scheme: bases 0 and 2 are the same memory
  if (one_block) regions[base_shared].size = program.neuron_size;

  std::uint64_t total = page;  // address 0 is never a tensor
  for (unsigned sel = 0; sel < regions.size(); ++sel) {
    if (regions[sel].size > limit) {
      throw Error(ErrorKind::unsupported, std::string(base_name(sel)) + " memory of " +
                                              std::to_string(regions[sel].size) +
                                              " bytes: more than the 4 GiB of the simulated device");
    }
    regions[sel].address = total;
    total += page_rounded(regions[sel].size) + (sel == base_private ? 0 : gap);
  }
  if (one_block) regions[base_private] = regions[base_shared];
  if (total > limit + 8 * gap) {
    throw Error(ErrorKind::unsupported, "the model needs " + std::to_string(total) +
                                            " bytes of memory: more than the 4 GiB of the simulated device");
  }
  placement.total = total;
  return placement;
}

void check_places(const cvimodel::Model& model, const cvimodel::Program& program, const Placement& placement) {
  const auto check = [&](const std::string& what, const cvimodel::Place& where, std::uint64_t size) {
    const Region& region = placement.regions[where.sel & 7];
    if (where.offset > region.size || size > region.size - where.offset) {
      throw Error(ErrorKind::damaged, what + ": " + std::to_string(size) + " bytes at offset " +
                                          std::to_string(where.offset) + " do not fit into the " +
                                          std::string(base_name(where.sel)) + " memory of " +
                                          std::to_string(region.size) + " bytes");
    }
  };
  for (const auto& tensor : program.tensors) {
    if (tensor.place) check("tensor " + tensor.name, *tensor.place, tensor.byte_size());
  }
  for (const auto& weight : model.weights) check("weight " + weight.name, weight.place, weight.size);
}

}  // namespace vnpu::cv18xx
