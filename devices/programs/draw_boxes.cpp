#include <opencv2/imgproc.hpp>

#include "devices/programs/yolo_v5.h"

namespace vnpu::programs {

void draw(Image& image, std::span<const Detection> detections) {
  cv::Mat canvas(image.height, image.width, CV_8UC3, image.pixels.data());
  const auto corner = [](float x, float y) {
    constexpr float far = 1e6f;  // beyond any picture, and within an int
    return cv::Point(static_cast<int>(std::clamp(x, -far, far)), static_cast<int>(std::clamp(y, -far, far)));
  };
  const cv::Scalar cyan(0, 255, 255), red(255, 0, 0);  // R G B
  for (const auto& d : detections) {
    const cv::Point first = corner(d.x - d.w / 2, d.y - d.h / 2);
    cv::rectangle(canvas, first, corner(d.x + d.w / 2, d.y + d.h / 2), cyan, 3);
    cv::putText(canvas, std::string(coco_name(d.label)), first, cv::FONT_HERSHEY_DUPLEX, 1.0, red, 2);
  }
}

}  // namespace vnpu::programs
