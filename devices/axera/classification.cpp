// ax_classification of the vendor's samples, and libmaix's camera classifier.
#include <algorithm>

#include "devices/axera/programs.h"
#include "devices/axera/samples.h"
#include "devices/axera/text.h"
#include "devices/board.h"

namespace vnpu::axera {
namespace {

// OpenCV's B G R bytes as they are: whatever order the model wants.
Bytes stretched(const Image& image, const SampleOptions& options) {
  return to_device_pixels(resize(image, options.height, options.width), "BGR_PACKED", false, options.height,
                          options.width);
}

std::vector<std::pair<float, int>> best(const std::vector<float>& values) {
  std::vector<std::pair<float, int>> scores;
  for (std::size_t i = 0; i < values.size(); ++i) scores.emplace_back(values[i], static_cast<int>(i));
  const auto first = std::min<std::size_t>(5, scores.size());
  std::partial_sort(scores.begin(), scores.begin() + static_cast<std::ptrdiff_t>(first), scores.end(),
                    [](const auto& a, const auto& b) { return a.first > b.first; });
  scores.resize(first);
  return scores;
}

bool classify(devices::Process& process, const SampleOptions& options, const Image& image) {
  JointRuntime runtime(process);
  if (!start_sample(process, runtime, options.model, false)) return false;
  if (!fill_sample(process, runtime, stretched(image, options))) return false;
  if (!run_sample(process, runtime, options.repeat)) return false;
  for (std::size_t i = 0; i < runtime.outputs().size(); ++i) {
    for (const auto& [score, id] : best(output_floats(runtime, i)))
      process.print(text("%.4f, %d\n", static_cast<double>(score), id));
  }
  tell_times(process, runtime, options.repeat);
  return true;
}

}  // namespace

int classification(devices::Process& process) {
  SampleOptions options;
  if (const auto status = parse_sample(process, options, true)) return *status;
  process.print(sample_rule + "model file : " + options.model + "\nimage file : " + options.image + "\n" +
                text("img_h, img_w : %d %d\n", options.height, options.width));
  const auto image = sample_picture(process, options.image);
  if (!image) return 255;
  process.print(std::string("Run-Joint Runtime version: ") + runtime_version + "\n" + sample_rule);
  // What failed later does not change the exit status.
  if (!classify(process, options, *image)) process.complain("Run classification failed.\n");
  return 0;
}

int classification_camera(devices::Process& process) {
  SampleOptions options;
  if (const auto status = parse_sample(process, options, false)) return *status;
  process.print(sample_rule + "model file : " + options.model + "\n" +
                text("img_h, img_w : %d %d\n", options.height, options.width));
  process.print(std::string("Run-Joint Runtime version: ") + runtime_version + "\n" + sample_rule);
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
  if (!start_sample(process, runtime, options.model, true)) return 255;
  // Without a camera behind it the sensor gives a grey field; one frame is judged.
  const Image image{options.height, options.width, 3,
                    Bytes(static_cast<std::size_t>(options.height) * static_cast<std::size_t>(options.width) * 3, 128)};
  if (!fill_sample(process, runtime, stretched(image, options))) return 255;
  if (!run_sample(process, runtime, 1)) return 255;
  for (const auto& [score, id] : best(output_floats(runtime, 0)))
    process.print(text("%d: %.4f : %s\n", id, static_cast<double>(score), ""));
  return 0;
}

}  // namespace vnpu::axera
