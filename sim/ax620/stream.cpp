#include "sim/ax620/stream.h"

#include <algorithm>
#include <array>
#include <type_traits>

#include "base/error.h"

namespace vnpu::ax620 {
namespace {

constexpr int max_loops = 8;

[[noreturn]] void outside(std::uint64_t address, std::uint64_t bytes, std::uint64_t size) {
  throw Error(ErrorKind::fault, "a stream of " + std::to_string(bytes) + " bytes at " + std::to_string(address) +
                                    " leaves its memory of " + std::to_string(size));
}

[[noreturn]] void before() { throw Error(ErrorKind::fault, "a stream begins before its memory"); }

struct Loop {
  std::int64_t times = 1, step = 0;
};

// A Detail with its loops joined where one only continues the other: runs of `bytes` at sums of steps.
struct Runs {
  std::array<Loop, max_loops> loops;
  int count = 0;
  std::uint64_t bytes = 0;               // of a run
  std::int64_t first_low = 0, last = 0;  // the lowest and the highest place a run begins at
};

Runs runs_of(const pb::Detail& detail) {
  Runs out;
  out.bytes = static_cast<std::uint64_t>(detail.subsize());
  for (int k = 0; k < std::min(detail.times_size(), detail.step_size()); ++k) {
    const Loop loop{detail.times(k), detail.step(k)};
    if (loop.times == 1) continue;
    if (out.count == 0 && loop.step == static_cast<std::int64_t>(out.bytes)) {
      out.bytes *= static_cast<std::uint64_t>(loop.times);
    } else if (Loop& inner = out.loops[std::max(out.count - 1, 0)];
               out.count > 0 && loop.step == inner.step * inner.times) {
      inner.times *= loop.times;
    } else {
      out.loops[out.count++] = loop;
    }
  }
  for (int k = 0; k < out.count; ++k) {
    const auto reach = (out.loops[k].times - 1) * out.loops[k].step;
    (reach < 0 ? out.first_low : out.last) += reach;
  }
  return out;
}

// Calls visit(place) for every run, the innermost loop in one piece.
template <class Visit>
void each_place(const Runs& runs, const Visit& visit) {
  std::array<std::int64_t, max_loops> index{};
  const Loop inner = runs.count ? runs.loops[0] : Loop{};
  for (std::int64_t place = 0;;) {
    for (std::int64_t i = 0; i < inner.times; ++i) visit(place + i * inner.step);
    int k = 1;
    for (; k < runs.count; ++k) {
      place += runs.loops[k].step;
      if (++index[k] < runs.loops[k].times) break;
      place -= runs.loops[k].step * runs.loops[k].times;
      index[k] = 0;
    }
    if (k >= runs.count) return;
  }
}

// copy(address, bytes) for every contiguous part in stream order; short runs of one piece with a length the compiler
// knows.
template <class Copy>
void walk(const pb::Detail& detail, std::uint64_t size, const Copy& copy) {
  const Runs runs = runs_of(detail);
  if (runs.first_low < 0) before();
  if (detail.addr_size() > 1) {
    if (detail.addrsize_size() < detail.addr_size()) {
      throw Error(ErrorKind::damaged, "a stream of " + std::to_string(detail.addr_size()) + " pieces has " +
                                          std::to_string(detail.addrsize_size()) + " sizes");
    }
    each_place(runs, [&](std::int64_t logical) {
      auto place = static_cast<std::uint64_t>(logical), bytes = runs.bytes;
      for (int i = 0; bytes > 0; ++i) {
        const bool last = i + 1 == detail.addr_size();  // the last piece has no end
        const auto held = last ? place + bytes : static_cast<std::uint64_t>(std::max(0, detail.addrsize(i)));
        if (place >= held) {
          place -= held;
          continue;
        }
        const auto now = std::min(bytes, held - place);
        if (detail.addr(i) > size || place > size - detail.addr(i) || now > size - detail.addr(i) - place) {
          outside(detail.addr(i) + place, now, size);
        }
        copy(detail.addr(i) + place, now);
        bytes -= now;
        place = 0;
      }
    });
    return;
  }
  const std::uint64_t base = detail.addr_size() ? detail.addr(0) : 0, last = static_cast<std::uint64_t>(runs.last);
  if (base > size || last > size - base || runs.bytes > size - base - last) outside(base + last, runs.bytes, size);
  const auto all = [&](auto bytes) {
    each_place(runs, [&](std::int64_t place) { copy(base + static_cast<std::uint64_t>(place), bytes); });
  };
  switch (runs.bytes) {
    case 16: return all(std::integral_constant<std::uint64_t, 16>());
    case 32: return all(std::integral_constant<std::uint64_t, 32>());
    case 64: return all(std::integral_constant<std::uint64_t, 64>());
    case 128: return all(std::integral_constant<std::uint64_t, 128>());
    default: return all(runs.bytes);
  }
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

void gather(std::span<const std::uint8_t> memory, const pb::Detail& detail, Bytes& out) {
  out.resize(stream_size(detail));
  if (out.empty()) return;
  auto* to = out.data();
  walk(detail, memory.size(), [&](std::uint64_t address, auto bytes) {
    std::memcpy(to, memory.data() + address, bytes);
    to += bytes;
  });
}

std::span<const std::uint8_t> view(std::span<const std::uint8_t> memory, const pb::Detail& detail, Bytes& scratch) {
  const auto size = stream_size(detail);
  if (size == 0) return {};
  if (detail.addr_size() <= 1 && runs_of(detail).count == 0) {
    const std::uint64_t base = detail.addr_size() ? detail.addr(0) : 0;
    if (base > memory.size() || size > memory.size() - base) outside(base, size, memory.size());
    return memory.subspan(base, size);
  }
  gather(memory, detail, scratch);
  return scratch;
}

void scatter(std::span<std::uint8_t> memory, const pb::Detail& detail, std::span<const std::uint8_t> bytes) {
  const auto size = stream_size(detail);
  if (size != bytes.size()) {
    throw Error(ErrorKind::damaged, std::to_string(bytes.size()) + " bytes go to a stream of " + std::to_string(size));
  }
  if (size == 0) return;
  const auto* from = bytes.data();
  walk(detail, memory.size(), [&](std::uint64_t address, auto count) {
    std::memcpy(memory.data() + address, from, count);
    from += count;
  });
}

}  // namespace vnpu::ax620
