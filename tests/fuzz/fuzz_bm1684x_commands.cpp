// Arbitrary bytes as queues of BM1684X commands and as single commands: read, printed, encoded, ordered.
// Byte 0 chooses the engine and the number of commands.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "isa/bm1684x/print.h"

using namespace vnpu;
using namespace vnpu::bm1684x;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void look_at(const StreamEntry& entry) {
  const PrintOptions options{[](std::uint64_t address) { return std::string(1, static_cast<char>(address)); }};
  require(print(entry, options).find('\n') == std::string::npos);
  require(!to_json(entry, options).dump().empty());  // throws for what is no UTF-8
}

template <class Decode>
std::vector<StreamEntry> as_words(ByteView bytes, Decode decode) {
  std::vector<StreamEntry> entries;
  for (std::uint64_t at = 0; at < bytes.size();) {
    StreamEntry entry;
    const auto command = decode(bytes.from(at, "words"));
    const Bytes words = encode(command);
    require(decode(words) == command);
    entry.command = command;
    entry.bytes = static_cast<std::uint32_t>(words.size());
    look_at(entry);
    at += words.size();
    entries.push_back(entry);
  }
  return entries;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const ByteView bytes(std::span(data, size));
  const ByteView queue = bytes.from(1, "queue");
  const Engine engine = data[0] & 1 ? Engine::gdma : Engine::tiu;
  try {
    auto entries = parse_queue(engine, queue, data[0] >> 1);
    for (const auto& entry : entries) look_at(entry);
    require(in_order(entries, {}).size() <= entries.size());
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::damaged || error.kind() == ErrorKind::unsupported);
  }
  // The first half for one engine, the second for the other.
  std::vector<StreamEntry> tiu, gdma;
  try {
    tiu = as_words(queue.sub(0, queue.size() / 2, "half"), decode_tiu);
  } catch (const Error&) {
  }
  try {
    gdma = as_words(queue.from(queue.size() / 2, "half"), decode_gdma);
  } catch (const Error&) {
  }
  try {
    in_order(tiu, gdma);
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::damaged);
  }
  return 0;
}
