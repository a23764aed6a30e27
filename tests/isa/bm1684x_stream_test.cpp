// Queues of BM1684X commands: lengths, ids, ends, the order of execution, and how they are printed.
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "isa/bm1684x/print.h"
#include "tests/models/bmodel_sample.h"

namespace vnpu::bm1684x {
namespace {

std::vector<StreamEntry> tiu_queue() { return parse_queue(Engine::tiu, bmodel::sample_group().tiu.view(), 2); }
std::vector<StreamEntry> gdma_queue() { return parse_queue(Engine::gdma, bmodel::sample_group().gdma.view(), 4); }

std::string field_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const Error& error) {
    return error.field() + "|" + error.what();
  }
  return "";
}

TEST(Bm1684xStream, QueuesAreReadCommandByCommand) {
  const auto tiu = tiu_queue(), gdma = gdma_queue();
  ASSERT_EQ(tiu.size(), 2u);
  ASSERT_EQ(gdma.size(), 4u);
  EXPECT_EQ(tiu[0].mnemonic(), "arith.add");
  EXPECT_EQ(tiu[0].bytes, 64u);
  EXPECT_EQ(tiu[1].file_offset, 64u);
  EXPECT_TRUE(tiu[1].is_end());
  EXPECT_EQ(gdma[2].id_dep(), 1u);
  EXPECT_TRUE(gdma[3].is_end());
}

TEST(Bm1684xStream, BrokenQueuesAreNamed) {
  const auto group = bmodel::sample_group();
  const auto parse = [&](const Bytes& queue, std::uint32_t count) {
    return field_of([&] { parse_queue(Engine::gdma, queue, count); });
  };
  Bytes queue = *group.gdma.bytes;
  EXPECT_EQ(parse(queue, 4), "");
  EXPECT_NE(parse(queue, 3).find("the queue has no end command"), std::string::npos);
  EXPECT_NE(parse(queue, 5), "");
  queue.back() = 1;
  EXPECT_NE(parse(queue, 4).find("not zero"), std::string::npos);
  queue = *group.gdma.bytes;
  queue[96 + 1] = 0;  // low bits of the second command's id
  EXPECT_NE(parse(queue, 4).find("cmd_id"), std::string::npos);
  queue = *group.gdma.bytes;
  queue.resize(100);
  EXPECT_NE(parse(queue, 4), "");
}

TEST(Bm1684xStream, ATiuCommandRunsAsSoonAsItMay) {
  std::string order;
  for (const auto& entry : in_order(tiu_queue(), gdma_queue()))
    order += std::string(name(entry.engine())) + std::to_string(entry.id()) + " ";
  EXPECT_EQ(order, "gdma1 gdma2 tiu1 gdma3 ");
}

TEST(Bm1684xStream, QueuesThatWaitForEachOtherAreNamed) {
  auto tiu = tiu_queue();
  std::get<TiuCommand>(tiu[0].command).cmd_id_dep = 3;
  EXPECT_NE(field_of([&] { in_order(tiu, gdma_queue()); }).find("cmd_id_dep"), std::string::npos);
}

TEST(Bm1684xPrint, Lines) {
  const PrintOptions options{[](std::uint64_t address) { return address == bmodel::sample_coeff ? "table" : ""; }};
  const auto tiu = tiu_queue(), gdma = gdma_queue();
  EXPECT_EQ(print(tiu[0], options),
            "    0  tiu  #1     wait gdma>=2 arith.add                 res L0+0x2000 i8 1x4x2x8, opd0 L0+0x0000 i8, "
            "opd1 L0+0x1000 i8");
  EXPECT_EQ(print(gdma[1], options),
            "    1  gdma #2                  dma.tensor                dst L0+0x1000, src ddr+0x0 i8 1x4x2x8  ; table");
  EXPECT_EQ(print(gdma[3], options), "    3  gdma #4                  dma.sys");
  const auto json = to_json(gdma[2], options);
  EXPECT_EQ(json.at("wait").at("id"), 1);
  EXPECT_EQ(json.at("fields").at("src_wsize"), 8);
  EXPECT_FALSE(json.at("fields").contains("src_wstride"));
}

}  // namespace
}  // namespace vnpu::bm1684x
