#include <lz4.h>

#include <algorithm>

#include "models/cvimodel/parts.h"

namespace vnpu::cvimodel {
namespace {

std::string field_of(std::size_t index, const char* field) {
  return "sections[" + std::to_string(index) + "]." + field;
}

// Every section inside the file, none over another one, nothing behind the last one.
void check_ranges(ByteView file, const Model& model) {
  std::vector<std::size_t> order(model.sections.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  // Of two at one place the empty one comes first.
  const auto range = [&](std::size_t i) {
    return std::pair(model.sections[i].file_offset, model.sections[i].stored_size);
  };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return range(a) < range(b); });
  std::uint64_t end = std::uint64_t{model.header.size} + model.header.body_size;
  for (const auto i : order) {
    const Section& section = model.sections[i];
    if (section.file_offset > file.size() || section.stored_size > file.size() - section.file_offset) {
      damaged(section.table_offset, field_of(i, "offset"),
              "section \"" + section.name + "\": " + std::to_string(section.stored_size) + " bytes at " +
                  std::to_string(section.file_offset) + " leave the file of " + std::to_string(file.size()) +
                  " bytes (truncated?)");
    }
    if (section.file_offset < end) {
      damaged(section.table_offset, field_of(i, "offset"), "section \"" + section.name + "\" overlaps another one");
    }
    if (section.file_offset > end) {
      damaged(section.table_offset, field_of(i, "offset"),
              "the " + std::to_string(section.file_offset - end) + " bytes in front of section \"" + section.name +
                  "\" belong to nothing");
    }
    end = section.file_offset + section.stored_size;
  }
  if (end != file.size()) {
    damaged(end, "sections", std::to_string(file.size() - end) + " bytes follow the last section");
  }
}

Bytes decompress(ByteView stored, const Section& section, std::size_t index, Budget& budget) {
  const auto field = field_of(index, "decompressed_size");
  // An LZ4 block grows at most 255 times.
  if (section.size > 255ull * stored.size() + 64 || section.size > LZ4_MAX_INPUT_SIZE ||
      stored.size() > LZ4_MAX_INPUT_SIZE) {
    damaged(section.table_offset, field,
            std::to_string(stored.size()) + " bytes cannot decompress to " + std::to_string(section.size));
  }
  budget.charge(section.size, section.table_offset, field);
  Bytes out(section.size);
  const int got = LZ4_decompress_safe(reinterpret_cast<const char*>(stored.data()), reinterpret_cast<char*>(out.data()),
                                      static_cast<int>(stored.size()), static_cast<int>(out.size()));
  if (got < 0 || static_cast<std::uint64_t>(got) != out.size()) {
    damaged(
        stored.file_offset(), field,
        "the LZ4 data of section \"" + section.name + "\" " +
            (got < 0 ? "are damaged" : "give " + std::to_string(got) + " bytes, not " + std::to_string(out.size())));
  }
  return out;
}

}  // namespace

void read_sections(ByteView file, Model& model) {
  check_ranges(file, model);
  Budget budget(file.size() + (24u << 20));  // for what decompression adds
  for (std::size_t i = 0; i < model.sections.size(); ++i) {
    Section& section = model.sections[i];
    const bool commands = section.type == SectionType::cmdbuf || section.type == SectionType::dmabuf;
    if (section.compressed && !commands) {
      throw Error(ErrorKind::unsupported, section.table_offset, field_of(i, "compress"),
                  "section \"" + section.name + "\": only command sections can be compressed");
    }
    if (section.encrypted || section.type == SectionType::func_x86 || section.type == SectionType::func_aarch64) {
      continue;  // listed by refusals()
    }
    const ByteView stored = file.sub(section.file_offset, section.stored_size, "section");
    section.bytes =
        section.compressed ? decompress(stored, section, i, budget) : Bytes(stored.span().begin(), stored.span().end());
  }
}

}  // namespace vnpu::cvimodel
