// The four classifier samples. Arithmetic and order of output: docs/board_programs.md.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>

#include "devices/programs/classifier_input.h"
#include "devices/programs/cvi_runtime.h"
#include "devices/programs/picture.h"
#include "devices/programs/vendor_programs.h"

namespace vnpu::programs {
namespace {

constexpr std::size_t shown = 5;

// Ends a sample: what is buffered is written, `status` returned.
int leave(Output& out, int status) {
  out.flush();
  return status;
}

bool wrong_arguments(ProgramHost& host, Output& out) {
  if (host.argv.size() == 4) return false;
  out.print("Usage:\n");
  out.print("   " + host.argv[0] + " cvimodel image.jpg label_file\n");
  return true;
}

// A sample's failure: the line is printed, the status is what main() returns.
struct Failed {
  int status;
};

class Sample {
 public:
  Sample(ProgramHost& host, Output& out) : host_(host), out_(out), runtime_(host, out) {}

  void open() {
    int code = 0;
    model_ = runtime_.register_model(host_.argv[1], code);
    if (!model_) {
      out_.format("CVI_NN_RegisterModel failed, err %d\n", code);
      throw Failed{1};
    }
    out_.print("CVI_NN_RegisterModel succeeded\n");
    fetch_tensors();
  }

  void show_input() {
    out_.print("input, name:" + input().name + "\n");
    out_.format("qscale:%f\n", static_cast<double>(input().qscale));
  }

  Image read_image() {
    auto image = read_picture(host_, out_, host_.argv[2]);
    if (!image) {
      out_.print("Could not open or find the image\n");
      throw Failed{255};
    }
    return resize(*image, classifier_side, classifier_side);
  }

  Image crop(const Image& image) {
    auto middle = centre_crop(image, input().shape[2], input().shape[3]);
    if (!middle) {
      out_.complain("vnpu: the sample cuts the middle out of 256 x 256 pixels; the model wants " +
                    std::to_string(input().shape[3]) + " x " + std::to_string(input().shape[2]) + "\n");
      abort_program();
    }
    return std::move(*middle);
  }

  void forward() {
    if (const int code = model_->forward(); code != cvi_success) {
      out_.format("CVI_NN_Forward failed, err %d\n", code);
      throw Failed{1};
    }
    out_.print("CVI_NN_Forward succeeded\n");
  }

  std::vector<std::string> read_labels() {
    const auto file = host_.read_file(host_.argv[3]);
    if (!file) {
      out_.print("Didn't find synset_words file\n");
      throw Failed{1};
    }
    std::vector<std::string> lines;
    auto at = file->begin();
    while (at != file->end()) {
      const auto end = std::find(at, file->end(), '\n');
      lines.emplace_back(at, end);
      at = end == file->end() ? end : end + 1;
    }
    return lines;
  }

  void close() { out_.print("CVI_NN_CleanupModel succeeded\n"); }

  // Program 1 of the same file, beside program 0.
  void open_second_program() {
    first_ = std::move(model_);
    model_ = runtime_.clone(*first_);
    out_.print("CVI_NN_CloneModel succeeded\n");
    model_->set_program(1);
    fetch_tensors();
  }

  RuntimeTensor& input() { return inputs_->front(); }

  // The output's bytes as float, whatever its type says.
  std::vector<float> probabilities() {
    const Bytes& bytes = outputs_->front().bytes;
    std::vector<float> out(std::min<std::size_t>(bytes.size() / sizeof(float), outputs_->front().count));
    std::memcpy(out.data(), bytes.data(), out.size() * sizeof(float));
    return out;
  }

 private:
  void fetch_tensors() {
    if (const int code = model_->get_tensors(inputs_, outputs_); code != cvi_success) {
      out_.format("CVI_NN_GetInputOutputTensors failed, err %d\n", code);
      throw Failed{1};
    }
  }

  ProgramHost& host_;
  Output& out_;
  Runtime runtime_;
  std::unique_ptr<RuntimeModel> first_, model_;
  std::vector<RuntimeTensor>*inputs_ = nullptr, *outputs_ = nullptr;
};

// Copies as much as the tensor's memory takes (a model with another input than the sample expects).
void put(RuntimeTensor& tensor, std::size_t at, const void* from, std::size_t size) {
  if (at >= tensor.bytes.size()) return;
  std::memcpy(tensor.bytes.data() + at, from, std::min(size, tensor.bytes.size() - at));
}

void print_line(Output& out, float probability, int index, const std::vector<std::string>& labels) {
  out.format("  %f, idx %d", static_cast<double>(probability), index);
  if (!labels.empty()) {
    const bool known = index >= 0 && static_cast<std::size_t>(index) < labels.size();
    out.print(", " + (known ? labels[static_cast<std::size_t>(index)] : std::string()));
  }
  out.print("\n");
}

// Equal probabilities stay in the order that std::sort leaves them in.
void print_best(Output& out, const std::vector<float>& p, std::size_t first, std::size_t count,
                const std::vector<std::string>& labels) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[first + a] > p[first + b]; });
  for (std::size_t i = 0; i < std::min(count, shown); ++i)
    print_line(out, p[first + order[i]], static_cast<int>(order[i]), labels);
}

// The bf16 sample's own search: an entry that is beaten is dropped, not moved down, so places 2 to 5 can be wrong.
void print_best_of_bf16(Output& out, const std::vector<float>& p, const std::vector<std::string>& labels) {
  std::array<float, shown> top{};
  std::array<int, shown> index{-1};
  for (std::size_t i = 0; i < p.size(); ++i) {
    for (std::size_t k = 0; k < shown; ++k) {
      if (!(p[i] > top[k])) continue;
      top[k] = p[i];
      index[k] = static_cast<int>(i);
      break;
    }
  }
  for (std::size_t round = 0; round + 1 < shown; ++round) {
    for (std::size_t k = 0; k + 1 + round < shown; ++k) {
      if (!(top[k] < top[k + 1])) continue;
      std::swap(top[k], top[k + 1]);
      std::swap(index[k], index[k + 1]);
    }
  }
  for (std::size_t k = 0; k < shown; ++k) print_line(out, top[k], index[k], labels);
}

template <class Body>
int run_sample(ProgramHost& host, Body body) {
  Output out(host);
  if (wrong_arguments(host, out)) return leave(out, 255);
  Sample sample(host, out);
  try {
    sample.open();
    body(sample, out);
    sample.close();
    return leave(out, 0);
  } catch (const Failed& failed) {
    return leave(out, failed.status);
  }
}

constexpr const char* line = "------\n";

}  // namespace

int classifier(ProgramHost& host) {
  return run_sample(host, [](Sample& sample, Output& out) {
    sample.show_input();
    const Bytes planes = quantised_planes(sample.crop(sample.read_image()), sample.input().qscale);
    put(sample.input(), 0, planes.data(), planes.size());
    sample.forward();
    const auto labels = sample.read_labels();
    const auto p = sample.probabilities();
    out.print(line);
    print_best(out, p, 0, p.size(), labels);
    out.print(line);
  });
}

int classifier_bf16(ProgramHost& host) {
  return run_sample(host, [](Sample& sample, Output& out) {
    const auto planes = normalised_planes(sample.crop(sample.read_image()));
    put(sample.input(), 0, planes.data(), planes.size() * sizeof(float));
    sample.forward();
    const auto labels = sample.read_labels();
    out.print(line);
    print_best_of_bf16(out, sample.probabilities(), labels);
    out.print(line);
  });
}

int classifier_fused_preprocess(ProgramHost& host) {
  return run_sample(host, [](Sample& sample, Output& out) {
    const Image image = sample.read_image();
    const Bytes planes = raw_planes(image, static_cast<std::size_t>(sample.input().shape[2] * sample.input().shape[3]));
    put(sample.input(), 0, planes.data(), planes.size());
    sample.forward();
    const auto labels = sample.read_labels();
    const auto p = sample.probabilities();
    out.print(line);
    print_best(out, p, 0, p.size(), labels);
    out.print(line);
  });
}

int classifier_multi_batch(ProgramHost& host) {
  return run_sample(host, [](Sample& sample, Output& out) {
    const auto run = [&](std::size_t batches) {
      sample.show_input();
      const Bytes planes = quantised_planes(sample.crop(sample.read_image()), sample.input().qscale);
      for (std::size_t b = 0; b < batches; ++b) put(sample.input(), b * planes.size(), planes.data(), planes.size());
      sample.forward();
      const auto labels = sample.read_labels();
      const auto p = sample.probabilities();
      const std::size_t each = p.size() / batches;
      for (std::size_t b = 0; b < batches; ++b) {
        out.format("--batch %d----\n", static_cast<int>(b));
        print_best(out, p, b * each, each, labels);
        out.print(line);
      }
    };
    run(1);
    sample.open_second_program();
    if (const auto batch = sample.input().shape[0]; batch != 4) {
      out.format("ERROR : Program id 1 is batch %d not batch 4\n", static_cast<int>(batch));
      throw Failed{1};
    }
    run(4);
  });
}

}  // namespace vnpu::programs
