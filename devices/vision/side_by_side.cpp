#include "devices/vision/side_by_side.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"

namespace vnpu::vision {
namespace {

constexpr int font = cv::FONT_HERSHEY_SIMPLEX;
constexpr double text_scale = 0.45, title_scale = 0.5;
constexpr int header = 28, gap = 14, footer = 28, columns_at_most = 3, padding = 3;
constexpr int least_width = 480, most_width = 960, most_height = 1080;

const cv::Scalar page{32, 34, 37}, light{235, 235, 235}, grey{160, 160, 160}, dark{0, 0, 0};
const cv::Scalar green{64, 192, 87}, orange{253, 126, 20}, blue{51, 154, 240};

const cv::Scalar& colour_of(BoxMark mark) {
  switch (mark) {
    case BoxMark::matched: return green;
    case BoxMark::extra: return blue;
    default: return orange;
  }
}

cv::Size size_of(const std::string& text, double scale, int* baseline) {
  return cv::getTextSize(text, font, scale, 1, baseline);
}

void write(cv::Mat& canvas, const std::string& text, cv::Point at, double scale, const cv::Scalar& colour) {
  cv::putText(canvas, text, at, font, scale, colour, 1, cv::LINE_AA);
}

// Cut in the middle, so that the ends, which tell names apart, stay.
std::string shortened(const std::string& text, int width, double scale) {
  int baseline = 0;
  if (size_of(text, scale, &baseline).width <= width) return text;
  for (std::size_t keep = std::min<std::size_t>(text.size(), 400); keep > 2; --keep) {
    const std::string cut = text.substr(0, keep / 2) + "..." + text.substr(text.size() - (keep - keep / 2));
    if (size_of(cut, scale, &baseline).width <= width) return cut;
  }
  return "...";
}

void dashed(cv::Mat& canvas, const cv::Rect& box, const cv::Scalar& colour) {
  constexpr int dash = 6;
  const int right = box.x + box.width - 1, bottom = box.y + box.height - 1;
  for (const auto& [pen, width] : {std::pair(dark, 4), std::pair(colour, 2)}) {
    for (int x = box.x; x <= right; x += 2 * dash) {
      for (const int y : {box.y, bottom}) cv::line(canvas, {x, y}, {std::min(x + dash, right), y}, pen, width);
    }
    for (int y = box.y; y <= bottom; y += 2 * dash) {
      for (const int x : {box.x, right}) cv::line(canvas, {x, y}, {x, std::min(y + dash, bottom)}, pen, width);
    }
  }
}

class PanelPainter {
 public:
  PanelPainter(const cv::Mat& canvas, double scale) : canvas_(canvas), scale_(scale) {}

  void paint(const std::vector<MarkedBox>& boxes) {
    std::vector<cv::Rect> places;
    for (const auto& marked : boxes) {
      const cv::Rect box = on_panel(marked.box);
      places.push_back(box);
      if (marked.mark == BoxMark::missing) {
        dashed(canvas_, box, orange);
      } else {
        cv::rectangle(canvas_, box, dark, 4);  // seen on any background
        cv::rectangle(canvas_, box, colour_of(marked.mark), 2);
      }
    }
    // Texts last, so that no box crosses them, and those of boxes that stand out first.
    for (const bool matched : {false, true}) {
      for (std::size_t i = 0; i < boxes.size(); ++i) {
        if (!boxes[i].text.empty() && matched == (boxes[i].mark == BoxMark::matched)) label(places[i], boxes[i]);
      }
    }
  }

 private:
  cv::Rect on_panel(const Object& o) const {
    const auto at = [&](int value, int most) {
      return std::clamp(static_cast<int>(std::lround(value * scale_)), 0, most - 1);
    };
    const int x = at(o.x, canvas_.cols), y = at(o.y, canvas_.rows);
    return {x, y, std::max(at(o.x + std::max(o.w, 0), canvas_.cols) - x, 1),
            std::max(at(o.y + std::max(o.h, 0), canvas_.rows) - y, 1)};
  }

  void label(const cv::Rect& box, const MarkedBox& marked) {
    int baseline = 0;
    const std::string text = shortened(marked.text, canvas_.cols - 2 * padding, text_scale);
    const cv::Size size = size_of(text, text_scale, &baseline);
    const cv::Size room{size.width + 2 * padding, size.height + baseline + padding};
    const int left = box.x - 1, right = box.x + box.width + 2 - room.width;
    const int above = box.y - room.height, below = box.y + box.height + 1;
    const cv::Point wishes[] = {{left, above},
                                {right, above},
                                {left, below},
                                {right, below},
                                {left, box.y},
                                {left, below - room.height},
                                {left, above - room.height},
                                {left, below + room.height},
                                {box.x + box.width + 2, box.y},
                                {left - room.width, box.y}};
    cv::Rect best;
    int least = -1;
    for (const cv::Point& wish : wishes) {
      cv::Rect place{wish, room};
      place.x = std::clamp(place.x, 0, std::max(canvas_.cols - room.width, 0));
      place.y = std::clamp(place.y, 0, std::max(canvas_.rows - room.height, 0));
      int covered = 0;
      for (const auto& other : taken_) covered += (place & other).area();
      if (least < 0 || covered < least) best = place, least = covered;
      if (least == 0) break;
    }
    if (4 * least > best.area()) return;  // a heap of texts tells nothing
    taken_.push_back(best);
    cv::rectangle(canvas_, best, colour_of(marked.mark), cv::FILLED);
    write(canvas_, text, {best.x + padding, best.y + padding / 2 + 1 + size.height}, text_scale, {0, 0, 0});
  }

  cv::Mat canvas_;
  double scale_;
  std::vector<cv::Rect> taken_;
};

void legend(cv::Mat& canvas, int y) {
  int x = gap;
  const auto entry = [&](const cv::Scalar& colour, const char* text, bool dashes) {
    const cv::Rect sample{x, y + 8, 16, 12};
    dashes ? dashed(canvas, sample, colour) : cv::rectangle(canvas, sample, colour, 2);
    write(canvas, text, {x + 22, y + 19}, text_scale, light);
    int baseline = 0;
    x += 22 + size_of(text, text_scale, &baseline).width + 18;
  };
  entry(green, "matched", false);
  entry(orange, "lost in another model", false);
  entry(orange, "missing here", true);
  entry(blue, "extra", false);
}

}  // namespace

Image side_by_side(const Image& picture, const std::vector<BoxPanel>& panels) {
  if (panels.empty() || panels.size() > 16) throw Error(ErrorKind::usage, "1 to 16 panels can be drawn");
  double scale = 1;
  if (picture.width < least_width) scale = std::ceil(static_cast<double>(least_width) / picture.width);
  scale = std::min(
      {scale, static_cast<double>(most_width) / picture.width, static_cast<double>(most_height) / picture.height});
  const int width = std::max(static_cast<int>(picture.width * scale), 1);
  const int height = std::max(static_cast<int>(picture.height * scale), 1);
  const cv::Mat source(picture.height, picture.width, picture.channels == 1 ? CV_8UC1 : CV_8UC3,
                       const_cast<std::uint8_t*>(picture.pixels.data()));
  cv::Mat shown;
  cv::resize(source, shown, {width, height}, 0, 0, scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  if (picture.channels == 1) cv::cvtColor(shown, shown, cv::COLOR_GRAY2RGB);

  const int count = static_cast<int>(panels.size());
  const int columns = std::min(count, columns_at_most), rows = (count + columns - 1) / columns;
  const int frame = std::max(width, 420);  // room for the title and the legend
  Image out{rows * (header + height + gap) + footer, gap + columns * (frame + gap), 3, {}};
  out.pixels.resize(static_cast<std::size_t>(out.height) * static_cast<std::size_t>(out.width) * 3);
  cv::Mat canvas(out.height, out.width, CV_8UC3, out.pixels.data());
  canvas.setTo(page);
  for (int i = 0; i < count; ++i) {
    const BoxPanel& panel = panels[static_cast<std::size_t>(i)];
    const int x = gap + i % columns * (frame + gap), y = i / columns * (header + height + gap);
    int baseline = 0;
    const int note = size_of(panel.note, text_scale, &baseline).width;
    write(canvas, shortened(panel.title, frame - note - 12, title_scale), {x, y + 19}, title_scale, light);
    write(canvas, panel.note, {x + frame - note, y + 19}, text_scale, grey);
    cv::Mat place = canvas(cv::Rect(x, y + header, width, height));
    shown.copyTo(place);
    PanelPainter(place, scale).paint(panel.boxes);
  }
  legend(canvas, out.height - footer - gap / 2);
  return out;
}

}  // namespace vnpu::vision
