// Shell patterns: * ? [...] with \ quoting, for case, ${x#p} and file names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "devices/vfs/vfs.h"

namespace vnpu::devices::shell {

// Whole match. Linear in pattern x text; no recursion.
bool matches(std::string_view pattern, std::string_view text);
bool has_wildcards(std::string_view pattern);  // an unquoted * ? or [
std::string without_quoting(std::string_view pattern);

// Sorted names the pattern finds below cwd; empty when none. At most `limit` names.
std::vector<std::string> glob(Vfs& files, const Credentials& who, const std::string& cwd, const std::string& pattern,
                              std::size_t limit = 65536);

}  // namespace vnpu::devices::shell
