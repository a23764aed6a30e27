// The detector samples. YOLOv5 runs; of the others only the usage text is known, the rest is refused by name.
#include <algorithm>

#include "base/error.h"
#include "devices/programs/cvi_runtime.h"
#include "devices/programs/picture.h"
#include "devices/programs/vendor_programs.h"
#include "devices/programs/yolo_v5.h"

namespace vnpu::programs {
namespace {

void print_usage(ProgramHost& host, Output& out, const char* arguments) {
  out.print("Usage:\n");
  out.print("   " + host.argv[0] + " " + arguments + "\n");
}

constexpr const char* detector_arguments = "cvimodel image.jpg image_detected.jpg";

int refuse(ProgramHost& host, Output& out) {
  out.complain("vnpu: what " + host.argv[0] + " does with a model is not known to this board; only its usage is\n");
  return 1;
}

int detect(ProgramHost& host, Output& out) {
  Runtime runtime(host, out);
  int code = 0;
  const auto model = runtime.register_model(host.argv[1], code);
  if (!model) {
    out.format("CVI_NN_RegisterModel failed, err %d\n", code);
    return 1;
  }
  out.print("CVI_NN_RegisterModel succeeded\n");
  std::vector<RuntimeTensor>*inputs = nullptr, *outputs = nullptr;
  if (code = model->get_tensors(inputs, outputs); code != cvi_success) {
    out.format("CVI_NN_GetInputOutputTensors failed, err %d\n", code);
    return 1;
  }
  RuntimeTensor& input = inputs->front();
  const auto height = static_cast<int>(input.shape[2]), width = static_cast<int>(input.shape[3]);
  auto picture = read_picture(host, out, host.argv[2]);
  if (!picture) {
    out.print("Could not open or find the image\n");
    return 255;
  }
  const Image boxed = letterbox(*picture, height, width).image;
  const std::size_t area = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  for (std::size_t i = 0; i < 3 * area && i < input.bytes.size(); ++i)
    input.bytes[i] = boxed.pixels[i % area * 3 + i / area];
  if (code = model->forward(); code != cvi_success) {
    out.format("CVI_NN_Forward failed, err %d\n", code);
    return 1;
  }
  auto found = suppress(decode_yolo_v5(*outputs, width, 0.5f), 0.5f);
  to_picture(found, width, height, picture->width, picture->height);
  out.format("get detection num: %d\n", static_cast<int>(found.size()));
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Detection& d = found[i];
    out.format("obj %d: [%f %f %f %f] score:%f cls:", static_cast<int>(i), static_cast<double>(d.x),
               static_cast<double>(d.y), static_cast<double>(d.w), static_cast<double>(d.h),
               static_cast<double>(d.score));
    out.print(std::string(coco_name(d.label)) + " \n");
  }
  draw(*picture, found);
  if (!host.write_file(host.argv[3], encode_picture(*picture, host.argv[3])))
    out.complain("vnpu: cannot write " + host.argv[3] + "\n");
  out.print("------\n");
  out.format("%d objects are detected\n", static_cast<int>(found.size()));
  out.print("------\n");
  out.print("CVI_NN_CleanupModel succeeded\n");
  return 0;
}

}  // namespace

int detector_yolo_v5(ProgramHost& host) {
  Output out(host);
  int status = 255;
  if (host.argv.size() != 4) {
    print_usage(host, out, detector_arguments);
  } else {
    status = detect(host, out);
  }
  out.flush();
  return status;
}

int detector_usage(ProgramHost& host) {
  Output out(host);
  int status = 255;
  if (host.argv.size() == 4) {
    status = refuse(host, out);
  } else {
    print_usage(host, out, detector_arguments);
  }
  out.flush();
  return status;
}

int alphapose_usage(ProgramHost& host) {
  Output out(host);
  int status = 255;
  if (host.argv.size() >= 5 && host.argv.size() <= 7) {
    status = refuse(host, out);
  } else {
    print_usage(host, out, "yolo_cvimodel pose_cvimodel image.jpg output_image_pose.jpg [repeat] [max_pose]");
  }
  out.flush();
  return status;
}

}  // namespace vnpu::programs
