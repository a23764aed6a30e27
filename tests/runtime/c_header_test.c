/* The interface must be readable by a C compiler. */
#include "sim/runtime/vnpu.h"

const char* vnpu_version_from_c(void);
const char* vnpu_version_from_c(void) { return vnpu_version(); }
