#include "devices/awk/streams.h"

#include "devices/awk/syntax.h"

namespace vnpu::devices::awk {

namespace {
constexpr std::size_t record_limit = std::size_t{16} << 20;
}

bool Source::fill() {
  if (ended_) return false;
  if (at_ > 65536 && at_ > buffer_.size() / 2) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  if (buffer_.size() - at_ > record_limit) throw Fault{"record is too long"};
  std::uint8_t piece[16384];
  Stream* stream = child_ ? &child_->stream() : stream_.get();
  const auto got = stream ? stream->read(piece, process_.task->token()) : process_.read(piece);
  if (!got) {
    if (got.error() == Errno::intr) {
      process_.check_signals();
      return true;
    }
    failed_ = true;
  }
  if (!got || *got == 0) {
    ended_ = true;
    return false;
  }
  buffer_.append(reinterpret_cast<const char*>(piece), *got);
  return true;
}

std::optional<std::string> Source::take(std::size_t length, std::size_t skip, std::string& end) {
  std::string out = buffer_.substr(at_, length);
  end = buffer_.substr(at_ + length, skip);
  at_ += length + skip;
  return out;
}

std::optional<std::string> Source::next(const Separator& separator, std::string& end) {
  end.clear();
  if (separator.paragraphs) {
    // Newlines before a record are no part of it.
    for (;;) {
      while (at_ < buffer_.size() && buffer_[at_] == '\n') ++at_;
      if (at_ < buffer_.size() || !fill()) break;
    }
  }
  for (std::size_t searched = 0;;) {
    const std::size_t left = buffer_.size() - at_;
    if (separator.paragraphs) {
      const std::size_t found = buffer_.find("\n\n", at_ + searched);
      if (found != std::string::npos) {
        std::size_t stop = found;
        while (stop < buffer_.size() && buffer_[stop] == '\n') ++stop;
        if (stop < buffer_.size() || ended_) return take(found - at_, stop - found, end);
      } else {
        searched = left ? left - 1 : 0;
      }
    } else if (separator.regex) {
      std::vector<commands::Regular::Span> spans;
      // Only what cannot go on behind the buffer's end counts.
      if (left && separator.regex->search(buffer_.substr(at_), 0, spans) && spans[0].second > spans[0].first &&
          (spans[0].second < left || ended_))
        return take(spans[0].first, spans[0].second - spans[0].first, end);
    } else {
      const std::size_t found = buffer_.find(separator.character, at_ + searched);
      if (found != std::string::npos) return take(found - at_, 1, end);
      searched = left;
    }
    const std::size_t before = buffer_.size() - at_;
    bool more = fill();
    // An expression is tried again only when there is twice as much.
    while (more && separator.regex && buffer_.size() - at_ < 2 * before) more = fill();
    if (more || (separator.regex && before != buffer_.size() - at_)) continue;
    if (at_ >= buffer_.size()) return std::nullopt;
    std::size_t length = buffer_.size() - at_, skip = 0;
    if (separator.regex) {
      std::vector<commands::Regular::Span> spans;
      if (separator.regex->search(buffer_.substr(at_), 0, spans) && spans[0].second > spans[0].first)
        return take(spans[0].first, spans[0].second - spans[0].first, end);
    }
    if (separator.paragraphs || separator.regex)
      while (length > 0 && buffer_[at_ + length - 1] == '\n' && skip < (separator.paragraphs ? length + skip : 1)) {
        --length;
        ++skip;
      }
    return take(length, skip, end);
  }
}

void Sink::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= 32768) flush();
}

void Sink::flush() {
  if (buffer_.empty()) return;
  const std::string text = std::exchange(buffer_, {});
  Stream* stream = child_ ? &child_->stream() : stream_.get();
  const Errno error =
      stream->write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, process_.task->token());
  if (error == Errno::intr) process_.check_signals();
  if (error == Errno::pipe) throw Killed{signal_number::pipe};
  if (error != Errno::ok) throw Fault{"write error: " + std::string(message(error))};
}

int Sink::close() {
  flush();
  return child_ ? child_->close() : 0;
}

}  // namespace vnpu::devices::awk
