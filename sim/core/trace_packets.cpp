// The timeline in Perfetto's own format: protobuf messages TracePacket, written field by field (field numbers:
// Perfetto's published perfetto_trace.proto).
#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include "sim/core/profile_report.h"

namespace vnpu {
namespace {

// A protobuf message in the making.
class Message {
 public:
  Message& number(unsigned field, std::uint64_t value) {
    varint(std::uint64_t{field} << 3);
    varint(value);
    return *this;
  }
  Message& real(unsigned field, double value) {
    varint(std::uint64_t{field} << 3 | 1);
    const auto bits = std::bit_cast<std::uint64_t>(value);
    for (int i = 0; i < 8; ++i) bytes_ += static_cast<char>(bits >> 8 * i & 0xFF);
    return *this;
  }
  Message& text(unsigned field, const std::string& value) {
    varint(std::uint64_t{field} << 3 | 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& message(unsigned field, const Message& value) { return text(field, value.bytes_); }
  const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t value) {
    for (; value > 0x7F; value >>= 7) bytes_ += static_cast<char>((value & 0x7F) | 0x80);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

constexpr std::uint64_t process_track = 1, first_track = 10, sequence = 1;
enum : unsigned { slice_begin = 1, slice_end = 2, counter_value = 4 };

// Other programs refuse text that is no UTF-8; names come from files.
std::string printable(const std::string& name) {
  std::string out;
  for (const char c : name)
    out += static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7E ? '?' : c;
  return out;
}

class Writer {
 public:
  Writer(const Profile& profile, std::ostream& out) : p_(profile), out_(out) {}
  void write();

 private:
  std::uint64_t ns(std::uint64_t cycles) const {
    return static_cast<std::uint64_t>(std::llround(static_cast<double>(cycles) * 1e3 / p_.mhz));
  }
  void put(Message packet) {
    packet.number(10, sequence);
    Message trace;
    trace.message(1, packet);
    out_ << trace.bytes();
  }
  void track(std::uint64_t uuid, const std::string& name, bool counter) {
    Message descriptor;
    descriptor.number(1, uuid).text(2, name).number(5, process_track);
    if (counter) descriptor.message(8, Message().text(6, "MB/s"));
    put(Message().message(60, descriptor));
  }
  // Names are sent once and then named by number.
  void event(std::uint64_t time, unsigned type, std::uint64_t uuid, Message event) {
    event.number(9, type).number(11, uuid);
    put(Message().number(8, time).number(13, 2).message(11, event));
  }
  void names();
  void engine(std::size_t index);
  void layers();
  void memory();

  const Profile& p_;
  std::ostream& out_;
};

void Writer::names() {
  Message interned;
  for (std::size_t i = 0; i < p_.texts.size(); ++i)
    interned.message(2, Message().number(1, i + 1).text(2, printable(p_.texts[i])));
  for (std::size_t i = 0; i < p_.layers.size(); ++i)
    interned.message(2, Message().number(1, p_.texts.size() + i + 1).text(2, printable(p_.layers[i].name)));
  put(Message().number(13, 1 | 2).message(12, interned));
}

Message note(const char* name, std::uint64_t value) { return Message().text(10, name).number(3, value); }
Message note(const char* name, const std::string& value) { return Message().text(10, name).text(6, value); }

void Writer::engine(std::size_t index) {
  for (const auto& c : p_.commands) {
    if (c.engine != index) continue;
    Message begin;
    begin.number(10, c.text + 1)
        .message(4, note("id", c.id))
        .message(4, note("layer", printable(p_.layers[c.layer].name)))
        .message(4, note("bound", p_.texts[c.bound]))
        .message(4, note("cycles", c.end - c.start))
        .message(4, note("macs", c.macs))
        .message(4, note("bytes", c.data_bytes));
    event(ns(c.start), slice_begin, first_track + index, begin);
    event(ns(c.end), slice_end, first_track + index, {});
  }
}

// Layers overlap: each track takes those that follow each other.
void Writer::layers() {
  std::vector<std::size_t> order(p_.layers.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [this](std::size_t i) { return p_.layers[i].start; });
  std::vector<std::uint64_t> ends;
  const std::uint64_t base = first_track + p_.engines.size() + 1;
  for (const std::size_t i : order) {
    const auto& layer = p_.layers[i];
    std::size_t row = 0;
    while (row < ends.size() && ends[row] > layer.start) ++row;
    if (row == ends.size()) {
      ends.push_back(0);
      track(base + row, "layers " + std::to_string(row + 1), false);
    }
    ends[row] = layer.end;
    event(ns(layer.start), slice_begin, base + row,
          Message().number(10, p_.texts.size() + i + 1).message(4, note("critical cycles", layer.critical_cycles)));
    event(ns(layer.end), slice_end, base + row, {});
  }
}

void Writer::memory() {
  const std::uint64_t uuid = first_track + p_.engines.size();
  track(uuid, "DRAM", true);
  const auto slices = memory_rate(p_, 400);
  for (std::size_t i = 0; i < slices.size(); ++i) {
    event(ns(slices[i].cycle), counter_value, uuid, Message().real(44, slices[i].mb_per_s));
  }
}

void Writer::write() {
  Message process;
  process.number(1, 1).text(6, printable(p_.board + " (" + p_.chip + ")"));
  put(Message().message(60, Message().number(1, process_track).message(3, process)));
  names();
  for (std::size_t e = 0; e < p_.engines.size(); ++e) {
    if (p_.engines[e].commands == 0) continue;
    track(first_track + e, p_.engines[e].name, false);
    engine(e);
  }
  layers();
  memory();
}

}  // namespace

void write_trace_packets(const Profile& profile, std::ostream& out) { Writer(profile, out).write(); }

}  // namespace vnpu
