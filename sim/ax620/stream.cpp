#include "sim/ax620/stream.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace vnpu::ax620 {
namespace {

constexpr int max_loops = 8;

// A place in the pieces' logical space as an address; `left` is what the piece still holds from there.
class Pieces {
 public:
  explicit Pieces(const pb::Detail& detail) : detail_(detail) {
    if (detail.addr_size() > 1 && detail.addrsize_size() < detail.addr_size()) {
      throw Error(ErrorKind::damaged, "a stream of " + std::to_string(detail.addr_size()) + " pieces has " +
                                          std::to_string(detail.addrsize_size()) + " sizes");
    }
  }

  template <class Visit>
  void runs(std::int64_t logical, std::uint64_t bytes, const Visit& visit) const {
    if (logical < 0) throw Error(ErrorKind::fault, "a stream begins before its memory");
    auto place = static_cast<std::uint64_t>(logical);
    int i = 0;
    for (; i + 1 < detail_.addr_size(); ++i) {
      const auto size = static_cast<std::uint64_t>(std::max(0, detail_.addrsize(i)));
      if (place < size) {
        const auto now = std::min(bytes, size - place);
        visit(detail_.addr(i) + place, now);
        bytes -= now;
        place = 0;
        if (bytes == 0) return;
      } else {
        place -= size;
      }
    }
    visit((detail_.addr_size() ? detail_.addr(i) : 0) + place, bytes);
  }

 private:
  const pb::Detail& detail_;
};

template <class Visit>
void walk(const pb::Detail& detail, const Visit& visit) {
  const auto size = stream_size(detail);
  if (size == 0) return;
  const Pieces pieces(detail);
  const int loops = std::min(detail.times_size(), detail.step_size());
  std::array<std::int64_t, max_loops> index{};
  std::int64_t place = 0;
  const auto bytes = static_cast<std::uint64_t>(detail.subsize());
  for (;;) {
    pieces.runs(place, bytes, visit);
    int k = 0;
    for (; k < loops; ++k) {
      place += detail.step(k);
      if (++index[k] < detail.times(k)) break;
      place -= std::int64_t{detail.step(k)} * detail.times(k);
      index[k] = 0;
    }
    if (k == loops) return;
  }
}

[[noreturn]] void outside(std::uint64_t address, std::uint64_t bytes, std::uint64_t size) {
  throw Error(ErrorKind::fault, "a stream of " + std::to_string(bytes) + " bytes at " + std::to_string(address) +
                                    " leaves its memory of " + std::to_string(size));
}

}  // namespace

std::uint64_t stream_size(const pb::Detail& detail) {
  if (detail.has_fbc() || detail.has_fbdc()) {
    throw Error(ErrorKind::unsupported, "a compressed stream (fbc, fbdc): its form is not known");
  }
  if (detail.times_size() > max_loops || detail.step_size() > max_loops || detail.subsize() < 0) {
    throw Error(ErrorKind::damaged, "a stream of " + std::to_string(detail.times_size()) + " loops over " +
                                        std::to_string(detail.subsize()) + " bytes");
  }
  auto size = static_cast<std::uint64_t>(detail.subsize());
  for (int k = 0; k < std::min(detail.times_size(), detail.step_size()); ++k) {
    if (detail.times(k) < 0)
      throw Error(ErrorKind::damaged, "a stream loops " + std::to_string(detail.times(k)) + " times");
    size *= static_cast<std::uint64_t>(detail.times(k));
    if (size > max_stream || detail.times(k) > static_cast<std::int64_t>(max_stream)) {
      throw Error(ErrorKind::damaged, "a stream of more than " + std::to_string(max_stream) + " bytes");
    }
  }
  if (size > max_stream)
    throw Error(ErrorKind::damaged, "a stream of more than " + std::to_string(max_stream) + " bytes");
  return size;
}

void for_each_run(const pb::Detail& detail, const std::function<void(std::uint64_t, std::uint64_t)>& visit) {
  walk(detail, visit);
}

void gather(std::span<const std::uint8_t> memory, const pb::Detail& detail, Bytes& out) {
  const auto first = out.size();
  out.resize(first + stream_size(detail));
  auto* to = out.data() + first;
  walk(detail, [&](std::uint64_t address, std::uint64_t bytes) {
    if (address > memory.size() || bytes > memory.size() - address) outside(address, bytes, memory.size());
    std::copy_n(memory.data() + address, bytes, to);
    to += bytes;
  });
}

void scatter(std::span<std::uint8_t> memory, const pb::Detail& detail, std::span<const std::uint8_t> bytes) {
  const auto size = stream_size(detail);
  if (size != bytes.size()) {
    throw Error(ErrorKind::damaged, std::to_string(bytes.size()) + " bytes go to a stream of " + std::to_string(size));
  }
  const auto* from = bytes.data();
  walk(detail, [&](std::uint64_t address, std::uint64_t count) {
    if (address > memory.size() || count > memory.size() - address) outside(address, count, memory.size());
    std::copy_n(from, count, memory.data() + address);
    from += count;
  });
}

}  // namespace vnpu::ax620
