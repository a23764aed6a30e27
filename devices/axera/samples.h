// What the vendor's sample programs have in common: arguments, opening a model, filling its input, telling times.
#pragma once

#include <optional>

#include "base/image.h"
#include "devices/axera/command_line.h"
#include "devices/axera/joint_runtime.h"

namespace vnpu::axera {

inline constexpr const char* runtime_version = "0.5.10";
inline const std::string sample_rule = std::string(38, '-') + "\n";

struct SampleOptions {
  std::string model, image;
  int height = 224, width = 224, repeat = 1, classes = 0;
};

// -m, -i (when `wants_image`), -g, -c (when out.classes is not 0), -r; `out` has the standard values. The exit status
// when the program ends at once.
std::optional<int> parse_sample(devices::Process& process, SampleOptions& out, bool wants_image);

// The picture as it is; nothing (and a message) when it cannot be read.
std::optional<Image> sample_picture(devices::Process& process, const std::string& path);

// Reads the model, opens the NPU in its mode, creates the handle; prints the mode and the tool version. False (and
// messages) when one of them fails. `codes`: the message ends with the error code.
bool start_sample(devices::Process& process, JointRuntime& runtime, const std::string& model, bool codes);

// False (and messages) when the model does not take one input of that many bytes.
bool fill_sample(devices::Process& process, JointRuntime& runtime, const Bytes& pixels);

// False (and a message) when a run fails.
bool run_sample(devices::Process& process, JointRuntime& runtime, int repeat);

// "Create handle took .." and "Repeat .."; with the rules before them.
void tell_times(devices::Process& process, const JointRuntime& runtime, int repeat);

std::vector<float> output_floats(const JointRuntime& runtime, std::size_t i);

}  // namespace vnpu::axera
