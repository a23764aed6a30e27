// The main functions of the vendor's programs. Each returns the exit status; an abort is a thrown devices::Killed.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "devices/programs/program_host.h"

namespace vnpu::programs {

using VendorProgram = int (*)(ProgramHost&);

int model_info(ProgramHost& host);
int classifier(ProgramHost& host);
int classifier_bf16(ProgramHost& host);
int classifier_fused_preprocess(ProgramHost& host);
int classifier_multi_batch(ProgramHost& host);
int detector_yolo_v5(ProgramHost& host);
int detector_usage(ProgramHost& host);   // detectors of which only the usage text is known
int alphapose_usage(ProgramHost& host);  // likewise
int model_runner(ProgramHost& host);
int sample_model_runner(ProgramHost& host);
int cvimodel_tool(ProgramHost& host);
int stress_tester(ProgramHost& host);
int multi_thread_tester(ProgramHost& host);
int multi_model_tester(ProgramHost& host);
int model_interface_tester(ProgramHost& host);
int sample_fp32_bf16(ProgramHost& host);
int sample_bf16_fp32(ProgramHost& host);
int sample_mask(ProgramHost& host);
int sample_reduce_mul(ProgramHost& host);
int sample_upsample(ProgramHost& host);
int sample_gemm(ProgramHost& host);

// By file name, as the SDK ships them.
inline constexpr std::array<std::pair<std::string_view, VendorProgram>, 25> vendor_programs{{
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
    {"cvi_sample_detector_yolo_v5_fused_preprocess", detector_yolo_v5},
    {"cvi_sample_detector_yolo_v3_fused_preprocess", detector_usage},
    {"cvi_sample_detector_yolov8n_fused_preprocess", detector_usage},
    {"cvi_sample_detector_yolox_s", detector_usage},
    {"cvi_sample_detector_ppyoloem_fused_preprocess", detector_usage},
    {"cvi_sample_detector_yolov5-face_fused_preprocess", detector_usage},
    {"cvi_sample_alphapose_fused_preprocess", alphapose_usage},
    {"sample_fp32_bf16", sample_fp32_bf16},
    {"sample_bf16_fp32", sample_bf16_fp32},
    {"sample_mask", sample_mask},
    {"sample_reduce_mul", sample_reduce_mul},
    {"sample_upsample", sample_upsample},
    {"sample_gemm", sample_gemm},
}};

}  // namespace vnpu::programs
