#include "devices/programs/vendor_programs.h"

namespace vnpu::programs {

const std::map<std::string, VendorProgram, std::less<>>& vendor_programs() {
  static const std::map<std::string, VendorProgram, std::less<>> programs{
      {"cvi_sample_model_info", model_info},
      {"cvi_sample_classifier", classifier},
      {"cvi_sample_classifier_bf16", classifier_bf16},
      {"cvi_sample_classifier_fused_preprocess", classifier_fused_preprocess},
      {"cvi_sample_classifier_multi_batch", classifier_multi_batch},
      {"cvi_sample_model_runner", sample_model_runner},
      {"model_runner", model_runner},
      {"cvimodel_tool", cvimodel_tool},
      {"stress_tester", stress_tester},
      {"multi_thread_tester", multi_thread_tester},
      {"multi_model_tester", multi_model_tester},
      {"model_interface_tester", model_interface_tester},
  };
  return programs;
}

}  // namespace vnpu::programs
