// A side of a TDMA command as the runs of contiguous bytes it consists of, in stream order.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/cv18xx/tdma_laws.h"
#include "sim/cv18xx/tdma_side.h"

namespace vnpu::cv18xx {

class Segments {
 public:
  // Streams in n,c,h,w order, or in c,n,h,w order.
  enum class Order { n_first, c_first };
  Segments(const TdmaSide& side, const Extent& extent, Order order = Order::n_first)
      : side_(side), n_(extent[0]), c_(extent[1]), h_(extent[2]), run_(extent[3]), c_first_(order == Order::c_first) {
    merge();
    start();
  }
  // The rows of a matrix in local memory: the last channel of a row may be part full.
  explicit Segments(const LocalMatrix& matrix)
      : side_(matrix.side),
        n_(matrix.rows),
        c_((matrix.columns + matrix.width - 1) / matrix.width),
        run_(matrix.width),
        last_run_(matrix.columns - (c_ - 1) * std::uint64_t{matrix.width}) {
    start();
  }

  std::uint8_t* at() const { return side_.memory.data() + address_; }
  std::uint64_t left() const { return left_; }  // elements of this run
  void advance(std::uint64_t count) {
    left_ -= count;
    address_ += count * side_.element;
    if (left_ == 0) next();
  }

 private:
  // Dimensions that continue each other become one run.
  void merge() {
    const std::uint64_t e = side_.element;
    if (h_ == 1 || side_.h_stride == run_ * e) {
      run_ *= h_;
      h_ = 1;
    }
    if (h_ == 1 && !c_first_ && (c_ == 1 || (!side_.local && side_.c_stride == run_ * e))) {
      run_ *= c_;
      c_ = 1;
      if (n_ == 1 || side_.n_stride == run_ * e) {
        run_ *= n_;
        n_ = 1;
      }
    }
    last_run_ = run_;
  }
  void start() {
    channel_ = side_.address(at_n_, at_c_, 0, 0);
    lane_ = side_.local ? channel_ / lane_bytes : 0;
    begin_run();
  }
  void begin_run() {
    address_ = channel_ + at_h_ * side_.h_stride;
    left_ = at_c_ + 1 == c_ ? last_run_ : run_;
  }
  void next() {
    if (++at_h_ != h_) return begin_run();
    at_h_ = 0;
    if (c_first_) {
      if (++at_n_ == n_) {
        at_n_ = 0;
        at_c_ = at_c_ + 1 == c_ ? 0 : at_c_ + 1;
      }
      return start();
    }
    if (++at_c_ == c_) {
      at_c_ = 0;
      at_n_ = at_n_ + 1 == n_ ? 0 : at_n_ + 1;
      return start();
    }
    // The next channel without the divisions of TdmaSide::channel().
    if (!side_.local) {
      channel_ += side_.c_stride;
    } else if (++lane_ != side_.lanes) {
      channel_ += lane_bytes;
    } else {
      lane_ = 0;
      channel_ += side_.c_stride - (side_.lanes - std::uint64_t{1}) * lane_bytes;
    }
    begin_run();
  }

  const TdmaSide side_;
  std::uint64_t n_ = 1, c_ = 1, h_ = 1, run_ = 1, last_run_ = 1;
  bool c_first_ = false;
  std::uint64_t at_n_ = 0, at_c_ = 0, at_h_ = 0;
  std::uint64_t channel_ = 0, lane_ = 0;  // of the current channel
  std::uint64_t address_ = 0, left_ = 0;  // of the current run
};

// Calls body(to, from, elements) for the common runs of two streams of `count` elements.
template <class Body>
void for_runs(Segments& to, Segments& from, std::uint64_t count, Body body) {
  while (count != 0) {
    const auto here = std::min({to.left(), from.left(), count});
    body(to.at(), from.at(), here);
    to.advance(here);
    from.advance(here);
    count -= here;
  }
}

// Calls body(bytes, elements) for the runs of one stream.
template <class Body>
void for_runs(Segments& stream, std::uint64_t count, Body body) {
  while (count != 0) {
    const auto here = std::min(stream.left(), count);
    body(stream.at(), here);
    stream.advance(here);
    count -= here;
  }
}

}  // namespace vnpu::cv18xx
