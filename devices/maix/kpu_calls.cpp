// The KPU module.
#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "devices/maix/kpu_task.h"
#include "devices/maix/views.h"
#include "sim/runtime/region_layer.h"

namespace vnpu::devices::maix {

namespace {

const Credentials nobody_asks{};
constexpr std::size_t most_models = 5;
constexpr std::uint64_t forever = ~std::uint64_t{0} >> 2;

struct Loaded {
  std::unique_ptr<KpuTask> task;
  std::size_t run_layers = 0;                                  // set_layers
  std::map<std::size_t, std::array<std::uint32_t, 3>> shapes;  // set_outputs: w, h, ch
  std::vector<float> anchors;
  float threshold = 0, nms = 0;
};
struct Kpu {
  std::map<std::int64_t, Loaded> models;
  std::int64_t next = 1;
};

[[noreturn]] void fail(const char* type, const std::string& what) { throw GuestError{type, what}; }

Loaded& loaded(Kpu& kpu, const Arguments& a) {
  const auto found = kpu.models.find(integer(a, 0));
  if (found == kpu.models.end()) fail("TypeError", "[MAIXPY]kpu: kpu_net type error");
  return found->second;
}

template <class... Values>
void print(CallContext& c, const char* format, Values... values) {
  char line[256];
  std::snprintf(line, sizeof line, format, values...);
  c.hardware.console.print(std::string(line) + "\n");
}

// [id, size]; the error number when it fails.
nlohmann::json load(Kpu& kpu, CallContext& c, ByteView bytes, bool in_flash) {
  if (kpu.models.size() >= most_models) return kpu_error::models_full;
  std::unique_ptr<KpuTask> task;
  if (const int code = KpuTask::load(bytes, in_flash, c.hardware.heap, task)) return code;
  const std::int64_t id = kpu.next++;
  Loaded& entry = kpu.models[id];
  entry.run_layers = task->layers();
  entry.task = std::move(task);
  return {id, entry.task->size()};
}

nlohmann::json load_file(Kpu& kpu, CallContext& c, const std::string& path) {
  if (kpu.models.size() >= most_models) return kpu_error::models_full;
  const auto bytes = c.hardware.files.read_file(nobody_asks, path, std::uint64_t{16} << 20);
  if (!bytes) return kpu_error::read_file;
  return load(kpu, c, std::span(reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()), false);
}

// What load_flash expects is stored with the bytes of each word exchanged; the firmware turns them back as it reads.
nlohmann::json load_flash(Kpu& kpu, CallContext& c, std::uint64_t address, bool swapped) {
  const ByteView all = c.hardware.flash.view();
  if (address >= all.size()) return kpu_error::read_file;
  const ByteView rest = all.from(address, "flash");
  if (!swapped) return load(kpu, c, rest, true);
  const Bytes turned = kmodel::swap_words(rest);
  return load(kpu, c, turned, true);
}

// The picture's planes if they suit the model; otherwise what the firmware prints before its ValueError.
std::span<const std::uint8_t> picture_of(CallContext& c, const KpuTask& task, const nlohmann::json& image) {
  const auto input = task.picture();
  if (!input) fail("ValueError", "[MAIXPY]kpu: first layer not conv layer!\r\n");
  const auto refuse = [&] { fail("ValueError", "[MAIXPY]kpu: check img format err!\r\n"); };
  const ImageView view = view_of(c, image);
  if (view.planes.empty()) {
    print(c, "[MAIXPY]kpu: pix_ai is NULL!");
    refuse();
  }
  if (static_cast<std::uint32_t>(view.width) != input->width ||
      static_cast<std::uint32_t>(view.height) != input->height) {
    print(c, "[MAIXPY]kpu: img w=%d,h=%d, but model w=%u,h=%u", view.width, view.height, input->width, input->height);
    refuse();
  }
  const bool gray = view.format == PixelFormat::gray;
  if (input->channels != (gray ? 1u : 3u)) {
    print(c, gray ? "[MAIXPY]kpu: grayscale img, but model channel=%u" : "[MAIXPY]kpu: RGB img, but model channel=%u",
          input->channels);
    refuse();
  }
  return view.planes;
}

void execute(CallContext& c, Loaded& entry, std::span<const std::uint8_t> input) {
  try {
    entry.task->run(input, entry.run_layers);
  } catch (const Error& error) {
    // An operation that no runtime knows: version 3 stops with the SDK's words; version 4 never reports back.
    const bool unknown_operation = error.kind() == ErrorKind::unsupported;
    if (unknown_operation && entry.task->version4()) c.hardware.clock.wait_until_ns(forever);
    print(c, "%s", unknown_operation ? "Layer is not supported." : error.what());
    fail("OSError", kpu_error_text(kpu_error::run_model));
  }
  c.hardware.clock.spend_ns(entry.task->time_ns());
}

KpuOutput output_of(const Loaded& entry, std::size_t index) {
  if (!entry.task->done()) fail("OSError", kpu_error_text(kpu_error::outputs_not_done));
  if (index >= entry.task->outputs()) fail("OSError", kpu_error_text(kpu_error::index_out_of_range));
  KpuOutput out = entry.task->output(index);
  if (!entry.task->version4()) return out;
  const auto shape = entry.shapes.find(index);
  if (shape == entry.shapes.end()) fail("OSError", "sipeed_kpu_get_outputs_shape err");
  out.width = shape->second[0];
  out.height = shape->second[1];
  out.channels = shape->second[2];
  return out;
}

// [address shown, bytes, w, h, ch, typecode]
nlohmann::json forward(CallContext& c, Loaded& entry, const Arguments& a) {
  if (a.at(2).is_array()) {
    const auto count = entry.task->floats();
    if (!count || a.at(2).size() != *count) fail("ValueError", "[MAIXPY]kpu: check input list format err!\r\n");
    Bytes input(4 * a.at(2).size());
    for (std::size_t i = 0; i < a.at(2).size(); ++i) {
      const auto value = static_cast<float>(number(a.at(2), i));
      std::memcpy(input.data() + 4 * i, &value, 4);
    }
    execute(c, entry, input);
  } else {
    execute(c, entry, picture_of(c, *entry.task, a.at(1)));
  }
  const KpuOutput out = output_of(entry, static_cast<std::size_t>(std::max<std::int64_t>(integer(a, 3), 0)));
  return {0x80400000, out.bytes.size(), out.width, out.height, out.channels, std::string(out.type ? 1 : 0, out.type)};
}

// id, index, first element, elements, address: copied as they lie.
nlohmann::json values(CallContext& c, const Loaded& entry, const Arguments& a) {
  const KpuOutput out = output_of(entry, static_cast<std::size_t>(integer(a, 1)));
  const std::size_t each = out.type == 'f' ? 4 : 1, count = out.bytes.size() / each;
  const std::int64_t first = integer(a, 2), wanted = integer(a, 3);
  if (first < 0 || wanted < 0 || static_cast<std::size_t>(first) > count ||
      static_cast<std::size_t>(wanted) > count - static_cast<std::size_t>(first))
    fail("IndexError", "index out of range");
  const auto to = c.memory.at(static_cast<std::uint64_t>(integer(a, 4)), static_cast<std::size_t>(wanted) * each);
  std::copy_n(out.bytes.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(first) * each), to.size(),
              to.begin());
  return nullptr;
}

// One channel of a byte map into a gray picture.
nlohmann::json channel(CallContext& c, const Loaded& entry, const Arguments& a) {  // id, index, channel, image
  const KpuOutput out = output_of(entry, static_cast<std::size_t>(integer(a, 1)));
  const ImageView view = view_of(c, a.at(3));
  const std::size_t count = std::size_t{out.width} * out.height;
  const std::int64_t ch = integer(a, 2);
  if (ch < 0 || ch >= out.channels || view.pixels.size() != count ||
      (static_cast<std::size_t>(ch) + 1) * count > out.bytes.size())
    fail("ValueError", "[MAIXPY]kpu: ch err,input 0~" + std::to_string(out.channels - 1) + "\r\n");
  std::copy_n(out.bytes.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(ch) * count), count,
              view.pixels.begin());
  return nullptr;
}

nlohmann::json run_yolo2(CallContext& c, Loaded& entry, const Arguments& a) {
  if (entry.anchors.empty()) fail("ValueError", "[MAIXPY]kpu: region_layer_init err!\r\n");
  const auto planes = picture_of(c, *entry.task, a.at(1));
  execute(c, entry, planes);
  KpuOutput out = output_of(entry, 0);
  RegionLayer region;
  const auto input = *entry.task->picture();
  region.image_width = input.width;
  region.image_height = input.height;
  region.width = out.width;
  region.height = out.height;
  region.channels = out.channels;
  if (!entry.task->version4()) {  // the map of the last convolution, whatever follows it
    for (const auto& layer : entry.task->netinfo()) {
      if (layer.cho == 0) continue;
      region.width = layer.wo;
      region.height = layer.ho;
      region.channels = layer.cho;
    }
  }
  region.anchors = entry.anchors;
  region.threshold = entry.threshold;
  region.nms = entry.nms;
  std::vector<float> floats(out.bytes.size() / 4);
  std::memcpy(floats.data(), out.bytes.data(), 4 * floats.size());
  nlohmann::json list = nlohmann::json::array();
  try {
    for (const auto& object : region_objects(floats, region))
      list.push_back({object.x, object.y, object.w, object.h, object.value, object.class_id});
  } catch (const Error&) {
    fail("ValueError", "[MAIXPY]kpu: region_layer_init err!\r\n");
  }
  return list;
}

bool set_outputs(CallContext& c, Loaded& entry, const Arguments& a) {  // id, index, w, h, ch
  const std::int64_t index = integer(a, 1);
  if (index < 0 || static_cast<std::size_t>(index) >= entry.task->outputs()) {
    print(c, "[MAIXPY]kpu: set_outputs arg value error:kmodel output idx %d out of range", static_cast<int>(index));
    return false;
  }
  std::array<std::uint32_t, 3> shape{};
  std::uint64_t count = 1;
  for (std::size_t i = 0; i < 3; ++i) {
    shape[i] = static_cast<std::uint32_t>(std::clamp<std::int64_t>(integer(a, 2 + i), 0, 65535));
    count *= shape[i];
  }
  if (count * 4 != entry.task->output_bytes(static_cast<std::size_t>(index))) {
    print(c, "[MAIXPY]kpu: set_outputs arg value error: w,c,ch size not match output size");
    return false;
  }
  entry.shapes[static_cast<std::size_t>(index)] = shape;
  return true;
}

bool set_layers(CallContext& c, Loaded& entry, const Arguments& a) {
  const std::int64_t wanted = integer(a, 1);
  const auto most = static_cast<std::int64_t>(entry.task->layers());
  if (wanted > most) {
    print(c, "err: set layers_length to %d, but max %d", static_cast<int>(wanted), static_cast<int>(most));
    return false;
  }
  if (wanted > 0) {
    const auto info = entry.task->netinfo();
    const std::string name =
        static_cast<std::size_t>(wanted) <= info.size() ? info[static_cast<std::size_t>(wanted) - 1].name : "";
    if (name == "KL_K210_ADD_PADDING" || name == "KL_K210_UPLOAD")
      print(c, "%s not support output to mainbuf!", name.c_str());
  }
  entry.run_layers = static_cast<std::size_t>(wanted <= 0 ? most : wanted);
  return true;
}

nlohmann::json netinfo(CallContext& c, const Loaded& entry) {
  nlohmann::json list = nlohmann::json::array();
  int index = 0;
  for (const auto& l : entry.task->netinfo()) {
    print(c, "layer[%d]: %s, %u bytes", index++, l.name.c_str(), l.body_bytes);
    list.push_back({l.name, l.wi, l.hi, l.wo, l.ho, l.chi, l.cho, l.dw, l.kernel_type, l.pool_type, l.para_size});
  }
  return list;
}

}  // namespace

void add_kpu_calls(CallTable& table) {
  auto kpu = std::make_shared<Kpu>();
  table["kpu.reset"] = [kpu](CallContext&, const Arguments&) {
    kpu->models.clear();
    return nullptr;
  };
  table["kpu.load"] = [kpu](CallContext& c, const Arguments& a) {
    return a.at(0).is_string() ? load_file(*kpu, c, text(a, 0))
                               : load_flash(*kpu, c, static_cast<std::uint64_t>(integer(a, 0)), false);
  };
  table["kpu.load_flash"] = [kpu](CallContext& c, const Arguments& a) {
    return load_flash(*kpu, c, static_cast<std::uint64_t>(integer(a, 0)), true);
  };
  table["kpu.error"] = [](CallContext&, const Arguments& a) { return kpu_error_text(static_cast<int>(integer(a, 0))); };
  table["kpu.deinit"] = [kpu](CallContext&, const Arguments& a) {
    loaded(*kpu, a);
    kpu->models.erase(integer(a, 0));
    return true;
  };
  table["kpu.forward"] = [kpu](CallContext& c, const Arguments& a) { return forward(c, loaded(*kpu, a), a); };
  table["kpu.output"] = [kpu](CallContext&, const Arguments& a) -> nlohmann::json {
    const KpuOutput out =
        output_of(loaded(*kpu, a), static_cast<std::size_t>(std::max<std::int64_t>(integer(a, 1), 0)));
    return {0x80400000, out.bytes.size(), out.width, out.height, out.channels, std::string(out.type ? 1 : 0, out.type)};
  };
  table["kpu.values"] = [kpu](CallContext& c, const Arguments& a) { return values(c, loaded(*kpu, a), a); };
  table["kpu.channel"] = [kpu](CallContext& c, const Arguments& a) { return channel(c, loaded(*kpu, a), a); };
  table["kpu.init_yolo2"] = [kpu](CallContext&, const Arguments& a) {  // id, threshold, nms, anchors
    Loaded& entry = loaded(*kpu, a);
    entry.threshold = static_cast<float>(number(a, 1));
    entry.nms = static_cast<float>(number(a, 2));
    entry.anchors.clear();
    for (std::size_t i = 0; i < a.at(3).size(); ++i) entry.anchors.push_back(static_cast<float>(number(a.at(3), i)));
    return true;
  };
  table["kpu.run_yolo2"] = [kpu](CallContext& c, const Arguments& a) { return run_yolo2(c, loaded(*kpu, a), a); };
  table["kpu.set_outputs"] = [kpu](CallContext& c, const Arguments& a) { return set_outputs(c, loaded(*kpu, a), a); };
  table["kpu.set_layers"] = [kpu](CallContext& c, const Arguments& a) { return set_layers(c, loaded(*kpu, a), a); };
  table["kpu.netinfo"] = [kpu](CallContext& c, const Arguments& a) { return netinfo(c, loaded(*kpu, a)); };
  table["kpu.free"] = [](CallContext& c, const Arguments&) { return c.hardware.heap.free(); };
}

}  // namespace vnpu::devices::maix
