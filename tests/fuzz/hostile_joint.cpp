// hostile_joint FILE.joint STRIDE FLIPS: cuts a file at every STRIDE-th byte and flips FLIPS single bits; then the
// same, at every 16 * STRIDE-th, with the archive it packs and with its bare parts. What is left is read as `vnpu info`
// does. Every variant must be read or refused as damaged or unsupported, with offset, member or command. Status 1 when
// one is not.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>
#include <random>

#include "base/archive.h"
#include "base/error.h"
#include "sim/ax620/model_file.h"

namespace {

using namespace vnpu;

class Trial {
 public:
  explicit Trial(const char* form) : form_(form) {}
  ~Trial() {
    std::printf(
        "%-5s %8zu variants: %zu read, %zu damaged, %zu unsupported, %zu wrong; at most %.3f s of processor time\n",
        form_, count_, read_, damaged_, unsupported_, wrong_, longest_);
    std::fflush(stdout);
  }

  void one(const Bytes& file, const char* how, std::size_t where) {
    ++count_;
    const auto start = std::clock();
    try {
      ax620::open(ByteView(file))->describe();
      ++read_;
    } catch (const Error& error) {
      const std::string text = error.what();
      const bool known = error.kind() == ErrorKind::damaged || error.kind() == ErrorKind::unsupported;
      if (known &&
          (error.offset() || text.find("command ") != std::string::npos || text.find("member ") != std::string::npos ||
           text.find("topo.bin") != std::string::npos || text.find("base_addrs") != std::string::npos ||
           text.find("meta: ") != std::string::npos || text.find("a part for") != std::string::npos)) {
        ++(error.kind() == ErrorKind::damaged ? damaged_ : unsupported_);
      } else {
        wrong(how, where, text);
      }
    } catch (const std::exception& error) {
      wrong(how, where, error.what());
    }
    longest_ = std::max(longest_, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }

  bool good() const { return wrong_ == 0; }

 private:
  void wrong(const char* how, std::size_t where, const std::string& text) {
    if (++wrong_ <= 5) std::printf("%s, %s at %zu: %s\n", form_, how, where, text.c_str());
  }

  const char* form_;
  std::size_t count_ = 0, read_ = 0, damaged_ = 0, unsupported_ = 0, wrong_ = 0;
  double longest_ = 0;
};

bool try_all(const char* form, const Bytes& file, std::size_t stride, std::size_t flips) {
  Trial trial(form);
  for (std::size_t size = 0; size < file.size(); size += stride) {
    trial.one(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)), "cut", size);
  }
  std::mt19937_64 random(file.size());
  Bytes changed = file;
  for (std::size_t i = 0; i < flips; ++i) {
    const auto bit = random() % (file.size() * 8);
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    trial.one(changed, "bit flipped", bit);
    changed[bit / 8] = file[bit / 8];
  }
  return trial.good();
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::fprintf(stderr, "usage: hostile_joint FILE.joint STRIDE FLIPS\n");
    return 2;
  }
  const auto stride = std::strtoull(arguments[2], nullptr, 10), flips = std::strtoull(arguments[3], nullptr, 10);
  if (stride == 0) return 2;
  const Bytes file = read_file(arguments[1]);
  const Bytes tar = decompress(ByteView(file));
  bool good = try_all("file", file, stride, flips);
  good &= try_all("tar", tar, 16 * stride, flips);
  for_each_entry(tar, ArchiveFormat::tar, {}, [&](const std::string& path, const Bytes& bytes) {
    if (path.ends_with(".neu")) good &= try_all("part", bytes, 16 * stride, flips);
  });
  return good ? 0 : 1;
}
