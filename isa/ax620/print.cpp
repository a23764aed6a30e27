#include "isa/ax620/print.h"

#include <google/protobuf/unknown_field_set.h>

#include <cstdio>
#include <nlohmann/json.hpp>

namespace vnpu::ax620 {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

// memory[pieces]{times*step .. x subsize}, the innermost loop first as in the format.
std::string detail(const char* memory, const pb::Detail& in) {
  std::string out = std::string(memory) + "[";
  for (int i = 0; i < in.addr_size(); ++i) {
    if (i) out += ", ";
    out += hex(in.addr(i));
    if (i < in.addrsize_size()) out += "+" + std::to_string(in.addrsize(i));
  }
  if (in.addr_size() == 0) out += "0x0";
  out += "]{" + std::to_string(in.subsize()) + "B";
  for (int i = 0; i < in.times_size(); ++i) {
    out += " x" + std::to_string(in.times(i));
    if (i < in.step_size()) out += "@" + std::to_string(in.step(i));
  }
  return out + "}";
}

std::string sub_units(const pb::DMAStream& stream) {
  std::string out;
  for (const auto& sub : stream.sub_ips()) {
    std::vector<const FieldDescriptor*> fields;
    sub.GetReflection()->ListFields(sub, &fields);
    for (const auto* field : fields) out += " | " + field->name();
  }
  return out;
}

void append(std::string& out, const std::string& text) {
  if (!out.empty()) out += " ";
  out += text;
}

std::string ld(const pb::LdCmd& in) {
  std::string out;
  if (in.has_from_ddr()) append(out, detail("ddr", in.from_ddr()));
  if (in.has_uv_from_ddr()) append(out, detail("uv ddr", in.uv_from_ddr()));
  for (const auto& sub : in.dma_stream().sub_ips()) {
    for (const auto& stream : sub.fma().input_stream()) {
      if (stream.has_from_ddr()) append(out, detail("ddr", stream.from_ddr()));
    }
  }
  out += sub_units(in.dma_stream());
  if (in.has_to_ocm()) append(out, "-> " + detail("ocm", in.to_ocm()));
  if (in.is_param()) out += " parameters";
  return out;
}

std::string st(const pb::StCmd& in) {
  std::string out = detail("ocm", in.from_ocm()) + sub_units(in.dma_stream()) + " -> " + detail("ddr", in.to_ddr());
  if (in.has_uv_to_ddr()) out += " " + detail("uv ddr", in.uv_to_ddr());
  return out;
}

std::string mv(const pb::MvCmd& in) {
  std::string out;
  if (in.has_from_ocm()) append(out, detail("ocm", in.from_ocm()));
  for (const auto& sub : in.dma_stream().sub_ips()) {
    for (const auto& stream : sub.fma().input_stream()) {
      if (stream.has_from_ocm()) append(out, detail("ocm", stream.from_ocm()));
    }
  }
  return out + sub_units(in.dma_stream()) + " -> " + detail("ocm", in.to_ocm());
}

std::string conv(const pb::ConvCmd& in) {
  std::string out = std::to_string(in.w_bit()) + "b " + (in.conv_1x1_opt() ? "1x1" : "3x3") + "/" +
                    std::to_string(in.l_stride()) + "," + std::to_string(in.p_stride());
  std::string border;
  if (in.padding_top()) border += "t";
  if (in.padding_bottom()) border += "b";
  if (in.padding_left()) border += "l";
  if (in.padding_right()) border += "r";
  if (!border.empty()) {
    out += " pad " + border + "=" + std::to_string(in.padding_value_size() ? in.padding_value(0) : 0);
  }
  if (in.continue_mode()) out += " continue";
  for (const auto& input : in.inputs()) {
    out += " " + detail("ocm", input.from_ocm()) + "(" + std::to_string(input.line_count()) + "x" +
           std::to_string(input.width()) + "x" + std::to_string(input.c()) + ")";
  }
  if (in.has_add_input()) out += " ?add_input";
  out += " -> " + detail("ocm", in.output_ocm()) + "(" + std::to_string(in.output_lc()) + "x" +
         std::to_string(in.output_width()) + "x" + std::to_string(in.output_ch()) + ") u" +
         std::to_string(in.output_bit()) + " mode " + std::to_string(in.post_process_mode());
  if (in.l_pooling() > 1 || in.p_pooling() > 1) {
    out += " maxpool " + std::to_string(in.l_pooling()) + "x" + std::to_string(in.p_pooling());
  }
  if (in.has_drc()) out += " table";
  if (in.yuv2bgr()) out += " ?yuv2bgr";
  return out;
}

std::string sync(const pb::SyncCmd& in) {
  std::string out;
  for (const auto& wait : in.sync_eus()) {
    append(out, "eu" + std::to_string(wait.eu_idx()) + ":" + std::to_string(wait.sync_id()));
  }
  return out;
}

nlohmann::json message_json(const Message& message);

nlohmann::json value_json(const Message& message, const FieldDescriptor& field, int index) {
  const auto& reflection = *message.GetReflection();
  const bool many = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return message_json(many ? reflection.GetRepeatedMessage(message, &field, index)
                               : reflection.GetMessage(message, &field));
    case FieldDescriptor::CPPTYPE_INT32:
      return many ? reflection.GetRepeatedInt32(message, &field, index) : reflection.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return many ? reflection.GetRepeatedUInt32(message, &field, index) : reflection.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return many ? reflection.GetRepeatedUInt64(message, &field, index) : reflection.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return many ? reflection.GetRepeatedFloat(message, &field, index) : reflection.GetFloat(message, &field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return many ? reflection.GetRepeatedDouble(message, &field, index) : reflection.GetDouble(message, &field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return many ? reflection.GetRepeatedBool(message, &field, index) : reflection.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_STRING:
      return many ? reflection.GetRepeatedString(message, &field, index) : reflection.GetString(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number =
          many ? reflection.GetRepeatedEnumValue(message, &field, index) : reflection.GetEnumValue(message, &field);
      const auto* known = field.enum_type()->FindValueByNumber(number);
      if (known) return known->name();
      return number;
    }
    default: return nullptr;
  }
}

nlohmann::json message_json(const Message& message) {
  nlohmann::json out = nlohmann::json::object();
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->is_repeated()) {
      auto& list = out[field->name()] = nlohmann::json::array();
      for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
        list.push_back(value_json(message, *field, i));
      }
    } else {
      out[field->name()] = value_json(message, *field, -1);
    }
  }
  const auto& unknown = message.GetReflection()->GetUnknownFields(message);
  for (int i = 0; i < unknown.field_count(); ++i) out["unknown"].push_back(unknown.field(i).number());
  return out;
}

}  // namespace

std::string print(const pb::Cmd& command) {
  const Kind which = kind(command);
  std::string operands;
  switch (which) {
    case Kind::sync: operands = sync(command.sync()); break;
    case Kind::ld: operands = ld(command.ld()); break;
    case Kind::st: operands = st(command.st()); break;
    case Kind::mv: operands = mv(command.mv()); break;
    case Kind::conv: operands = conv(command.conv()); break;
    case Kind::fetch:
      operands = detail("ocm", command.fetch().from_ocm()) + " w" + std::to_string(command.fetch().w_bit()) + " ic " +
                 std::to_string(command.fetch().ic()) + " oc " + std::to_string(command.fetch().oc());
      break;
    default: operands = "?"; break;
  }
  char head[16];
  std::snprintf(head, sizeof head, "%-6s", name(which));
  return head + operands;
}

nlohmann::json to_json(const pb::Cmd& command) { return message_json(command); }

}  // namespace vnpu::ax620
