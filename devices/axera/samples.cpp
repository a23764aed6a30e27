#include "devices/axera/samples.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "devices/axera/text.h"
#include "devices/board.h"

namespace vnpu::axera {
namespace {

constexpr int most_rounds = 100'000, largest_side = 4096;

// "H,W". The sample takes whatever std::stoi makes of two words; a word without a number ends it.
bool parse_size(devices::Process& process, const std::string& words, int& height, int& width) {
  const auto comma = words.find(',');
  if (comma == std::string::npos || words.find(',', comma + 1) != std::string::npos) return false;
  for (auto [word, to] : {std::pair(words.substr(0, comma), &height), std::pair(words.substr(comma + 1), &width)}) {
    char* end = nullptr;
    const long value = std::strtol(word.c_str(), &end, 10);
    if (end == word.c_str()) {
      process.complain("terminate called after throwing an instance of 'std::invalid_argument'\n  what():  stoi\n");
      throw devices::Killed{devices::signal_number::abort};
    }
    if (value <= 0 || value > largest_side) return false;
    *to = static_cast<int>(value);
  }
  return true;
}

}  // namespace

std::optional<int> parse_sample(devices::Process& process, SampleOptions& out, bool wants_image) {
  std::vector<Option> options{{"model", 'm', "joint file(a.k.a. joint model)", OptionType::text, "", true}};
  if (wants_image) options.push_back({"image", 'i', "image file", OptionType::text, "", true});
  options.push_back({"size", 'g', "input_h, input_w", OptionType::text,
                     std::to_string(out.height) + "," + std::to_string(out.width), false});
  if (out.classes) options.push_back({"num_class", 'c', "", OptionType::number, std::to_string(out.classes), false});
  options.push_back({"repeat", 'r', "repeat count", OptionType::number, std::to_string(out.repeat), false});
  CommandLine line(options);
  if (const auto status = line.parse(process)) return *status;
  out.model = line.text("model");
  if (wants_image) out.image = line.text("image");
  bool all_there = true;
  for (const auto& [kind, path] : {std::pair("model", out.model), std::pair("image", out.image)}) {
    if (kind == std::string("image") && !wants_image) continue;
    if (process.files().stat(process.user, process.path(path))) continue;
    process.complain(text("Input file %s(%s) is not exist, please check it.\n", kind, path.c_str()));
    all_there = false;
  }
  if (!all_there) return 255;
  const std::string size = line.text("size");
  if (!parse_size(process, size, out.height, out.width)) {
    process.complain(text("Input size(%s) is not allowed, please check it.\n", size.c_str()));
    return 255;
  }
  if (out.classes) out.classes = line.number("num_class");
  out.repeat = std::clamp(line.number("repeat"), 1, most_rounds);
  return std::nullopt;
}

std::optional<Image> sample_picture(devices::Process& process, const std::string& path) {
  try {
    const auto file = process.files().read_file(process.user, process.path(path));
    if (file) return decode_image(ByteView({reinterpret_cast<const std::uint8_t*>(file->data()), file->size()}));
  } catch (const Error&) {
  }
  process.complain("Read image failed.\n");
  return std::nullopt;
}

bool start_sample(devices::Process& process, JointRuntime& runtime, const std::string& model, bool codes) {
  const auto fail = [&](const char* form, std::uint32_t code) {
    if (!runtime.error().empty()) process.complain(runtime.error() + "\n");
    process.complain(text(form, model.c_str()) + (codes ? text(" (%x)", code) : "") + "\n");
    return false;
  };
  const auto file = process.files().read_file(process.user, process.path(model));
  if (!file) return fail("Read Run-Joint model(%s) file failed.", 0);
  if (const auto code = runtime.load(Bytes(file->begin(), file->end()))) {
    process.complain(text("[ERR]: Get joint model type failed. %X \n", code));
    return fail("Load Run-Joint model(%s) failed.", code);
  }
  const bool whole = runtime.mode() == ModelMode::whole;
  if (!codes) process.print(whole ? "[INFO]: Virtual npu was disabled!\n" : "[INFO]: Virtual npu mode is 1_1\n\n");
  const auto mode = whole ? HardMode::disable : HardMode::one_one;
  if (const auto code = runtime.open(mode)) return fail("Init Run-Joint model(%s) failed.", code);
  if (const auto code = runtime.create()) return fail("Create Run-Joint handler from file(%s) failed.", code);
  if (codes) process.print("joint init success\nget tools version success\n");
  process.print("Tools version: " + runtime.tool_version() + "\n");
  return true;
}

bool fill_sample(devices::Process& process, JointRuntime& runtime, const Bytes& pixels) {
  const auto& inputs = runtime.inputs();
  if (inputs.size() != 1) {
    process.complain(text("[ERR]: Only single input was accepted(got %u).\n", static_cast<unsigned>(inputs.size())));
  } else if (pixels.size() != inputs.front().bytes) {
    process.complain(text("[ERR]: The buffer size is not equal to model input(%s) size(%u vs %u).\n",
                          inputs.front().name.c_str(), static_cast<unsigned>(pixels.size()),
                          static_cast<unsigned>(inputs.front().bytes)));
  } else {
    runtime.set_input(0, pixels);
    return true;
  }
  process.complain("Fill input failed.\n");
  return false;
}

bool run_sample(devices::Process& process, JointRuntime& runtime, int repeat) {
  for (int i = 0; i < repeat; ++i) {
    process.check_signals();
    if (const auto code = runtime.run()) {
      process.complain(runtime.error() + "\n" + text("Inference failed(%d).\n", static_cast<int>(code)));
      return false;
    }
  }
  return true;
}

void tell_times(devices::Process& process, const JointRuntime& runtime, int repeat) {
  const CreateTime& created = runtime.create_time();
  process.print(sample_rule + text("Create handle took %.2f ms (neu %.2f ms, axe %.2f ms, overhead %.2f ms)\n",
                                   created.total, created.neu, created.axe, created.overhead));
  const double ms = static_cast<double>(runtime.run_time().us) / 1000;  // every simulated run takes the same
  process.print(sample_rule +
                text("Repeat %d times, avg time %.2f ms, max_time %.2f ms, min_time %.2f ms\n", repeat, ms, ms, ms));
}

std::vector<float> output_floats(const JointRuntime& runtime, std::size_t i) {
  const Bytes bytes = runtime.output(i);
  std::vector<float> out(bytes.size() / sizeof(float));
  std::memcpy(out.data(), bytes.data(), out.size() * sizeof(float));
  return out;
}

}  // namespace vnpu::axera
