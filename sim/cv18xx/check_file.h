// The family's part in verification: recorded-command files as named checks.
#pragma once

#include <memory>

#include "sim/core/checks.h"

namespace vnpu::cv18xx {

// By the first bytes of the unpacked file ("CVCMDV1").
bool recognises_checks(ByteView unpacked);
std::unique_ptr<CheckFile> open_checks(ByteView unpacked);

}  // namespace vnpu::cv18xx
