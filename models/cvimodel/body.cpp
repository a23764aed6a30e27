// The flatbuffer as structs, each value checked where its place in the file is still known.
#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "base/flatbuffer_check.h"
#include "cvimodel_generated.h"
#include "models/cvimodel/parts.h"

namespace vnpu::cvimodel {
namespace {

using Strings = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>;

constexpr std::uint64_t max_tensor_bytes = 0xffffffff;  // a size field has 32 bits
constexpr std::array dtypes{DType::f32, DType::i32, DType::u32, DType::bf16,
                            DType::i16, DType::u16, DType::i8,  DType::u8};

class Reader {
 public:
  Reader(ByteView body, Budget& budget, Model& model) : body_(body), budget_(budget), model_(model) {}

  void model(const fb::Model& in) {
    const auto* version = in.version();
    if (!version) damaged(at(&in), "version", "is missing");
    model_.version = {version->major(), version->minor(), version->sub_minor()};
    if (version->major() != model_.header.major || version->minor() != model_.header.minor) {
      damaged(at(version), "version",
              "the flatbuffer is of format " + std::to_string(version->major()) + "." +
                  std::to_string(version->minor()) + ", the header says " + std::to_string(model_.header.major) + "." +
                  std::to_string(model_.header.minor));
    }
    model_.name = text(in.name(), "name");
    model_.build_time = text(in.build_time(), "build_time");
    model_.target = text(in.target(), "target");
    model_.mlir_version = text(in.mlir_version(), "mlir_version");
    if (in.target() && !model_.target.empty() && model_.target != model_.header.chip) {
      damaged(at(in.target()), "target",
              "the flatbuffer is built for " + model_.target + ", the header says " + model_.header.chip);
    }
    if (const auto* hints = in.preprocess_hints()) preprocess_hints(*hints);
    sections(in);
    weights(in);
    const auto* programs = in.programs();
    if (!programs || programs->size() == 0) damaged(at(&in), "programs", "the model has no program");
    reserve(model_.programs, programs->size(), at(programs), "programs");
    for (std::uint32_t i = 0; i < programs->size(); ++i) {
      program(*programs->Get(i), "programs[" + std::to_string(i) + "]");
    }
  }

 private:
  std::uint64_t at(const void* place) const {
    return body_.file_offset() + static_cast<std::uint64_t>(static_cast<const std::uint8_t*>(place) - body_.data());
  }

  // Place of a field; of its table when the field is left out.
  template <class Table>
  std::uint64_t at(const Table& table, flatbuffers::voffset_t field) const {
    const auto* plain = reinterpret_cast<const flatbuffers::Table*>(&table);
    const auto* address = plain->GetAddressOf(field);
    return at(address ? static_cast<const void*>(address) : &table);
  }

  std::string text(const flatbuffers::String* in, const std::string& field) {
    if (!in) return {};
    budget_.charge(in->size() + 1, at(in), field);
    return in->str();
  }

  template <class T>
  void reserve(std::vector<T>& out, std::uint64_t count, std::uint64_t offset, const std::string& field) {
    budget_.charge(count * (sizeof(T) + 8), offset, field);
    out.reserve(count);
  }

  template <class T>
  std::vector<T> numbers(const flatbuffers::Vector<T>* in, const std::string& field) {
    std::vector<T> out;
    if (!in) return out;
    reserve(out, in->size(), at(in), field);
    out.assign(in->begin(), in->end());
    return out;
  }

  std::string required(const flatbuffers::String* in, std::uint64_t offset, const std::string& field) {
    if (!in) damaged(offset, field, "is missing");
    if (in->size() == 0) damaged(at(in), field, "is empty");
    return text(in, field);
  }

  // Names that must be those of tensors of the program or, where weights are given, of weights.
  std::vector<std::string> names(const Strings* in, const std::set<std::string_view>& tensors,
                                 const std::set<std::string_view>* weights, const std::string& field) {
    std::vector<std::string> out;
    if (!in) return out;
    reserve(out, in->size(), at(in), field);
    for (std::uint32_t i = 0; i < in->size(); ++i) {
      const auto here = field + "[" + std::to_string(i) + "]";
      out.push_back(text(in->Get(i), here));
      if (!tensors.contains(out.back()) && !(weights && weights->contains(out.back()))) {
        damaged(at(in->Get(i)), here, "tensor \"" + out.back() + "\" does not exist");
      }
    }
    return out;
  }

  DType dtype(fb::DType in, std::uint64_t offset, const std::string& field) const {
    const auto number = static_cast<std::size_t>(in);
    if (number >= dtypes.size()) damaged(offset, field, "element type " + std::to_string(number) + " is not known");
    return dtypes[number];
  }

  // Four positive dimensions whose bytes can be counted in 32 bits.
  std::array<std::int64_t, 4> shape(const fb::Shape* in, DType type, std::uint64_t offset, const std::string& field) {
    if (!in || !in->dim()) damaged(offset, field, "is missing");
    const auto* dim = in->dim();
    if (dim->size() != 4) damaged(at(dim), field, "has " + std::to_string(dim->size()) + " dimensions, not 4");
    std::array<std::int64_t, 4> out{1, 1, 1, 1};
    std::uint64_t bytes = size_of(type);
    for (std::uint32_t i = 0; i < dim->size(); ++i) {
      const std::int64_t value = dim->Get(i);
      const std::uint64_t place = at(dim->Data() + 8 * i);
      if (value <= 0) damaged(place, field, "dimension " + std::to_string(value) + " is not positive");
      if (static_cast<std::uint64_t>(value) > max_tensor_bytes / bytes) {
        damaged(place, field, "the tensor has more than " + std::to_string(max_tensor_bytes) + " bytes");
      }
      bytes *= static_cast<std::uint64_t>(value);
      out[i] = value;
    }
    return out;
  }

  Place device_place(std::int64_t offset, std::uint64_t where, const std::string& field) const {
    const auto bits = static_cast<std::uint64_t>(offset);
    if (bits >> 43 != 0)
      damaged(where, field, "bits 43..63 of the address " + std::to_string(offset) + " are not zero");
    return {static_cast<std::uint8_t>(bits >> 40), bits & ((std::uint64_t{1} << 40) - 1)};
  }

  void preprocess_hints(const fb::PreProcessHints& in) {
    PreprocessHints& out = model_.preprocess_hints.emplace();
    out.color = text(in.color(), "preprocess_hints.color");
    out.mean = text(in.mean(), "preprocess_hints.mean");
    out.std = text(in.std(), "preprocess_hints.std");
    out.data_format = text(in.data_format(), "preprocess_hints.data_format");
    out.raw_scale = in.raw_scale();
    out.input_scale = in.input_scale();
  }

  void sections(const fb::Model& in);
  void weights(const fb::Model& in);
  void program(const fb::Program& in, const std::string& where);
  Tensor tensor(const fb::Tensor& in, const Program& program, const std::string& where);
  void check_extent(const Tensor& tensor, const Program& program, std::uint64_t offset, const std::string& field) const;
  Routine routine(const fb::Routine& in, const std::set<std::string_view>& tensors, const std::string& where);
  TpuRoutine tpu_routine(const fb::TpuRoutine& in, const std::string& where);
  CpuRoutine cpu_routine(const fb::CpuRoutine& in, const std::string& where);
  Attribute attribute(const fb::Attribute& in, const std::string& where);

  ByteView body_;
  Budget& budget_;
  Model& model_;
  std::map<std::string, SectionType, std::less<>> section_names_;
  std::set<std::string_view> weight_names_;
  std::uint64_t weight_bytes_ = 0;  // of the largest WEIGHT section
};

void Reader::sections(const fb::Model& in) {
  const auto* list = in.sections();
  if (!list) return;
  reserve(model_.sections, list->size(), at(list), "sections");
  const std::uint64_t origin = std::uint64_t{model_.header.size} + model_.header.body_size;
  for (std::uint32_t i = 0; i < list->size(); ++i) {
    const fb::Section& entry = *list->Get(i);
    const auto where = "sections[" + std::to_string(i) + "]";
    Section out;
    if (entry.type() > fb::SectionType::MAX) {
      damaged(at(entry, fb::Section::VT_TYPE), where + ".type",
              "section type " + std::to_string(static_cast<int>(entry.type())) + " is not known");
    }
    out.type = static_cast<SectionType>(entry.type());
    out.name = required(entry.name(), at(&entry), where + ".name");
    budget_.charge(2 * out.name.size() + 96, at(&entry), where);
    if (!section_names_.emplace(out.name, out.type).second) {
      damaged(at(entry.name()), where + ".name", "a second section is named \"" + out.name + "\"");
    }
    out.file_offset = origin + entry.offset();
    out.stored_size = entry.size();
    out.encrypted = entry.encrypt();
    out.compressed = entry.compress();
    out.size = out.compressed ? entry.decompressed_size() : entry.size();
    out.table_offset = at(entry, fb::Section::VT_OFFSET);
    if (out.type == SectionType::weight) weight_bytes_ = std::max<std::uint64_t>(weight_bytes_, out.size);
    model_.sections.push_back(std::move(out));
  }
}

void Reader::weights(const fb::Model& in) {
  const auto* list = in.weight_map();
  if (!list) return;
  reserve(model_.weights, list->size(), at(list), "weight_map");
  for (std::uint32_t i = 0; i < list->size(); ++i) {
    const fb::Weight& entry = *list->Get(i);
    const auto where = "weight_map[" + std::to_string(i) + "]";
    Weight out;
    out.name = required(entry.name(), at(&entry), where + ".name");
    out.dtype = dtype(entry.type(), at(entry, fb::Weight::VT_TYPE), where + ".type");
    out.shape = shape(entry.shape(), out.dtype, at(&entry), where + ".shape");
    const auto place = at(entry, fb::Weight::VT_OFFSET);
    out.place = device_place(entry.offset(), place, where + ".offset");
    out.size = entry.size();
    if (out.place.sel != 1) {
      damaged(place, where + ".offset", "base register " + std::to_string(out.place.sel) + " is not that of weights");
    }
    if (out.place.offset > weight_bytes_ || out.size > weight_bytes_ - out.place.offset) {
      damaged(place, where + ".offset",
              std::to_string(out.size) + " bytes at " + std::to_string(out.place.offset) +
                  " leave the weight section of " + std::to_string(weight_bytes_) + " bytes");
    }
    std::uint64_t bytes = size_of(out.dtype);
    for (const auto dim : out.shape) bytes *= static_cast<std::uint64_t>(dim);
    if (out.size != bytes) {
      damaged(at(entry, fb::Weight::VT_SIZE), where + ".size",
              std::to_string(out.size) + " bytes do not fit the shape, which needs " + std::to_string(bytes));
    }
    model_.weights.push_back(std::move(out));
    budget_.charge(64, at(&entry), where);
    if (!weight_names_.insert(model_.weights.back().name).second) {
      damaged(at(entry.name()), where + ".name", "a second weight is named \"" + model_.weights.back().name + "\"");
    }
  }
}

void Reader::program(const fb::Program& in, const std::string& where) {
  Program& out = model_.programs.emplace_back();
  out.batch_num = in.batch_num();
  out.neuron_size = in.neuron_size();
  out.shared_gmem = in.shared_gmem();
  out.private_gmem = in.private_gmem();

  std::set<std::string_view> known;
  if (const auto* list = in.tensor_map()) {
    reserve(out.tensors, list->size(), at(list), where + ".tensor_map");
    budget_.charge(std::uint64_t{list->size()} * 64, at(list), where + ".tensor_map");
    for (std::uint32_t i = 0; i < list->size(); ++i) {
      const auto here = where + ".tensor_map[" + std::to_string(i) + "]";
      out.tensors.push_back(tensor(*list->Get(i), out, here));
      // Reserved above, so that the names keep their place.
      if (!known.insert(out.tensors.back().name).second) {
        damaged(at(list->Get(i)->name()), here + ".name",
                "a second tensor is named \"" + out.tensors.back().name + "\"");
      }
    }
  }
  out.inputs = names(in.input_tensors(), known, nullptr, where + ".input_tensors");
  out.outputs = names(in.output_tensors(), known, nullptr, where + ".output_tensors");
  if (out.inputs.empty()) damaged(at(&in), where + ".input_tensors", "the program has no input");
  if (out.outputs.empty()) damaged(at(&in), where + ".output_tensors", "the program has no output");
  if (const auto* list = in.routines()) {
    reserve(out.routines, list->size(), at(list), where + ".routines");
    for (std::uint32_t i = 0; i < list->size(); ++i) {
      out.routines.push_back(routine(*list->Get(i), known, where + ".routines[" + std::to_string(i) + "]"));
    }
  }
}

Tensor Reader::tensor(const fb::Tensor& in, const Program& program, const std::string& where) {
  Tensor out;
  out.id = in.tensor_id();
  out.name = required(in.name(), at(&in), where + ".name");
  out.dtype = dtype(in.dtype(), at(in, fb::Tensor::VT_DTYPE), where + ".dtype");
  out.shape = shape(in.shape(), out.dtype, at(&in), where + ".shape");
  if (in.stride()) out.stride = numbers(in.stride()->dim(), where + ".stride");
  if (const auto* quant = in.quant()) {
    if (quant->type() > fb::QuantType::MAX) {
      damaged(at(*quant, fb::QuantInfo::VT_TYPE), where + ".quant.type",
              "quantisation " + std::to_string(static_cast<int>(quant->type())) + " is not known");
    }
    out.quant = QuantInfo{static_cast<QuantType>(quant->type()), quant->max_value(), quant->min_value(),
                          quant->zero_point(), quant->qscale()};
  }
  out.overwrote = in.overwrote();
  out.scale = numbers(in.scale(), where + ".scale");
  out.mean = numbers(in.mean(), where + ".mean");
  out.pixel_format = text(in.pixel_format(), where + ".pixel_format");
  out.aligned = in.aligned();
  out.size = in.size();

  const auto size_at = at(in, fb::Tensor::VT_SIZE);
  if (out.size != 0 && !out.aligned && out.size != out.count() * size_of(out.dtype)) {
    damaged(size_at, where + ".size",
            std::to_string(out.size) + " bytes do not fit the shape, which needs " +
                std::to_string(out.count() * size_of(out.dtype)));
  }
  if (out.aligned && !is_pixel_format(out.pixel_format)) {
    throw Error(ErrorKind::unsupported, at(&in), where + ".pixel_format",
                "the aligned size of pixel format \"" + out.pixel_format + "\" is not known");
  }
  if (out.size != 0 && out.aligned && out.size != aligned_size(out)) {
    throw Error(ErrorKind::unsupported, size_at, where + ".size",
                std::to_string(out.size) + " bytes are not those of an aligned " + out.pixel_format + " tensor, " +
                    std::to_string(aligned_size(out)));
  }
  if (out.byte_size() > max_tensor_bytes) {
    damaged(size_at, where, "the tensor has more than " + std::to_string(max_tensor_bytes) + " bytes");
  }
  const auto offset_at = at(in, fb::Tensor::VT_OFFSET);
  if (in.offset() != -1) {
    out.place = device_place(in.offset(), offset_at, where + ".offset");
    check_extent(out, program, offset_at, where + ".offset");
  }
  return out;
}

void Reader::check_extent(const Tensor& tensor, const Program& program, std::uint64_t offset,
                          const std::string& field) const {
  const Place& place = *tensor.place;
  std::uint64_t size = 0;
  const char* memory = "";
  switch (place.sel) {
    case 0:
      size = program.neuron_size != 0 ? program.neuron_size : program.shared_gmem;
      memory = "shared memory";
      break;
    case 1: size = weight_bytes_, memory = "the weight section"; break;
    case 2:
      size = program.neuron_size != 0 ? program.neuron_size : program.private_gmem;
      memory = "private memory";
      break;
    default: {  // a buffer of its own, as large as the first tensor there
      const auto same = [&](const Tensor& other) { return other.place && other.place->sel == place.sel; };
      const auto first = std::find_if(program.tensors.begin(), program.tensors.end(), same);
      size = first == program.tensors.end() ? tensor.byte_size() : first->byte_size();
      memory = "the buffer of the first tensor there,";
    }
  }
  const std::uint64_t bytes = tensor.byte_size();
  if (place.offset > size || bytes > size - place.offset) {
    damaged(offset, field,
            std::to_string(bytes) + " bytes at " + std::to_string(place.offset) + " leave " + memory + " of " +
                std::to_string(size) + " bytes");
  }
}

Routine Reader::routine(const fb::Routine& in, const std::set<std::string_view>& tensors, const std::string& where) {
  Routine out;
  out.inputs = names(in.in_tensors(), tensors, &weight_names_, where + ".in_tensors");
  out.outputs = names(in.out_tensors(), tensors, nullptr, where + ".out_tensors");
  switch (in.type()) {
    case fb::RoutineType::tpu:
      if (!in.tpu_routine()) damaged(at(&in), where + ".tpu_routine", "is missing");
      out.body = tpu_routine(*in.tpu_routine(), where + ".tpu_routine");
      return out;
    case fb::RoutineType::cpu:
      if (!in.cpu_routine()) damaged(at(&in), where + ".cpu_routine", "is missing");
      out.body = cpu_routine(*in.cpu_routine(), where + ".cpu_routine");
      return out;
  }
  damaged(at(in, fb::Routine::VT_TYPE), where + ".type",
          "routine type " + std::to_string(static_cast<int>(in.type())) + " is not known");
}

TpuRoutine Reader::tpu_routine(const fb::TpuRoutine& in, const std::string& where) {
  const bool has_cmdbuf = in.cmdbuf_section() && in.cmdbuf_section()->size() != 0;
  TpuRoutine out;
  out.is_dmabuf = !has_cmdbuf && in.dmabuf_section() && in.dmabuf_section()->size() != 0;
  const auto* name = out.is_dmabuf ? in.dmabuf_section() : in.cmdbuf_section();
  const auto field = where + (out.is_dmabuf ? ".dmabuf_section" : ".cmdbuf_section");
  out.section = required(name, at(&in), field);
  const auto found = section_names_.find(out.section);
  if (found == section_names_.end()) {
    damaged(at(name), field, "section \"" + out.section + "\" does not exist");
  }
  if (found->second != (out.is_dmabuf ? SectionType::dmabuf : SectionType::cmdbuf)) {
    damaged(at(name), field, "section \"" + out.section + "\" is of another type");
  }
  return out;
}

CpuRoutine Reader::cpu_routine(const fb::CpuRoutine& in, const std::string& where) {
  CpuRoutine out;
  out.function = required(in.function_section(), at(&in), where + ".function_section");
  if (!in.function_args()) return out;
  const auto* list = in.function_args_nested_root()->attributes();
  if (!list) return out;
  reserve(out.attributes, list->size(), at(list), where + ".function_args.attributes");
  std::set<std::string_view> keys;
  for (std::uint32_t i = 0; i < list->size(); ++i) {
    const auto here = where + ".function_args.attributes[" + std::to_string(i) + "]";
    budget_.charge(64, at(list), here);
    out.attributes.push_back(attribute(*list->Get(i), here));
    if (!keys.insert(out.attributes.back().key).second) {
      damaged(at(list->Get(i)), here + ".key", "a second attribute is named \"" + out.attributes.back().key + "\"");
    }
  }
  return out;
}

Attribute Reader::attribute(const fb::Attribute& in, const std::string& where) {
  Attribute out;
  int kinds = 0;
  const auto take = [&](const auto* table, auto&& value) {
    if (!table) return;
    if (++kinds > 1) damaged(at(table), where, "the attribute has more than one value");
    out.key = required(table->key(), at(table), where + ".key");
    out.value = value(*table);
  };
  const auto plain = [](const auto& table) { return table.value(); };
  const auto list = [&](const auto& table) { return numbers(table.value(), where + ".value"); };
  take(in.float_attr(), plain);
  take(in.bool_attr(), plain);
  take(in.int_attr(), plain);
  take(in.str_attr(), [&](const auto& table) { return text(table.value(), where + ".value"); });
  take(in.float_array_attr(), list);
  take(in.int_array_attr(), list);
  if (kinds == 0) damaged(at(&in), where, "the attribute has no value");
  return out;
}

}  // namespace

void read_body(ByteView file, Model& model) {
  ByteView body = file.sub(model.header.size, model.header.body_size, "flatbuffer");
  Bytes aligned;  // flatbuffers are read through typed pointers
  if (reinterpret_cast<std::uintptr_t>(body.data()) % 8 != 0) {
    aligned.assign(body.span().begin(), body.span().end());
    body = ByteView(aligned, body.file_offset());
  }
  if (body.size() < 8 || body.size() > 0x7ffffff0) damaged(8, "body_size", "is not the size of a flatbuffer");
  check_flatbuffer(body, fb::ModelTypeTable(), {fb::CpuRoutineTypeTable(), 1, fb::ParameterTypeTable()});
  flatbuffers::Verifier verifier(body.data(), body.size(), 16, 1'000'000);
  if (!fb::VerifyModelBuffer(verifier)) damaged(body.file_offset(), "flatbuffer", "the flatbuffer is not valid");

  Budget budget(2 * body.size() + (24u << 20));
  Reader(body, budget, model).model(*fb::GetModel(body.data()));
}

}  // namespace vnpu::cvimodel
