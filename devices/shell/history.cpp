// ~/.ash_history: what was typed in earlier logins. Each line is added as it is entered, so that several logins share
// the file; it is cut when it has grown to four times what is kept.
#include "devices/board.h"
#include "devices/shell/shell.h"

namespace vnpu::devices::shell {

namespace {

constexpr std::size_t bytes_limit = std::size_t{1} << 20;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

}  // namespace

std::size_t Shell::history_size() {
  const auto wanted = value("HISTFILESIZE");
  if (!wanted || wanted->empty() || wanted->size() > 4 || wanted->find_first_not_of("0123456789") != std::string::npos)
    return history_limit;
  return std::min<std::size_t>(std::stoul(*wanted), history_limit);
}

std::string Shell::history_path() {
  if (const auto given = value("HISTFILE")) return given->empty() ? "" : process.path(*given);
  const std::string home = value_or_empty("HOME");
  return home.empty() ? "" : process.path(home) + "/.ash_history";
}

void Shell::load_history() {
  const std::string path = history_path();
  if (path.empty()) return;
  if (const auto text = process.files().read_file(process.user, path, bytes_limit)) history = lines_of(*text);
  const std::size_t most = history_size();
  if (history.size() > most) history.erase(history.begin(), history.end() - static_cast<std::ptrdiff_t>(most));
}

void Shell::remember(const std::string& entered) {
  if (entered.empty() || (!history.empty() && history.back() == entered)) return;
  history.push_back(entered);
  if (history.size() > history_limit) history.erase(history.begin());
  const std::string path = history_path();
  const std::size_t most = history_size();
  if (path.empty() || most == 0) return;
  const std::string text = entered + "\n";
  {
    const auto file =
        process.files().open(process.user, path, open_flag::write | open_flag::create | open_flag::append, 0600);
    if (!file) return;
    if (!(*file)->append({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})) return;
  }
  const auto all = process.files().read_file(process.user, path, bytes_limit);
  if (!all) return;
  const auto lines = lines_of(*all);
  if (lines.size() <= 4 * most) return;
  std::string kept;
  for (std::size_t i = lines.size() - most; i < lines.size(); ++i) kept += lines[i] + "\n";
  process.files().write_file(process.user, path, kept, 0600);
}

}  // namespace vnpu::devices::shell
