#include <string>
#include <vector>

#include "base/error.h"
#include "sim/runtime/registry.h"
#include "sim/runtime/vnpu.h"

struct vnpu_network {
  std::unique_ptr<vnpu::ModelFile> file;
  std::unique_ptr<vnpu::Network> network;
  std::vector<vnpu::TensorInfo> inputs, outputs;
};

namespace {

thread_local std::string last_error;

// Runs `body`; no exception leaves the C interface.
template <class Body>
vnpu_status guarded(Body&& body) {
  try {
    body();
    return VNPU_OK;
  } catch (const vnpu::Error& error) {
    last_error = error.what();
    return static_cast<vnpu_status>(vnpu::exit_status(error.kind()));
  } catch (const std::exception& error) {
    last_error = error.what();
  } catch (...) {
    last_error = "unknown error";
  }
  return VNPU_INTERNAL;
}

void require(bool condition, const char* message) {
  if (!condition) throw vnpu::Error(vnpu::ErrorKind::usage, message);
}

vnpu_network* make(std::unique_ptr<vnpu::ModelFile> file, unsigned program, const char* engine, const char* quirks) {
  auto made = std::make_unique<vnpu_network>();
  vnpu::NetworkOptions options;
  options.program = program;
  if (engine) options.engine = engine;
  if (quirks) options.quirks = quirks;
  made->file = std::move(file);
  made->network = made->file->instantiate(options);
  made->inputs = made->network->inputs();
  made->outputs = made->network->outputs();
  return made.release();
}

vnpu_status fill(const std::vector<vnpu::TensorInfo>& infos, size_t index, vnpu_tensor_info* to) {
  return guarded([&] {
    require(to != nullptr, "info is NULL");
    require(index < infos.size(), "tensor index out of range");
    const auto& from = infos[index];
    *to = {from.name.c_str(), vnpu::name(from.dtype).data(),
           from.shape.size(), from.shape.data(),
           from.byte_size,    from.qscale,
           from.zero_point};
  });
}

}  // namespace

vnpu_status vnpu_open(const char* path, unsigned program, const char* engine, const char* quirks,
                      vnpu_network** network) {
  return guarded([&] {
    require(path && network, "path or network is NULL");
    *network = nullptr;
    *network = make(vnpu::open_model(std::filesystem::path(path)), program, engine, quirks);
  });
}

vnpu_status vnpu_open_memory(const void* bytes, size_t size, unsigned program, const char* engine, const char* quirks,
                             vnpu_network** network) {
  return guarded([&] {
    require((bytes || size == 0) && network, "bytes or network is NULL");
    *network = nullptr;
    const vnpu::ByteView view(std::span(static_cast<const std::uint8_t*>(bytes), size));
    *network = make(vnpu::open_model(view), program, engine, quirks);
  });
}

void vnpu_free(vnpu_network* network) { delete network; }

size_t vnpu_input_count(const vnpu_network* network) { return network ? network->inputs.size() : 0; }
size_t vnpu_output_count(const vnpu_network* network) { return network ? network->outputs.size() : 0; }

vnpu_status vnpu_input_info(const vnpu_network* network, size_t index, vnpu_tensor_info* info) {
  return network ? fill(network->inputs, index, info) : guarded([] { require(false, "network is NULL"); });
}

vnpu_status vnpu_output_info(const vnpu_network* network, size_t index, vnpu_tensor_info* info) {
  return network ? fill(network->outputs, index, info) : guarded([] { require(false, "network is NULL"); });
}

vnpu_status vnpu_set(vnpu_network* network, const char* name, const void* bytes, size_t size) {
  return guarded([&] {
    require(network && name && (bytes || size == 0), "network, name or bytes is NULL");
    network->network->set_input(name, {static_cast<const std::uint8_t*>(bytes), size});
  });
}

vnpu_status vnpu_get(const vnpu_network* network, const char* name, void* bytes, size_t size) {
  return guarded([&] {
    require(network && name && (bytes || size == 0), "network, name or bytes is NULL");
    const vnpu::Tensor tensor = network->network->get(name);
    if (tensor.bytes.size() != size) {
      throw vnpu::Error(vnpu::ErrorKind::usage, "tensor '" + std::string(name) + "' has " +
                                                    std::to_string(tensor.bytes.size()) + " bytes, not " +
                                                    std::to_string(size));
    }
    std::memcpy(bytes, tensor.bytes.data(), size);
  });
}

vnpu_status vnpu_run(vnpu_network* network) {
  return guarded([&] {
    require(network, "network is NULL");
    network->network->run();
  });
}

vnpu_status vnpu_step(vnpu_network* network, int* more) {
  return guarded([&] {
    require(network && more, "network or more is NULL");
    *more = network->network->step().has_value();
  });
}

const char* vnpu_error_text(void) { return last_error.c_str(); }
const char* vnpu_version(void) { return VNPU_VERSION; }
