// Jobs, waits and order of AX620A command lists.
#include <gtest/gtest.h>

#include "base/error.h"
#include "isa/ax620/print.h"
#include "tests/models/protobuf_message.h"

namespace vnpu::ax620 {
namespace {

pb::Cmd move(int unit, int id) {
  pb::Cmd out;
  out.set_id(id);
  out.set_eu_idx(unit);
  out.mutable_mv()->mutable_to_ocm()->set_subsize(16);
  return out;
}

pb::Cmd wait(int unit, std::vector<std::pair<int, int>> jobs) {
  pb::Cmd out;
  out.set_id(-1);
  out.set_eu_idx(unit);
  out.mutable_sync();
  for (const auto& [on, job] : jobs) {
    auto* sync = out.mutable_sync()->add_sync_eus();
    sync->set_eu_idx(on);
    sync->set_sync_id(job);
  }
  return out;
}

std::string refusal(std::vector<pb::Cmd> commands) {
  CommandList list;
  list.commands = std::move(commands);
  try {
    order(jobs(list));
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(AxJobs, RunWhenTheirWaitsAreOver) {
  CommandList list;
  list.commands = {move(3, -1), move(3, 1), wait(0, {{3, 1}}), move(0, 1), wait(3, {{0, 1}}), move(3, 2)};
  const auto units = jobs(list);
  ASSERT_EQ(units[3].size(), 2u);
  EXPECT_EQ(units[3][0].commands, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(units[0][0].waits, (std::vector<Wait>{{3, 1}}));
  std::vector<std::pair<unsigned, unsigned>> ran;
  for (const Job* job : order(units)) ran.emplace_back(job->unit, job->id);
  EXPECT_EQ(ran, (std::vector<std::pair<unsigned, unsigned>>{{3, 1}, {0, 1}, {3, 2}}));
}

TEST(AxJobs, WhatNeverEndsIsNamed) {
  const auto message = refusal({wait(0, {{3, 1}}), move(0, 1), wait(3, {{0, 1}}), move(3, 1)});
  EXPECT_NE(message.find("Wait Job Timeout"), std::string::npos);
  EXPECT_NE(message.find("unit 0 at job 1 (waits for job 1 of unit 3)"), std::string::npos) << message;
}

TEST(AxJobs, ManyWaitsAreWalkedOnce) {
  // Units 3 and 4 take turns, and each turn unit 0 looks again whether its long list of waits is over.
  constexpr int turns = 30'000;
  CommandList list;
  std::vector<std::pair<int, int>> all(turns, {3, 1});
  all.emplace_back(3, turns);
  list.commands.push_back(wait(0, all));
  list.commands.push_back(move(0, 1));
  for (int turn = 1; turn <= turns; ++turn) {
    if (turn > 1) list.commands.push_back(wait(3, {{4, turn - 1}}));
    list.commands.push_back(move(3, turn));
    list.commands.push_back(wait(4, {{3, turn}}));
    list.commands.push_back(move(4, turn));
  }
  const auto units = jobs(list);
  const auto ran = order(units);
  ASSERT_EQ(ran.size(), 2u * turns + 1);
  std::vector<std::pair<int, int>> never(1000, {2, 9});
  const auto message = refusal({wait(0, never), move(0, 1)});
  EXPECT_NE(message.find("and more"), std::string::npos) << message;
  EXPECT_LT(message.size(), 400u);
}

TEST(AxJobs, BrokenListsAreRefused) {
  EXPECT_NE(refusal({move(3, 2)}).find("follows job 0"), std::string::npos);
  EXPECT_NE(refusal({move(7, 1)}).find("execution unit 7"), std::string::npos);
  EXPECT_NE(refusal({wait(0, {{9, 1}})}).find("execution unit 9"), std::string::npos);
  EXPECT_NE(refusal({move(3, 1), move(3, -1)}).find("belong to no job"), std::string::npos);
  EXPECT_NE(refusal({move(3, 70000)}).find("16 bits"), std::string::npos);
}

TEST(AxCommandList, IsBoundByTheMemoryItTakes) {
  const auto repeated = [](const std::string& one, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += one;
    return out;
  };
  const auto commands = [&](const std::string& one, std::size_t count) {
    return message(1, repeated(message(1, one), count));
  };
  const auto said = [](const std::string& list) -> std::string {
    try {
      const Bytes bytes(list.begin(), list.end());
      read_command_list(ByteView(bytes), 1 << 20);
      return {};
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::unsupported) << error.what();
      return error.what();
    }
  };
  const auto refused = [&](const std::string& list) {
    const auto text = said(list);
    return text.find("more memory") != std::string::npos && text.find("at byte 0x") != std::string::npos;
  };
  EXPECT_EQ(said(commands(message(12, ""), 100)), "");
  EXPECT_TRUE(refused(commands(message(12, ""), 10'000)));                                // four bytes each
  EXPECT_TRUE(refused(commands(message(3, repeated(message(1, ""), 50'000)), 1)));        // two bytes a wait
  EXPECT_TRUE(refused(commands(message(13, message(1, std::string(2 << 20, 'x'))), 1)));  // one name
  EXPECT_TRUE(refused(repeated(message(15, "xy"), 50'000)));                              // unknown fields are kept
  EXPECT_NE(said(message(2, repeated(message(1, ""), 1025))).find("base_addrs.inputs: 1025 regions"),
            std::string::npos);
}

TEST(AxJobs, MachineCodeTellsTheSame) {
  const auto word = [](unsigned opcode, unsigned address, std::uint32_t value) {
    return std::uint64_t{opcode} | std::uint64_t{address} << 16 | std::uint64_t{value} << 32;
  };
  const std::vector<std::uint64_t> code{word(0xa1, 5, 1), word(0xa2, 3 << 10, 0xE0000002), word(0xa2, 0, 0x40000002)};
  const auto units = machine_code_jobs(code, {3});
  ASSERT_EQ(units[0].size(), 1u);
  EXPECT_EQ(units[0][0].id, 1u);
  EXPECT_EQ(units[0][0].waits, (std::vector<Wait>{{3, 1}}));
  EXPECT_THROW(machine_code_jobs({word(0xa2, 9 << 10, 0xE0000002)}, {1}), Error);
}

TEST(AxPrint, LinesReadLikeAListing) {
  pb::Cmd command;
  auto& conv = *command.mutable_conv();
  conv.set_w_bit(8);
  conv.set_l_stride(1);
  conv.set_p_stride(1);
  conv.set_padding_top(true);
  conv.add_padding_value(7);
  auto& input = *conv.add_inputs();
  input.set_line_count(4);
  input.set_width(5);
  input.set_c(16);
  input.mutable_from_ocm()->add_addr(0x1000);
  input.mutable_from_ocm()->add_addrsize(320);
  input.mutable_from_ocm()->set_subsize(320);
  conv.set_output_bit(8);
  conv.set_post_process_mode(20);
  EXPECT_EQ(print(command), "conv  8b 3x3/1,1 pad t=7 ocm[0x1000+320]{320B}(4x5x16) -> ocm[0x0]{0B}(0x0x0) u8 mode 20");
}

}  // namespace
}  // namespace vnpu::ax620
