// MaixPy's model description: an INI text beside the model file. Source of the facts: docs/detect.md.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vnpu::vision {

struct Mud {
  std::map<std::string, std::map<std::string, std::string>> sections;
  const std::string* find(const std::string& section, const std::string& key) const;  // null when absent
  // Throws Error(damaged): "KEY key not found".
  const std::string& at(const std::string& section, const std::string& key) const;
};

// `key = value` lines, `[section]` lines, comments from # or ; at the start of a line. Throws Error(damaged) with the
// line's number for anything else.
Mud parse_mud(std::string_view text);

// What a detector takes from it.
struct DetectorInfo {
  std::string model;               // file, relative to the description
  std::string type;                // "yolov5", "yolov8", "yolo11", ...
  std::string input;               // "rgb", "bgr"
  std::vector<float> mean, scale;  // one number or three
  std::vector<std::string> labels;
  std::vector<float> anchors;  // width, height, ...
};

// `read_file`: a file beside the description (labels can be one); null when it does not exist.
// Throws Error(damaged) for missing keys, numbers that are none, counts that do not fit.
DetectorInfo detector_info(const Mud& mud,
                           const std::function<std::optional<std::string>(const std::string&)>& read_file);

std::vector<float> parse_numbers(std::string_view text, const std::string& what);
std::vector<std::string> parse_lines(std::string_view text);  // one label a line, trimmed

}  // namespace vnpu::vision
