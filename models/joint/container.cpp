// gzip, tar and the members of a .joint.
#include <algorithm>

#include "base/archive.h"
#include "base/error.h"
#include "base/inflate.h"
#include "models/joint/parts.h"

namespace vnpu::joint {
namespace {

constexpr std::uint64_t tar_magic_at = 257;
constexpr std::size_t max_neus = 8;  // with their slim copies; known files have two

bool is_tar(ByteView file) {
  return file.size() >= 512 && std::equal(file.data() + tar_magic_at, file.data() + tar_magic_at + 5, "ustar");
}

// A flatbuffer root near the start whose table is a NEU part's: eight or nine fields, the version first.
bool is_neu(ByteView file) {
  if (file.size() < 64) return false;
  const auto root = file.u32(0, "root");
  if (root < 8 || root > 64 || root + 4 > file.size()) return false;
  const auto back = static_cast<std::int32_t>(file.u32(root, "table"));
  const auto vtable = static_cast<std::int64_t>(root) - back;
  if (vtable < 4 || vtable + 4 > static_cast<std::int64_t>(file.size())) return false;
  const auto bytes = file.u16(static_cast<std::uint64_t>(vtable), "vtable");
  return bytes == 4 + 2 * 8 || bytes == 4 + 2 * 9;
}

bool ends_with_neu(const std::string& name) { return name.ends_with(".neu") || name.ends_with(".slim_neu"); }

template <class Read>
auto in_member(const std::string& name, const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    throw with_context(error, "member " + name);
  }
}

// Where the whole part is, its slim copy's commands are not needed.
void drop_slim(Joint& joint, Budget& budget) {
  for (auto& neu : joint.neus) {
    if (!neu.slim) continue;
    budget.give_back(neu.command_list.size() + neu.machine_code.size() * sizeof(std::uint64_t));
    neu.command_list = {};
    neu.machine_code = {};
  }
}

void add_member(Joint& joint, const std::string& name, Bytes bytes, const Limits& limits, Budget& budget) {
  joint.members.push_back({name, bytes.size()});
  if (name == "topo.bin") {
    joint.topology = in_member(name, [&] { return read_topology(ByteView(bytes)); });
  } else if (name == "performance.json") {
    joint.performance = in_member(name, [&] { return read_performance(ByteView(bytes)); });
  } else if (ends_with_neu(name)) {
    if (!name.ends_with(".slim_neu")) drop_slim(joint, budget);
    auto neu = in_member(name, [&] { return read_neu(std::move(bytes), limits, budget); });
    neu.member = name;
    joint.neus.push_back(std::move(neu));
  } else if (name.ends_with(".axe")) {
    budget.charge(bytes.size(), 0, "member " + name);
    auto part = in_member(name, [&] { return read_axe(ByteView(bytes)); });
    part.member = name;
    part.bytes = std::move(bytes);
    joint.axes.push_back(std::move(part));
  }
}

std::uint64_t size_of_rest(ArchiveReader& reader) {
  std::uint64_t out = 0;
  Bytes piece(std::size_t{64} << 10);
  while (const auto got = reader.read(piece)) out += got;
  return out;
}

void read_members(Joint& joint, ArchiveReader& reader, std::uint64_t part_limit, const Limits& limits, Budget& budget) {
  while (reader.next()) {
    const std::string name = reader.path();
    if (std::ranges::any_of(joint.members, [&](const Member& member) { return member.name == name; })) {
      throw Error(ErrorKind::damaged, "member " + name + ": stands twice in the archive");
    }
    if (ends_with_neu(name) && joint.neus.size() == max_neus) {
      throw Error(ErrorKind::unsupported, "member " + name + ": more than " + std::to_string(max_neus) + " NEU parts");
    }
    const bool small = name == "topo.bin" || name == "performance.json";
    if (small || ends_with_neu(name) || name.ends_with(".axe")) {
      add_member(joint, name, reader.read_rest(small ? limits.small_member : part_limit), limits, budget);
    } else {
      joint.members.push_back({name, size_of_rest(reader)});
    }
  }
}

// A plain archive can say that it has holes, which are zeros.
std::uint64_t unpacked_limit(ByteView file, const Limits& limits) {
  return std::min(limits.container_bytes, file.size() * limits.container_ratio + (std::uint64_t{1} << 20));
}

ArchiveLimits archive_limits(std::uint64_t unpacked) {
  ArchiveLimits out;
  out.entry_bytes = out.total_bytes = unpacked;
  out.entries = 64;
  return out;
}

// The archive goes by in pieces: what no member needs is never held.
void read_packed(Joint& joint, ByteView file, const Limits& limits, Budget& budget) {
  const auto limit = unpacked_limit(file, limits);
  InflateReader unpacked(file, DeflateForm::gzip, limit, "gzip");
  Bytes head(512);
  std::size_t filled = 0, given = 0;
  while (filled < head.size()) {
    const auto got = unpacked.read(std::span(head).subspan(filled));
    if (got == 0) break;
    filled += got;
  }
  head.resize(filled);
  if (!is_tar(ByteView(head))) {
    throw Error(ErrorKind::damaged, tar_magic_at, "gzip", "what it packs is not a tar archive ('ustar' is missing)");
  }
  const auto next = [&](std::span<std::uint8_t> out) {
    if (given == head.size()) return unpacked.read(out);
    const auto now = std::min(out.size(), head.size() - given);
    std::copy_n(head.data() + given, now, out.data());
    given += now;
    return now;
  };
  ArchiveReader reader(next, archive_limits(limit));
  read_members(joint, reader, limits.part(file.size()), limits, budget);
  Bytes rest(std::size_t{64} << 10);  // behind the archive's end, up to the check sum
  while (unpacked.read(rest) != 0) {
  }
}

void check_parts(const Joint& joint) {
  if (!joint.topology) throw Error(ErrorKind::damaged, "the container has no member topo.bin");
  for (const auto& part : joint.topology->parts) {
    const bool there = std::ranges::any_of(
        joint.members, [&](const Member& member) { return member.name.starts_with(part.name + "."); });
    if (!there) throw Error(ErrorKind::damaged, "topo.bin names the part '" + part.name + "', which has no member");
  }
}

}  // namespace

bool recognises(ByteView file) { return is_gzip(file) || is_tar(file) || is_neu(file); }

Joint read(ByteView file, const Limits& limits) {
  Joint joint;
  Budget budget(limits.memory(file.size()));
  if (is_gzip(file)) {
    joint.container = "gzip+tar";
    read_packed(joint, file, limits, budget);
  } else if (is_tar(file)) {
    joint.container = "tar";
    ArchiveReader reader(file, ArchiveFormat::tar, archive_limits(unpacked_limit(file, limits)));
    read_members(joint, reader, limits.part(file.size()), limits, budget);
  } else {
    if (file.size() == 0) throw Error(ErrorKind::damaged, 0, "magic", "the file is empty");
    if (!is_neu(file)) throw Error(ErrorKind::damaged, 0, "magic", "neither gzip, nor tar, nor a .neu part");
    joint.container = "neu";
    joint.neus.push_back(read_neu(Bytes(file.span().begin(), file.span().end()), limits, budget));
  }
  if (joint.container != "neu") check_parts(joint);
  joint.memory_left = budget.left();
  return joint;
}

const Neu& Joint::main() const {
  const Neu* found = nullptr;
  for (const auto& neu : neus) {
    if (neu.slim) continue;
    if (found)
      throw Error(ErrorKind::unsupported, "several NEU parts in one model: " + found->member + ", " + neu.member);
    found = &neu;
  }
  if (!found)
    throw Error(ErrorKind::unsupported, "the file has no NEU part with its parameters (a slim part cannot run)");
  return *found;
}

}  // namespace vnpu::joint
