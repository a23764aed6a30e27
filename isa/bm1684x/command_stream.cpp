#include "isa/bm1684x/command_stream.h"

#include <algorithm>

#include "base/error.h"

namespace vnpu::bm1684x {
namespace {

template <class Visitor>
auto visit(const StreamEntry& entry, const Visitor& visitor) {
  return std::visit(visitor, entry.command);
}

[[noreturn]] void damaged(const StreamEntry& entry, const char* field, const std::string& message) {
  throw Error(ErrorKind::damaged, entry.file_offset,
              std::string(name(entry.engine())) + " command " + std::to_string(entry.index) + " " + field, message);
}

}  // namespace

std::uint32_t StreamEntry::id() const {
  return visit(*this, [](const auto& c) { return c.cmd_id; });
}

std::uint32_t StreamEntry::id_dep() const {
  return visit(*this, [](const auto& c) { return c.cmd_id_dep; });
}

bool StreamEntry::is_end() const {
  if (const auto* c = std::get_if<TiuCommand>(&command)) return c->tsk_typ == tsk_sys && c->tsk_eu_typ == sys_end;
  return gdma().cmd_type == dma_sys && gdma().cmd_special_function == 0;
}

std::string StreamEntry::mnemonic() const {
  return visit(*this, [](const auto& c) { return bm1684x::mnemonic(c); });
}

std::vector<StreamEntry> parse_queue(Engine engine, ByteView queue, std::uint32_t count) {
  std::vector<StreamEntry> entries;
  std::uint64_t at = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const ByteView rest = queue.from(at, "command");
    StreamEntry entry;
    entry.file_offset = rest.file_offset();
    entry.index = i;
    try {
      if (engine == Engine::tiu) {
        entry.bytes = static_cast<std::uint32_t>(tiu_command_bytes(rest));
        entry.command = decode_tiu(rest);
      } else {
        entry.bytes = static_cast<std::uint32_t>(gdma_command_bytes(rest));
        entry.command = decode_gdma(rest);
      }
    } catch (const Error& error) {
      throw with_context(error,
                         std::string(name(engine)) + " command " + std::to_string(i) + " of " + std::to_string(count));
    }
    if (entry.id() != i + 1) damaged(entry, "cmd_id", std::to_string(entry.id()) + " is not " + std::to_string(i + 1));
    if (entry.is_end() != (i + 1 == count))
      damaged(entry, "end", entry.is_end() ? "the queue ends before its last command" : "the queue has no end command");
    at += entry.bytes;
    entries.push_back(std::move(entry));
  }
  for (std::uint64_t i = at; i < queue.size(); ++i) {
    if (queue.data()[i] != 0)
      throw Error(ErrorKind::damaged, queue.file_offset() + i, std::string(name(engine)) + " queue",
                  "bytes behind the last command are not zero");
  }
  return entries;
}

std::vector<StreamEntry> in_order(std::vector<StreamEntry> tiu, std::vector<StreamEntry> gdma) {
  const auto is_end = [](const StreamEntry& entry) { return entry.is_end(); };
  std::erase_if(tiu, is_end);
  std::erase_if(gdma, is_end);
  std::vector<StreamEntry> order;
  order.reserve(tiu.size() + gdma.size());
  std::size_t t = 0, g = 0;
  std::uint32_t tiu_done = 0, gdma_done = 0;
  while (t < tiu.size() || g < gdma.size()) {
    if (t < tiu.size() && tiu[t].id_dep() <= gdma_done) {
      tiu_done = tiu[t].id();
      order.push_back(std::move(tiu[t++]));
    } else if (g < gdma.size() && gdma[g].id_dep() <= tiu_done) {
      gdma_done = gdma[g].id();
      order.push_back(std::move(gdma[g++]));
    } else {
      const StreamEntry& stuck = t < tiu.size() ? tiu[t] : gdma[g];
      damaged(stuck, "cmd_id_dep",
              "waits for command " + std::to_string(stuck.id_dep()) + " of the other queue, which " + "never runs");
    }
  }
  return order;
}

}  // namespace vnpu::bm1684x
