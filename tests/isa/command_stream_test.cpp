// CMDBUF records, stored TIU order, DMABUF.
#include "isa/cv18xx/command_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "base/error.h"

namespace vnpu::cv18xx {
namespace {

const Chip& cv181x() { return *find_chip("cv181x"); }

void append_record(Bytes& out, std::uint8_t magic, Engine engine, std::span<const std::uint8_t> body) {
  const std::array<std::uint8_t, 8> head{magic, static_cast<std::uint8_t>(body.size()),
                                         static_cast<std::uint8_t>(engine)};
  out.insert(out.end(), head.begin(), head.end());
  out.insert(out.end(), body.begin(), body.end());
}

TiuCommand conv(std::uint32_t id, std::uint32_t wait) {
  TiuCommand c;
  c.cmd_en = 1;
  c.cmd_id_tpu = id;
  c.cmd_id_en = 1;
  c.cmd_id_gdma = wait;
  return c;
}

TdmaCommand load(std::uint32_t id, std::uint32_t wait) {
  TdmaCommand c;
  c.vld = 1;
  c.cmd_id = id;
  c.wait_id_tpu = wait;
  return c;
}

Bytes cpu_descriptor(std::uint32_t op_type, const std::string& name) {
  Bytes out(cpu_bytes);
  std::memcpy(out.data(), &op_type, 4);
  std::copy(name.begin(), name.end(), out.begin() + 28);
  return out;
}

Bytes small_buffer() {
  Bytes out;
  append_record(out, 0xA7, Engine::tdma, encode(load(1, 0)));
  append_record(out, 0xA7, Engine::tiu, encode(conv(1, 1)));
  append_record(out, 0xA7, Engine::cpu, cpu_descriptor(2, "layer_end"));
  return out;
}
constexpr std::uint64_t tiu_record = 8 + tdma_bytes, cpu_record = tiu_record + 8 + tiu_bytes;

struct Refusal {
  ErrorKind kind;
  std::uint64_t offset;
  std::string text;
};

template <class Call>
Refusal refusal_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return {error.kind(), error.offset().value_or(~0ull), error.what()};
  }
  ADD_FAILURE() << "not refused";
  return {};
}

void expect_refused(const Bytes& bytes, ErrorKind kind, std::uint64_t offset, const std::vector<std::string>& words) {
  const Refusal r = refusal_of([&] { parse_cmdbuf(ByteView(bytes, 0x1000), cv181x()); });
  EXPECT_EQ(r.kind, kind) << r.text;
  EXPECT_EQ(r.offset, 0x1000 + offset) << r.text;
  for (const std::string& word : words) EXPECT_NE(r.text.find(word), std::string::npos) << word << " in: " << r.text;
}

TEST(CommandStream, ReadsRecordsOfAllThreeEngines) {
  const Bytes bytes = small_buffer();
  const auto stream = parse_cmdbuf(ByteView(bytes, 0x1000), cv181x());
  ASSERT_EQ(stream.size(), 3u);
  EXPECT_EQ(stream[0].engine, Engine::tdma);
  EXPECT_EQ(stream[0].tdma(), load(1, 0));
  EXPECT_EQ(stream[1].engine, Engine::tiu);
  EXPECT_EQ(stream[1].tiu(), conv(1, 1));
  EXPECT_EQ(stream[1].file_offset, 0x1000 + tiu_record);
  EXPECT_EQ(stream[1].index, 1u);
  EXPECT_EQ(stream[2].cpu().name, "layer_end");
}

TEST(CommandStream, AnEmptySectionHasNoCommands) { EXPECT_TRUE(parse_cmdbuf(ByteView(), cv181x()).empty()); }

TEST(CommandStream, NamesBothChipsWhenTheMagicIsAnotherChips) {
  Bytes bytes = small_buffer();
  bytes[tiu_record] = 0xA8;
  expect_refused(bytes, ErrorKind::damaged, tiu_record, {"command 1 magic", "cv180x", "cv181x"});
  bytes[tiu_record] = 0x58;
  expect_refused(bytes, ErrorKind::damaged, tiu_record, {"command 1 magic", "0x58", "cv181x"});
}

TEST(CommandStream, RefusesBrokenRecordHeaders) {
  const Bytes good = small_buffer();
  const auto with = [&](std::uint64_t at, std::uint8_t value) {
    Bytes bytes = good;
    bytes[at] = value;
    return bytes;
  };
  expect_refused(with(1, 0x70), ErrorKind::damaged, 1, {"command 0 length", "0x70", "0x40"});
  expect_refused(with(2, 3), ErrorKind::damaged, 2, {"command 0 engine id"});
  expect_refused(with(2, 0x12), ErrorKind::damaged, 2, {"command 0 engine id", "0x12"});
  expect_refused(with(3, 1), ErrorKind::damaged, 3, {"command 0 flags"});
  expect_refused(with(6, 1), ErrorKind::damaged, 4, {"command 0 mask"});
}

TEST(CommandStream, RefusesEveryTruncationThatCutsARecord) {
  const Bytes good = small_buffer();
  for (std::size_t size = 1; size < good.size(); ++size) {
    if (size == tiu_record || size == cpu_record) continue;
    const Bytes bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(refusal_of([&] { parse_cmdbuf(bytes, cv181x()); }).kind, ErrorKind::damaged) << size;
  }
}

TEST(CommandStream, RefusesWrongTagsAndDisabledCommands) {
  Bytes bytes = small_buffer();
  bytes[tiu_record + 8 + 2 * 16 + 15] = 0x50;
  expect_refused(bytes, ErrorKind::damaged, tiu_record + 8 + 2 * 16 + 15, {"command 1 rsvd2", "tag 5"});
  bytes = small_buffer();
  bytes[tiu_record + 8] &= 0xFE;
  expect_refused(bytes, ErrorKind::damaged, tiu_record + 8, {"command 1 cmd_en"});
  bytes = small_buffer();
  bytes[8] &= 0xFE;
  expect_refused(bytes, ErrorKind::damaged, 8, {"command 0 vld"});
}

TEST(CommandStream, RefusesUnknownOperationsByName) {
  const auto tiu = [](std::uint32_t typ, std::uint32_t eu) {
    TiuCommand c = conv(1, 0);
    c.tsk_typ = typ;
    c.tsk_eu_typ = eu;
    Bytes bytes;
    append_record(bytes, 0xA7, Engine::tiu, encode(c));
    return bytes;
  };
  for (const auto& [typ, eu] : {std::pair{1, 4}, {1, 31}, {2, 12}, {3, 13}, {4, 0}, {15, 31}}) {
    expect_refused(tiu(typ, eu), ErrorKind::unsupported, 8,
                   {"tsk_typ/tsk_eu_typ", std::to_string(typ) + "/" + std::to_string(eu)});
  }
  for (const auto& [typ, eu] : {std::pair{0, 0}, {1, 3}, {2, 0}, {3, 12}}) {
    EXPECT_EQ(parse_cmdbuf(tiu(typ, eu), cv181x()).size(), 1u);
  }
  for (std::uint32_t spec = 0; spec < 8; ++spec) {
    TdmaCommand c = load(1, 0);
    c.spec_func = spec;
    Bytes bytes;
    append_record(bytes, 0xA7, Engine::tdma, encode(c));
    if (spec == 0 || spec == 1 || spec == 4) {
      EXPECT_EQ(parse_cmdbuf(bytes, cv181x()).size(), 1u);
    } else {
      expect_refused(bytes, ErrorKind::unsupported, 8, {"spec_func", std::to_string(spec)});
    }
  }
  Bytes bytes;
  append_record(bytes, 0xA7, Engine::cpu, cpu_descriptor(1, ""));
  expect_refused(bytes, ErrorKind::unsupported, 8, {"op_type"});
}

TEST(CommandStream, GroupsEndAtCpuRecordsAndTheLastId) {
  Bytes bytes = small_buffer();
  append_record(bytes, 0xA7, Engine::tdma, encode(load(0xFFFF, 0)));
  append_record(bytes, 0xA7, Engine::tiu, encode(conv(1, 0)));
  const auto groups = split_groups(parse_cmdbuf(bytes, cv181x()));
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].tiu.size(), 1u);
  EXPECT_EQ(groups[0].tdma.size(), 1u);
  EXPECT_EQ(groups[0].cpu.name, "layer_end");
  EXPECT_EQ(groups[1].tiu.size(), 0u);
  EXPECT_EQ(groups[1].tdma.size(), 1u);
  EXPECT_EQ(groups[2].tiu.size(), 1u);
  EXPECT_EQ(groups[2].cpu.num_tiu, 1u);
  EXPECT_EQ(groups[2].cpu.name, "layer_end");
}

// --- stored order

TEST(WireOrder, IsSixOneTwoThreeFourFiveZero) {
  const auto wire = encode_wire(TiuCommand{});
  const std::array<int, 7> tags{6, 1, 2, 3, 4, 5, 0};
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(wire[16 * i + 15] >> 4, tags[i]);
}

TiuCommand random_command(std::mt19937& random) {
  std::array<std::uint8_t, tiu_bytes> words;
  for (auto& byte : words) byte = static_cast<std::uint8_t>(random());
  for (unsigned i = 0; i < 7; ++i) words[16 * i + 15] = static_cast<std::uint8_t>((words[16 * i + 15] & 15) | i << 4);
  return decode_tiu(words);
}

TEST(WireOrder, RoundTripInAnyOrderAndWithPacketsLeftOut) {
  std::mt19937 random(7);
  const auto reset = encode(TiuCommand{});
  for (int i = 0; i < 500; ++i) {
    const TiuCommand command = random_command(random);
    ASSERT_EQ(decode_wire(ByteView(encode_wire(command))).command, command);

    // Some packets in some order, packet 0 last.
    auto logical = encode(command);
    std::array<unsigned, 6> order{1, 2, 3, 4, 5, 6};
    std::shuffle(order.begin(), order.end(), random);
    const std::size_t kept = random() % 7;
    Bytes wire;
    for (std::size_t k = 0; k < order.size(); ++k) {
      auto* packet = logical.data() + 16 * order[k];
      if (k < kept) {
        wire.insert(wire.end(), packet, packet + 16);
      } else {
        std::copy_n(reset.begin() + 16 * order[k], 16, packet);
      }
    }
    wire.insert(wire.end(), logical.begin(), logical.begin() + 16);
    const std::size_t length = wire.size();
    wire.resize(length + 16, 0x55);  // what follows is not looked at
    const WireCommand decoded = decode_wire(ByteView(wire));
    ASSERT_EQ(decoded.command, decode_tiu(logical));
    ASSERT_EQ(decoded.size, length);
  }
}

TEST(WireOrder, RefusesChainsThatAreNone) {
  const auto good = encode_wire(TiuCommand{});
  Bytes twice(good.begin(), good.end());
  twice[16 * 2 + 15] = static_cast<std::uint8_t>((twice[16 * 2 + 15] & 15) | 0x60);
  Refusal r = refusal_of([&] { decode_wire(ByteView(std::span<const std::uint8_t>(twice), 0x100), "command 3 "); });
  EXPECT_EQ(r.kind, ErrorKind::damaged);
  EXPECT_EQ(r.offset, 0x100u + 47);
  EXPECT_NE(r.text.find("command 3 packet tag"), std::string::npos) << r.text;
  Bytes seven(good.begin(), good.end());
  seven[15] |= 0xF0;
  EXPECT_EQ(refusal_of([&] { decode_wire(ByteView(seven)); }).offset, 15u);
  const Bytes open(good.begin(), good.end() - 16);
  EXPECT_EQ(refusal_of([&] { decode_wire(ByteView(open)); }).offset, 96u);
}

// --- DMABUF

void put32(Bytes& bytes, std::uint64_t at, std::uint32_t value) { std::memcpy(bytes.data() + at, &value, 4); }

// Two groups: 2 TIU + 1 TDMA, and 0 TIU + 1 TDMA.
Bytes dmabuf() {
  Bytes bytes(0x400 + 3 * 64);
  put32(bytes, 0, 0x1822B5B5);
  put32(bytes, 4, static_cast<std::uint32_t>(bytes.size()));
  put32(bytes, 8, 2);
  put32(bytes, 12, 2);
  put32(bytes, 16, 2);
  put32(bytes, 32 + 8, 0x80001000);
  put32(bytes, 36 + 8, 1);
  put32(bytes, 128, 2);
  put32(bytes, 132, 2);
  put32(bytes, 136, 1);
  put32(bytes, 140, 0x300);
  put32(bytes, 144, 0x400);
  const std::uint64_t second = 128 + cpu_bytes;
  put32(bytes, second, 2);
  put32(bytes, second + 8, 1);
  put32(bytes, second + 16, 0x440);
  bytes[second + 28] = 'x';
  TiuCommand last = conv(2, 1);
  last.cmd_end = 1;
  TdmaCommand end = load(1, 0), end2 = load(1, 2);
  end.eod = end2.eod = 1;
  std::ranges::copy(encode_wire(conv(1, 0)), bytes.begin() + 0x300);
  std::ranges::copy(encode_wire(last), bytes.begin() + 0x300 + 0x70);
  std::ranges::copy(encode(end), bytes.begin() + 0x400);
  std::ranges::copy(encode(end2), bytes.begin() + 0x440);
  return bytes;
}

TEST(DmabufFormat, ReadsGroupsWithBothLists) {
  const Bytes bytes = dmabuf();
  const Dmabuf d = parse_dmabuf(ByteView(std::span<const std::uint8_t>(bytes), 0x5000));
  EXPECT_EQ(d.array_base[1], 0x180001000u);
  ASSERT_EQ(d.groups.size(), 2u);
  ASSERT_EQ(d.groups[0].tiu.size(), 2u);
  EXPECT_EQ(d.groups[0].tiu[1].tiu().cmd_id_tpu, 2u);
  EXPECT_EQ(d.groups[0].tiu[1].file_offset, 0x5000u + 0x370);
  ASSERT_EQ(d.groups[0].tdma.size(), 1u);
  EXPECT_TRUE(d.groups[1].tiu.empty());
  EXPECT_EQ(d.groups[1].tdma.at(0).tdma().wait_id_tpu, 2u);
  EXPECT_EQ(d.groups[1].cpu.name, "x");
}

TEST(DmabufFormat, RefusesWhatDoesNotFit) {
  const auto refused = [](const std::function<void(Bytes&)>& damage, std::uint64_t offset, const std::string& field) {
    Bytes bytes = dmabuf();
    damage(bytes);
    const Refusal r = refusal_of([&] { parse_dmabuf(ByteView(bytes)); });
    EXPECT_EQ(r.kind, ErrorKind::damaged) << r.text;
    EXPECT_EQ(r.offset, offset) << r.text;
    EXPECT_NE(r.text.find(field), std::string::npos) << r.text;
  };
  refused([](Bytes& b) { b[0] = 0; }, 0, "magic_m");
  refused([](Bytes& b) { b[2] = 0; }, 2, "magic_s");
  refused([](Bytes& b) { put32(b, 4, 100); }, 4, "dmabuf_size");
  refused([](Bytes& b) { put32(b, 4, 0xFFFFFFFF); }, 0, "dmabuf_size");
  refused([](Bytes& b) { put32(b, 8, 0xFFFFFFFF); }, 128, "cpu_desc_count");
  refused([](Bytes& b) { put32(b, 12, 3); }, 12, "bd_desc_count");
  refused([](Bytes& b) { put32(b, 16, 1); }, 16, "tdma_desc_count");
  refused([](Bytes& b) { put32(b, 132, 0xFFFF), put32(b, 12, 0xFFFF); }, 12, "bd_desc_count");
  refused([](Bytes& b) { put32(b, 136, 0xFFFFFFFF), put32(b, 16, 0); }, 16, "tdma_desc_count");
  refused([](Bytes& b) { put32(b, 140, 0x310); }, 140, "group 0 offset_tiu");
  refused([](Bytes& b) { put32(b, 144, 0); }, 144, "group 0 offset_tdma");
  refused([](Bytes& b) { put32(b, 144, 0xFFFFFFC0); }, 144, "group 0 offset_tdma");
  refused([](Bytes& b) { put32(b, 128 + cpu_bytes + 16, 0x400); }, 0x400, "overlaps");
  refused([](Bytes& b) { b[0x300 + 0x70 + 96] &= 0xFD; }, 0x370, "cmd_end");
  refused([](Bytes& b) { b[0x400] &= 0xFB; }, 0x400, "eod");
  refused([](Bytes& b) { b[0x400] &= 0xFE; }, 0x400, "vld");
  refused([](Bytes& b) { b[0x300 + 96] &= 0xFE; }, 0x300, "cmd_en");
}

TEST(DmabufFormat, AcceptsAPmuBufferBehindIt) {
  Bytes bytes = dmabuf();
  bytes.resize(bytes.size() + 4096, 0xEE);
  EXPECT_EQ(parse_dmabuf(ByteView(bytes)).groups.size(), 2u);
}

}  // namespace
}  // namespace vnpu::cv18xx
