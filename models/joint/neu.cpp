// The flatbuffer of a NEU part.
#include <limits>

#include "base/error.h"
#include "base/flatbuffer_check.h"
#include "base/inflate.h"
#include "models/joint/parts.h"
#include "neu_generated.h"

namespace vnpu::joint {
namespace {

constexpr std::uint32_t max_tensors = 1024, max_segments = 4096;  // known parts have ten at most

class Reader {
 public:
  Reader(ByteView file, const Limits& limits, Budget& budget) : file_(file), limits_(limits), budget_(budget) {}

  Neu neu() {
    if (file_.size() < 8) throw Error(ErrorKind::damaged, file_.size(), "flatbuffer", "shorter than its root");
    check_flatbuffer(file_, fb::NeuTypeTable(), {fb::NeuTypeTable(), 7, fb::MetaTypeTable()});
    const auto& in = *fb::GetNeu(file_.data());
    Neu out;
    if (const auto* version = in.version()) {
      out.major = version->major();
      out.minor = version->minor();
    }
    if (const auto* files = in.files()) {
      out.model_name = text(files->model_name());
      out.parameters = segments(files->parameters());
      out.inputs = segments(files->inputs());
      out.outputs = segments(files->outputs());
      out.swap = segments(files->swap());
    }
    // Another chip's files share the container; their machine code is coded otherwise.
    if (!out.model_name.empty() && out.model_name != "ax620_model") {
      throw Error(ErrorKind::unsupported, "a part for '" + out.model_name + "': only AX620A models are known");
    }
    if (const auto* machine = in.machine()) {
      out.virtual_npu = machine->virtual_npu();
      out.jobs = machine->jobs();
    }
    images(in, out);
    if (const auto* patches = in.patches(); patches && patches->regions()) {
      budget_.charge(patches->regions()->size() * sizeof(out.patch_regions[0]), at(patches), "patches");
      for (const auto* region : *patches->regions()) {
        out.patch_regions.emplace_back(region->size(), region->patches() ? region->patches()->size() : 0);
      }
    }
    machine_code(in, out);
    if (in.meta()) meta(*in.meta(), out);
    commands(in, out);
    return out;
  }

 private:
  std::uint64_t at(const void* place) const {
    return file_.file_offset() + static_cast<std::uint64_t>(static_cast<const std::uint8_t*>(place) - file_.data());
  }

  static std::string text(const flatbuffers::String* in) { return in ? in->str() : std::string(); }

  static std::vector<Segment> segments(const flatbuffers::Vector<flatbuffers::Offset<fb::Segment>>* in) {
    std::vector<Segment> out;
    if (!in) return out;
    if (in->size() > max_segments) {
      throw Error(ErrorKind::unsupported,
                  "files: " + std::to_string(in->size()) + " segments, more than " + std::to_string(max_segments));
    }
    for (const auto* segment : *in) {
      out.push_back({text(segment->name()), segment->address(), segment->offset(), segment->size()});
    }
    return out;
  }

  void images(const fb::Neu& in, Neu& out) const {
    std::uint64_t declared = 0;
    for (const auto& segment : out.parameters) declared += segment.size;
    if (in.images() && in.images()->size() > 1) {
      throw Error(ErrorKind::unsupported, at(in.images()), "images", "more than one parameter image");
    }
    if (in.images() && in.images()->size() == 1) {
      if (const auto* bytes = in.images()->Get(0)->bytes()) out.image = {bytes->data(), bytes->size()};
    }
    out.slim = declared > 0 && out.image.empty();  // a slim part keeps the place, without the bytes
  }

  void machine_code(const fb::Neu& in, Neu& out) const {
    const auto* code = in.machine_code();
    if (!code) return;
    std::uint64_t sum = 0;
    if (code->streams()) {
      budget_.charge(code->streams()->size() * sizeof(out.streams[0]), at(code), "machine_code.streams");
      for (const auto* stream : *code->streams()) {
        out.streams.push_back({stream->used() != 0, stream->commands()});
        sum += stream->commands();
      }
    }
    const std::uint64_t stored = code->commands() ? code->commands()->size() : 0;
    if (sum != stored) {
      throw Error(ErrorKind::damaged, at(code), "machine_code",
                  "the streams hold " + std::to_string(sum) + " commands, " + std::to_string(stored) + " are there");
    }
    budget_.charge(stored * sizeof(std::uint64_t), at(code), "machine_code");
    out.machine_code.reserve(stored);
    for (std::uint32_t i = 0; i < stored; ++i) out.machine_code.push_back(code->commands()->Get(i));
  }

  void meta(const flatbuffers::Vector<std::uint8_t>& bytes, Neu& out) const {
    // A copy: the inner flatbuffer's numbers are aligned to its own start.
    const std::vector<std::uint64_t> aligned = [&] {
      std::vector<std::uint64_t> words((bytes.size() + 7) / 8);
      std::memcpy(words.data(), bytes.data(), bytes.size());
      return words;
    }();
    const auto& in = *flatbuffers::GetRoot<fb::Meta>(aligned.data());
    if (in.tensors()) {
      if (in.tensors()->size() > max_tensors) {
        throw Error(ErrorKind::unsupported, at(bytes.data()), "meta.tensors",
                    std::to_string(in.tensors()->size()) + " tensors, more than " + std::to_string(max_tensors));
      }
      for (const auto* tensor : *in.tensors()) {
        MetaTensor& made = out.tensors.emplace_back();
        made.name = text(tensor->name());
        made.is_input = tensor->direction() == 1;
        made.format = tensor->format();
        made.dtype = dtype(*tensor, bytes);
        if (tensor->shape()) made.shape = shape(*tensor, bytes);
      }
    }
    if (const auto* traffic = in.traffic()) {
      out.traffic = {traffic->loaded(), traffic->stored(), traffic->swapped(), traffic->total()};
    }
  }

  DType dtype(const fb::MetaTensor& tensor, const flatbuffers::Vector<std::uint8_t>& bytes) const {
    switch (tensor.bits()) {
      case 8: return DType::u8;
      case 16: return DType::u16;
      case 17: return DType::i16;
      case 32: return DType::f32;
      default:
        throw Error(ErrorKind::unsupported, at(bytes.data()), "meta." + text(tensor.name()) + ".bits",
                    "element type " + std::to_string(tensor.bits()));
    }
  }

  Shape shape(const fb::MetaTensor& tensor, const flatbuffers::Vector<std::uint8_t>& bytes) const {
    Shape out;
    std::int64_t count = 1;
    for (const auto dim : *tensor.shape()) {
      if (dim <= 0 || out.size() == 8 || count > (std::int64_t{1} << 31) / dim) {
        throw Error(ErrorKind::damaged, at(bytes.data()), "meta." + text(tensor.name()) + ".shape",
                    "dimension " + std::to_string(dim) + " is not possible");
      }
      count *= dim;
      out.push_back(dim);
    }
    return out;
  }

  void commands(const fb::Neu& in, Neu& out) const {
    if (!in.commands()) throw Error(ErrorKind::damaged, at(&in), "commands", "the part has no command list");
    const auto& packed = *in.commands();
    out.command_list_packed = packed.size();
    out.command_list_offset = at(packed.data());
    const auto limit = std::min({limits_.command_bytes, packed.size() * limits_.command_ratio + 65536, budget_.left()});
    out.command_list = inflate(ByteView(std::span(packed.data(), packed.size()), out.command_list_offset),
                               DeflateForm::zlib, limit, "commands");
    budget_.charge(out.command_list.size(), out.command_list_offset, "commands");
  }

  ByteView file_;
  const Limits& limits_;
  Budget& budget_;
};

}  // namespace

Neu read_neu(Bytes member, const Limits& limits, Budget& budget) {
  budget.charge(member.size(), 0, "part");
  auto storage = std::make_shared<const Bytes>(std::move(member));  // lies aligned, as everything from the heap
  Neu out = Reader(ByteView(*storage), limits, budget).neu();
  if (out.image.empty()) {
    budget.give_back(storage->size());
  } else {
    out.storage = std::move(storage);
  }
  return out;
}

}  // namespace vnpu::joint
