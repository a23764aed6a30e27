// Values and arrays of awk.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace vnpu::devices::awk {

// The number a text begins with (0 when none), hexadecimal and octal integers included; `length`: what was read.
double leading_number(const std::string& text, std::size_t& length);
// Integers plainly, others by the format ("%.6g"). Throws Fault when the format is not one for a number.
std::string number_text(double number, const std::string& format);
// One number by a whole format of printf ("%5d"); integers are those of 32 bits, out of range ones the nearest.
std::string formatted_number(const std::string& format, double number);

// Within bounds; what is no number is the lower one.
inline double bounded(double number, double least, double most) {
  return number >= most ? most : number > least ? number : least;
}

class Value {
 public:
  Value() = default;
  Value(double number) : kind_(Kind::number), number_(number) {}
  Value(std::string text) : kind_(Kind::text), text_(std::move(text)) {}
  // Text from outside: compares as a number when it looks like one.
  static Value input(std::string text) {
    Value out(std::move(text));
    out.kind_ = Kind::input;
    return out;
  }
  bool unset() const { return kind_ == Kind::none; }
  bool plain_number() const { return kind_ == Kind::number; }
  bool numeric() const;  // compares as a number
  double number() const;
  std::string text(const std::string& format) const;
  const std::string* stored() const { return kind_ == Kind::text || kind_ == Kind::input ? &text_ : nullptr; }
  bool truth() const;
  std::size_t bytes() const { return sizeof(Value) + (text_.size() > 15 ? text_.size() : 0); }

 private:
  enum class Kind : std::uint8_t { none, number, text, input };
  Kind kind_ = Kind::none;
  double number_ = 0;
  std::string text_;
};

// An array walks its elements in the order of BusyBox's table: chains of 61 buckets (251, 1021, ... when
// there are eight elements a bucket), in each the newest first.
class Array {
 public:
  Value* find(const std::string& key);
  Value& at(const std::string& key);  // made when missing; stays where it is until erased
  void erase(const std::string& key);
  void clear();
  std::size_t size() const { return size_; }
  std::vector<std::string> keys() const;
  std::size_t key_bytes() const { return key_bytes_; }
  std::size_t bytes() const;  // of keys and values

 private:
  struct Entry {
    std::string key;
    Value value;
    int next = -1;
  };
  std::size_t bucket(const std::string& key) const;
  int index_of(const std::string& key) const;
  void grow();
  std::vector<int> heads_ = std::vector<int>(61, -1);
  std::deque<Entry> entries_;
  std::vector<int> unused_;
  std::size_t size_ = 0, step_ = 0, key_bytes_ = 0;
};

}  // namespace vnpu::devices::awk
