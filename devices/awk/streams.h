// What awk reads and writes besides its own output: files, commands, records.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "devices/child.h"
#include "devices/commands/regular.h"
#include "devices/process.h"

namespace vnpu::devices::awk {

// How records end: one character, empty lines (`paragraphs`), or an expression.
struct Separator {
  char character = '\n';
  bool paragraphs = false;
  std::optional<commands::Regular> regex;
};

// Records of one stream.
class Source {
 public:
  explicit Source(Process& process, std::shared_ptr<Stream> stream = nullptr, std::unique_ptr<Child> child = nullptr)
      : process_(process), stream_(std::move(stream)), child_(std::move(child)) {}
  // The next record; nothing at the end. `end`: what ended it (RT). Throws Fault beyond 16 MiB.
  std::optional<std::string> next(const Separator& separator, std::string& end);
  int close() { return child_ ? child_->close() : 0; }
  bool failed() const { return failed_; }

 private:
  bool fill();
  std::optional<std::string> take(std::size_t length, std::size_t skip, std::string& end);

  Process& process_;
  std::shared_ptr<Stream> stream_;  // null: descriptor 0, or the child's
  std::unique_ptr<Child> child_;
  std::string buffer_;
  std::size_t at_ = 0;
  bool ended_ = false, failed_ = false;
};

// Somewhere output goes: collected and written in pieces.
class Sink {
 public:
  Sink(Process& process, std::shared_ptr<Stream> stream, std::unique_ptr<Child> child = nullptr)
      : process_(process), stream_(std::move(stream)), child_(std::move(child)) {}
  void write(std::string_view text);
  void flush();
  int close();

 private:
  Process& process_;
  std::shared_ptr<Stream> stream_;
  std::unique_ptr<Child> child_;
  std::string buffer_;
};

}  // namespace vnpu::devices::awk
