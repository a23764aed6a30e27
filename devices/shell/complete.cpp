// What Tab may put: commands at the beginning of a command, file names elsewhere.
#include <algorithm>
#include <set>

#include "devices/board.h"
#include "devices/shell/line_editor.h"
#include "devices/shell/shell.h"

namespace vnpu::devices::shell {

std::vector<std::string> completions(Shell& shell, const std::string& line, std::size_t& from) {
  // The last word: back to a blank or operator that is not quoted.
  bool quoted = false, command = true;
  char quote = 0;
  from = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted) {
      quoted = false;
    } else if (quote) {
      if (c == quote) quote = 0;
    } else if (c == '\\') {
      quoted = true;
    } else if (c == '\'' || c == '"') {
      quote = c;
      from = i + 1;
    } else if (c == ' ' || c == '\t') {
      if (from < i) command = false;
      from = i + 1;
    } else if (std::string_view(";&|(){}<>=").find(c) != std::string_view::npos) {
      command = c != '<' && c != '>' && c != '=';
      from = i + 1;
    }
  }
  std::string word;
  for (std::size_t i = from; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size()) ++i;
    word += line[i];
  }
  auto& process = shell.process;
  std::set<std::string> found;
  const auto add_files = [&](const std::string& directory, const std::string& start, bool executable) {
    const auto entries = process.files().read_directory(process.user, directory);
    if (!entries) return;
    for (const auto& entry : *entries) {
      if (!entry.name.starts_with(start) || (entry.name[0] == '.' && !start.starts_with('.'))) continue;
      const std::string path = join(directory, entry.name);
      const auto status = process.files().stat(process.user, path);
      const bool is_directory = status && status->type == FileType::directory;
      if (executable && (is_directory || process.files().access(process.user, path, 1) != Errno::ok)) continue;
      found.insert(entry.name + (is_directory ? "/" : ""));
      if (found.size() > 4096) return;
    }
  };
  const std::size_t slash = word.rfind('/');
  if (command && slash == std::string::npos) {
    for (const auto& name : builtin_names())
      if (name.starts_with(word)) found.insert(name);
    for (const auto& [name, body] : shell.functions)
      if (name.starts_with(word)) found.insert(name);
    for (const auto& [name, text] : shell.aliases)
      if (name.starts_with(word)) found.insert(name);
    const std::string path = shell.value_or_empty("PATH");
    for (std::size_t at = 0; at <= path.size();) {
      const std::size_t end = std::min(path.find(':', at), path.size());
      if (end > at) add_files(process.path(path.substr(at, end - at)), word, true);
      at = end + 1;
    }
    if (!found.empty()) return {found.begin(), found.end()};
  }
  std::string directory = slash == std::string::npos ? "" : word.substr(0, slash + 1);
  const std::string start = slash == std::string::npos ? word : word.substr(slash + 1);
  if (directory.starts_with("~/")) directory = shell.value_or_empty("HOME") + directory.substr(1);
  add_files(directory.empty() ? process.cwd : process.path(directory), start, false);
  return {found.begin(), found.end()};
}

}  // namespace vnpu::devices::shell
