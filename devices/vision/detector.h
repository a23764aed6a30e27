// A detector as a whole: a model of any family, how its input wants pictures, what its outputs mean. docs/detect.md.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "base/image.h"
#include "devices/vision/mud.h"
#include "devices/vision/yolo.h"
#include "sim/core/network.h"

namespace vnpu::vision {

// What a caller says; empty: what the description, the model file or the kind of detector says.
struct DetectorChoice {
  std::string type, order;          // "yolov2", "yolov5", "yolov8", "yolo11"; "rgb", "bgr"
  std::vector<std::string> labels;  // else class numbers stand for them
  std::vector<float> anchors, mean, scale;
  std::optional<Fit> fit;  // else letterbox for a bmodel, contain for others
  float confidence = 0.5f, overlap = 0.45f;
};

class Detector {
 public:
  // `path`: a model file or MaixPy's .mud beside one. `options_of`: how the network is to be run.
  // Throws Error naming the file: unsupported for models that are no detector, usage for choices that do not fit.
  Detector(const std::filesystem::path& path, const DetectorChoice& choice,
           const std::function<NetworkOptions(const ModelFile&)>& options_of);

  // Runs the network on a picture; boxes() tells what it found.
  void look(const Image& picture);
  // Boxes in the picture, best first, as the family's own programs find them; `confidence`: instead of the choice's.
  std::vector<Object> boxes(std::optional<float> confidence = {}) const;
  std::vector<Object> detect(const Image& picture) {
    look(picture);
    return boxes();
  }

  const std::string& model() const { return info_.model; }
  const std::string& chip() const { return chip_; }
  const std::string& type() const { return info_.type; }
  const std::vector<std::string>& labels() const { return info_.labels; }
  bool named() const { return named_; }  // labels that somebody gave
  std::string_view fit() const;
  int input_width() const { return options_.input_width; }
  int input_height() const { return options_.input_height; }

 private:
  void describe(const std::filesystem::path& path, const DetectorChoice& choice);
  void recognise(bool type_was_said);
  void complete_input();
  Bytes input_bytes(const Image& fitted) const;

  DetectorInfo info_;
  DetectOptions options_;
  std::string family_, chip_;
  std::unique_ptr<Network> network_;
  TensorInfo input_;
  bool named_ = false;
  NamedTensors outputs_;  // of the last picture, as numbers
};

// "contain", "cover", "fill", "letterbox".
std::string_view name(Fit fit);
Fit fit_of(std::string_view name);  // throws Error(usage)

}  // namespace vnpu::vision
