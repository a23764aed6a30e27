// The lines of a text that is shown screen by screen.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "devices/process.h"

namespace vnpu::devices::commands {

// The lines of a file, read as far as they are needed.
class Lines {
 public:
  Lines(Process& process, const std::string& name);
  Errno error() const { return error_; }
  const std::string& name() const { return name_; }

  // True when line `index` is there.
  bool have(std::size_t index) {
    while (lines_.size() <= index && !ended_) fill();
    return index < lines_.size();
  }
  void all() {
    while (!ended_) fill();
  }
  bool ended() const { return ended_; }
  std::size_t count() const { return lines_.size(); }
  const std::string& at(std::size_t index) const { return lines_[index]; }

 private:
  void fill();

  Process& process_;
  std::string name_;
  std::shared_ptr<Stream> stream_;
  Errno error_ = Errno::ok;
  std::vector<std::string> lines_;
  std::string rest_;
  std::size_t bytes_ = 0;
  bool ended_ = false;
};

}  // namespace vnpu::devices::commands
