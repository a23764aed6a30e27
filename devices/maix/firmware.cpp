// The guest's modules (devices/maix/guest), compiled in.
#include <map>

#include "devices/maix/board.h"

namespace vnpu::devices::maix {

const std::string* firmware_file(const std::string& name) {
  static const std::map<std::string, std::string> files = {
#include "maix_firmware.inc"
  };
  const auto found = files.find(name);
  return found == files.end() ? nullptr : &found->second;
}

}  // namespace vnpu::devices::maix
