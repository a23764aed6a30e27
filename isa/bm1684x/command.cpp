#include "isa/bm1684x/command.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "isa/bm1684x/fields.h"

namespace vnpu::bm1684x {
namespace {

#define AT(form, bit, width) {Form::form, bit, width},

constexpr auto tiu_table = std::to_array<TiuField>({
#define TIU_FIELD(name, meaning, at) {#name, meaning, &TiuCommand::name, {{at}}},
#define Form TiuForm
#include "isa/bm1684x/tiu_fields.def"
#undef Form
#undef TIU_FIELD
});

constexpr auto gdma_table = std::to_array<GdmaField>({
#define GDMA_FIELD(name, meaning, at) {#name, meaning, &GdmaCommand::name, {{at}}},
#define Form GdmaForm
#include "isa/bm1684x/gdma_fields.def"
#undef Form
#undef GDMA_FIELD
});
#undef AT

constexpr TiuOperation tiu_operation_table[] = {
#define TIU_OPERATION(type, eu, mnemonic, form) {type, eu, mnemonic, TiuForm::form},
#define GDMA_OPERATION(type, function, mnemonic, form, long_form)
#include "isa/bm1684x/operations.def"
#undef TIU_OPERATION
#undef GDMA_OPERATION
};

constexpr GdmaOperation gdma_operation_table[] = {
#define TIU_OPERATION(type, eu, mnemonic, form)
#define GDMA_OPERATION(type, function, mnemonic, form, long_form) \
  {type, function, mnemonic, GdmaForm::form, GdmaForm::long_form},
#include "isa/bm1684x/operations.def"
#undef TIU_OPERATION
#undef GDMA_OPERATION
};

// The fields of one form, ready to be walked.
template <class Command>
struct Step {
  std::uint32_t Command::*member = nullptr;
  std::uint16_t bit = 0, width = 0;
};
template <class Command>
struct Plan {
  std::array<Step<Command>, 128> steps;
  std::size_t size = 0;
};

template <class Command, class Form, std::size_t forms, class Table>
consteval std::array<Plan<Command>, forms> make_plans(const Table& table) {
  std::array<Plan<Command>, forms> plans{};
  for (const auto& field : table) {
    for (std::size_t f = 2; f < forms; ++f) {
      if (const auto place = place_of(field, static_cast<Form>(f))) {
        plans[f].steps[plans[f].size++] = {field.member, place->bit, place->width};
      }
    }
  }
  return plans;
}

constexpr auto tiu_plans = make_plans<TiuCommand, TiuForm, std::size_t{static_cast<int>(TiuForm::swr)} + 1>(tiu_table);
constexpr auto gdma_plans =
    make_plans<GdmaCommand, GdmaForm, std::size_t{static_cast<int>(GdmaForm::sys)} + 1>(gdma_table);

std::uint32_t get(const std::uint8_t* bytes, unsigned bit, unsigned width) {
  std::uint64_t value = 0;
  for (unsigned i = bit / 8, shift = 0; i <= (bit + width - 1) / 8; ++i, shift += 8)
    value |= std::uint64_t{bytes[i]} << shift;
  return static_cast<std::uint32_t>(value >> bit % 8 & ((std::uint64_t{1} << width) - 1));
}

void put(std::uint8_t* bytes, unsigned bit, unsigned width, std::uint32_t value) {
  const std::uint64_t bits = (value & ((std::uint64_t{1} << width) - 1)) << bit % 8;
  for (unsigned i = bit / 8, shift = 0; i <= (bit + width - 1) / 8; ++i, shift += 8)
    bytes[i] |= static_cast<std::uint8_t>(bits >> shift);
}

template <class Command>
Command walk(ByteView bytes, std::size_t size, const Plan<Command>& plan) {
  const std::uint8_t* data = bytes.sub(0, size, "command").data();
  Command command;
  for (std::size_t i = 0; i < plan.size; ++i)
    command.*plan.steps[i].member = get(data, plan.steps[i].bit, plan.steps[i].width);
  return command;
}

template <class Command>
Bytes write(const Command& command, std::size_t size, const Plan<Command>& plan) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < plan.size; ++i)
    put(bytes.data(), plan.steps[i].bit, plan.steps[i].width, command.*plan.steps[i].member);
  return bytes;
}

constexpr std::size_t head_bytes = 16;  // every command has at least this many

TiuCommand tiu_head(ByteView bytes) {
  const std::uint8_t* data = bytes.sub(0, head_bytes, "TIU command").data();
  TiuCommand head;
  head.cmd_short = get(data, 0, 1);
  head.tsk_typ = get(data, 41, 4);
  head.tsk_eu_typ = get(data, 45, 5);
  return head;
}

// As much of a GDMA command as its form depends on.
GdmaCommand gdma_head(ByteView bytes) {
  const std::uint8_t* data = bytes.sub(0, head_bytes, "GDMA command").data();
  GdmaCommand head;
  head.cmd_short = get(data, 3, 1);
  head.cmd_type = get(data, 32, 4);
  head.cmd_special_function = get(data, 36, 3);
  if (head.cmd_short && head.cmd_type == dma_matrix) {
    data = bytes.sub(0, form_bytes(GdmaForm::matrix_load), "GDMA command").data();
    head.dst_start_addr_l32 = get(data, 352, 32);
    head.dst_start_addr_h8 = get(data, 384, 8);
  }
  return head;
}

[[noreturn]] void refuse(ByteView bytes, const char* type, const std::string& mnemonic, bool is_short, bool exists) {
  throw Error(
      ErrorKind::unsupported, bytes.file_offset(), type,
      exists ? mnemonic + " has no " + (is_short ? "short" : "long") + " form" : "there is no operation " + mnemonic);
}

TiuForm known_form(const TiuCommand& head, ByteView bytes) {
  const TiuForm form = form_of(head);
  if (form == TiuForm::none)
    refuse(bytes, "tsk_typ / tsk_eu_typ", mnemonic(head), head.cmd_short, find_operation(head) != nullptr);
  return form;
}

GdmaForm known_form(const GdmaCommand& head, ByteView bytes) {
  const GdmaForm form = form_of(head);
  if (form == GdmaForm::none)
    refuse(bytes, "cmd_type / cmd_special_function", mnemonic(head), head.cmd_short, find_operation(head) != nullptr);
  return form;
}

}  // namespace

const char* name(Engine engine) { return engine == Engine::tiu ? "tiu" : "gdma"; }

const char* prec_name(std::uint32_t prec) {
  constexpr const char* names[] = {"i8", "f16", "f32", "i16", "i32", "bf16", "i4", "?"};
  return names[std::min<std::uint32_t>(prec, 7)];
}

std::uint32_t element_bytes(std::uint32_t prec) {
  switch (prec) {
    case i8: return 1;
    case f16:
    case i16:
    case bf16: return 2;
    case f32:
    case i32: return 4;
    default: return 0;
  }
}

std::span<const TiuField> tiu_fields() { return tiu_table; }
std::span<const GdmaField> gdma_fields() { return gdma_table; }
std::span<const TiuOperation> tiu_operations() { return tiu_operation_table; }
std::span<const GdmaOperation> gdma_operations() { return gdma_operation_table; }

const char* name(TiuForm form) {
  constexpr const char* names[] = {"none", "most", "long", "AR",  "CMP",      "CONV", "LIN", "MM",  "MM2", "PorD",
                                   "RQDQ", "SFU",  "SG",   "SGL", "TRANS_BC", "VC",   "LAR", "SYS", "SWR"};
  return names[static_cast<int>(form)];
}

const char* name(GdmaForm form) {
  constexpr const char* names[] = {"none",   "most",        "long",         "long rows", "general",
                                   "select", "matrix load", "matrix store", "nonzero",   "sys"};
  return names[static_cast<int>(form)];
}

std::size_t form_bytes(TiuForm form) {
  switch (form) {
    case TiuForm::wide: return 128;
    case TiuForm::ar:
    case TiuForm::conv:
    case TiuForm::pord: return 64;
    case TiuForm::cmp:
    case TiuForm::mm:
    case TiuForm::sg:
    case TiuForm::sgl:
    case TiuForm::vc: return 48;
    case TiuForm::lin:
    case TiuForm::mm2:
    case TiuForm::rqdq:
    case TiuForm::sfu:
    case TiuForm::trans: return 32;
    case TiuForm::lar:
    case TiuForm::sys:
    case TiuForm::swr: return 16;
    case TiuForm::none:
    case TiuForm::most: break;
  }
  return 0;
}

std::size_t form_bytes(GdmaForm form) {
  switch (form) {
    case GdmaForm::wide:
    case GdmaForm::rows: return 96;
    case GdmaForm::select:
    case GdmaForm::matrix_load:
    case GdmaForm::matrix_store: return 64;
    case GdmaForm::general:
    case GdmaForm::nonzero: return 48;
    case GdmaForm::sys: return 16;
    case GdmaForm::none:
    case GdmaForm::most: break;
  }
  return 0;
}

const TiuOperation* find_operation(const TiuCommand& command) {
  for (const TiuOperation& each : tiu_operation_table)
    if (each.type == command.tsk_typ && each.eu == command.tsk_eu_typ) return &each;
  return nullptr;
}

const GdmaOperation* find_operation(const GdmaCommand& command) {
  for (const GdmaOperation& each : gdma_operation_table)
    if (each.type == command.cmd_type && each.function == command.cmd_special_function) return &each;
  return nullptr;
}

TiuForm form_of(const TiuCommand& command) {
  if (command.tsk_typ == tsk_lar) return TiuForm::lar;  // any eu; short only, bit 0 has another meaning
  const TiuOperation* operation = find_operation(command);
  if (!operation) return TiuForm::none;
  return command.cmd_short || command.tsk_typ == tsk_sys ? operation->short_form : TiuForm::wide;
}

GdmaForm form_of(const GdmaCommand& command) {
  const GdmaOperation* operation = find_operation(command);
  if (!operation) return GdmaForm::none;
  if (!command.cmd_short) return operation->long_form;
  if (operation->short_form != GdmaForm::matrix_load) return operation->short_form;
  const bool load = command.dst_address() - local_base < local_bytes;
  return load ? GdmaForm::matrix_load : GdmaForm::matrix_store;
}

std::size_t tiu_command_bytes(ByteView bytes) { return form_bytes(known_form(tiu_head(bytes), bytes)); }
std::size_t gdma_command_bytes(ByteView bytes) { return form_bytes(known_form(gdma_head(bytes), bytes)); }

TiuCommand decode_tiu(ByteView bytes) {
  const TiuForm form = known_form(tiu_head(bytes), bytes);
  return walk(bytes, form_bytes(form), tiu_plans[static_cast<int>(form)]);
}

GdmaCommand decode_gdma(ByteView bytes) {
  const GdmaForm form = known_form(gdma_head(bytes), bytes);
  return walk(bytes, form_bytes(form), gdma_plans[static_cast<int>(form)]);
}

Bytes encode(const TiuCommand& command) {
  const TiuForm form = known_form(command, {});
  return write(command, form_bytes(form), tiu_plans[static_cast<int>(form)]);
}

Bytes encode(const GdmaCommand& command) {
  const GdmaForm form = known_form(command, {});
  return write(command, form_bytes(form), gdma_plans[static_cast<int>(form)]);
}

std::string mnemonic(const TiuCommand& command) {
  if (command.tsk_typ == tsk_lar) return "lar." + std::to_string(command.tsk_eu_typ);
  if (const TiuOperation* operation = find_operation(command)) return std::string(operation->mnemonic);
  return "tiu." + std::to_string(command.tsk_typ) + "." + std::to_string(command.tsk_eu_typ);
}

std::string mnemonic(const GdmaCommand& command) {
  if (const GdmaOperation* operation = find_operation(command)) return std::string(operation->mnemonic);
  return "dma." + std::to_string(command.cmd_type) + "." + std::to_string(command.cmd_special_function);
}

}  // namespace vnpu::bm1684x
