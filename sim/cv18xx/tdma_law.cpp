#include "sim/cv18xx/law_tdma.h"
#include "sim/cv18xx/tdma_form.h"
#include "sim/cv18xx/tdma_laws.h"

namespace vnpu::cv18xx {

void execute_tdma_law(const TdmaCommand& command, Memory& memory, const Quirks&) {
  switch (tdma_form(command)) {
    case TdmaForm::tensor_copy: return tensor_copy_law(command, memory);
    case TdmaForm::lut_index:
    case TdmaForm::lut_base: return lut_helper_law(command, memory);
    case TdmaForm::nc_transpose: return nc_transpose_law(command, memory);
    case TdmaForm::cw_transpose: return cw_transpose_law(command, memory);
    case TdmaForm::chw_rotate: return chw_rotate_law(command, memory);
    case TdmaForm::general_copy: return general_copy_law(command, memory);
    case TdmaForm::fill: return fill_law(command, memory);
    case TdmaForm::matrix_load: return matrix_load_law(command, memory);
    case TdmaForm::matrix_load_transposed: return matrix_load_transposed_law(command, memory);
    case TdmaForm::matrix_store: return matrix_store_law(command, memory);
    case TdmaForm::vlc_store: return vlc_store_law(command, memory);
    case TdmaForm::vlc_load: return vlc_load_law(command, memory);
  }
}

}  // namespace vnpu::cv18xx
