#include "sim/k210/kpu.h"

#include "base/error.h"
#include "sim/k210/kernels/layer_kernel.h"
#include "sim/k210/law.h"

namespace vnpu::k210 {
namespace {

void require_bytes(std::span<const std::uint8_t> bytes, std::uint64_t wanted, const char* what) {
  if (bytes.size() >= wanted) return;
  throw Error(ErrorKind::damaged, std::string(what) + ": " + std::to_string(bytes.size()) + " bytes, " +
                                      std::to_string(wanted) + " are needed");
}

bool overlaps(std::uint64_t a, std::uint64_t a_lines, std::uint64_t b, std::uint64_t b_lines) {
  return a < b + b_lines && b < a + a_lines;
}

}  // namespace

KpuLayer::KpuLayer(const Layer& layer, const KpuParameters& parameters, std::uint32_t batches, Arithmetic arithmetic,
                   SimdLevel level)
    : layer_(layer),
      parameters_(parameters),
      batches_(batches),
      arithmetic_(arithmetic),
      input_(input_shape(layer)),
      output_(output_shape(layer, arithmetic)) {
  for (const LayerNote& note : check_layer(layer, arithmetic, batches)) {
    if (!note.refused) continue;
    const bool memory = note.field == "image_src_addr" || note.field == "image_dst_addr";
    throw Error(memory ? ErrorKind::fault : ErrorKind::unsupported,
                "layer descriptor, " + note.field + ": " + note.text);
  }
  require_bytes(parameters.weights, layer.weight_count() * (parameters.wide_weights ? 2 : 1), "weights");
  require_bytes(parameters.bn, bn_bytes * layer.out_channels(), "bn table");
  require_bytes(parameters.activation, activation_bytes, "activation table");
  for (const Segment& segment : decode_activation(parameters.activation.first<activation_bytes>())) {
    if (segment.shift_number > 63 && segment.y_mul != 0) {
      throw Error(ErrorKind::unsupported,
                  "activation table: a shift by " + std::to_string(segment.shift_number) + " of a 64-bit product");
    }
  }
  if (level != SimdLevel::scalar) kernel_ = std::make_unique<LayerKernel>(layer, parameters, arithmetic, level);
}

KpuLayer::KpuLayer(KpuLayer&&) noexcept = default;
KpuLayer& KpuLayer::operator=(KpuLayer&&) noexcept = default;
KpuLayer::~KpuLayer() = default;

void KpuLayer::run(AiRam& ram) const {
  for (std::uint32_t batch = 0; batch < batches_; ++batch) {
    const std::uint64_t from = static_cast<std::uint64_t>(layer_.image_src_addr) + batch * input_.lines();
    const std::uint64_t to = static_cast<std::uint64_t>(layer_.image_dst_addr) + batch * output_.lines();
    if (kernel_) {
      std::uint8_t* bytes = ram.bytes().data();
      kernel_->run(bytes + from * line_bytes, bytes + to * line_bytes,
                   overlaps(from, input_.lines(), to, output_.lines()), ram.workspace());
      continue;
    }
    Bytes in(input_.count()), out(output_.count());
    ram.read(from, input_, in);
    kpu_law(layer_, parameters_, arithmetic_, in, out);
    ram.write(to, output_, out);
  }
}

void KpuLayer::read_output(const AiRam& ram, std::span<std::uint8_t> to) const {
  if (to.size() != output_.count() * batches_) throw Error(ErrorKind::internal, "output bytes of another size");
  for (std::uint32_t batch = 0; batch < batches_; ++batch) {
    ram.read(static_cast<std::uint64_t>(layer_.image_dst_addr) + batch * output_.lines(), output_,
             to.subspan(batch * output_.count(), output_.count()));
  }
}

}  // namespace vnpu::k210
