// digits_demo FOLDER: runs the digit recogniser of tests/golden/digits on every held-out digit, draws some of them with
// the answers, and compares accuracy and bytes with the float network and with the vendor's simulator.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/npz.h"
#include "sim/runtime/registry.h"

namespace {

namespace fs = std::filesystem;
using vnpu::Tensor;

constexpr std::size_t side = 32;
constexpr std::size_t pixels = side * side;
constexpr std::size_t classes = 10;

std::size_t answer(const float* scores) {
  return static_cast<std::size_t>(std::max_element(scores, scores + classes) - scores);
}

const float* floats(const Tensor& tensor) { return reinterpret_cast<const float*>(tensor.bytes.data()); }

struct Digits {
  Tensor images, labels;
  std::size_t count() const { return labels.bytes.size(); }
  const std::uint8_t* image(std::size_t i) const { return images.bytes.data() + i * pixels; }
};

Tensor array(const fs::path& file, const char* name) {
  const auto arrays = vnpu::read_npz(file);
  const Tensor* found = vnpu::find(arrays, name);
  if (!found) throw vnpu::Error(vnpu::ErrorKind::damaged, file.string() + ": no array '" + name + "'");
  return *found;
}

// Two pixel rows a text row: upper and lower half blocks in 24 grey steps of the 256-colour terminal.
void draw(const Digits& digits, const std::vector<std::size_t>& which, const std::vector<std::size_t>& answers) {
  const auto grey = [&](std::size_t i, std::size_t y, std::size_t x) {
    return 232 + digits.image(i)[y * side + x] * 23 / 255;
  };
  for (std::size_t y = 0; y < side; y += 4) {
    std::string line = "   ";
    for (const std::size_t i : which) {
      for (std::size_t x = 0; x < side; x += 2) {
        line += "\x1b[38;5;" + std::to_string(grey(i, y, x)) + ";48;5;" + std::to_string(grey(i, y + 2, x)) + "m\u2580";
      }
      line += "\x1b[0m  ";
    }
    std::printf("%s\n", line.c_str());
  }
  std::string line = "   ";
  for (const std::size_t i : which) {
    char text[64];
    const bool right = answers[i] == digits.labels.bytes[i];
    std::snprintf(text, sizeof text, "answer %zu, %s", answers[i],
                  right ? "right" : ("is " + std::to_string(digits.labels.bytes[i])).c_str());
    line += std::string(right ? "\x1b[32m" : "\x1b[31m") + text + "\x1b[0m" + std::string(18 - std::strlen(text), ' ');
  }
  std::printf("%s\n\n", line.c_str());
}

struct Result {
  std::size_t right = 0, equal = 0;
  double seconds = 0;
  std::vector<std::size_t> answers;
};

Result run(const fs::path& folder, const std::string& variant, const Digits& digits) {
  const std::string extension = variant.starts_with("bm1684x") ? ".bmodel" : ".cvimodel";
  const auto network = vnpu::open_model(folder / ("digits_" + variant + extension))->instantiate({});
  const Tensor expected = array(folder / ("simulator_" + variant + ".npz"), "scores");
  const std::string input = network->inputs().at(0).name, output = network->outputs().at(0).name;
  constexpr std::size_t score_bytes = classes * sizeof(float);
  Result result;
  for (std::size_t i = 0; i < digits.count(); ++i) {
    std::vector<float> image(pixels);
    for (std::size_t k = 0; k < pixels; ++k) image[k] = static_cast<float>(digits.image(i)[k]) / 255.0f;
    const auto start = std::chrono::steady_clock::now();
    network->set_input(input, {reinterpret_cast<const std::uint8_t*>(image.data()), pixels * sizeof(float)});
    network->run();
    result.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const Tensor scores = network->get(output);
    if (scores.bytes.size() != score_bytes)
      throw vnpu::Error(vnpu::ErrorKind::damaged, variant + ": 10 scores expected");
    result.answers.push_back(answer(floats(scores)));
    result.right += result.answers.back() == digits.labels.bytes[i];
    result.equal += std::memcmp(scores.bytes.data(), expected.bytes.data() + i * score_bytes, score_bytes) == 0;
  }
  return result;
}

// One right answer a class would do; the wrong ones are the interesting ones.
std::vector<std::size_t> worth_drawing(const Digits& digits, const Result& result) {
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < digits.count() && which.size() < 3; ++i) {
    if (result.answers[i] == digits.labels.bytes[i]) which.push_back(i);
  }
  for (std::size_t i = 0; i < digits.count() && which.size() < 5; ++i) {
    if (result.answers[i] != digits.labels.bytes[i]) which.push_back(i);
  }
  return which;
}

int demo(const fs::path& folder) {
  const Digits digits{array(folder / "held_out.npz", "images"), array(folder / "held_out.npz", "labels")};
  if (digits.images.bytes.size() != digits.count() * pixels)
    throw vnpu::Error(vnpu::ErrorKind::damaged, "held_out.npz: images and labels do not fit");
  const Tensor reference = array(folder / "float.npz", "scores");
  std::size_t float_right = 0;
  for (std::size_t i = 0; i < digits.count(); ++i)
    float_right += answer(floats(reference) + i * classes) == digits.labels.bytes[i];

  bool drawn = false;
  std::size_t compared = 0, equal = 0;
  double seconds = 0;
  std::string table;
  const auto percent = [&](std::size_t right) {
    return 100.0 * static_cast<double>(right) / static_cast<double>(digits.count());
  };
  char row[160];
  std::snprintf(row, sizeof row, "   %-14s %5zu of %zu right  %6.2f %%\n", "float", float_right, digits.count(),
                percent(float_right));
  table += row;
  for (const std::string variant :
       {"cv181x_int8", "cv181x_bf16", "cv180x_int8", "cv180x_bf16", "bm1684x_f32", "bm1684x_f16", "bm1684x_int8"}) {
    const Result result = run(folder, variant, digits);
    if (!drawn) draw(digits, worth_drawing(digits, result), result.answers);
    drawn = true;
    std::snprintf(row, sizeof row,
                  "   %-14s %5zu of %zu right  %6.2f %%   %zu of %zu outputs equal   %.2f ms a digit\n",
                  variant.c_str(), result.right, digits.count(), percent(result.right), result.equal, digits.count(),
                  result.seconds * 1000 / static_cast<double>(digits.count()));
    table += row;
    compared += digits.count();
    equal += result.equal;
    seconds += result.seconds;
  }
  std::printf("%s\n", table.c_str());
  if (equal != compared) {
    std::printf("\x1b[31m%zu of %zu outputs differ from the vendors' simulators\x1b[0m\n", compared - equal, compared);
    return 1;
  }
  std::printf(
      "\x1b[32moutputs equal the vendors' simulators, bit for bit: %zu of %zu\x1b[0m, in %.2f s of this computer's "
      "time\n",
      equal, compared, seconds);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: digits_demo FOLDER (tests/golden/digits)\n");
    return 2;
  }
  try {
    return demo(argv[1]);
  } catch (const vnpu::Error& error) {
    std::fprintf(stderr, "digits_demo: %s\n", error.what());
    return vnpu::exit_status(error.kind());
  }
}
