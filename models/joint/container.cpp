// gzip, tar and the members of a .joint.
#include <algorithm>

#include "base/archive.h"
#include "base/error.h"
#include "base/inflate.h"
#include "models/joint/parts.h"

namespace vnpu::joint {
namespace {

constexpr std::uint64_t tar_magic_at = 257;

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

void add_member(Joint& joint, const std::string& name, Bytes bytes, const Limits& limits) {
  joint.members.push_back({name, bytes.size()});
  if (name == "topo.bin") {
    joint.topology = in_member(name, [&] { return read_topology(ByteView(bytes)); });
  } else if (name == "performance.json") {
    joint.performance = in_member(name, [&] { return read_performance(ByteView(bytes)); });
  } else if (ends_with_neu(name)) {
    auto neu = in_member(name, [&] { return read_neu(ByteView(bytes), limits); });
    neu.member = name;
    joint.neus.push_back(std::move(neu));
  } else if (name.ends_with(".axe")) {
    auto part = in_member(name, [&] { return read_axe(ByteView(bytes)); });
    part.member = name;
    part.bytes = std::move(bytes);
    joint.axes.push_back(std::move(part));
  }
}

void read_members(Joint& joint, ByteView tar, const Limits& limits) {
  ArchiveLimits archive;
  archive.entry_bytes = archive.total_bytes = tar.size();
  archive.entries = 64;
  ArchiveReader reader(tar, ArchiveFormat::tar, archive);
  while (reader.next()) {
    const std::string name = reader.path();
    const bool small = name == "topo.bin" || name == "performance.json";
    add_member(joint, name, reader.read_rest(small ? limits.small_member : tar.size()), limits);
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
  if (is_gzip(file)) {
    joint.container = "gzip+tar";
    const auto limit =
        std::min(limits.container_bytes, file.size() * limits.container_ratio + (std::uint64_t{1} << 20));
    const Bytes tar = inflate(file, DeflateForm::gzip, limit, "gzip");
    if (!is_tar(ByteView(tar))) {
      throw Error(ErrorKind::damaged, tar_magic_at, "gzip", "what it packs is not a tar archive ('ustar' is missing)");
    }
    read_members(joint, ByteView(tar), limits);
  } else if (is_tar(file)) {
    joint.container = "tar";
    read_members(joint, file, limits);
  } else {
    if (file.size() == 0) throw Error(ErrorKind::damaged, 0, "magic", "the file is empty");
    if (!is_neu(file)) throw Error(ErrorKind::damaged, 0, "magic", "neither gzip, nor tar, nor a .neu part");
    joint.container = "neu";
    joint.neus.push_back(read_neu(file, limits));
    return joint;
  }
  check_parts(joint);
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
