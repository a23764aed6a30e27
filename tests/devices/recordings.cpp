#include "tests/devices/recordings.h"

#include <stdlib.h>

#include "base/archive.h"
#include "base/error.h"

namespace vnpu {

namespace fs = std::filesystem;

namespace {

// A temporary folder with the files of recorded.tar.xz.
class Unpacked {
 public:
  Unpacked() {
    std::string pattern = (fs::temp_directory_path() / "vnpu-recorded-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw Error(ErrorKind::usage, "cannot make " + pattern);
    folder = pattern;
    const Bytes archive = read_file(VNPU_SOURCE_DIR "/tests/golden/boards/recorded.tar.xz");
    for_each_entry(ByteView(archive), ArchiveFormat::tar, {}, [&](const std::string& path, Bytes bytes) {
      fs::create_directories((folder / path).parent_path());
      write_file(folder / path, bytes);
    });
  }
  ~Unpacked() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  fs::path folder;
};

}  // namespace

fs::path recordings() {
  if (const char* golden = std::getenv("VNPU_GOLDEN")) return fs::path(golden) / "boards";
  static const Unpacked unpacked;
  return unpacked.folder;
}

}  // namespace vnpu
