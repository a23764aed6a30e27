#include "devices/programs/programs.h"

#include "devices/programs/process_host.h"
#include "devices/programs/vendor_programs.h"

namespace vnpu::devices {
namespace {

template <std::size_t index>
int run_vendor(Process& process) {
  programs::ProcessHost host(process);
  return programs::vendor_programs[index].second(host);
}

template <std::size_t... index>
void add_all(ProgramTable& table, std::index_sequence<index...>) {
  (table.add_vendor(std::string(programs::vendor_programs[index].first), run_vendor<index>), ...);
}

}  // namespace

void add_board_programs(ProgramTable& table) {
  add_all(table, std::make_index_sequence<programs::vendor_programs.size()>{});
}

}  // namespace vnpu::devices
