// A fresh board in memory and commands run on it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "devices/board.h"

namespace vnpu::devices {

struct Ran {
  int status = 0;
  std::string out, err;
};

class BoardTest : public ::testing::Test {
 protected:
  explicit BoardTest(const std::string& name = "milkv-duo") : board(Board::open(name, options())) {}

  static BoardOptions options() {
    BoardOptions out;
    out.start_time_ns = 1795219200000000000;
    return out;
  }

  Ran run(const std::string& command, const std::string& input = {}, const std::string& user = "root") {
    auto out = Collector::make(), err = Collector::make();
    SessionRequest request;
    request.user = user;
    request.command = command;
    request.in = bytes_stream(input);
    request.out = out;
    request.err = err;
    Ran ran;
    ran.status = board->run(std::move(request));
    ran.out = out->take();
    ran.err = err->take();
    return ran;
  }
  std::string out_of(const std::string& command, const std::string& input = {}) { return run(command, input).out; }

  std::unique_ptr<Board> board;
};

}  // namespace vnpu::devices
