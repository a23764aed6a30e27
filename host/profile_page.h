// One page that shows a profile, without any other file.
#pragma once

#include <ostream>
#include <string>

#include "sim/core/profile.h"

namespace vnpu::cli {

// HTML with inline style and SVG: totals, timeline, roofline, table of layers; light and dark.
void write_profile_page(const Profile& profile, const std::string& title, std::ostream& out);

}  // namespace vnpu::cli
