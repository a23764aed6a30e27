// Jobs, waits and order of AX620A command lists.
#include <gtest/gtest.h>

#include "base/error.h"
#include "isa/ax620/print.h"

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

TEST(AxJobs, BrokenListsAreRefused) {
  EXPECT_NE(refusal({move(3, 2)}).find("follows job 0"), std::string::npos);
  EXPECT_NE(refusal({move(7, 1)}).find("execution unit 7"), std::string::npos);
  EXPECT_NE(refusal({wait(0, {{9, 1}})}).find("execution unit 9"), std::string::npos);
  EXPECT_NE(refusal({move(3, 1), move(3, -1)}).find("belong to no job"), std::string::npos);
  EXPECT_NE(refusal({move(3, 70000)}).find("16 bits"), std::string::npos);
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
