// A board as those who connect by SSH see it: its users, their keys, their shells and files.
#pragma once

#include "devices/board.h"
#include "host/ssh/endpoint.h"

namespace vnpu::ssh {

class BoardServices : public Services {
 public:
  BoardServices(devices::Board& board, Log log) : board_(board), log_(std::move(log)) {}

  bool password_accepted(const std::string& user, const std::string& password) override;
  std::vector<std::string> authorized_keys(const std::string& user) override;
  std::unique_ptr<Endpoint> start(const std::string& user, const std::optional<std::string>& command,
                                  const std::optional<Terminal>& terminal, const Environment& environment, Ring ring,
                                  Log log) override;
  std::unique_ptr<Endpoint> start_sftp(const std::string& user, Ring ring, Log log) override;

 private:
  devices::Board& board_;
  Log log_;
};

}  // namespace vnpu::ssh
