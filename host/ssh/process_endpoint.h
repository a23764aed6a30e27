// A command or a login shell of the board behind a channel.
#pragma once

#include "devices/board.h"
#include "host/ssh/endpoint.h"

namespace vnpu::ssh {

// `log` (may be empty) gets the lines entered at a login shell.
std::unique_ptr<Endpoint> start_process(devices::Board& board, const std::string& user,
                                        const std::optional<std::string>& command,
                                        const std::optional<Terminal>& terminal, const Environment& environment,
                                        Ring ring, Log log);

// The SFTP server of the board for this user; null for an unknown one. `log` is told of what happens to files.
std::unique_ptr<Endpoint> start_sftp_server(devices::Board& board, const std::string& user, Log log);

}  // namespace vnpu::ssh
