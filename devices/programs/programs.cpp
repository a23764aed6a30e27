#include "devices/programs/programs.h"

namespace vnpu::devices {

void add_board_programs(ProgramTable&) {}

}  // namespace vnpu::devices
