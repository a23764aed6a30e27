#include "models/cvimodel/write.h"

#include <lz4.h>

#include <algorithm>

#include "base/digest.h"
#include "cvimodel_generated.h"
#include "models/cvimodel/parts.h"

namespace vnpu::cvimodel {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;
template <class T>
using Offset = flatbuffers::Offset<T>;
using Text = Offset<flatbuffers::String>;

Text text(Builder& builder, const std::string& in) { return in.empty() ? Text() : builder.CreateString(in); }

fb::DType dtype(DType in) {
  switch (in) {
    case DType::f32: return fb::DType::fp32;
    case DType::i32: return fb::DType::int32;
    case DType::u32: return fb::DType::uint32;
    case DType::bf16: return fb::DType::bf16;
    case DType::i16: return fb::DType::int16;
    case DType::u16: return fb::DType::uint16;
    case DType::i8: return fb::DType::int8;
    case DType::u8: return fb::DType::uint8;
    default: throw Error(ErrorKind::usage, "a .cvimodel has no element type " + std::string(name(in)));
  }
}

std::int64_t device_offset(const Place& place) {
  return static_cast<std::int64_t>(std::uint64_t{place.sel} << 40 | place.offset);
}

template <class Dims>
Offset<fb::Shape> shape(Builder& builder, const Dims& dims) {
  return fb::CreateShape(builder, builder.CreateVector(dims.data(), dims.size()));
}

Offset<fb::Tensor> tensor(Builder& builder, const Tensor& in) {
  const auto name = builder.CreateString(in.name);
  const auto dims = shape(builder, in.shape);
  const auto stride = in.stride.empty() ? Offset<fb::Shape>() : shape(builder, in.stride);
  Offset<fb::QuantInfo> quant;
  if (in.quant) {
    quant = fb::CreateQuantInfo(builder, static_cast<fb::QuantType>(in.quant->type), in.quant->max_value,
                                in.quant->min_value, in.quant->zero_point, in.quant->qscale);
  }
  const auto scale = builder.CreateVector(in.scale), mean = builder.CreateVector(in.mean);
  const auto pixel_format = text(builder, in.pixel_format);
  return fb::CreateTensor(builder, in.id, name, in.place ? device_offset(*in.place) : -1, dtype(in.dtype), dims, stride,
                          quant, in.overwrote, scale, mean, pixel_format, in.aligned, in.size);
}

Offset<fb::Attribute> attribute(Builder& builder, const Attribute& in) {
  const auto key = builder.CreateString(in.key);
  const auto finish = [&](auto add, auto table) {
    fb::AttributeBuilder out(builder);
    (out.*add)(table);
    return out.Finish();
  };
  using A = fb::AttributeBuilder;
  switch (in.value.index()) {
    case 0: return finish(&A::add_float_attr, fb::CreateFloatAttr(builder, key, std::get<0>(in.value)));
    case 1: return finish(&A::add_bool_attr, fb::CreateBoolAttr(builder, key, std::get<1>(in.value)));
    case 2: return finish(&A::add_int_attr, fb::CreateIntAttr(builder, key, std::get<2>(in.value)));
    case 3: {
      const auto value = builder.CreateString(std::get<3>(in.value));
      return finish(&A::add_str_attr, fb::CreateStrAttr(builder, key, value));
    }
    case 4: {
      const auto value = builder.CreateVector(std::get<4>(in.value));
      return finish(&A::add_float_array_attr, fb::CreateFloatArrayAttr(builder, key, value));
    }
    default: {
      const auto value = builder.CreateVector(std::get<5>(in.value));
      return finish(&A::add_int_array_attr, fb::CreateIntArrayAttr(builder, key, value));
    }
  }
}

Bytes arguments(const std::vector<Attribute>& attributes) {
  Builder builder;
  std::vector<Offset<fb::Attribute>> list;
  for (const Attribute& in : attributes) list.push_back(attribute(builder, in));
  builder.Finish(fb::CreateParameter(builder, builder.CreateVector(list)));
  return Bytes(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
}

Offset<fb::Routine> routine(Builder& builder, const Routine& in) {
  const auto inputs = builder.CreateVectorOfStrings(in.inputs), outputs = builder.CreateVectorOfStrings(in.outputs);
  if (const auto* tpu = std::get_if<TpuRoutine>(&in.body)) {
    const auto section = builder.CreateString(tpu->section);
    const auto body =
        tpu->is_dmabuf ? fb::CreateTpuRoutine(builder, 0, section) : fb::CreateTpuRoutine(builder, section);
    return fb::CreateRoutine(builder, fb::RoutineType::tpu, inputs, outputs, body);
  }
  const auto& cpu = std::get<CpuRoutine>(in.body);
  const auto function = builder.CreateString(cpu.function);
  const auto args = builder.CreateVector(arguments(cpu.attributes));
  const auto body = fb::CreateCpuRoutine(builder, function, args);
  return fb::CreateRoutine(builder, fb::RoutineType::cpu, inputs, outputs, 0, body);
}

Offset<fb::Program> program(Builder& builder, const Program& in) {
  std::vector<Offset<fb::Tensor>> tensors;
  for (const Tensor& entry : in.tensors) tensors.push_back(tensor(builder, entry));
  std::vector<Offset<fb::Routine>> routines;
  for (const Routine& entry : in.routines) routines.push_back(routine(builder, entry));
  const auto inputs = builder.CreateVectorOfStrings(in.inputs), outputs = builder.CreateVectorOfStrings(in.outputs);
  const auto tensor_map = builder.CreateVector(tensors);
  const auto routine_list = builder.CreateVector(routines);
  return fb::CreateProgram(builder, in.batch_num, in.neuron_size, inputs, outputs, tensor_map, routine_list,
                           in.shared_gmem, in.private_gmem);
}

Bytes stored_bytes(const Section& section) {
  if (!section.compressed || section.encrypted) return section.bytes;
  Bytes out(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(section.bytes.size()))));
  const int size =
      LZ4_compress_default(reinterpret_cast<const char*>(section.bytes.data()), reinterpret_cast<char*>(out.data()),
                           static_cast<int>(section.bytes.size()), static_cast<int>(out.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

Offset<fb::Weight> weight(Builder& builder, const Weight& in) {
  const auto name = builder.CreateString(in.name);
  const auto dims = shape(builder, in.shape);
  return fb::CreateWeight(builder, name, device_offset(in.place), in.size, dims, dtype(in.dtype));
}

}  // namespace

Bytes write(const Model& model) {
  Builder builder;
  builder.ForceDefaults(true);  // so that every scalar has a place of its own to damage
  Bytes data;
  std::vector<Offset<fb::Section>> sections;
  for (const Section& in : model.sections) {
    const Bytes stored = stored_bytes(in);
    const auto name = builder.CreateString(in.name);
    const auto unpacked = in.compressed ? static_cast<std::uint32_t>(in.bytes.size()) : 0;
    sections.push_back(fb::CreateSection(
        builder, static_cast<fb::SectionType>(in.type), name, static_cast<std::uint32_t>(stored.size()),
        static_cast<std::uint32_t>(data.size()), in.encrypted, in.compressed, unpacked));
    data.insert(data.end(), stored.begin(), stored.end());
  }
  std::vector<Offset<fb::Weight>> weights;
  for (const Weight& in : model.weights) weights.push_back(weight(builder, in));
  std::vector<Offset<fb::Program>> programs;
  for (const Program& in : model.programs) programs.push_back(program(builder, in));
  Offset<fb::PreProcessHints> hints;
  if (const auto& in = model.preprocess_hints) {
    const auto color = text(builder, in->color), mean = text(builder, in->mean), std = text(builder, in->std);
    const auto data_format = text(builder, in->data_format);
    hints = fb::CreatePreProcessHints(builder, color, in->raw_scale, mean, std, in->input_scale, data_format);
  }
  const fb::Version version(model.version[0], model.version[1], model.version[2]);
  const auto name = text(builder, model.name), build_time = text(builder, model.build_time);
  const auto target = text(builder, model.target), mlir_version = text(builder, model.mlir_version);
  const auto weight_map = builder.CreateVector(weights);
  const auto program_list = builder.CreateVector(programs);
  const auto section_list = builder.CreateVector(sections);
  builder.Finish(fb::CreateModel(builder, &version, name, build_time, hints, 0, weight_map, program_list, section_list,
                                 target, mlir_version));

  // The body is padded, so that the sections stay aligned.
  const std::uint32_t body_size = (builder.GetSize() + 15) / 16 * 16;
  Bytes file(header_bytes + body_size);
  const std::string_view magic = "CviModel";
  std::copy(magic.begin(), magic.end(), file.begin());
  for (int i = 0; i < 4; ++i) file[8 + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(body_size >> (8 * i));
  file[12] = model.header.major;
  file[13] = model.header.minor;
  std::copy_n(model.header.chip.begin(), std::min<std::size_t>(model.header.chip.size(), 16), file.begin() + 30);
  file[46] = 'C';
  file[47] = 'v';
  std::copy_n(builder.GetBufferPointer(), builder.GetSize(), file.begin() + header_bytes);
  file.insert(file.end(), data.begin(), data.end());
  set_md5(file);
  return file;
}

void set_md5(Bytes& file) {
  if (file.size() < header_bytes) throw Error(ErrorKind::usage, "the file has no complete header");
  const std::string md5 = md5_hex(std::span(file).subspan(header_bytes));
  for (std::size_t i = 0; i < 16; ++i) {
    file[14 + i] = static_cast<std::uint8_t>(std::stoul(md5.substr(2 * i, 2), nullptr, 16));
  }
}

}  // namespace vnpu::cvimodel
