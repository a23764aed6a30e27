#include "devices/programs/cvi_runtime.h"
#include "devices/programs/vendor_programs.h"

namespace vnpu::programs {
namespace {

void list(Output& out, const std::vector<RuntimeTensor>& tensors) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const RuntimeTensor& t = tensors[i];
    out.format("  [%d] ", static_cast<int>(i));
    out.print(t.name);
    out.format(", shape (%d,%d,%d,%d), count %zu, fmt %d\n", static_cast<int>(t.shape[0]), static_cast<int>(t.shape[1]),
               static_cast<int>(t.shape[2]), static_cast<int>(t.shape[3]), static_cast<std::size_t>(t.count),
               t.format());
  }
}

}  // namespace

int model_info(ProgramHost& host) {
  Output out(host);
  if (host.argv.size() != 2 && host.argv.size() != 3) {
    out.print("Usage:\n");
    out.print("   " + host.argv[0] + " cvimodel [1|0]\n");
    out.flush();
    return 255;
  }
  Runtime runtime(host, out);
  int code = 0;
  const auto model = runtime.register_model(host.argv[1], code);
  if (!model) {
    out.format("CVI_NN_RegisterModel failed, err %d\n", code);
    out.flush();
    return 255;
  }
  out.print("CVI_NN_RegisterModel succeeded\n");
  std::vector<RuntimeTensor>*inputs = nullptr, *outputs = nullptr;
  code = model->get_tensors(inputs, outputs);
  if (code != cvi_success) {
    out.format("CVI_NN_GetInputOutputTensors failed, err %d\n", code);
    out.flush();
    return 255;
  }
  // The switch is read and printed; nothing else comes of it.
  const bool all = host.argv.size() == 3 && std::atoi(host.argv[2].c_str()) > 0;
  out.print("Model Param for " + host.argv[1] + ":\n");
  out.format("  Input Tensor Number  : %d\n", static_cast<int>(inputs->size()));
  list(out, *inputs);
  out.format("  Output Tensor Number : %d\n", static_cast<int>(outputs->size()));
  list(out, *outputs);
  out.format("  Output All Tensors For Debug: [%s]\n", all ? "YES" : "NO");
  out.print("CVI_NN_CleanupModel succeeded\n");
  out.flush();
  return 0;
}

}  // namespace vnpu::programs
