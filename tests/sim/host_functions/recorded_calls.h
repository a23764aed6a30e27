// Calls of the vendor runtime's CPU functions as tools/oracle/record_host_calls.py writes them (its head describes the
// file), here gzip-compressed.
#pragma once

#include <zlib.h>

#include <cmath>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "sim/cv18xx/host_functions/host_functions.h"

namespace vnpu::cv18xx::test {

struct RecordedTensor {
  HostTensor tensor;  // its spans are set by RecordedCall::make
  Bytes bytes, behind;
};

struct RecordedCall {
  std::string function;
  std::vector<cvimodel::Attribute> attributes;
  std::vector<RecordedTensor> inputs, outputs;  // outputs as the vendor's runtime left them
  std::string failure;                          // what the vendor's runtime said when it ended the process, else empty
};

namespace detail {

inline Bytes read_gzip(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) throw std::runtime_error("cannot open " + path);
  Bytes bytes, block(1 << 16);
  int n = 0;
  while ((n = gzread(file, block.data(), static_cast<unsigned>(block.size()))) > 0) {
    bytes.insert(bytes.end(), block.begin(), block.begin() + n);
  }
  gzclose(file);
  if (n < 0) throw std::runtime_error("cannot read " + path);
  return bytes;
}

class Reader {
 public:
  explicit Reader(ByteView view) : view_(view) {}

  template <class T>
  T get() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  ByteView take(std::uint64_t size) {
    const ByteView part = view_.sub(at_, size, "recorded call");
    at_ += size;
    return part;
  }
  Bytes blob() {
    const auto size = get<std::uint32_t>();
    const ByteView part = take(size);
    return {part.data(), part.data() + part.size()};
  }
  std::string string() {
    const Bytes b = blob();
    return {b.begin(), b.end()};
  }
  template <class T>
  std::vector<T> list() {
    std::vector<T> values(get<std::uint32_t>());
    for (T& v : values) v = get<T>();
    return values;
  }

 private:
  ByteView view_;
  std::uint64_t at_ = 0;
};

inline cvimodel::Attribute read_attribute(Reader& in) {
  cvimodel::Attribute a;
  a.key = in.string();
  switch (in.get<std::uint8_t>()) {
    case 0: a.value = in.get<float>(); break;
    case 1: a.value = in.get<std::uint8_t>() != 0; break;
    case 2: a.value = in.get<std::int32_t>(); break;
    case 3: a.value = in.string(); break;
    case 4: a.value = in.list<float>(); break;
    default: a.value = in.list<std::int32_t>(); break;
  }
  return a;
}

inline RecordedTensor read_tensor(Reader& in) {
  constexpr DType types[] = {DType::f32, DType::i32, DType::u32, DType::bf16,
                             DType::i16, DType::u16, DType::i8,  DType::u8};
  RecordedTensor t;
  t.tensor.name = in.string();
  t.tensor.dtype = types[in.get<std::uint8_t>() & 7];
  for (std::int64_t& d : t.tensor.shape) d = in.get<std::int32_t>();
  t.bytes = in.blob();
  t.behind = in.blob();
  return t;
}

}  // namespace detail

inline std::vector<RecordedCall> read_recorded_calls(const std::string& path) {
  const Bytes bytes = detail::read_gzip(path);
  detail::Reader in{ByteView(bytes)};
  in.take(8);
  std::vector<RecordedCall> calls(in.get<std::uint32_t>());
  for (RecordedCall& c : calls) {
    c.function = in.string();
    const auto attributes = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < attributes; ++i) c.attributes.push_back(detail::read_attribute(in));
    const auto inputs = in.get<std::uint32_t>(), outputs = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < inputs; ++i) c.inputs.push_back(detail::read_tensor(in));
    for (std::uint32_t i = 0; i < outputs; ++i) c.outputs.push_back(detail::read_tensor(in));
    c.failure = in.string();
  }
  return calls;
}

// Runs the call on zeroed outputs; returns the output bytes.
inline std::vector<Bytes> replay(const RecordedCall& recorded, const Quirks& quirks = {}) {
  HostCall call;
  call.function = recorded.function;
  call.attributes = recorded.attributes;
  call.quirks = quirks;
  std::vector<Bytes> in, out;
  in.reserve(recorded.inputs.size());
  out.reserve(recorded.outputs.size());
  for (const RecordedTensor& t : recorded.inputs) {
    in.push_back(t.bytes);
    call.inputs.push_back(t.tensor);
    call.inputs.back().bytes = in.back();
    call.inputs.back().behind = t.behind;
  }
  for (const RecordedTensor& t : recorded.outputs) {
    std::uint64_t size = size_of(t.tensor.dtype);
    for (const std::int64_t d : t.tensor.shape) size *= static_cast<std::uint64_t>(d);
    out.emplace_back(size);
    call.outputs.push_back(t.tensor);
    call.outputs.back().bytes = out.back();
  }
  run_host_function(call);
  return out;
}

// Empty when the outputs are equal, else where the first difference is.
inline std::string difference(const RecordedCall& call, const std::vector<Bytes>& outputs) {
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    const Bytes &got = outputs[o], &want = call.outputs[o].bytes;
    std::ostringstream text;
    text << "output " << o;
    if (got.size() != want.size()) return text.str() + ": other size";
    if (got == want) continue;
    const DType dtype = call.outputs[o].tensor.dtype;
    const std::size_t item = size_of(dtype), n = got.size() / item;
    std::size_t differing = 0, first = n;
    for (std::size_t i = 0; i < n; ++i) {
      if (std::equal(got.begin() + static_cast<std::ptrdiff_t>(i * item),
                     got.begin() + static_cast<std::ptrdiff_t>((i + 1) * item),
                     want.begin() + static_cast<std::ptrdiff_t>(i * item))) {
        continue;
      }
      if (dtype == DType::f32) {  // any NaN is as good as any other
        float a = 0, b = 0;
        std::memcpy(&a, got.data() + i * item, item);
        std::memcpy(&b, want.data() + i * item, item);
        if (std::isnan(a) && std::isnan(b)) continue;
        if (first == n) text.precision(9), text << ": got " << a << " instead of " << b;
      }
      ++differing;
      first = std::min(first, i);
    }
    if (differing == 0) continue;
    text << ", element " << first << ", " << differing << " of " << n << " differ";
    return text.str();
  }
  return "";
}

inline std::string describe(const RecordedCall& call) {
  std::ostringstream text;
  text << call.function;
  for (const cvimodel::Attribute& a : call.attributes) {
    text << ' ' << a.key << '=';
    std::visit(
        [&](const auto& v) {
          if constexpr (requires { text << v; }) {
            text << v;
          } else {
            for (const auto& e : v) text << e << ',';
          }
        },
        a.value);
  }
  for (const auto* list : {&call.inputs, &call.outputs}) {
    text << (list == &call.inputs ? " :" : " ->");
    for (const RecordedTensor& t : *list) {
      text << ' ' << name(t.tensor.dtype) << '[';
      for (const std::int64_t d : t.tensor.shape) text << d << (&d == &t.tensor.shape[3] ? "]" : ",");
    }
  }
  return text.str();
}

}  // namespace vnpu::cv18xx::test
