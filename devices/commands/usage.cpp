#include "devices/commands/usage.h"

#include <map>

namespace vnpu::devices::commands {

std::string usage_of(const std::string& name) {
  static const std::map<std::string, const char*> lines{
      {"awk", "[OPTIONS] [AWK_PROGRAM] [FILE]..."},
      {"basename", "FILE [SUFFIX]"},
      {"cat", "[-nbvteA] [FILE]..."},
      {"chgrp", "[-Rhcfv] GROUP FILE..."},
      {"chmod", "[-R] MODE[,MODE]... FILE..."},
      {"chown", "[-Rhcfv] USER[:[GRP]] FILE..."},
      {"cmp", "[-ls] FILE1 [FILE2]"},
      {"cp", "[-adfHilLnpPrRsTuv] SOURCE... DEST"},
      {"cut", "-c|-f|-b LIST [-d SEP] [-s] [FILE]..."},
      {"date", "[-uR] [-r FILE] [-d TIME] [+FMT]"},
      {"dd", "[if=FILE] [of=FILE] [bs=N] [count=N] [skip=N] [seek=N] [conv=notrunc]"},
      {"devmem", "ADDRESS [WIDTH [VALUE]]"},
      {"df", "[-Pkmh] [-T] [FILE]..."},
      {"diff", "[-abBdiNqrTstw] [-L LABEL] [-S FILE] [-U LINES] FILE1 FILE2"},
      {"dirname", "FILENAME"},
      {"dmesg", ""},
      {"du", "[-aHLdclsxhmk] [FILE]..."},
      {"find", "[PATH]... [EXPRESSION]"},
      {"free", "[-bkmgh]"},
      {"grep", "[-HhnlLoqvsriwFEc] [-m N] [-A|B|C N] PATTERN|-e PATTERN... [FILE]..."},
      {"gunzip", "[-cfkt] [FILE]..."},
      {"gzip", "[-cfkdt] [FILE]..."},
      {"head", "[OPTIONS] [FILE]..."},
      {"hexdump", "[-Cn] [FILE]..."},
      {"id", "[-ugGn] [USER]"},
      {"less", "[-EFIMmNSRh~] [FILE]..."},
      {"ln", "[-sfnbTv] TARGET... LINK|DIR"},
      {"ls", "[-1AaCxdLHRFplinshrSXvctu] [FILE]..."},
      {"md5sum", "[-c[sw]] [FILE]..."},
      {"mkdir", "[-m MODE] [-p] DIRECTORY..."},
      {"mktemp", "[-dt] [-p DIR] [TEMPLATE]"},
      {"more", "[FILE]..."},
      {"mv", "[-fin] SOURCE... DEST"},
      {"passwd", "[USER]"},
      {"ps", ""},
      {"readlink", "[-fn] FILE"},
      {"rm", "[-irf] FILE..."},
      {"rmdir", "[-p] DIRECTORY..."},
      {"sed", "[-inrE] [-e CMD]... [-f FILE]... [FILE]..."},
      {"seq", "[-w] [-s SEP] [FIRST [INC]] LAST"},
      {"sha256sum", "[-c[sw]] [FILE]..."},
      {"sleep", "[N]..."},
      {"sort", "[-nrugMcszbdfiokt] [-k start[.offset][opts]] [FILE]..."},
      {"stat", "[-L] [-c FMT] FILE..."},
      {"tail", "[OPTIONS] [FILE]..."},
      {"tar", "c|x|t [-zJjkOv] [-f TARFILE] [-C DIR] [FILE]..."},
      {"tee", "[-ai] [FILE]..."},
      {"time", "[-vp] PROG ARGS"},
      {"top", "[-b] [-n COUNT] [-d SECONDS]"},
      {"touch", "[-c] [-d DATE] [-r FILE] FILE..."},
      {"tr", "[-cds] STRING1 [STRING2]"},
      {"truncate", "[-c] -s SIZE FILE..."},
      {"uname", "[-amnrspvio]"},
      {"uniq", "[-cdu] [INPUT [OUTPUT]]"},
      {"unzip", "[-lnojpq] FILE[.zip] [FILE]... [-d DIR]"},
      {"vi", "[-c CMD] [-R] [-H] [FILE]..."},
      {"wc", "[-clwL] [FILE]..."},
      {"wget", "[-q] [-O FILE] URL..."},
      {"which", "COMMAND..."},
      {"xargs", "[OPTIONS] [PROG ARGS]"},
      {"xxd", "[-pr] [-l LEN] [-s OFS] [FILE]"},
  };
  const auto it = lines.find(name);
  if (it == lines.end()) return " [ARG]...";
  return *it->second ? std::string(" ") + it->second : "";
}

}  // namespace vnpu::devices::commands
