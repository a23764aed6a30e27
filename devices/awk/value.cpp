#include "devices/awk/value.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "devices/awk/syntax.h"

namespace vnpu::devices::awk {

double leading_number(const std::string& text, std::size_t& length) {
  const char* begin = text.c_str();
  char* end = nullptr;
  if (begin[0] == '0') {
    const bool hexadecimal = begin[1] == 'x' || begin[1] == 'X';
    if (hexadecimal || (begin[1] >= '0' && begin[1] <= '9')) {
      const double value = static_cast<double>(std::strtoull(begin, &end, 0));
      length = static_cast<std::size_t>(end - begin);
      if (hexadecimal || ((*end < '0' || *end > '9') && *end != '.')) return value;
    }
  }
  const double value = std::strtod(begin, &end);
  length = static_cast<std::size_t>(end - begin);
  return value;
}

std::string formatted_number(const std::string& format, double number) {
  std::size_t at = format.find('%');
  while (at != std::string::npos && at < format.size() && !std::isalpha(static_cast<unsigned char>(format[at]))) ++at;
  const char kind = at < format.size() ? format[at] : '\0';
  char stack[512];
  int length;
  if (std::string_view("diouxX").find(kind) != std::string_view::npos && kind) {
    const int whole = std::isnan(number)        ? 2147483647
                      : number >= 2147483647.0  ? 2147483647
                      : number <= -2147483648.0 ? -2147483647 - 1
                                                : static_cast<int>(number);
    length = std::snprintf(stack, sizeof stack, format.c_str(), whole);
    if (length >= static_cast<int>(sizeof stack)) {
      std::string out(static_cast<std::size_t>(length) + 1, '\0');
      std::snprintf(out.data(), out.size(), format.c_str(), whole);
      out.pop_back();
      return out;
    }
  } else if (std::string_view("eEfFgG").find(kind) != std::string_view::npos && kind) {
    length = std::snprintf(stack, sizeof stack, format.c_str(), number);
    if (length >= static_cast<int>(sizeof stack)) {
      std::string out(static_cast<std::size_t>(length) + 1, '\0');
      std::snprintf(out.data(), out.size(), format.c_str(), number);
      out.pop_back();
      return out;
    }
  } else {
    throw Fault{"Invalid format specifier"};
  }
  return {stack, static_cast<std::size_t>(std::max(0, length))};
}

namespace {

// CONVFMT and OFMT come from the program: one number, no '*', no second '%', widths that end.
bool usable(const std::string& format) {
  bool seen = false;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '\0') return false;
    if (format[i] != '%') continue;
    if (i + 1 < format.size() && format[i + 1] == '%') {
      ++i;
      continue;
    }
    if (seen) return false;
    seen = true;
    std::size_t digits = 0;
    for (++i; i < format.size() && std::string_view("0123456789.+- #").find(format[i]) != std::string_view::npos; ++i)
      if (std::isdigit(static_cast<unsigned char>(format[i])) && ++digits > 6) return false;
    if (i >= format.size() || std::string_view("diouxXeEfFgG").find(format[i]) == std::string_view::npos) return false;
  }
  return seen && format.size() < 256;
}

}  // namespace

std::string number_text(double number, const std::string& format) {
  if (std::fabs(number) < 9.2e18 && number == std::trunc(number)) {
    char line[32];
    std::snprintf(line, sizeof line, "%lld", static_cast<long long>(number));
    return line;
  }
  if (format == "%.6g") {
    char line[64];
    std::snprintf(line, sizeof line, "%.6g", number);
    return line;
  }
  if (!usable(format)) throw Fault{"Invalid format specifier"};
  return formatted_number(format, number);
}

bool Value::numeric() const {
  if (kind_ == Kind::none || kind_ == Kind::number) return true;
  if (kind_ == Kind::text) return false;
  const std::size_t from = text_.find_first_not_of(" \t\n\v\f\r");
  if (from == std::string::npos) return false;
  std::size_t length = 0;
  const std::string rest = from ? text_.substr(from) : text_;
  leading_number(rest, length);
  return length > 0 && rest.find_first_not_of(" \t\n\v\f\r", length) == std::string::npos;
}

double Value::number() const {
  if (kind_ == Kind::none || kind_ == Kind::number) return number_;
  const std::size_t from = text_.find_first_not_of(" \t\n\v\f\r");
  if (from == std::string::npos) return 0;
  std::size_t length = 0;
  return leading_number(from ? text_.substr(from) : text_, length);
}

std::string Value::text(const std::string& format) const {
  return kind_ == Kind::number ? number_text(number_, format) : text_;
}

bool Value::truth() const {
  if (kind_ == Kind::none) return false;
  if (numeric()) return number() != 0;
  return !text_.empty();
}

std::size_t Array::bucket(const std::string& key) const {
  std::uint32_t hash = 0;
  for (const char c : key) hash = hash * 63 + static_cast<unsigned char>(c);
  return hash % heads_.size();
}

int Array::index_of(const std::string& key) const {
  for (int i = heads_[bucket(key)]; i >= 0; i = entries_[static_cast<std::size_t>(i)].next)
    if (entries_[static_cast<std::size_t>(i)].key == key) return i;
  return -1;
}

Value* Array::find(const std::string& key) {
  const int i = index_of(key);
  return i < 0 ? nullptr : &entries_[static_cast<std::size_t>(i)].value;
}

Value& Array::at(const std::string& key) {
  if (Value* value = find(key)) return *value;
  if (size_ + 1 > heads_.size() * 8) grow();
  int i;
  if (unused_.empty()) {
    i = static_cast<int>(entries_.size());
    entries_.emplace_back();
  } else {
    i = unused_.back();
    unused_.pop_back();
  }
  Entry& entry = entries_[static_cast<std::size_t>(i)];
  const std::size_t place = bucket(key);
  entry.key = key;
  entry.value = Value();
  entry.next = heads_[place];
  heads_[place] = i;
  ++size_;
  key_bytes_ += sizeof(Entry) + key.size();
  return entry.value;
}

void Array::grow() {
  constexpr std::array<std::size_t, 5> primes{251, 1021, 4093, 16381, 65521};
  if (step_ == primes.size()) return;
  std::vector<int> old(primes[step_++], -1);
  old.swap(heads_);
  for (const int head : old)
    for (int i = head; i >= 0;) {
      Entry& entry = entries_[static_cast<std::size_t>(i)];
      const int next = entry.next;
      const std::size_t place = bucket(entry.key);
      entry.next = heads_[place];
      heads_[place] = i;
      i = next;
    }
}

void Array::erase(const std::string& key) {
  int* link = &heads_[bucket(key)];
  while (*link >= 0) {
    Entry& entry = entries_[static_cast<std::size_t>(*link)];
    if (entry.key != key) {
      link = &entry.next;
      continue;
    }
    const int i = *link;
    *link = entry.next;
    key_bytes_ -= sizeof(Entry) + entry.key.size();
    entry = Entry();
    unused_.push_back(i);
    --size_;
    return;
  }
}

std::size_t Array::bytes() const {
  std::size_t out = key_bytes_;
  for (const int head : heads_)
    for (int i = head; i >= 0; i = entries_[static_cast<std::size_t>(i)].next)
      out += entries_[static_cast<std::size_t>(i)].value.bytes();
  return out;
}

void Array::clear() { *this = Array(); }

std::vector<std::string> Array::keys() const {
  std::vector<std::string> out;
  out.reserve(size_);
  for (const int head : heads_)
    for (int i = head; i >= 0; i = entries_[static_cast<std::size_t>(i)].next)
      out.push_back(entries_[static_cast<std::size_t>(i)].key);
  return out;
}

}  // namespace vnpu::devices::awk
