#include "devices/vision/mud.h"

#include <charconv>

#include "base/error.h"

namespace vnpu::vision {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(separator, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

}  // namespace

const std::string* Mud::find(const std::string& section, const std::string& key) const {
  const auto found = sections.find(section);
  if (found == sections.end()) return nullptr;
  const auto value = found->second.find(key);
  return value == found->second.end() ? nullptr : &value->second;
}

const std::string& Mud::at(const std::string& section, const std::string& key) const {
  if (const auto* value = find(section, key)) return *value;
  throw Error(ErrorKind::damaged, key + " key not found in [" + section + "]");
}

Mud parse_mud(std::string_view text) {
  Mud mud;
  std::string section;
  std::size_t number = 0;
  for (const auto raw : split(text, '\n')) {
    ++number;
    const auto line = trimmed(raw);
    const auto fail = [&](const char* why) {
      throw Error(ErrorKind::damaged, "line " + std::to_string(number) + ": " + why);
    };
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      if (line.back() != ']') fail("a section without ']'");
      section = trimmed(line.substr(1, line.size() - 2));
      continue;
    }
    const auto equal = line.find('=');
    if (equal == line.npos) fail("neither [section] nor key = value");
    mud.sections[section][std::string(trimmed(line.substr(0, equal)))] = trimmed(line.substr(equal + 1));
  }
  return mud;
}

std::vector<float> parse_numbers(std::string_view text, const std::string& what) {
  std::vector<float> numbers;
  for (const auto part : split(text, ',')) {
    const auto digits = trimmed(part);
    if (digits.empty() && trimmed(text).empty()) break;
    float value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size())
      throw Error(ErrorKind::damaged, what + ": '" + std::string(digits) + "' is no number");
    numbers.push_back(value);
  }
  return numbers;
}

std::vector<std::string> parse_lines(std::string_view text) {
  std::vector<std::string> lines;
  for (const auto line : split(text, '\n')) lines.emplace_back(trimmed(line));
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

DetectorInfo detector_info(const Mud& mud,
                           const std::function<std::optional<std::string>(const std::string&)>& read_file) {
  DetectorInfo info;
  // MaixPy itself knows cvimodel alone; the others are ours, so that models of other chips can be described, too.
  if (const auto& type = mud.at("basic", "type");
      type != "cvimodel" && type != "bmodel" && type != "kmodel" && type != "joint")
    throw Error(ErrorKind::unsupported, "model type not match, expect cvimodel, bmodel, kmodel or joint, but " + type);
  info.model = mud.at("basic", "model");
  info.type = mud.at("extra", "model_type");
  info.input = mud.at("extra", "input_type");
  if (info.input != "rgb" && info.input != "bgr")
    throw Error(ErrorKind::unsupported, "unknown input type: " + info.input);
  info.mean = parse_numbers(mud.at("extra", "mean"), "mean");
  info.scale = parse_numbers(mud.at("extra", "scale"), "scale");
  if (info.mean.size() != info.scale.size() || (info.scale.size() != 1 && info.scale.size() != 3))
    throw Error(ErrorKind::damaged, "mean and scale: one number each or three");
  for (const float value : info.scale) {
    if (value == 0) throw Error(ErrorKind::damaged, "scale should not be 0");
  }
  const std::string& labels = mud.at("extra", "labels");
  std::optional<std::string> file;
  if (labels.find_first_of(", \t") == labels.npos) file = read_file(labels);
  if (file) {
    info.labels = parse_lines(*file);
  } else {
    for (const auto label : split(labels, ',')) info.labels.emplace_back(trimmed(label));
  }
  if (const auto* anchors = mud.find("extra", "anchors")) info.anchors = parse_numbers(*anchors, "anchors");
  if (info.anchors.size() % 2) throw Error(ErrorKind::damaged, "anchors: an odd count");
  return info;
}

}  // namespace vnpu::vision
