// Arbitrary bytes as a command buffer, a DMABUF, a stored TIU command and single commands: read, printed, scheduled.
// Byte 0 chooses what they are.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "isa/cv18xx/print.h"
#include "isa/cv18xx/schedule.h"

using namespace vnpu;
using namespace vnpu::cv18xx;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void look_at(const StreamEntry& entry, const Chip& chip) {
  PrintOptions options(chip);
  options.tensor_name = [](unsigned sel, std::uint64_t offset) {
    return std::string(1, static_cast<char>(offset + sel));
  };
  options.layer_name = [](unsigned layer) { return std::string(1, static_cast<char>(layer)); };
  const std::string line = print(entry, options);
  require(line.find('\n') == std::string::npos);
  require(!to_json(entry, options).dump().empty());  // throws for what is no UTF-8
}

void schedule_groups(const std::vector<CommandGroup>& groups) {
  for (const CommandGroup& group : groups) {
    try {
      require(in_order(group).size() == group.tiu.size() + group.tdma.size());
    } catch (const Error& error) {
      require(error.kind() == ErrorKind::fault);
    }
  }
}

void as_cmdbuf(ByteView bytes, const Chip& chip) {
  const auto stream = parse_cmdbuf(bytes, chip);
  for (const StreamEntry& entry : stream) look_at(entry, chip);
  schedule_groups(split_groups(stream));
}

// Commands without the checks of a record: what the printer must stand, and a schedule of wild ids.
void as_words(ByteView bytes, const Chip& chip) {
  CommandGroup group;
  std::uint64_t at = 0;
  while (bytes.size() - at >= tiu_bytes) {
    StreamEntry entry;
    entry.engine = bytes.data()[at] & 1 ? Engine::tiu : Engine::tdma;
    if (entry.engine == Engine::tiu) {
      const TiuCommand command = decode_tiu(bytes.sub(at, tiu_bytes, "words").span().first<tiu_bytes>());
      require(decode_tiu(encode(command)) == command);
      entry.command = command;
    } else {
      const TdmaCommand command = decode_tdma(bytes.sub(at, tdma_bytes, "words").span().first<tdma_bytes>());
      require(decode_tdma(encode(command)) == command);
      entry.command = command;
    }
    look_at(entry, chip);
    at += entry.engine == Engine::tiu ? tiu_bytes : tdma_bytes;
    (entry.engine == Engine::tiu ? group.tiu : group.tdma).push_back(entry);
  }
  schedule_groups({group});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Chip& chip = chips()[data[0] >> 7];
  const ByteView bytes(std::span(data + 1, size - 1), 1);
  try {
    switch (data[0] & 3) {
      case 0: as_cmdbuf(bytes, chip); break;
      case 1: {
        const Dmabuf buffer = parse_dmabuf(bytes);
        for (const CommandGroup& group : buffer.groups) {
          for (const StreamEntry& entry : group.tiu) look_at(entry, chip);
          for (const StreamEntry& entry : group.tdma) look_at(entry, chip);
        }
        schedule_groups(buffer.groups);
        break;
      }
      case 2: {
        const WireCommand wire = decode_wire(bytes);
        const TiuCommand& command = wire.command;
        const auto again = encode_wire(command);
        require(decode_wire(ByteView(again)).command == command);
        break;
      }
      default: as_words(bytes, chip); break;
    }
  } catch (const Error&) {
  }
  return 0;
}
