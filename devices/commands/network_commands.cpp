// ifconfig, ip, ping, wget, netstat: the board's one link as it looks; nothing here opens a connection of the host.
#include "devices/commands/common.h"

namespace vnpu::devices::commands {

namespace {

int ifconfig_main(Process& process) {
  const std::string& address = process.board.data().address;
  Output out(process);
  if (process.argv.size() < 2 || process.argv[1] == "-a" || process.argv[1] == "lo")
    out << "lo        Link encap:Local Loopback  \n          inet addr:127.0.0.1  Mask:255.0.0.0\n"
           "          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n          RX packets:0 errors:0 dropped:0 overruns:0 "
           "frame:0\n"
           "          TX packets:0 errors:0 dropped:0 overruns:0 carrier:0\n          collisions:0 txqueuelen:1000 \n"
           "          RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)\n\n";
  if (process.argv.size() < 2 || process.argv[1] == "-a" || process.argv[1] == "usb0")
    out << "usb0      Link encap:Ethernet  HWaddr 48:DA:35:6E:00:01  \n          inet addr:" << address
        << "  Bcast:" << address.substr(0, address.rfind('.'))
        << ".255  Mask:255.255.255.0\n          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n"
           "          RX packets:0 errors:0 dropped:0 overruns:0 frame:0\n          TX packets:0 errors:0 dropped:0 "
           "overruns:0 carrier:0\n"
           "          collisions:0 txqueuelen:1000 \n          RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)\n\n";
  if (process.argv.size() > 1 && process.argv[1] != "-a" && process.argv[1] != "lo" && process.argv[1] != "usb0")
    return fail(process, process.argv[1] + ": error fetching interface information: Device not found");
  return 0;
}

int ip_main(Process& process) {
  const std::string& address = process.board.data().address;
  const std::string what = process.argv.size() > 1 ? process.argv[1] : "";
  if (what.empty() || std::string("address").find(what) != 0) {
    if (std::string("route").find(what) == 0 && !what.empty()) {
      process.print(address.substr(0, address.rfind('.')) + ".0/24 dev usb0 scope link  src " + address + " \n");
      return 0;
    }
    if (std::string("link").find(what) != 0 || what.empty()) return usage(process);
  }
  Output out(process);
  const bool with_address = what[0] == 'a';
  out << "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000\n    link/loopback 00:00:00:00:00:00 brd "
         "00:00:00:00:00:00\n";
  if (with_address) out << "    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n";
  out << "2: usb0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast qlen 1000\n    link/ether "
         "48:da:35:6e:00:01 brd ff:ff:ff:ff:ff:ff\n";
  if (with_address)
    out << "    inet " << address << "/24 brd " << address.substr(0, address.rfind('.'))
        << ".255 scope global usb0\n       valid_lft forever preferred_lft forever\n";
  return 0;
}

bool own_address(Process& process, const std::string& host) {
  return host == "localhost" || host.starts_with("127.") || host == process.board.data().address ||
         host == process.board.hostname();
}

int ping_main(Process& process) {
  auto options = parse(process, "c:i:s:w:W:qI:t:");
  if (!options) return 1;
  if (options->operands.empty()) return usage(process);
  const std::string& host = options->operands[0];
  if (host.find_first_not_of("0123456789.") != std::string::npos && !own_address(process, host))
    return fail(process, "bad address '" + host + "'");
  const std::string address = host.find_first_not_of("0123456789.") == std::string::npos ? host : "127.0.0.1";
  const long long count = options->has('c') ? number(options->value['c']).value_or(1) : -1;
  const bool answers = own_address(process, host);
  process.print("PING " + host + " (" + address + "): 56 data bytes\n");
  long long sent = 0;
  char line[160];
  while (count < 0 || sent < count) {
    if (answers) {
      std::snprintf(line, sizeof line, "64 bytes from %s: seq=%lld ttl=64 time=0.100 ms\n", address.c_str(), sent);
      process.print(line);
    }
    ++sent;
    if (count < 0 || sent < count) process.sleep_ns(1000000000);
  }
  std::snprintf(line, sizeof line,
                "\n--- %s ping statistics ---\n%lld packets transmitted, %lld packets received, %d%% packet loss\n",
                host.substr(0, 64).c_str(), sent, answers ? sent : 0, answers ? 0 : 100);
  process.print(line);
  return answers ? 0 : 1;
}

int wget_main(Process& process) {
  auto options = parse(process, "qO:cST:P:U:Y:", {{"no-check-certificate", 'q'}});
  if (!options) return 1;
  if (options->operands.empty()) return usage(process);
  std::string url = options->operands[0];
  const std::size_t scheme = url.find("://");
  const bool secure = url.starts_with("https");
  if (scheme != std::string::npos) url.erase(0, scheme + 3);
  std::string host = url.substr(0, url.find('/'));
  std::string port = secure ? "443" : "80";
  if (const std::size_t colon = host.find(':'); colon != std::string::npos) {
    port = host.substr(colon + 1);
    host.resize(colon);
  }
  // The board's network ends at its host: names are not known, addresses refuse.
  const bool numeric = !host.empty() && host.find_first_not_of("0123456789.") == std::string::npos;
  if (!numeric && !own_address(process, host)) return fail(process, "bad address '" + host + "'");
  const std::string address = numeric ? host : "127.0.0.1";
  if (!options->has('q'))
    process.complain("Connecting to " + host + (port == "80" ? "" : ":" + port) + " (" + address + ":" + port + ")\n");
  return fail(process, "can't connect to remote host (" + address + "): Connection refused");
}

int netstat_main(Process& process) {
  process.print(
      "Active Internet connections (w/o servers)\nProto Recv-Q Send-Q Local Address           Foreign Address         "
      "State       \n");
  return 0;
}

}  // namespace

void add_network_commands(ProgramTable& table) {
  table.add_applet("ifconfig", ifconfig_main, "/sbin");
  table.add_applet("ip", ip_main, "/sbin");
  table.add_applet("ping", ping_main);
  table.add_applet("wget", wget_main, "/usr/bin");
  table.add_applet("netstat", netstat_main);
}

}  // namespace vnpu::devices::commands
