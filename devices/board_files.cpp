#include "devices/board_files.h"

#include <crypt.h>

#include <cstdio>
#include <memory>
#include <random>

#include "devices/board.h"

namespace vnpu::devices {

namespace {

const Credentials root_user{};

class Device : public NodeObject {
 public:
  enum class Kind { null, zero, random, other };
  Device(Kind kind, std::uint32_t number) : kind_(kind), number_(number) {}
  FileType type() const override { return FileType::character_device; }
  std::uint32_t device() const override { return number_; }
  Result<std::size_t> read_at(std::uint64_t, std::span<std::uint8_t> into) override {
    if (kind_ == Kind::null) return std::size_t{0};
    if (kind_ == Kind::other) return Errno::inval;
    if (kind_ == Kind::zero) {
      std::fill(into.begin(), into.end(), std::uint8_t{0});
    } else {
      std::random_device source;
      for (auto& byte : into) byte = static_cast<std::uint8_t>(source());
    }
    return into.size();
  }
  Result<std::size_t> write_at(std::uint64_t, std::span<const std::uint8_t> bytes) override {
    if (kind_ == Kind::other) return Errno::inval;
    return bytes.size();
  }

 private:
  Kind kind_;
  std::uint32_t number_;
};

std::string format(const char* pattern, auto... values) {
  char line[256];
  std::snprintf(line, sizeof line, pattern, values...);
  return line;
}

using ull = unsigned long long;

}  // namespace

std::string program_marker() {
  std::string out(
      "\x7f"
      "ELF\x02\x01\x01",
      7);
  out.append(9, '\0');
  out += std::string("\x02\x00\xf3\x00\x01\x00\x00\x00", 8);  // executable, RISC-V
  out.append(64 - out.size(), '\0');
  out[52] = 64;
  return out;
}

std::string hashed_password(const std::string& password, const std::string& salt) {
  auto scratch = std::make_unique<crypt_data>();
  const char* hashed = crypt_r(password.c_str(), ("$5$" + salt + "$").c_str(), scratch.get());
  return hashed ? hashed : "*";
}

void Board::build_files() {
  // Mounts in memory come first: they are not kept.
  for (const auto& mount : data_.mounts) {
    MountOptions options;
    options.device = mount.device;
    options.type = mount.type;
    options.bytes = mount.bytes;
    options.read_only = mount.type == "proc" || mount.type == "sysfs";
    files_->mount(mount.path, options);
  }
  files_->set_stat(root_user, "/tmp",
                   {.size = {}, .permissions = 01777, .uid = {}, .gid = {}, .accessed_ns = {}, .modified_ns = {}});
  if (files_->restored()) return;

  for (const char* directory : {"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/etc", "/home", "/root", "/mnt", "/opt",
                                "/lib", "/usr/lib", "/var", "/media", "/boot"})
    files_->make_directories(root_user, directory);
  files_->set_stat(root_user, "/root",
                   {.size = {}, .permissions = 0700, .uid = {}, .gid = {}, .accessed_ns = {}, .modified_ns = {}});

  files_->write_file(root_user, "/bin/busybox", program_marker(), 04755);
  for (const auto& [name, applet] : programs_.applets()) {
    const std::string& directory = applet.second;
    const bool in_bin = directory == "/bin";
    std::string target = in_bin ? "busybox" : directory == "/sbin" ? "../bin/busybox" : "../../bin/busybox";
    if (name != "busybox") files_->symlink(root_user, target, directory + "/" + name);
  }
  files_->make_directories(root_user, data_.programs_directory);
  for (const auto& [name, program] : programs_.vendors())
    files_->write_file(root_user, data_.programs_directory + "/" + name, program_marker(), 0755);

  std::string passwd, shadow, group;
  for (const auto& user : data_.users) {
    passwd += user.name + ":x:" + std::to_string(user.uid) + ":" + std::to_string(user.gid) + ":" + user.comment + ":" +
              user.home + ":" + user.shell + "\n";
    shadow += user.name + ":" + (user.password.empty() ? "*" : hashed_password(user.password, data_.name + "0")) +
              ":::::::\n";
    if (user.uid >= 1000 && user.uid < 60000) {
      files_->make_directories(root_user, user.home);
      files_->set_stat(
          root_user, user.home,
          {.size = {}, .permissions = {}, .uid = user.uid, .gid = user.gid, .accessed_ns = {}, .modified_ns = {}});
    }
  }
  for (const auto& entry : data_.groups) {
    std::string members;
    for (const auto& member : entry.members) members += (members.empty() ? "" : ",") + member;
    group += entry.name + ":x:" + std::to_string(entry.gid) + ":" + members + "\n";
  }
  files_->write_file(root_user, "/etc/passwd", passwd);
  files_->write_file(root_user, "/etc/shadow", shadow, 0600);
  files_->write_file(root_user, "/etc/group", group);
  files_->write_file(root_user, "/etc/hostname", data_.hostname + "\n");
  for (const auto& file : data_.files) {
    if (file.directory) {
      files_->make_directories(root_user, file.path, file.permissions);
      files_->set_stat(
          root_user, file.path,
          {.size = {}, .permissions = file.permissions, .uid = {}, .gid = {}, .accessed_ns = {}, .modified_ns = {}});
      continue;
    }
    files_->make_directories(root_user, directory_name(file.path));
    if (file.link) {
      files_->symlink(root_user, *file.link, file.path);
    } else {
      files_->write_file(root_user, file.path, *file.text, file.permissions);
    }
  }
}

void Board::add_objects() {
  const auto device = [&](const char* path, Device::Kind kind, std::uint32_t number, std::uint32_t permissions) {
    files_->add_object(path, std::make_shared<Device>(kind, number), permissions);
  };
  device("/dev/null", Device::Kind::null, 1 << 8 | 3, 0666);
  device("/dev/zero", Device::Kind::zero, 1 << 8 | 5, 0666);
  device("/dev/random", Device::Kind::random, 1 << 8 | 8, 0666);
  device("/dev/urandom", Device::Kind::random, 1 << 8 | 9, 0666);
  device("/dev/tty", Device::Kind::other, 5 << 8 | 0, 0666);
  device("/dev/console", Device::Kind::other, 5 << 8 | 1, 0600);
  device("/dev/ion", Device::Kind::other, 10 << 8 | 60, 0600);
  const bool cvitek = data_.programs == "cvitek";
  if (cvitek) device("/dev/cvi-tpu0", Device::Kind::other, 240 << 8 | 0, 0600);
  files_->symlink(root_user, "/proc/self/fd/0", "/dev/stdin");
  files_->symlink(root_user, "/proc/self/fd/1", "/dev/stdout");
  files_->symlink(root_user, "/proc/self/fd/2", "/dev/stderr");

  const auto text = [&](const char* path, std::function<std::string()> make) {
    files_->add_object(path, text_node(std::move(make)), 0444);
  };
  text("/proc/cpuinfo", [this] { return data_.cpu_info; });
  text("/proc/version", [this] {
    const char* compiler = data_.machine == "riscv64" ? "riscv64-unknown-linux-musl-gcc" : "gcc";
    return "Linux version " + data_.kernel_release + " (" + compiler + ") " + data_.kernel_version + "\n";
  });
  text("/proc/uptime", [this] {
    const double seconds = static_cast<double>(uptime_ns()) / 1e9;
    return format("%.2f %.2f\n", seconds, seconds);
  });
  text("/proc/loadavg", [this] {
    return format("0.00 0.00 0.00 1/%zu %d\n", tasks_.all().size(),
                  tasks_.all().empty() ? 1 : tasks_.all().back()->pid);
  });
  text("/proc/meminfo", [this] {
    const Memory memory = this->memory();
    const auto row = [](const char* name, std::uint64_t bytes) {
      return format("%-16s%8llu kB\n", name, static_cast<ull>(bytes / 1024));
    };
    return row("MemTotal:", memory.total) + row("MemFree:", memory.free) +
           row("MemAvailable:", memory.free + memory.cached / 2) + row("Buffers:", 0) + row("Cached:", memory.cached) +
           row("SwapCached:", 0) + row("SwapTotal:", memory.swap) + row("SwapFree:", memory.swap) +
           row("Shmem:", memory.shared);
  });
  const auto mounts = [this] {
    std::string out;
    for (const auto& mount : files_->mounts())
      out += mount.device + " " + mount.mount_point + " " + mount.type + " rw,relatime 0 0\n";
    return out;
  };
  text("/proc/mounts", mounts);
  text("/proc/self/mounts", mounts);
  const std::string module = cvitek ? "cvi_tpu" : data_.programs == "axera" ? "ax_npu" : "bmtpu";
  text("/proc/modules", [module] { return module + " 24576 0 - Live 0x0000000000000000\n"; });
  text("/proc/cmdline", [] { return std::string("console=ttyS0,115200 root=/dev/mmcblk0p2 rootwait rw\n"); });
  text("/proc/filesystems", [] { return std::string("nodev\tproc\nnodev\tsysfs\nnodev\ttmpfs\n\text4\n\tvfat\n"); });
  text("/proc/sys/kernel/osrelease", [this] { return data_.kernel_release + "\n"; });
  text("/proc/sys/kernel/hostname", [this] { return hostname() + "\n"; });
  text("/proc/stat", [this] {
    std::uint64_t busy = 0;
    for (const auto& task : tasks_.all()) busy += task->cpu_ns;
    const std::uint64_t up = uptime_ns(), idle = up > busy ? up - busy : 0;
    return format("cpu  %llu 0 0 %llu 0 0 0 0 0 0\ncpu0 %llu 0 0 %llu 0 0 0 0 0 0\nbtime %lld\n",
                  static_cast<ull>(busy / 10000000), static_cast<ull>(idle / 10000000),
                  static_cast<ull>(busy / 10000000), static_cast<ull>(idle / 10000000),
                  static_cast<long long>((now_ns() - static_cast<std::int64_t>(up)) / 1000000000));
  });
  if (cvitek) {
    text("/sys/kernel/debug/ion/cvi_carveout_heap_dump/summary", [this] { return ion_->summary(); });
    text("/sys/kernel/debug/ion/cvi_carveout_heap_dump/total_mem",
         [this] { return format("%llu\n", static_cast<ull>(ion_->total())); });
    text("/sys/kernel/debug/ion/cvi_carveout_heap_dump/alloc_mem",
         [this] { return format("%llu\n", static_cast<ull>(ion_->used())); });
  }
  text("/proc/tpu/usage", [this] {
    const TpuQueue::Use use = tpu_.use();
    const std::uint64_t up = std::max<std::uint64_t>(1, uptime_ns());
    return format("jobs %llu\nbusy_us %llu\nwaiting %zu\nusage %llu%%\n", static_cast<ull>(use.jobs),
                  static_cast<ull>(use.busy_ns / 1000), use.waiting,
                  static_cast<ull>(std::min<std::uint64_t>(100, use.busy_ns * 100 / up)));
  });
}

Board::Memory Board::memory() {
  Memory out;
  // What Linux has: the RAM less the ION heap and the kernel with its tables.
  const std::uint64_t kernel = data_.ram_bytes / 10, heap = ion_->total();
  out.total = data_.ram_bytes > heap + kernel ? data_.ram_bytes - heap - kernel : data_.ram_bytes / 2;
  out.swap = data_.swap_bytes;
  std::uint64_t used = out.total / 5;  // the system's own
  for (const auto& task : tasks_.all()) used += task->memory;
  for (const auto& mount : files_->mounts())
    if (mount.type == "tmpfs") out.shared += mount.total - mount.free;
  out.cached = std::min(out.total / 6, out.total - std::min(out.total, used));
  used += out.shared;
  out.free = out.total - std::min(out.total, used + out.cached);
  out.used = out.total - out.free - out.cached;
  return out;
}

}  // namespace vnpu::devices
