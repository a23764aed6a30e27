// The main functions of the vendor's programs. Each returns the exit status; an abort is a thrown devices::Killed.
#pragma once

#include <map>
#include <string>

#include "devices/programs/program_host.h"

namespace vnpu::programs {

using VendorProgram = int (*)(ProgramHost&);

int model_info(ProgramHost& host);                   // cvi_sample_model_info
int classifier(ProgramHost& host);                   // cvi_sample_classifier
int classifier_bf16(ProgramHost& host);              // ..._bf16
int classifier_fused_preprocess(ProgramHost& host);  // ..._fused_preprocess
int classifier_multi_batch(ProgramHost& host);       // ..._multi_batch
int detector_yolo_v5(ProgramHost& host);             // cvi_sample_detector_yolo_v5_fused_preprocess
int model_runner(ProgramHost& host);
int sample_model_runner(ProgramHost& host);  // cvi_sample_model_runner
int cvimodel_tool(ProgramHost& host);
int stress_tester(ProgramHost& host);
int multi_thread_tester(ProgramHost& host);
int multi_model_tester(ProgramHost& host);
int model_interface_tester(ProgramHost& host);

// By file name, as the SDK ships them.
const std::map<std::string, VendorProgram, std::less<>>& vendor_programs();

}  // namespace vnpu::programs
