// The SDK's testers: stress_tester, multi_thread_tester, multi_model_tester, model_interface_tester.
#include "devices/programs/arguments.h"
#include "devices/programs/cvi_runtime.h"
#include "devices/programs/vendor_npz.h"
#include "devices/programs/vendor_programs.h"

namespace vnpu::programs {
namespace {

using Takes = Option::Takes;

// Banner, arguments, body, flush.
template <class Body>
int tool(ProgramHost& host, std::vector<Option> options, Body body) {
  Output out(host);
  out.print(runtime_banner);
  Arguments arguments;
  const int status = arguments.parse(host, out, std::move(options)) ? body(out, arguments) : Arguments::wrong;
  out.flush();
  return status;
}

struct Loaded {
  std::unique_ptr<RuntimeModel> model;
  std::vector<RuntimeTensor>*inputs = nullptr, *outputs = nullptr;
};

// Null model when registering or loading failed.
Loaded load(Runtime& runtime, const std::string& path) {
  Loaded loaded;
  int code = 0;
  loaded.model = runtime.register_model(path, code);
  if (loaded.model && loaded.model->get_tensors(loaded.inputs, loaded.outputs) != cvi_success) loaded.model.reset();
  return loaded;
}

int count_of(const Arguments& arguments, const char* name) { return std::atoi(arguments.value(name).c_str()); }

int failed(Output& out) {
  out.print("failed to register cvimodel\n");
  return 1;
}

}  // namespace

int stress_tester(ProgramHost& host) {
  return tool(host,
              {{'i', "input", Takes::one, true},
               {'m', "model", Takes::one, true},
               {'r', "reference", Takes::one, true},
               {'c', "count", Takes::one, true}},
              [&](Output& out, const Arguments& arguments) {
                const std::string path = arguments.value("model");
                const int count = count_of(arguments, "count");
                Runtime runtime(host, out);
                out.format("TEST 1, begin to create & destroy model for %d times.\n", count);
                for (int i = 0; i < count; ++i) {
                  host.check_signals();
                  if (!load(runtime, path).model) return failed(out);
                }
                out.print("TEST 1 passed\n");
                out.format("TEST 2, begin to run inferences for %d times.\n", count);
                const Loaded loaded = load(runtime, path);
                if (!loaded.model) return failed(out);
                const auto arrays = read_vendor_npz(host, out, arguments.value("input"));
                if (!arrays) {
                  out.print("cannot open input npz file\n");
                  return 1;
                }
                fill_inputs(out, *loaded.inputs, *arrays);
                for (int i = 0; i < count; ++i) {
                  if (loaded.model->forward() != cvi_success) return 1;
                  for (const auto& tensor : *loaded.outputs) {
                    const Tensor wanted = load_array(host, out, arguments.value("reference"), tensor.name);
                    if (similarity(tensor, wanted).euclidean != 1) {
                      out.print("TEST 2 failed\n");
                      return 1;
                    }
                  }
                }
                out.print("TEST 2 passed\n");
                return 0;
              });
}

// Each thread has a clone of the model; with one TPU they take turns, so they run one after another here.
int multi_thread_tester(ProgramHost& host) {
  return tool(host,
              {{'m', "model", Takes::one, true},
               {'n', "threads", Takes::one, true},
               {'c', "count", Takes::one, true},
               {'v', "verbose"}},
              [&](Output& out, const Arguments& arguments) {
                Runtime runtime(host, out);
                int code = 0;
                const auto model = runtime.register_model(arguments.value("model"), code);
                if (!model) return failed(out);
                for (int thread = 0; thread < count_of(arguments, "threads"); ++thread) {
                  const auto clone = runtime.clone(*model);
                  std::vector<RuntimeTensor>*inputs = nullptr, *outputs = nullptr;
                  if (clone->get_tensors(inputs, outputs) != cvi_success) return 1;
                  for (int i = 0; i < count_of(arguments, "count"); ++i) {
                    if (clone->forward() != cvi_success) return 1;
                  }
                }
                return 0;
              });
}

int multi_model_tester(ProgramHost& host) {
  return tool(
      host, {{'m', "models", Takes::many, true}, {'c', "count"}, {'v', "verbose"}, {'s', "shmsize"}, {'x', "compare"}},
      [&](Output& out, const Arguments& arguments) {
        constexpr const char* summary = "/sys/kernel/debug/ion/cvi_carveout_heap_dump/summary";
        const auto dump = [&] {
          out.print(std::string("dump ") + summary + "\n");
          if (const auto text = host.read_file(summary)) out.print(std::string(text->begin(), text->end()));
          out.print("=======\n");
        };
        dump();
        Runtime runtime(host, out);
        std::vector<Loaded> models;
        for (const auto& path : arguments.values("models")) {
          out.print("get model file:" + path + "\n");
          models.push_back(load(runtime, path));
          if (!models.back().model) return failed(out);
        }
        const int count = arguments.has("count") ? count_of(arguments, "count") : 1;
        for (int i = 0; i < count; ++i) {
          for (const auto& each : models) {
            if (each.model->forward() != cvi_success) return 1;
          }
        }
        dump();
        return 0;
      });
}

// It wants the input's own name in the reference file too.
int model_interface_tester(ProgramHost& host) {
  return tool(host,
              {{'i', "input", Takes::one, true},
               {'m', "model", Takes::one, true},
               {'r', "reference", Takes::one, true},
               {'v', "verbose"}},
              [&](Output& out, const Arguments& arguments) {
                Runtime runtime(host, out);
                const Loaded loaded = load(runtime, arguments.value("model"));
                if (!loaded.model) return failed(out);
                out.print("\ntest CVI_NN_SetTensorPtr....\n");
                for (auto& input : *loaded.inputs) {
                  const std::string reference = arguments.value("reference");
                  fill(out, input, load_array(host, out, reference, input.name));
                }
                if (loaded.model->forward() != cvi_success) return 1;
                bool all = true;
                for (const auto& tensor : *loaded.outputs) {
                  const Tensor wanted = load_array(host, out, arguments.value("reference"), tensor.name);
                  all = all && similarity(tensor, wanted).euclidean == 1;
                }
                return all ? 0 : 1;
              });
}

}  // namespace vnpu::programs
