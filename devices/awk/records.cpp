// Records, fields, and where input and output go.
#include <cmath>
#include <utility>

#include "devices/awk/machine.h"

namespace vnpu::devices::awk {

namespace {

constexpr long field_limit = 100000;
constexpr std::string_view blanks = " \t\n";

}  // namespace

Separator Machine::record_separator() {
  Separator out;
  const std::string text = special(v_rs);
  if (text.empty()) {
    out.paragraphs = true;
  } else if (text.size() == 1) {
    out.character = text[0];
  } else {
    out.regex = regex_of(text);
  }
  return out;
}

bool Machine::open_next_operand() {
  for (;;) {
    const double count = globals_[v_argc].value.number();
    if (operand_ < count && operand_ < 1000000) {
      const Value* value = globals_[v_argv].array ? globals_[v_argv].array->find(std::to_string(operand_)) : nullptr;
      ++operand_;
      const std::string name = value ? text_of(*value) : "";
      if (name.empty() || assign_operand(name)) continue;
      any_operand_ = true;
      set_special(v_argind, Value(static_cast<double>(operand_ - 1)));
      set_special(v_filename, Value(name));
      set_special(v_fnr, Value(0.0));
      if (name == "-") {
        main_ = std::make_unique<Source>(process_);
        return true;
      }
      auto stream = process_.open(name, open_flag::read);
      const auto status = process_.files().stat(process_.user, process_.path(name));
      const Errno error = !stream                                         ? stream.error()
                          : status && status->type == FileType::directory ? Errno::isdir
                                                                          : Errno::ok;
      if (error != Errno::ok) {
        flush_all();
        process_.complain("awk: " + name + ": " + message(error) + "\n");
        status_ = 1;
        continue;
      }
      main_ = std::make_unique<Source>(process_, *stream);
      return true;
    }
    if (any_operand_) return false;
    any_operand_ = true;
    main_ = std::make_unique<Source>(process_);
    return true;
  }
}

bool Machine::next_main_record(std::string& record) {
  while (!main_ended_) {
    if (!main_ && !open_next_operand()) {
      main_ended_ = true;
      break;
    }
    std::string end;
    auto got = main_->next(record_separator(), end);
    if (got) {
      record = std::move(*got);
      set_special(v_rt, Value(std::move(end)));
      set_special(v_nr, Value(globals_[v_nr].value.number() + 1));
      set_special(v_fnr, Value(globals_[v_fnr].value.number() + 1));
      return true;
    }
    main_.reset();
  }
  return false;
}

void Machine::set_record(std::string record) {
  record_ = std::move(record);
  split_done_ = false;
  joined_ = true;
  release(std::exchange(field_bytes_, 0));
}

void Machine::split_record() {
  if (split_done_) return;
  split_done_ = true;
  fields_.clear();
  for (auto& piece : pieces(record_, special(v_fs), special(v_rs).empty()))
    fields_.push_back(Value::input(std::move(piece)));
  set_special(v_nf, Value(static_cast<double>(fields_.size())));
}

void Machine::join_record() {
  if (joined_) return;
  joined_ = true;
  const std::string separator = special(v_ofs);
  record_.clear();
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (i) record_ += separator;
    record_ += text_of(fields_[i]);
    check_text(record_);
  }
}

Value Machine::field(long index) {
  if (index < 0) throw Fault{"Access to negative field"};
  if (index == 0) {
    join_record();
    return Value::input(record_);
  }
  split_record();
  return index <= static_cast<long>(fields_.size()) ? fields_[static_cast<std::size_t>(index - 1)] : Value();
}

void Machine::set_field(long index, Value value) {
  if (index < 0) throw Fault{"Access to negative field"};
  if (index == 0) return set_record(text_of(value));
  if (index > field_limit) throw Fault{"out of memory"};
  split_record();
  if (index > static_cast<long>(fields_.size())) {
    fields_.resize(static_cast<std::size_t>(index), Value::input(""));
    set_special(v_nf, Value(static_cast<double>(index)));
  }
  Value& place = fields_[static_cast<std::size_t>(index - 1)];
  const std::size_t old = std::min(field_bytes_, place.bytes());
  release(old);
  charge(value.bytes());
  field_bytes_ += value.bytes() - old;
  place = std::move(value);
  joined_ = false;
}

void Machine::set_field_count(double count) {
  if (!(count >= 0)) count = 0;
  if (count > static_cast<double>(field_limit)) throw Fault{"out of memory"};
  const bool was_split = split_done_;
  if (!was_split) {
    split_done_ = false;
    split_record();
  }
  fields_.resize(static_cast<std::size_t>(count), Value::input(""));
  set_special(v_nf, Value(std::floor(count)));
  joined_ = false;
}

void Machine::changed_special(int slot) {
  if (slot == v_nf) {
    set_field_count(globals_[v_nf].value.number());
  } else if (slot == v_ignorecase) {
    ignore_case_ = globals_[v_ignorecase].value.truth();
  }
}

std::vector<std::string> Machine::pieces(const std::string& text, const std::string& separator, bool paragraphs) {
  std::vector<std::string> out;
  const auto add = [&](std::size_t from, std::size_t to) {
    if (out.size() >= static_cast<std::size_t>(field_limit)) throw Fault{"out of memory"};
    out.push_back(text.substr(from, to - from));
  };
  if (text.empty()) return out;
  if (separator == " ") {
    for (std::size_t at = 0; (at = text.find_first_not_of(blanks, at)) != std::string::npos;) {
      const std::size_t end = std::min(text.find_first_of(blanks, at), text.size());
      add(at, end);
      at = end;
    }
    return out;
  }
  if (separator.empty()) {
    for (std::size_t i = 0; i < text.size(); ++i) add(i, i + 1);
    return out;
  }
  if (separator.size() > 1) {
    if (!paragraphs) return pieces(text, regex_of(separator));
    return pieces(text, regex_of("(" + separator + ")|\n"));
  }
  const char other =
      ignore_case_ ? static_cast<char>(std::toupper(static_cast<unsigned char>(separator[0]))) : separator[0];
  const char lower =
      ignore_case_ ? static_cast<char>(std::tolower(static_cast<unsigned char>(separator[0]))) : separator[0];
  std::size_t from = 0;
  for (std::size_t i = 0; i <= text.size(); ++i)
    if (i == text.size() || text[i] == other || text[i] == lower || (paragraphs && text[i] == '\n')) {
      add(from, i);
      from = i + 1;
    }
  return out;
}

std::vector<std::string> Machine::pieces(const std::string& text, const commands::Regular& separator) {
  std::vector<std::string> out;
  if (text.empty()) return out;
  std::vector<commands::Regular::Span> spans;
  std::size_t at = 0, from = 0;
  while (at < text.size() && separator.search(text, at, spans)) {
    tick();
    steps_ += (text.size() - at) >> 12;
    if (out.size() >= static_cast<std::size_t>(field_limit)) throw Fault{"out of memory"};
    if (spans[0].first == spans[0].second) {  // empty: no separator
      at = spans[0].first + 1;
      continue;
    }
    out.push_back(text.substr(from, spans[0].first - from));
    at = from = spans[0].second;
  }
  out.push_back(text.substr(from));
  return out;
}

Sink& Machine::sink(Statement::Target target, const std::string& name) {
  const std::string key = target == Statement::Target::none ? "/dev/stdout" : name;
  const auto it = sinks_.find(key);
  if (it != sinks_.end()) return *it->second;
  if (sinks_.size() > 200) throw Fault{"too many open files"};
  if (target == Statement::Target::none) {  // closed
    return *sinks_.emplace(key, std::make_unique<Sink>(process_, null_stream())).first->second;
  }
  flush_all();
  if (target == Statement::Target::pipe) {
    auto child = Child::start(process_, name, Child::Side::writes_to_it);
    if (!child) throw Fault{"can't start '" + name + "'"};
    return *sinks_.emplace(key, std::make_unique<Sink>(process_, nullptr, std::move(child))).first->second;
  }
  const unsigned flags = open_flag::write | open_flag::create |
                         (target == Statement::Target::append ? open_flag::append : open_flag::truncate);
  auto stream = process_.open(name, flags, 0666);
  if (!stream) {
    throw Fault{"can't open '" + name + "': " + message(stream.error()), -1};
  }
  return *sinks_.emplace(key, std::make_unique<Sink>(process_, *stream)).first->second;
}

void Machine::flush_all() {
  for (auto& [name, sink] : sinks_) sink->flush();
}

int Machine::close(const std::string& name) {
  int out = 0;
  if (const auto it = sinks_.find(name); it != sinks_.end()) {
    flush_all();
    out = it->second->close();
    sinks_.erase(it);
  }
  if (const auto it = sources_.find(name); it != sources_.end()) {
    out = it->second->close();
    sources_.erase(it);
  }
  return out;
}

}  // namespace vnpu::devices::awk
