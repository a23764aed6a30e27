// The library prints a flatbuffer by its schema, which is therefore compiled in as text.
#include "models/bmodel/text.h"

#include <flatbuffers/idl.h>

#include "base/error.h"
#include "models/bmodel/model.h"

namespace vnpu::bmodel {
namespace {

constexpr const char* schema =
#include "bmodel_schema.inc"
    ;

}  // namespace

std::string as_text(ByteView file) {
  const Model model = read(file);  // also checks every offset that is followed here
  const auto body = file.sub(header_bytes, model.flatbuffer_bytes, "flatbuffer").span();
  const Bytes aligned(body.begin(), body.end());  // flatbuffers are read through typed pointers
  flatbuffers::IDLOptions options;
  options.indent_step = 2;
  options.output_default_scalars_in_json = true;
  options.allow_non_utf8 = true;
  flatbuffers::Parser parser(options);
  std::string out;
  if (!parser.Parse(schema) || !flatbuffers::GenerateText(parser, aligned.data(), &out))
    throw Error(ErrorKind::internal, "the flatbuffer cannot be printed: " + parser.error_);
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

}  // namespace vnpu::bmodel
