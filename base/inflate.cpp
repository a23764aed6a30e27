#include "base/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace vnpu {

struct InflateReader::State {
  ByteView packed;
  std::uint64_t limit = 0, used = 0;
  std::string field;
  z_stream z{};
  bool ended = false;
};

InflateReader::InflateReader(ByteView packed, DeflateForm form, std::uint64_t limit, const char* field)
    : state_(std::make_unique<State>()) {
  if (packed.size() > std::numeric_limits<uInt>::max()) {
    throw Error(ErrorKind::unsupported, packed.file_offset(), field, "more than 4 GB of packed bytes");
  }
  state_->packed = packed;
  state_->limit = limit;
  state_->field = field;
  state_->z.next_in = const_cast<Bytef*>(packed.data());
  state_->z.avail_in = static_cast<uInt>(packed.size());
  // 15: the largest window; + 16: gzip's header and trailer.
  if (inflateInit2(&state_->z, form == DeflateForm::gzip ? 15 + 16 : 15) != Z_OK) {
    throw Error(ErrorKind::internal, "zlib gives no reader");
  }
}

InflateReader::~InflateReader() { inflateEnd(&state_->z); }

void InflateReader::fail(const std::string& message) const {
  throw Error(ErrorKind::damaged, state_->packed.file_offset() + state_->z.total_in, state_->field, message);
}

std::size_t InflateReader::read(std::span<std::uint8_t> out) {
  auto& z = state_->z;
  z.next_out = out.data();
  z.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size(), 1U << 30));
  const auto room = z.avail_out;
  while (!state_->ended && z.avail_out != 0) {
    const int status = ::inflate(&z, Z_NO_FLUSH);
    if (status == Z_STREAM_END) {
      if (z.avail_in != 0) fail(std::to_string(z.avail_in) + " bytes behind the packed stream");
      state_->ended = true;
    } else if (status == Z_BUF_ERROR || (status == Z_OK && z.avail_out != 0 && z.avail_in == 0)) {
      fail("the packed stream ends early");
    } else if (status != Z_OK) {
      fail(z.msg ? z.msg : "the packed stream cannot be read");
    }
  }
  const std::size_t got = room - z.avail_out;
  state_->used += got;
  if (state_->used > state_->limit) {
    throw Error(ErrorKind::unsupported, state_->packed.file_offset(), state_->field,
                "unpacks to more than the limit of " + std::to_string(state_->limit) + " bytes");
  }
  return got;
}

Bytes inflate(ByteView packed, DeflateForm form, std::uint64_t limit, const char* field) {
  InflateReader reader(packed, form, limit, field);
  Bytes out;
  std::uint64_t used = 0;
  for (;;) {
    // One byte beyond the limit, so that the reader sees that there is more.
    if (used == out.size()) out.resize(std::min<std::uint64_t>(limit + 1, std::max<std::uint64_t>(used * 2, 65536)));
    const auto got = reader.read(std::span(out).subspan(used));
    if (got == 0) break;
    used += got;
  }
  out.resize(used);
  return out;
}

}  // namespace vnpu
