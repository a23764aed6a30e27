// The field tables as data, for printers, documentation and tests.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "isa/bm1684x/command.h"

namespace vnpu::bm1684x {

// Forms of a command. `none` stands for a form that does not exist, `most` in a place for every form but `lar`.
enum class TiuForm : std::uint8_t {
  none,
  most,
  wide,
  ar,
  cmp,
  conv,
  lin,
  mm,
  mm2,
  pord,
  rqdq,
  sfu,
  sg,
  sgl,
  trans,
  vc,
  lar,
  sys,
  swr
};
enum class GdmaForm : std::uint8_t { none, most, wide, rows, general, select, matrix_load, matrix_store, nonzero, sys };

const char* name(TiuForm form);
const char* name(GdmaForm form);
std::size_t form_bytes(TiuForm form);
std::size_t form_bytes(GdmaForm form);

template <class Form>
struct Place {
  Form form = Form::none;
  std::uint16_t bit = 0;    // from the lowest bit of the first byte
  std::uint16_t width = 0;  // bits; 0 ends the list
};

template <class Command, class Form>
struct FieldRow {
  std::string_view name;
  std::string_view meaning;
  std::uint32_t Command::*member;
  std::array<Place<Form>, 16> places;
};
using TiuField = FieldRow<TiuCommand, TiuForm>;
using GdmaField = FieldRow<GdmaCommand, GdmaForm>;

std::span<const TiuField> tiu_fields();
std::span<const GdmaField> gdma_fields();

constexpr bool is_apart(TiuForm form) { return form == TiuForm::lar; }
constexpr bool is_apart(GdmaForm) { return false; }

// The place of a field in a form; nullopt when it has none.
template <class Command, class Form>
constexpr std::optional<Place<Form>> place_of(const FieldRow<Command, Form>& field, Form form) {
  for (const Place<Form>& place : field.places)
    if (place.width && (place.form == form || (place.form == Form::most && !is_apart(form))))
      return Place<Form>{form, place.bit, place.width};
  return std::nullopt;
}

struct TiuOperation {
  std::uint32_t type, eu;
  std::string_view mnemonic;
  TiuForm short_form;
};
struct GdmaOperation {
  std::uint32_t type, function;
  std::string_view mnemonic;
  GdmaForm short_form, long_form;
};
std::span<const TiuOperation> tiu_operations();
std::span<const GdmaOperation> gdma_operations();
const TiuOperation* find_operation(const TiuCommand& command);  // null: does not exist
const GdmaOperation* find_operation(const GdmaCommand& command);

// The form a command is written in; none when it has no such form or the operation does not exist.
TiuForm form_of(const TiuCommand& command);
GdmaForm form_of(const GdmaCommand& command);

}  // namespace vnpu::bm1684x
