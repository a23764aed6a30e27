#include "devices/programs/vendor_programs.h"

namespace vnpu::programs {

const std::map<std::string, VendorProgram, std::less<>>& vendor_programs() {
  static const std::map<std::string, VendorProgram, std::less<>> programs{
      {"cvi_sample_model_info", model_info},
      {"cvi_sample_classifier", classifier},
      {"cvi_sample_classifier_bf16", classifier_bf16},
      {"cvi_sample_classifier_fused_preprocess", classifier_fused_preprocess},
      {"cvi_sample_classifier_multi_batch", classifier_multi_batch},
  };
  return programs;
}

}  // namespace vnpu::programs
