// What the vendor's `model_tool --info` prints about a .cvimodel, letter by letter: the listing names almost every
// field of the file, so comparing it with recorded ones checks the reader against another reader.
#pragma once

#include <string>

#include "models/cvimodel/model.h"

namespace vnpu::cvimodel {

std::string vendor_listing(const Model& model);

}  // namespace vnpu::cvimodel
