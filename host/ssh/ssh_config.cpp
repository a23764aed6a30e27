#include "host/ssh/ssh_config.h"

namespace vnpu::ssh {
namespace {

std::string names(const Reachable& board, const char* separator) {
  std::string text = board.board;
  const auto add = [&](const std::string& name) {
    if (!name.empty() && name != board.board) text += separator + name;
  };
  add(board.tutorial_address);
  add(board.hostname);
  if (!board.hostname.empty()) add(board.hostname + ".local");
  return text;
}

// A word of an ssh_config line.
std::string word(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '%') quoted += '%';  // else the client would expand it
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::string ssh_config_text(const Reachable& board, const std::filesystem::path& known_hosts) {
  return "# The virtual board " + board.board +
         ". Use with ssh -F, or by an Include line at the top of ~/.ssh/config.\n" + "Host " + names(board, " ") +
         "\n" +  //
         "  HostName " + board.address + "\n" + "  Port " + std::to_string(board.port) + "\n" + "  User " + board.user +
         "\n" + "  HostKeyAlias " + board.board + "\n" + "  UserKnownHostsFile " + word(known_hosts.string()) + "\n" +
         "  GlobalKnownHostsFile none\n";
}

std::string known_hosts_text(const Reachable& board) {
  const bool six = board.address.find(':') != std::string::npos;
  const std::string literal =
      six || board.port != 22 ? "[" + board.address + "]:" + std::to_string(board.port) : board.address;
  return names(board, ",") + "," + literal + " " + board.public_key + "\n";
}

}  // namespace vnpu::ssh
