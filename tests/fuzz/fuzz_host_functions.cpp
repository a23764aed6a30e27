// CPU functions of .cvimodel files with attributes, shapes and bytes made of the input.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "sim/cv18xx/host_functions/host_functions.h"

namespace {

using namespace vnpu;
using namespace vnpu::cv18xx;

class Source {
 public:
  explicit Source(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value;
  }
  std::int32_t word() {  // small numbers most of the time
    const std::uint8_t kind = byte();
    if (kind < 200) return kind % 9 - 1;
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value = value << 8 | byte();
    return static_cast<std::int32_t>(value);
  }
  float real() {
    const std::uint8_t kind = byte();
    if (kind < 200) return static_cast<float>(kind % 32) / 16.0f - 0.5f;
    const std::int32_t bits = word();
    float value = 0;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

struct Key {
  const char* name;
  char kind;  // i, f, b, s, I, F
};

constexpr Key keys[] = {{"axis", 'i'},
                        {"scale", 'f'},
                        {"threshold", 'f'},
                        {"from", 's'},
                        {"to", 's'},
                        {"raw_scale", 'f'},
                        {"mean", 'F'},
                        {"color_order", 'I'},
                        {"upscale_factor", 'i'},
                        {"mode", 'i'},
                        {"batch_dims", 'i'},
                        {"indice_dims", 'i'},
                        {"K", 'i'},
                        {"largest", 'b'},
                        {"sorted", 'b'},
                        {"axes", 'I'},
                        {"variance_epsilon", 'f'},
                        {"coordinate_transformation_mode", 's'},
                        {"pad_beg", 'i'},
                        {"pad_end", 'i'},
                        {"padding_mode", 'i'},
                        {"align_corners", 'b'},
                        {"kernel_h", 'i'},
                        {"kernel_w", 'i'},
                        {"stride_h", 'i'},
                        {"stride_w", 'i'},
                        {"padding_t", 'i'},
                        {"padding_l", 'i'},
                        {"dilation_h", 'i'},
                        {"dilation_w", 'i'},
                        {"deform_group", 'i'},
                        {"pooled_h", 'i'},
                        {"pooled_w", 'i'},
                        {"spatial_scale", 'f'},
                        {"feat_stride", 'i'},
                        {"anchor_base_size", 'i'},
                        {"net_input_h", 'i'},
                        {"net_input_w", 'i'},
                        {"rpn_obj_threshold", 'f'},
                        {"rpn_nms_threshold", 'f'},
                        {"rpn_nms_post_top_n", 'i'},
                        {"nms_threshold", 'f'},
                        {"obj_threshold", 'f'},
                        {"keep_topk", 'i'},
                        {"class_num", 'i'},
                        {"tiny", 'b'},
                        {"anchors", 's'},
                        {"num_classes", 'i'},
                        {"background_label_id", 'i'},
                        {"top_k", 'i'},
                        {"keep_top_k", 'i'},
                        {"share_location", 'b'},
                        {"code_type", 's'},
                        {"confidence_threshold", 'f'}};

constexpr const char* words[] = {"NONE",
                                 "INT8",
                                 "BF16",
                                 "CENTER_SIZE",
                                 "half_pixel",
                                 "align_corners",
                                 "asymmetric",
                                 "nearest",
                                 "nearest_half_pixel",
                                 "10,14,23,27,37,58,81,82,135,169,344,319",
                                 "10,13,16,30,33,23,30,61,62,45,59,119,116,90,156,198,373,326",
                                 "1,,x"};

cvimodel::Attribute attribute(Source& in, const Key& key) {
  cvimodel::Attribute a{key.name, {}};
  const auto many = [&in](auto one) {
    std::vector<decltype(one())> values(in.byte() % 5);
    for (auto& v : values) v = one();
    return values;
  };
  switch (key.kind) {
    case 'i': a.value = in.word(); break;
    case 'f': a.value = in.real(); break;
    case 'b': a.value = (in.byte() & 1) != 0; break;
    case 's': a.value = std::string(words[in.byte() % std::size(words)]); break;
    case 'I': a.value = many([&in] { return in.word(); }); break;
    default: a.value = many([&in] { return in.real(); }); break;
  }
  return a;
}

void tensor(Source& in, std::vector<HostTensor>& list, std::vector<std::vector<std::uint8_t>>& memory) {
  constexpr DType types[] = {DType::f32, DType::f32, DType::f32, DType::i8,  DType::bf16,
                             DType::i32, DType::u16, DType::u8,  DType::f32, DType::f32};
  constexpr std::int64_t sizes[] = {1, 1, 2, 3, 4, 5, 8, 18, 36, 24};
  HostTensor t;
  t.name = "t";
  t.dtype = types[in.byte() % std::size(types)];
  std::size_t count = size_of(t.dtype);
  for (std::int64_t& d : t.shape) {
    d = sizes[in.byte() % std::size(sizes)];
    if (count * static_cast<std::size_t>(d) > 20000) d = 1;
    count *= static_cast<std::size_t>(d);
  }
  auto& bytes = memory.emplace_back(count);
  const std::uint8_t fill = in.byte();
  for (std::uint8_t& b : bytes) b = fill < 128 ? in.byte() : fill;
  if (in.byte() == 255) t.shape[in.byte() & 3] = in.word();
  t.bytes = bytes;
  list.push_back(t);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Source in({data, size});
  HostCall call;
  const auto names = host_function_names();
  call.function = std::string(names[in.byte() % names.size()]);
  const std::uint8_t missing = in.byte();  // one attribute in some calls
  for (std::size_t k = 0; k < std::size(keys); ++k) {
    if (k == missing) continue;
    call.attributes.push_back(attribute(in, keys[k]));
    if (call.function == "pixelshuffle" && call.attributes.back().key == "mode")
      call.attributes.back().value = std::string("DCR");
  }
  std::vector<std::vector<std::uint8_t>> memory;
  memory.reserve(16);
  const std::size_t inputs = 1 + in.byte() % 9;
  for (std::size_t i = 0; i < inputs; ++i) tensor(in, call.inputs, memory);
  for (int i = 0; i < 2; ++i) tensor(in, call.outputs, memory);
  try {
    run_host_function(call);
  } catch (const Error&) {
  }
  return 0;
}
