// The family's part in verification: recorded-command files as named checks, and the outputs known to be open.
#pragma once

#include <memory>
#include <span>

#include "sim/core/checks.h"

namespace vnpu::cv18xx {

// By the first bytes of the unpacked file ("CVCMDV1").
bool recognises_checks(ByteView unpacked);
std::unique_ptr<CheckFile> open_checks(ByteView unpacked);

std::span<const KnownOpen> known_open();

}  // namespace vnpu::cv18xx
