#include <algorithm>
#include <cstring>

#include "models/kmodel/cursor.h"
#include "models/kmodel/read.h"

namespace vnpu::kmodel {
namespace {

using v5::Location;

constexpr std::uint32_t header_bytes = 32, module_header_bytes = 48, function_header_bytes = 32,
                        section_header_bytes = 32;
constexpr std::uint64_t name_bytes = 16;
constexpr std::uint32_t section_in_rdata = 1;
constexpr std::uint32_t most_dimensions = 8;

void check_header_size(std::uint32_t size, std::uint32_t expected, std::uint64_t offset, const char* field) {
  if (size != expected) {
    unsupported(offset, field, "is " + std::to_string(size) + ", " + std::to_string(expected) + " is expected");
  }
}

std::string read_name(Cursor& in, const char* field) {
  const auto at = in.offset();
  std::string out;
  bool ended = false;
  for (std::uint64_t i = 0; i < name_bytes; ++i) {
    const auto byte = in.u8(field);
    if (byte == 0) ended = true;
    if (ended) continue;
    if (byte < 0x21 || byte > 0x7e) damaged(at + i, field, "the name holds an unprintable byte");
    out += static_cast<char>(byte);
  }
  return out;
}

v5::MemoryRange memory_range(Cursor& in, const char* field) {
  const auto at = in.offset();
  v5::MemoryRange out;
  const auto location = in.u8(field);
  out.datatype = in.u8(field);
  out.shared_module = in.u16(field);
  out.start = in.u32(field);
  out.size = in.u32(field);
  if (location > 4 && location != 64) damaged(at, field, "location " + std::to_string(location) + " is not known");
  out.location = static_cast<Location>(location);
  return out;
}

std::vector<v5::Parameter> parameters(Cursor& in, std::uint32_t count, std::uint32_t pool, Location location,
                                      const char* field) {
  if (count > in.left() / 16) {
    damaged(in.offset(), field, std::to_string(count) + " of them need more bytes than the module has");
  }
  std::vector<v5::Parameter> out(count);
  std::uint64_t all = 0;
  for (auto& parameter : out) {
    const auto at = in.offset();
    parameter.range = memory_range(in, field);
    if (parameter.range.location != location) damaged(at, field, "lies in another location");
    if (!v5::data_type(parameter.range.datatype, parameter.dtype)) {
      damaged(at + 1, field, "data type " + std::to_string(parameter.range.datatype) + " is not known");
    }
    if (std::uint64_t{parameter.range.start} + parameter.range.size > pool) {
      damaged(at + 4, field,
              "bytes " + std::to_string(parameter.range.start) + " to " +
                  std::to_string(std::uint64_t{parameter.range.start} + parameter.range.size) +
                  " are outside of their pool of " + std::to_string(pool));
    }
    all += parameter.range.size;
    if (all > main_memory_limit) {
      unsupported(at, field, "all together have more than " + std::to_string(main_memory_limit) + " bytes");
    }
  }
  for (auto& parameter : out) {
    const auto at = in.offset();
    const auto rank = in.u32(field);
    if (rank > most_dimensions) damaged(at, field, "a shape of " + std::to_string(rank) + " dimensions");
    std::uint64_t bytes = size_of(parameter.dtype);
    for (std::uint32_t i = 0; i < rank; ++i) {
      parameter.shape.push_back(in.u32(field));
      if (parameter.shape.back() != 0 && bytes > main_memory_limit / parameter.shape.back()) {
        unsupported(at, field, "the tensor has more than " + std::to_string(main_memory_limit) + " bytes");
      }
      bytes *= parameter.shape.back();
    }
    if (bytes != parameter.range.size) {
      damaged(
          at, field,
          "the shape needs " + std::to_string(bytes) + " bytes, the range has " + std::to_string(parameter.range.size));
    }
  }
  return out;
}

// Function headers name their code by its place in .text, which comes later in the file.
struct PendingText {
  std::uint32_t entry = 0, size = 0;
  std::uint64_t offset = 0;  // of the field
};

v5::Function read_function(Cursor& module, ByteView file, PendingText& text) {
  const auto start = module.offset();
  v5::Function out;
  out.offset = start;
  check_header_size(module.u32("function.header_size"), function_header_bytes, start, "function.header_size");
  const auto size = module.u32("function.size");
  if (size < function_header_bytes || size - 8 > module.left()) {
    damaged(start + 4, "function.size", std::to_string(size) + " bytes do not fit the module");
  }
  Cursor in(file.sub(start, size, "function"), 8);
  out.input_pool_size = in.u32("function.input_pool_size");
  out.output_pool_size = in.u32("function.output_pool_size");
  check_main_memory(out.input_pool_size, start + 8, "function.input_pool_size");
  check_main_memory(out.output_pool_size, start + 12, "function.output_pool_size");
  const auto inputs = in.u32("function.inputs"), outputs = in.u32("function.outputs");
  text.offset = in.offset();
  text.entry = in.u32("function.entrypoint");
  text.size = in.u32("function.text_size");
  out.inputs = parameters(in, inputs, out.input_pool_size, Location::input, "function.inputs");
  out.outputs = parameters(in, outputs, out.output_pool_size, Location::output, "function.outputs");
  module.skip(size - 8);
  return out;
}

void read_sections(Cursor& in, std::uint32_t count, v5::Module& module) {
  std::vector<std::uint64_t> merged_at;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto start = in.offset();
    v5::Section section;
    section.name = read_name(in, "section.name");
    if (module.find(section.name)) damaged(start, "section.name", "there is a second section " + section.name);
    section.flags = in.u32("section.flags");
    const auto body_start = in.u32("section.body_start"), body_size = in.u32("section.body_size");
    in.u32("section.reserved");
    section.in_rdata = (section.flags & section_in_rdata) != 0;
    if (section.in_rdata) {
      section.bytes = {body_start, body_size};  // in .rdata, which may come later
    } else {
      if (body_start > in.left()) damaged(start + 20, "section.body_start", "the body is behind the module's end");
      in.skip(body_start);
      section.bytes = in.array(body_size, 1, "section.body_size");
    }
    merged_at.push_back(start);
    module.sections.push_back(std::move(section));
  }
  const auto* rdata = module.find(".rdata");
  if (rdata && rdata->in_rdata) damaged(module.offset, "section.flags", ".rdata lies inside itself");
  for (std::size_t i = 0; i < module.sections.size(); ++i) {
    auto& section = module.sections[i];
    if (!section.in_rdata) continue;
    if (!rdata || section.bytes.offset + section.bytes.count > rdata->bytes.count) {
      damaged(merged_at[i] + 20, "section.body_start", section.name + " is outside of .rdata");
    }
    section.bytes.offset += rdata->bytes.offset;
  }
}

// `code_bytes`: of all functions so far; they may overlap, so the file's size does not bound them.
v5::Module read_module(ByteView file, std::uint64_t position, std::uint64_t& code_bytes) {
  v5::Module module;
  module.offset = position;
  Cursor head(file, position);
  module.type_name = read_name(head, "module.type");
  if (module.type_name == "stackvm") {
    module.type = v5::ModuleType::stackvm;
  } else if (module.type_name == "k210") {
    module.type = v5::ModuleType::k210;
  } else {
    unsupported(position, "module.type",
                "modules of type \"" + module.type_name + "\" are not supported, only stackvm and k210 are");
  }
  module.version = head.u32("module.version");
  check_header_size(head.u32("module.header_size"), module_header_bytes, position + 20, "module.header_size");
  module.size = head.u32("module.size");
  if (module.size < module_header_bytes || module.size > file.size() - position) {
    damaged(
        position + 24, "module.size",
        std::to_string(module.size) + " bytes, " + std::to_string(file.size() - position) + " are left (truncated?)");
  }
  Cursor in(file.sub(position, module.size, "module"), 28);
  const auto pools = in.u32("module.mempools"), shared = in.u32("module.shared_mempools");
  const auto sections = in.u32("module.sections"), functions = in.u32("module.functions");
  in.u32("module.reserved");
  check_count(pools, position + 28, 8, module.size, "module.mempools");
  check_count(shared, position + 32, 8, module.size, "module.shared_mempools");
  check_count(sections, position + 36, section_header_bytes, module.size, "module.sections");
  check_count(functions, position + 40, function_header_bytes, module.size, "module.functions");
  for (std::uint32_t i = 0; i < pools; ++i) {
    const auto at = in.offset();
    v5::Pool pool;
    const auto location = in.u8("mempool.location");
    if (location > 4 && location != 64) {
      damaged(at, "mempool.location", "location " + std::to_string(location) + " is not known");
    }
    pool.location = static_cast<Location>(location);
    in.skip(3);
    pool.size = in.u32("mempool.size");
    check_main_memory(pool.size, at + 4, "mempool.size");
    if (pool.location == Location::kpu_ram && pool.size > ai_ram_bytes) {
      damaged(at + 4, "mempool.size", std::to_string(pool.size) + " bytes are more than the AI RAM has");
    }
    module.pools.push_back(pool);
  }
  for (std::uint32_t i = 0; i < shared; ++i) {
    v5::SharedPool pool;
    pool.module = in.u32("shared_mempool.module");
    const auto at = in.offset();
    pool.size = in.u32("shared_mempool.size");
    check_main_memory(pool.size, at, "shared_mempool.size");
    module.shared_pools.push_back(pool);
  }
  std::vector<PendingText> texts(functions);
  for (auto& text : texts) module.functions.push_back(read_function(in, file, text));
  read_sections(in, sections, module);
  const auto* code = module.find(".text");
  for (std::uint32_t i = 0; i < functions; ++i) {
    const auto& text = texts[i];
    const auto all = code ? code->bytes.count : 0;
    if (std::uint64_t{text.entry} + text.size > all) {
      damaged(text.offset, "function.entrypoint",
              "the code from " + std::to_string(text.entry) + " with " + std::to_string(text.size) +
                  " bytes is outside of .text of " + std::to_string(all));
    }
    code_bytes += text.size;
    if (code_bytes > code_limit) {
      unsupported(text.offset, "function.text_size",
                  "the functions have more than " + std::to_string(code_limit) + " bytes of code");
    }
    if (code) module.functions[i].text = {code->bytes.offset + text.entry, text.size};
  }
  return module;
}

}  // namespace

v5::Model read_v5(ByteView file) {
  v5::Model model;
  Cursor in(file, 8);
  check_header_size(in.u32("header_size"), header_bytes, 8, "header_size");
  model.flags = in.u32("flags");
  model.alignment = in.u32("alignment");
  const auto modules = in.u32("modules");
  model.entry_module = in.u32("entry_module");
  model.entry_function = in.u32("entry_function");
  check_count(modules, 20, module_header_bytes, file.size(), "modules");
  std::uint64_t position = header_bytes, code_bytes = 0;
  for (std::uint32_t i = 0; i < modules; ++i) {
    try {
      model.modules.push_back(read_module(file, position, code_bytes));
    } catch (const Error& error) {
      throw with_context(error, "module " + std::to_string(i));
    }
    position += model.modules.back().size;
  }
  if (model.entry_module >= modules) damaged(24, "entry_module", "there are only " + std::to_string(modules));
  if (model.entry_function >= model.modules[model.entry_module].functions.size()) {
    damaged(28, "entry_function", "the module has no function " + std::to_string(model.entry_function));
  }
  return model;
}

std::vector<v5::Record> read_records(const Model& model, const v5::Function& function) {
  std::vector<v5::Record> out;
  Cursor in(model.bytes(function.text.offset, function.text.count, "function"));
  while (in.left() > 0) {
    v5::Record record;
    record.offset = in.offset();
    const auto opcode = in.u32("record.opcode") & 0xff;  // three bytes of padding
    if (opcode > static_cast<std::uint32_t>(v5::RecordType::copy)) {
      unsupported(record.offset, "record.opcode", "record " + std::to_string(opcode) + " is not known");
    }
    record.type = static_cast<v5::RecordType>(opcode);
    if (record.type == v5::RecordType::conv2d) {
      v5::Conv2d conv;
      conv.weights = memory_range(in, "conv2d.weights");
      conv.bn = memory_range(in, "conv2d.bn");
      conv.activation = memory_range(in, "conv2d.activation");
      conv.main_out = memory_range(in, "conv2d.main_mem_output");
      conv.batches = in.u32("conv2d.batches");
      conv.descriptor = in.descriptor("conv2d.layer");
      record.body = conv;
    } else if (record.type == v5::RecordType::copy) {
      v5::Copy copy;
      copy.in = memory_range(in, "copy.input");
      copy.out = memory_range(in, "copy.output");
      for (auto* list : {&copy.shape, &copy.in_strides, &copy.out_strides}) {
        for (auto& value : *list) value = in.u32("copy.shape");
      }
      record.body = copy;
    } else {
      v5::Transfer transfer;
      transfer.in = memory_range(in, "transfer.input");
      transfer.out = memory_range(in, "transfer.output");
      for (auto& value : transfer.shape) value = in.u32("transfer.shape");
      record.body = transfer;
    }
    out.push_back(record);
  }
  return out;
}

}  // namespace vnpu::kmodel
