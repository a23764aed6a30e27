#include "sim/k210/nnil.h"

#include "base/error.h"
#include "sim/k210/v4_nodes.h"

namespace vnpu::k210 {
namespace {

constexpr std::size_t stack_limit = 64;
// Values are worked through in pieces, so that a full stack of them stays small.
constexpr std::size_t piece_size = 1024;

using Vector = std::vector<float>;

class Stack {
 public:
  void push(Vector values) {
    if (values_.size() == stack_limit) throw Error(ErrorKind::fault, "nnil: more than 64 values on the stack");
    values_.push_back(std::move(values));
  }
  Vector pop() {
    if (values_.empty()) throw Error(ErrorKind::fault, "nnil: nothing on the stack");
    Vector top = std::move(values_.back());
    values_.pop_back();
    return top;
  }

 private:
  std::vector<Vector> values_;
};

Vector run_piece(ByteView code, std::span<const float> input) {
  const auto all = [&](float value) { return Vector(input.size(), value); };
  Stack stack;
  for (std::uint64_t at = 0; at < code.size();) {
    const std::uint8_t op = code.u8(at++, "nnil");
    if (op >= 0x20 && op <= 0x29) {
      Vector v = stack.pop();
      apply_unary(op - 0x20, v);
      stack.push(std::move(v));
    } else if (op >= 0x40 && op <= 0x45) {
      const Vector b = stack.pop();
      Vector a = stack.pop();
      apply_binary(op - 0x40, a, b);
      stack.push(std::move(a));
    } else {
      switch (op) {
        case 0x00: break;
        case 0x01: {
          Vector top = stack.pop();
          stack.push(top);
          stack.push(std::move(top));
          break;
        }
        case 0x02: stack.pop(); break;
        case 0x03: stack.push(Vector(input.begin(), input.end())); break;
        case 0x04: stack.push(all(0)); break;
        case 0x05: stack.push(all(1)); break;
        case 0x06:
          stack.push(all(code.f32(at, "nnil immediate")));
          at += 4;
          break;
        case 0x80: {
          const Vector high = stack.pop(), low = stack.pop();
          Vector v = stack.pop();
          for (std::size_t i = 0; i < v.size(); ++i) v[i] = v[i] < low[i] ? low[i] : high[i] < v[i] ? high[i] : v[i];
          stack.push(std::move(v));
          break;
        }
        case 0xA0: return stack.pop();
        default: throw Error(ErrorKind::unsupported, "nnil operation " + std::to_string(op) + " is not known");
      }
    }
  }
  throw Error(ErrorKind::fault, "nnil: the code ends without a return");
}

}  // namespace

std::vector<float> run_nnil(ByteView code, std::span<const float> input) {
  std::vector<float> out;
  out.reserve(input.size());
  do {
    const Vector piece = run_piece(code, input.first(std::min(input.size(), piece_size)));
    out.insert(out.end(), piece.begin(), piece.end());
    input = input.subspan(piece.size());
  } while (!input.empty());
  return out;
}

}  // namespace vnpu::k210
