// The line of ':' commands.
#include <algorithm>

#include "devices/keyboard.h"
#include "devices/vi/editor.h"

namespace vnpu::devices::vi {

std::optional<std::string> Editor::ask(const std::string& prompt) {
  std::string text;
  for (;;) {
    status(prompt + text);
    const int k = next_key();
    if (k == '\r' || k == '\n') break;
    if (k == key::escape || k == key::interrupt) {
      status("");
      return std::nullopt;
    }
    if (k == 8 || k == 127) {
      if (text.empty()) {
        status("");
        return std::nullopt;
      }
      text.resize(previous_character(text, text.size()));
    } else if (k == key::ctrl('U')) {
      text.clear();
    } else if (k < 256 && (k >= 32 || k == '\t') && text.size() < 1024) {
      text += static_cast<char>(k);
    }
  }
  status("");
  return text;
}

// One address at `at`; false: there is none. `out`: the line, counted from 0.
bool Editor::address(const std::string& text, std::size_t& at, std::size_t& out) {
  const auto digit = [&] { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  const auto number = [&] {
    std::size_t value = 0;
    while (digit()) value = std::min<std::size_t>(value * 10 + static_cast<std::size_t>(text[at++] - '0'), 100'000'000);
    return value;
  };
  const std::size_t last = text_.count() - 1;
  bool any = true;
  if (digit()) {
    const std::size_t value = number();
    out = value ? value - 1 : 0;
  } else if (at < text.size() && text[at] == '.') {
    ++at;
    out = at_.line;
  } else if (at < text.size() && text[at] == '$') {
    ++at;
    out = last;
  } else if (at + 1 < text.size() && text[at] == '\'') {
    const auto it = marks_.find(text[at + 1]);
    if (it == marks_.end()) return false;
    at += 2;
    out = it->second.line;
  } else if (at < text.size() && text[at] == '/') {
    const std::size_t end = std::min(text.find('/', at + 1), text.size());
    const std::string wanted = text.substr(at + 1, end - at - 1);
    if (!wanted.empty()) pattern_ = commands::Regular::compile(wanted, false, fold_);
    at = std::min(end + 1, text.size());
    if (!pattern_) return false;
    const auto found = search(true, {at_.line, line().size()});
    if (!found) return false;
    out = found->line;
  } else {
    any = at < text.size() && (text[at] == '+' || text[at] == '-');
    out = at_.line;
  }
  while (at < text.size() && (text[at] == '+' || text[at] == '-')) {
    const bool plus = text[at++] == '+';
    const std::size_t by = digit() ? number() : 1;
    out = plus ? out + by : out - std::min(out, by);
  }
  out = std::min(out, last);
  return any;
}

void Editor::ex(const std::string& command) {
  std::size_t at = std::min(command.find_first_not_of(" \t:"), command.size());
  std::size_t from = at_.line, to = at_.line;
  bool ranged = false;
  if (at < command.size() && command[at] == '%') {
    ++at;
    from = 0;
    to = text_.count() - 1;
    ranged = true;
  } else if (address(command, at, from)) {
    to = from;
    ranged = true;
    if (at < command.size() && command[at] == ',') {
      ++at;
      if (!address(command, at, to)) to = at_.line;
    }
  }
  if (to < from) {
    status("bad range", true);
    return;
  }
  while (at < command.size() && command[at] == ' ') ++at;
  if (at >= command.size()) {
    if (ranged) at_ = {to, first_letter(to)};
    return;
  }
  if (command[at] == '!') return run_shell(command.substr(at + 1));
  if (command[at] == '=') return status(std::to_string((ranged ? to : text_.count() - 1) + 1));
  std::size_t end = at;
  while (end < command.size() && std::isalpha(static_cast<unsigned char>(command[end]))) ++end;
  // `s` needs nothing between it and its pattern.
  const std::string word = command.substr(at, end - at);
  const bool force = end < command.size() && command[end] == '!';
  const std::size_t rest_at = std::min(command.find_first_not_of(" \t", end + (force ? 1 : 0)), command.size());
  std::string rest = command.substr(rest_at);
  while (!rest.empty() && rest.back() == ' ') rest.pop_back();

  if (word == "s") return substitute(command.substr(end), from, to);
  if (word == "q" || word == "quit") return leave(force, command.substr(at));
  if (word == "w" || word == "write" || word == "wq" || word == "x" || word == "wn") {
    if (word == "x" && !text_.modified && rest.empty()) {
      done_ = true;
      return;
    }
    const bool some = ranged;
    if (!write(rest, some ? from : 0, some ? to : text_.count() - 1, force)) return;
    if (word == "wq" || word == "x") leave(true, command);
    if (word == "wn") next_file(false);
    return;
  }
  if (word == "n" || word == "next") return next_file(force);
  if (word == "e" || word == "edit") {
    if (text_.modified && !force) return status("No write since last change (:" + word + "! overrides)", true);
    load(rest.empty() ? name_ : rest);
    return;
  }
  if (word == "r" || word == "read") {
    const auto bytes =
        process_.files().read_file(process_.user, process_.path(rest.empty() ? name_ : rest), Text::limit);
    if (!bytes) return status("'" + rest + "' " + vnpu::devices::message(bytes.error()), true);
    if (!room(bytes->size())) return;
    begin_change();
    std::string text = *bytes;
    if (text.ends_with('\n')) text.pop_back();
    text_.put({to, text_.at(to).size()}, "\n" + text);
    at_ = {std::min(to + 1, text_.count() - 1), 0};
    return;
  }
  if (word == "d" || word == "delete" || word == "y" || word == "yank") {
    at_ = {from, 0};
    return apply(word[0], {{to, 0}, true});
  }
  if (word == "f" || word == "file") {
    if (!rest.empty()) name_ = rest;
    return status(status_text());
  }
  if (word == "set" || word == "se") return set_options(rest);
  if (word == "sh") return run_shell("sh");
  status("'" + command + "' is not implemented", true);
}

void Editor::leave(bool force, const std::string& command) {
  if (text_.modified && !force) return status("No write since last change (:" + command + "! overrides)", true);
  if (!force && file_ + 1 < names_.size())
    return status(std::to_string(names_.size() - file_ - 1) + " more file(s) to edit", true);
  done_ = true;
}

void Editor::next_file(bool force) {
  if (text_.modified && !force) return status("No write since last change (:n! overrides)", true);
  if (file_ + 1 >= names_.size()) return status("No more files to edit", true);
  load(names_[++file_]);
}

bool Editor::write(const std::string& given, std::size_t from, std::size_t to, bool force) {
  const std::string name = given.empty() ? name_ : given;
  if (name.empty()) {
    status("No current filename", true);
    return false;
  }
  if (read_only_ && !force && given.empty()) {
    status("'" + name + "' is read only", true);
    return false;
  }
  const std::string bytes = text_.bytes(from, to + 1);
  auto file = process_.files().open(process_.user, process_.path(name),
                                    open_flag::write | open_flag::create | open_flag::truncate, 0666 & ~process_.umask);
  Errno error = file ? Errno::ok : file.error();
  if (file) {
    const auto written = (*file)->write_at(0, {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    if (!written) {
      error = written.error();
    } else if (*written < bytes.size()) {
      error = Errno::nospc;
    }
  }
  if (error != Errno::ok) {
    status("'" + name + "' " + vnpu::devices::message(error), true);
    return false;
  }
  if (name_.empty()) name_ = name;
  const bool whole = from == 0 && to + 1 == text_.count();
  if (name == name_ && whole) text_.modified = false;
  status("'" + name + "' " + std::to_string(to - from + 1) + "L, " + std::to_string(bytes.size()) + "C");
  return true;
}

// /pattern/replacement/[g]
void Editor::substitute(const std::string& rest, std::size_t from, std::size_t to) {
  if (rest.empty()) return status("bad substitution", true);
  const char mark = rest[0];
  std::string parts[2];
  std::size_t at = 1;
  for (auto& part : parts) {
    while (at < rest.size() && rest[at] != mark) {
      if (rest[at] == '\\' && at + 1 < rest.size() && rest[at + 1] == mark)
        ++at;
      else if (rest[at] == '\\' && at + 1 < rest.size())
        part += rest[at++];
      part += rest[at++];
    }
    ++at;
  }
  const std::string flags = at < rest.size() ? rest.substr(at) : "";
  const bool all = flags.find('g') != std::string::npos;
  if (!parts[0].empty())
    pattern_ = commands::Regular::compile(parts[0], false, fold_ || flags.find('i') != std::string::npos);
  if (!pattern_) return status("bad search pattern '" + parts[0] + "'", true);
  begin_change();
  std::size_t changed = 0, lines = 0;
  for (std::size_t number = from; number <= to && number < text_.count(); ++number) {
    if (number % 256 == 0) process_.check_signals();
    const std::string text = text_.at(number);
    std::string out;
    std::vector<commands::Regular::Span> spans;
    std::size_t where = 0;
    bool any = false;
    while (where <= text.size() && pattern_->search(text, where, spans)) {
      out += text.substr(where, spans[0].first - where);
      for (std::size_t i = 0; i < parts[1].size(); ++i) {
        char c = parts[1][i];
        std::size_t group = c == '&' ? 0 : 99;
        if (c == '\\' && i + 1 < parts[1].size()) {
          c = parts[1][++i];
          if (c >= '0' && c <= '9') group = static_cast<std::size_t>(c - '0');
        }
        if (group == 99) {
          out += c;
        } else if (group < spans.size() && spans[group].first != std::string::npos) {
          out += text.substr(spans[group].first, spans[group].second - spans[group].first);
        }
      }
      any = true;
      ++changed;
      if (!affords_search(text.size() - where)) return;
      if (!room(out.size())) return;
      where = spans[0].second;
      if (spans[0].first == spans[0].second) {
        if (where < text.size()) out += text[where];
        ++where;
      }
      if (!all) break;
    }
    if (!any) continue;
    if (where < text.size()) out += text.substr(where);
    text_.set(number, out);
    at_ = {number, 0};
    ++lines;
  }
  text_.forget();
  if (changed == 0) return status("No match", true);
  if (lines > 1) status(std::to_string(changed) + " substitutions on " + std::to_string(lines) + " lines");
}

void Editor::run_shell(const std::string& command) {
  console_.pause();
  console_.write("\033[" + std::to_string(console_.size().rows) + ";1H\033[K");
  process_.run({"sh", "-c", command.empty() ? "sh" : command});
  console_.write("[Hit return to continue]");
  console_.resume();
  for (int k = console_.read(); k != '\r' && k != '\n'; k = console_.read())
    if (k == key::gone) throw Gone{};
  drawn_.clear();
}

void Editor::set_options(const std::string& text) {
  if (text.empty() || text == "all") {
    status(std::string(indent_ ? "" : "no") + "autoindent " + (fold_ ? "" : "no") + "ignorecase " +
           (numbers_ ? "" : "no") + "number");
    return;
  }
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    std::string name = text.substr(at, end - at);
    at = std::min(text.find_first_not_of(' ', end), text.size());
    const bool on = !name.starts_with("no");
    if (!on) name.erase(0, 2);
    if (name == "nu" || name == "number") {
      numbers_ = on;
    } else if (name == "ic" || name == "ignorecase") {
      fold_ = on;
    } else if (name == "ai" || name == "autoindent") {
      indent_ = on;
    } else if (name.starts_with("ts=") || name.starts_with("tabstop=") || name == "fl" || name == "flash" ||
               name == "sm" || name == "showmatch" || name == "et" || name == "expandtab") {
      // taken, without effect
    } else {
      return status("bad option: " + name, true);
    }
  }
  drawn_.clear();
}

}  // namespace vnpu::devices::vi
