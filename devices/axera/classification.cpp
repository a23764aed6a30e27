// ax_classification of the vendor's samples, and libmaix's camera classifier.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/image.h"
#include "devices/axera/joint_runtime.h"
#include "devices/axera/programs.h"
#include "devices/axera/text.h"
#include "devices/board.h"

namespace vnpu::axera {
namespace {

const std::string rule = std::string(38, '-') + "\n";
constexpr const char* joint_version = "0.5.10";
constexpr int most_rounds = 100'000;

struct Options {
  std::string model, image;
  int height = 224, width = 224, repeat = 10;
};

// "H,W"
bool parse_size(const std::string& words, int& height, int& width) {
  return std::sscanf(words.c_str(), "%d,%d", &height, &width) == 2 && height > 0 && width > 0 && height <= 4096 &&
         width <= 4096;
}

// The exit status when the program ends at once.
std::optional<int> parse(devices::Process& process, Options& out, bool wants_image) {
  const auto& argv = process.argv;
  const auto usage = [&] {
    process.complain(
        "usage: " + (argv.empty() ? std::string("program") : argv[0]) + " --model=string" +
        (wants_image ? " --image=string" : "") +
        " [options] ...\n"
        "options:\n  -m, --model     joint file(a.k.a. joint model) (string)\n" +
        (wants_image ? "  -i, --image     image file (string)\n" : "") +
        "  -g, --size      input_h, input_w (string [=224,224])\n  -r, --repeat    repeat count (int [=10])\n"
        "  -?, --help      print this message\n");
  };
  std::string size;
  for (std::size_t i = 1; i < argv.size(); ++i) {
    std::string name = argv[i], value;
    if (const auto equals = name.find('='); name.starts_with("--") && equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    } else if (name == "-?" || name == "--help") {
      usage();
      return 0;
    } else if (i + 1 < argv.size()) {
      value = argv[++i];
    }
    if (name == "-m" || name == "--model") {
      out.model = value;
    } else if (wants_image && (name == "-i" || name == "--image")) {
      out.image = value;
    } else if (name == "-g" || name == "--size") {
      size = value;
    } else if (name == "-r" || name == "--repeat") {
      out.repeat = std::clamp(std::atoi(value.c_str()), 1, most_rounds);
    } else {
      process.complain((name.starts_with("--") ? "undefined option: " : "undefined short option: ") + name + "\n");
      usage();
      return 255;
    }
  }
  if (out.model.empty() || (wants_image && out.image.empty())) {
    process.complain(out.model.empty() ? "need option: --model\n" : "need option: --image\n");
    usage();
    return 255;
  }
  const auto exists = [&](const std::string& path) {
    return static_cast<bool>(process.files().stat(process.user, process.path(path)));
  };
  if (!exists(out.model)) {
    process.complain(text("Input file %s(%s) is not exist, please check it.\n", "model", out.model.c_str()));
    return 255;
  }
  if (wants_image && !exists(out.image)) {
    process.complain(text("Input file %s(%s) is not exist, please check it.\n", "image", out.image.c_str()));
    return 255;
  }
  if (!size.empty() && !parse_size(size, out.height, out.width)) {
    process.complain(text("Input size(%s) is not allowed, please check it.\n", size.c_str()));
    return 255;
  }
  return std::nullopt;
}

// Loads, opens, creates; the exit status when one of them fails. `codes`: libmaix shows the code.
std::optional<int> start(devices::Process& process, JointRuntime& runtime, const Options& options, bool codes) {
  const auto fail = [&](const char* form, std::uint32_t code) {
    if (!runtime.error().empty()) process.complain(runtime.error() + "\n");
    process.complain(text(form, options.model.c_str()) + (codes ? text(" (%x)", code) : "") + "\n");
    return -1 & 255;
  };
  const auto file = process.files().read_file(process.user, process.path(options.model));
  if (!file) return fail("Read Run-Joint model(%s) file failed.", 0);
  if (const auto code = runtime.load(Bytes(file->begin(), file->end())))
    return fail("Load Run-Joint model(%s) failed.", code);
  const auto mode = runtime.mode() == ModelMode::whole ? HardMode::disable : HardMode::one_one;
  if (const auto code = runtime.open(mode)) return fail("Init Run-Joint model(%s) failed.", code);
  if (const auto code = runtime.create()) return fail("Create Run-Joint handler from file(%s) failed.", code);
  return std::nullopt;
}

// OpenCV's B G R bytes as they are: whatever order the model wants.
std::optional<int> fill(devices::Process& process, JointRuntime& runtime, const Image& image) {
  if (runtime.inputs().size() != 1) {
    process.complain(
        text("[ERR]: Only single input was accepted(got %u).\n", static_cast<unsigned>(runtime.inputs().size())));
    process.complain("Fill input failed.\n");
    return 255;
  }
  const auto bytes = to_device_pixels(image, "BGR_PACKED", false, image.height, image.width);
  const Border& input = runtime.inputs().front();
  if (bytes.size() != input.bytes) {
    process.complain(text("[ERR]: The buffer size is not equal to model input(%s) size(%u vs %u).\n",
                          input.name.c_str(), static_cast<unsigned>(bytes.size()), static_cast<unsigned>(input.bytes)));
    process.complain("Fill input failed.\n");
    return 255;
  }
  runtime.set_input(0, bytes);
  return std::nullopt;
}

std::vector<std::pair<float, int>> best(const JointRuntime& runtime) {
  const Bytes bytes = runtime.output(0);
  std::vector<std::pair<float, int>> scores(bytes.size() / 4);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    std::memcpy(&scores[i].first, bytes.data() + 4 * i, 4);
    scores[i].second = static_cast<int>(i);
  }
  const auto first = std::min<std::size_t>(5, scores.size());
  std::partial_sort(scores.begin(), scores.begin() + static_cast<std::ptrdiff_t>(first), scores.end(),
                    [](const auto& a, const auto& b) { return a.first > b.first; });
  scores.resize(first);
  return scores;
}

}  // namespace

int classification(devices::Process& process) {
  Options options;
  if (const auto status = parse(process, options, true)) return *status;
  process.print(rule + "model file : " + options.model + "\nimage file : " + options.image + "\n" +
                text("img_h, img_w : %d %d\n", options.height, options.width));
  Image image;
  try {
    const auto file = process.files().read_file(process.user, process.path(options.image));
    if (!file) throw Error(ErrorKind::damaged, "unreadable");
    image = resize(decode_image(ByteView({reinterpret_cast<const std::uint8_t*>(file->data()), file->size()})),
                   options.height, options.width);
  } catch (const Error&) {
    process.complain("Read image failed.\n");
    return 255;
  }
  process.print(std::string("Run-Joint Runtime version: ") + joint_version + "\n" + rule);
  JointRuntime runtime(process);
  if (const auto status = start(process, runtime, options, false)) return *status;
  process.print(runtime.mode() == ModelMode::whole ? "[INFO]: Virtual npu was disabled!\n\n"
                                                   : "[INFO]: Virtual npu mode is 1_1\n\n");
  process.print("Tools version: " + runtime.tool_version() + "\n");
  if (const auto status = fill(process, runtime, image)) return *status;
  for (int i = 0; i < options.repeat; ++i) {
    process.check_signals();
    if (const auto code = runtime.run()) {
      process.complain(runtime.error() + "\n" + text("Inference failed(%d).\n", static_cast<int>(code)) +
                       "Run classification failed.\n");
      return 255;
    }
  }
  for (const auto& [score, id] : best(runtime)) process.print(text("%.4f, %d\n", static_cast<double>(score), id));
  const CreateTime& created = runtime.create_time();
  process.print(rule + text("Create handle took %.2f ms (neu %.2f ms, axe %.2f ms, overhead %.2f ms)\n", created.total,
                            created.neu, created.axe, created.overhead));
  const double ms = static_cast<double>(runtime.run_time().us) / 1000;  // every simulated run takes the same
  process.print(rule + text("Repeat %d times, avg time %.2f ms, max_time %.2f ms, min_time %.2f ms\n", options.repeat,
                            ms, ms, ms));
  return 0;
}

int classification_camera(devices::Process& process) {
  Options options;
  if (const auto status = parse(process, options, false)) return *status;
  process.print(rule + "model file : " + options.model + "\n" +
                text("img_h, img_w : %d %d\n", options.height, options.width));
  process.print(std::string("Run-Joint Runtime version: ") + joint_version + "\n" + rule);
  Npu& npu = npu_of(process.board);
  std::string why;
  {
    const std::scoped_lock lock(npu.mutex);
    if (npu.modes.camera(true, why)) {
      process.complain(why + "\nInit system failed.\n");
      return 255;
    }
  }
  struct CameraOff {  // also when a signal ends the program
    Npu& npu;
    ~CameraOff() {
      const std::scoped_lock lock(npu.mutex);
      std::string unused;
      npu.modes.camera(false, unused);
    }
  } const off{npu};
  JointRuntime runtime(process);
  if (const auto status = start(process, runtime, options, true)) return *status;
  process.print("joint init success\nget tools version success\nTools version: " + runtime.tool_version() + "\n");
  // Without a camera behind it the sensor gives a grey field; one frame is judged.
  Image image{options.height, options.width, 3,
              Bytes(static_cast<std::size_t>(options.height) * static_cast<std::size_t>(options.width) * 3, 128)};
  if (const auto status = fill(process, runtime, image)) return *status;
  if (const auto code = runtime.run()) {
    process.complain(runtime.error() + "\n" + text("Inference failed(%d).\n", static_cast<int>(code)));
    return 255;
  }
  for (const auto& [score, id] : best(runtime))
    process.print(text("%d: %.4f : %s\n", id, static_cast<double>(score), ""));
  return 0;
}

void add_programs(devices::ProgramTable& table) {
  table.add_vendor("run_joint", run_joint);
  table.add_vendor("ax_classification", classification);
  table.add_vendor("axpi_classification_cam", classification_camera);
}

}  // namespace vnpu::axera
