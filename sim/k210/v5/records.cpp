// The k210 module's records: maps into the AI RAM, KPU layers, maps out of it.
#include "base/error.h"
#include "sim/k210/v5/machine.h"

namespace vnpu::k210::v5 {
namespace {

using kmodel::v5::Location;

MapShape map_shape(const std::array<std::uint32_t, 4>& shape) { return {shape[1], shape[2], shape[3]}; }

// Bytes of `address` from its offset on; throws Error(fault) when they are not all there.
std::span<std::uint8_t> window(const Place& place, const Address& address, std::uint64_t bytes, bool to_write) {
  const Extents shape{static_cast<std::int64_t>(bytes)};
  if (bytes > most_elements) fault(place, "moves more than " + std::to_string(most_elements) + " bytes");
  return {make_view(place, address, DType::u8, shape, {1}, to_write).data, bytes};
}

std::uint64_t checked_count(const Place& place, const std::array<std::uint32_t, 4>& shape) {
  return count_of(place, Extents(shape.begin(), shape.end()));
}

}  // namespace

// Inputs and outputs are named by where they start.
Address Machine::exact(Frame& frame, const kmodel::v5::MemoryRange& range, const Place& place) {
  if (range.location == Location::input || range.location == Location::output) {
    const auto& source = *modules_[frame.module].functions[frame.function].source;
    const auto& parameters = range.location == Location::input ? source.inputs : source.outputs;
    for (const auto& parameter : parameters) {
      if (parameter.range.start == range.start) {
        return locate(frame, static_cast<std::uint8_t>(range.location), range.start, place);
      }
    }
    fault(place, "no input or output of the function starts at " + std::to_string(range.start));
  }
  return locate(frame, static_cast<std::uint8_t>(range.location), range.start, place);
}

void Machine::record(Frame& frame, const Record& record) {
  auto& ram = *modules_[frame.module].ram;
  const Place place{record.source.offset, "k210 record"};
  budget_.charge(place, 1);
  if (record.layer) {
    const auto& conv = std::get<kmodel::v5::Conv2d>(record.source.body);
    const auto& layer = *record.layer;
    budget_.charge(place, layer.layer().weight_count() * layer.input().height * layer.input().width * layer.batches());
    layer.run(ram);
    Bytes result(layer.output().count() * layer.batches());
    layer.read_output(ram, result);
    if (conv.main_out.size != 0) {
      const auto to = window(place, exact(frame, conv.main_out, place), result.size(), true);
      std::ranges::copy(result, to.begin());
    }
    last_result_ = std::move(result);
    return;
  }
  if (const auto* transfer = std::get_if<kmodel::v5::Transfer>(&record.source.body)) {
    const bool upload = record.source.type == kmodel::v5::RecordType::upload;
    const auto& on_chip = upload ? transfer->out : transfer->in;
    if (on_chip.location != Location::kpu_ram) fault(place, "moves a map that is not in the AI RAM");
    const auto count = checked_count(place, transfer->shape);
    budget_.charge(place, count);
    if (count == 0) return;
    const auto shape = map_shape(transfer->shape);
    const auto line = std::uint64_t{on_chip.start} / line_bytes;
    const auto bytes = window(place, exact(frame, upload ? transfer->in : transfer->out, place), count, !upload);
    for (std::uint64_t batch = 0; batch < transfer->shape[0]; ++batch) {
      const auto at = line + batch * shape.lines();
      AiRam::require(at, shape, "map");
      const auto packed = bytes.subspan(batch * shape.count(), shape.count());
      if (upload) {
        ram.write(at, shape, packed);
      } else {
        ram.read(at, shape, packed);
      }
    }
    last_result_ = Bytes(bytes.begin(), bytes.end());
    return;
  }
  const auto& copy = std::get<kmodel::v5::Copy>(record.source.body);
  DType type{};
  if (!kmodel::v5::data_type(copy.in.datatype, type)) fault(place, "copies elements of an unknown type");
  const auto extents = [](const std::array<std::uint32_t, 4>& list) { return Extents(list.begin(), list.end()); };
  const auto from =
      make_view(place, exact(frame, copy.in, place), type, extents(copy.shape), extents(copy.in_strides), false);
  const auto to =
      make_view(place, exact(frame, copy.out, place), type, extents(copy.shape), extents(copy.out_strides), true);
  budget_.charge(place, from.count);
  scatter_bytes(to, gather_bytes(from));
}

}  // namespace vnpu::k210::v5
