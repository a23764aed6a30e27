#include "devices/keyboard.h"

#include <chrono>

namespace vnpu::devices {

namespace {
constexpr auto sequence_wait = std::chrono::milliseconds(50);  // between the bytes of one key
}

std::unique_ptr<Keyboard> Keyboard::open(Process& process, bool catch_interrupt) {
  auto stream = process.open("/dev/tty", open_flag::read | open_flag::write);
  if (!stream || !(*stream)->terminal()) return nullptr;
  return std::unique_ptr<Keyboard>(new Keyboard(process, *stream, catch_interrupt));
}

Keyboard::Keyboard(Process& process, std::shared_ptr<Stream> stream, bool catch_interrupt)
    : process_(process), stream_(std::move(stream)), terminal_(stream_->terminal()), catch_interrupt_(catch_interrupt) {
  resume();
}

Keyboard::~Keyboard() { pause(); }

void Keyboard::pause() {
  auto& task = *process_.task;
  task.set_action(signal_number::window, Task::Action::standard);
  if (catch_interrupt_) task.set_action(signal_number::interrupt, Task::Action::standard);
  terminal_->set_mode({});
}

void Keyboard::resume() {
  auto& task = *process_.task;
  task.set_action(signal_number::window, Task::Action::caught);
  if (catch_interrupt_) task.set_action(signal_number::interrupt, Task::Action::caught);
  terminal_->set_mode({false, false, true});
}

WindowSize Keyboard::size() const {
  WindowSize out = terminal_->size();
  out.columns = std::clamp(out.columns, 4u, 1000u);
  out.rows = std::clamp(out.rows, 2u, 500u);
  return out;
}

void Keyboard::write(const std::string& text) {
  const Errno error =
      stream_->write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, process_.task->token());
  if (error != Errno::intr && error != Errno::ok) throw Killed{signal_number::hup};
}

int Keyboard::signalled() {
  auto& task = *process_.task;
  const int number = task.pending();
  if (number == signal_number::window || (number == signal_number::interrupt && catch_interrupt_)) {
    task.take();
    return number == signal_number::window ? key::resized : key::interrupt;
  }
  process_.check_signals();
  return 0;
}

int Keyboard::byte() {
  for (;;) {
    std::uint8_t out = 0;
    const auto got = stream_->read(std::span(&out, 1), process_.task->wake_token());
    if (got) return *got == 1 ? out : key::gone;
    if (got.error() != Errno::intr) return key::gone;
    if (process_.task->stopped()) {
      // The shell takes the terminal meanwhile; behind the stop everything is drawn anew.
      process_.task->hold();
      process_.check_signals();
      resume();
      return key::resized;
    }
    if (const int meaning = signalled()) return meaning;
  }
}

bool Keyboard::waiting() { return !put_back_.empty() || terminal_->readable_within(std::chrono::milliseconds(0), {}); }

int Keyboard::read() {
  if (!put_back_.empty()) {
    const int out = put_back_.front();
    put_back_.pop_front();
    return out;
  }
  const int first = byte();
  return first == key::escape ? sequence() : first;
}

int Keyboard::sequence() {
  const auto more = [&] { return terminal_->readable_within(sequence_wait, process_.task->token()); };
  if (!more()) return key::escape;
  int next = byte();
  if (next != '[' && next != 'O') {  // ESC, and a key typed fast
    put_back_.push_back(next);
    return key::escape;
  }
  const int kind = next;
  std::string parameters;
  for (;;) {
    if (!more()) {
      if (parameters.empty()) put_back_.push_back(kind);
      return key::escape;
    }
    next = byte();
    if (next < 0 || next > 255) return next;
    if (next >= '@' || (kind == 'O' && !parameters.empty())) break;
    if (parameters.size() < 16) parameters += static_cast<char>(next);
  }
  if (kind == 'O' && std::string_view("ABCDHF").find(static_cast<char>(next)) == std::string_view::npos) {
    put_back_.push_back(kind);
    for (const char c : parameters) put_back_.push_back(static_cast<unsigned char>(c));
    put_back_.push_back(next);
    return key::escape;
  }
  switch (next) {
    case 'A': return key::up;
    case 'B': return key::down;
    case 'C': return key::right;
    case 'D': return key::left;
    case 'H': return key::home;
    case 'F': return key::end;
    case '~':
      if (parameters == "1" || parameters == "7") return key::home;
      if (parameters == "4" || parameters == "8") return key::end;
      if (parameters == "2") return key::insert;
      if (parameters == "3") return key::remove;
      if (parameters == "5") return key::page_up;
      if (parameters == "6") return key::page_down;
      break;
    default: break;
  }
  return key::escape;
}

}  // namespace vnpu::devices
