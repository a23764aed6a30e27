#include "devices/vi/editor.h"

#include <algorithm>

#include "devices/keyboard.h"

namespace vnpu::devices::vi {

Editor::Editor(Process& process, Console& console, std::vector<std::string> names, bool read_only,
               std::vector<std::string> commands)
    : process_(process),
      console_(console),
      names_(std::move(names)),
      read_only_(read_only),
      pending_ex_(std::move(commands)) {}

int Editor::run() {
  console_.write("\033[?1049h\033[H\033[J");
  load(names_.empty() ? "" : names_[0]);
  try {
    for (const auto& command : std::exchange(pending_ex_, {})) ex(command);
    while (!done_ && step()) {
    }
  } catch (const Gone&) {
    exit_ = 1;
  }
  console_.write("\033[" + std::to_string(console_.size().rows) + ";1H\033[K\033[?1049l");
  return exit_;
}

int Editor::next_key() {
  if (!replay_.empty()) {
    const int out = replay_.front();
    replay_.pop_front();
    return out;
  }
  replaying_ = false;
  for (;;) {
    if (!console_.waiting()) draw();
    const int out = console_.read();
    if (out == key::resized) {
      drawn_.clear();
      continue;
    }
    if (out == key::gone) throw Gone{};
    if (recording_.size() < 65536) recording_.push_back(out);
    return out;
  }
}

void Editor::status(const std::string& text, bool loud) {
  message_ = text;
  loud_ = loud;
}

void Editor::settle() {
  at_.line = std::min(at_.line, text_.count() - 1);
  const std::string& text = line();
  if (mode_ != '-') {
    at_.column = std::min(at_.column, text.size());
  } else if (at_.column >= text.size()) {
    at_.column = previous_character(text, text.size());
  }
}

void Editor::load(const std::string& name) {
  name_ = name;
  at_ = {};
  marks_.clear();
  top_ = left_ = 0;
  text_.load("");
  message_.clear();
  if (name.empty()) return;
  const auto bytes = process_.files().read_file(process_.user, process_.path(name), Text::limit);
  if (bytes) {
    text_.load(*bytes);
    if (process_.files().access(process_.user, process_.path(name), 2) != Errno::ok) read_only_ = true;
  } else if (bytes.error() != Errno::noent) {
    status("'" + name + "' " + vnpu::devices::message(bytes.error()), true);
  }
}

void Editor::begin_change() {
  text_.keep(at_);
  recordable_ = true;
}

void Editor::store(std::string text, bool lines) { registers_[register_] = {std::move(text), lines}; }

bool Editor::room(std::size_t bytes) {
  if (bytes <= Text::limit && text_.size() + bytes <= Text::limit) return true;
  status("out of memory", true);
  return false;
}

// Each match costs as much time as the rest of its line is long.
bool Editor::affords_search(std::size_t bytes) {
  constexpr std::size_t short_line = 4096, most = std::size_t{1} << 28;
  if (bytes <= short_line) return true;
  process_.check_signals();
  searched_ += bytes;
  if (searched_ <= most) return true;
  status("line is too long", true);
  return false;
}

bool Editor::step() {
  searched_ = 0;
  recording_.clear();
  recordable_ = false;
  register_ = '"';
  int k = next_key();
  message_.clear();
  std::size_t count = 0;
  bool counted = false;
  for (;; k = next_key()) {
    if ((k >= '1' && k <= '9') || (k == '0' && counted)) {
      count = std::min<std::size_t>(count * 10 + static_cast<std::size_t>(k - '0'), 1'000'000);
      counted = true;
    } else if (k == '"') {
      const int name = next_key();
      if (name < 'a' || name > 'z') return true;
      register_ = static_cast<char>(name);
    } else {
      break;
    }
  }
  const std::size_t times = counted ? count : 1;

  if (k == '.') {
    if (!replaying_ && !last_change_.empty()) {
      replay_.assign(last_change_.begin(), last_change_.end());
      replaying_ = true;
    }
    return true;
  }
  if (k == 'd' || k == 'c' || k == 'y' || k == '<' || k == '>') {
    operate(k, times, counted);
  } else if (k == ':') {
    if (const auto command = ask(":")) ex(*command);
  } else if (scroll(k, times) || change(k, times)) {
    // done
  } else if (const auto moved = motion(k, times, counted)) {
    const bool keeps_column = k == 'j' || k == 'k' || k == key::up || k == key::down;
    at_ = moved->to;
    settle();
    if (!keeps_column) wish_ = k == '$' ? static_cast<std::size_t>(-1) : display_column(at_.line, at_.column);
  } else if (k == 'm') {
    const int name = next_key();
    if (name >= 'a' && name <= 'z') marks_[static_cast<char>(name)] = at_;
  } else if (k == 'Z') {
    const int second = next_key();
    if (second == 'Q') done_ = true;
    if (second == 'Z') ex("x");
  } else if (k == key::ctrl('L')) {
    drawn_.clear();
  } else if (k == key::ctrl('G')) {
    status(status_text());
  } else if (k != key::escape && k != key::interrupt) {
    console_.write("\a");
  }
  settle();
  if (recordable_ && !replaying_) last_change_ = recording_;
  return true;
}

}  // namespace vnpu::devices::vi
