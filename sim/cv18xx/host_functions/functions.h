// The functions behind the table of registry.cpp; semantics and evidence in docs/host_functions_cv18xx.md.
#pragma once

namespace vnpu::cv18xx {
struct HostCall;
}

namespace vnpu::cv18xx::host {

void quant(HostCall& call);
void softmax(HostCall& call);
void argmax(HostCall& call);
void argmax_with_conf(HostCall& call);
void argmax_v3(HostCall& call);
void embedding(HostCall& call);
void gather_nd(HostCall& call);
void gather_elements(HostCall& call);
void cumsum(HostCall& call);
void top_k(HostCall& call);
void reduce_l2(HostCall& call);
void reduce_mean(HostCall& call);
void reduce_max(HostCall& call);
void instance_norm(HostCall& call);
void interp(HostCall& call);
void grid_sampler(HostCall& call);
void deform_im2col(HostCall& call);
void deform_conv2d(HostCall& call);
void roi_pooling(HostCall& call);
void proposal(HostCall& call);
void frcn_detection(HostCall& call);
void yolo_detection(HostCall& call);
void detection_output(HostCall& call);
void retinaface_detection(HostCall& call);
void transpose(HostCall& call);
void preprocess(HostCall& call);
void pixel_shuffle(HostCall& call);

}  // namespace vnpu::cv18xx::host
