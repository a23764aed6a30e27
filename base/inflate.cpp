#include "base/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace vnpu {
namespace {

class Stream {
 public:
  explicit Stream(DeflateForm form) {
    // 15: the largest window; + 16: gzip's header and trailer.
    if (inflateInit2(&z, form == DeflateForm::gzip ? 15 + 16 : 15) != Z_OK) {
      throw Error(ErrorKind::internal, "zlib gives no reader");
    }
  }
  ~Stream() { inflateEnd(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  z_stream z{};
};

}  // namespace

Bytes inflate(ByteView packed, DeflateForm form, std::uint64_t limit, const char* field) {
  if (packed.size() > std::numeric_limits<uInt>::max()) {
    throw Error(ErrorKind::unsupported, packed.file_offset(), field, "more than 4 GB of packed bytes");
  }
  Stream stream(form);
  stream.z.next_in = const_cast<Bytef*>(packed.data());
  stream.z.avail_in = static_cast<uInt>(packed.size());
  const auto fail = [&](const std::string& message) {
    throw Error(ErrorKind::damaged, packed.file_offset() + stream.z.total_in, field, message);
  };
  Bytes out;
  std::uint64_t used = 0;
  for (;;) {
    if (used == out.size()) {
      if (used >= limit) {
        throw Error(ErrorKind::unsupported, packed.file_offset(), field,
                    "unpacks to more than the limit of " + std::to_string(limit) + " bytes");
      }
      out.resize(std::min<std::uint64_t>(limit, std::max<std::uint64_t>(used * 2, 65536)));
    }
    const auto room = static_cast<uInt>(std::min<std::uint64_t>(out.size() - used, 1U << 30));
    stream.z.next_out = out.data() + used;
    stream.z.avail_out = room;
    const int status = ::inflate(&stream.z, Z_NO_FLUSH);
    used += room - stream.z.avail_out;
    if (status == Z_STREAM_END) break;
    if (status == Z_OK && (stream.z.avail_out == 0 || stream.z.avail_in != 0)) continue;
    if (status == Z_OK || status == Z_BUF_ERROR) fail("the packed stream ends early");
    fail(stream.z.msg ? stream.z.msg : "the packed stream cannot be read");
  }
  if (stream.z.avail_in != 0) fail(std::to_string(stream.z.avail_in) + " bytes behind the packed stream");
  out.resize(used);
  return out;
}

}  // namespace vnpu
