#include "sim/cv18xx/check_file.h"

#include <array>

#include "sim/cv18xx/network.h"
#include "sim/cv18xx/recorded_commands.h"

namespace vnpu::cv18xx {
namespace {

class RecordedChecks final : public CheckFile {
 public:
  explicit RecordedChecks(ByteView unpacked) : file_(parse_recorded_commands(unpacked.span())) {}

  std::size_t size() const override { return file_.records.size(); }

  std::string name(std::size_t i) const override { return std::to_string(i) + "-" + file_.records.at(i).kind; }

  std::string run(std::size_t i, const NetworkOptions& options) const override {
    const ExecuteOptions execution{parse_quirks(options.quirks), parse_engine(options.engine)};
    const auto result = replay(file_.records.at(i), file_.global_bytes, [&](const Command& command, Memory& memory) {
      std::visit([&](const auto& each) { execute(each, memory, execution); }, command);
    });
    return result.equal() ? std::string() : to_string(result);
  }

 private:
  RecordedFile file_;
};

}  // namespace

bool recognises_checks(ByteView unpacked) {
  constexpr std::string_view magic("CVCMDV1\0", 8);
  return unpacked.size() >= magic.size() && std::memcmp(unpacked.data(), magic.data(), magic.size()) == 0;
}

std::unique_ptr<CheckFile> open_checks(ByteView unpacked) { return std::make_unique<RecordedChecks>(unpacked); }

}  // namespace vnpu::cv18xx
