// tar, gzip, gunzip, zcat, unzip: formats by libarchive and zlib, files by the board's own file system.
#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include <algorithm>
#include <memory>

#include "devices/commands/common.h"

namespace vnpu::devices::commands {

namespace {

constexpr std::uint64_t output_limit = std::uint64_t{1} << 30;  // of one decompression, whatever the archive says

using Reader = std::unique_ptr<archive, int (*)(archive*)>;
using Writer = std::unique_ptr<archive, int (*)(archive*)>;

// A name of an archive below the place of unpacking: no leading '/', and nothing when it climbs by "..".
std::optional<std::string> safe_name(std::string name) {
  while (name.starts_with('/')) name.erase(0, 1);
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    if (name.substr(at, end - at) == "..") return std::nullopt;
    at = end + 1;
  }
  return name;
}

// Unpacks or lists `bytes`. Links of an archive may point anywhere on the board: nothing leads off it.
int unpack(Process& process, const std::string& bytes, const std::string& place, bool list, bool verbose,
           bool to_stdout, bool zip, bool overwrite, const std::vector<std::string>& only) {
  const Reader reader(archive_read_new(), archive_read_free);
  archive_read_support_filter_all(reader.get());
  if (zip) {
    archive_read_support_format_zip_seekable(reader.get());
  } else {
    archive_read_support_format_tar(reader.get());
    archive_read_support_format_empty(reader.get());
  }
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK)
    return fail(process, zip ? "invalid zip magic" : "invalid tar magic");
  Output out(process);
  std::uint64_t total = 0;
  int status = 0;
  archive_entry* entry = nullptr;
  for (int result; (result = archive_read_next_header(reader.get(), &entry)) != ARCHIVE_EOF;) {
    process.check_signals();
    if (result < ARCHIVE_WARN) {
      out.flush();
      return fail(process, zip ? "invalid zip magic" : "short read or damaged archive");
    }
    const char* raw = archive_entry_pathname(entry);
    const auto name = safe_name(raw ? raw : "");
    if (!name) {
      out.flush();
      status = fail(process, std::string("name with '..' skipped: ") + raw);
      continue;
    }
    if (name->empty()) continue;
    if (!only.empty() && std::ranges::none_of(only, [&](const std::string& wanted) {
          return *name == wanted || name->starts_with(wanted.ends_with('/') ? wanted : wanted + "/");
        }))
      continue;
    if (list) {
      if (verbose && !zip) {
        Stat shown;
        shown.permissions = archive_entry_perm(entry);
        shown.type = archive_entry_filetype(entry) == AE_IFDIR   ? FileType::directory
                     : archive_entry_filetype(entry) == AE_IFLNK ? FileType::symlink
                                                                 : FileType::regular;
        out.format("%s %u/%u %9lld ", mode_text(shown).c_str(), static_cast<unsigned>(archive_entry_uid(entry)),
                   static_cast<unsigned>(archive_entry_gid(entry)), static_cast<long long>(archive_entry_size(entry)));
        out << time_text("%Y-%m-%d %H:%M:%S ", archive_entry_mtime(entry) * 1000000000);
      }
      if (zip)
        out.format("%9lld  %s   ", static_cast<long long>(archive_entry_size(entry)),
                   time_text("%m-%d-%Y %H:%M", archive_entry_mtime(entry) * 1000000000).c_str());
      out << *name << "\n";
      continue;
    }
    if (verbose) out << (zip ? "  inflating: " : "") << *name << "\n";
    const std::string target = join(place, *name);
    auto& files = process.files();
    const std::uint32_t permissions = static_cast<std::uint32_t>(archive_entry_perm(entry)) & 07777;
    Errno error = Errno::ok;
    const std::string plain = target.ends_with('/') ? target.substr(0, target.size() - 1) : target;
    if (!to_stdout) files.make_directories(process.user, directory_name(plain), 0777 & ~process.umask);
    if (archive_entry_filetype(entry) == AE_IFDIR) {
      if (!to_stdout) error = files.make_directories(process.user, plain, (permissions | 0700) & ~process.umask);
    } else if (const char* hard = archive_entry_hardlink(entry)) {
      const auto to = safe_name(hard);
      files.unlink(process.user, plain);
      error = to ? files.link(process.user, join(place, *to), plain) : Errno::perm;
    } else if (archive_entry_filetype(entry) == AE_IFLNK) {
      const char* to = archive_entry_symlink(entry);
      files.unlink(process.user, plain);
      error = files.symlink(process.user, to ? to : "", plain);
    } else if (archive_entry_filetype(entry) == AE_IFREG) {
      std::shared_ptr<File> file;
      if (!to_stdout) {
        if (zip && !overwrite && files.lstat(process.user, plain)) {
          status = fail(process, "'" + *name + "' exists: use -o to overwrite");
          continue;
        }
        files.unlink(process.user, plain);
        auto opened = files.open(process.user, plain, open_flag::write | open_flag::create | open_flag::truncate,
                                 permissions & ~process.umask);
        error = opened.error();
        if (opened) file = *opened;
      }
      std::vector<std::uint8_t> buffer(65536);
      std::uint64_t at = 0;
      while (error == Errno::ok) {
        process.check_signals();
        const la_ssize_t got = archive_read_data(reader.get(), buffer.data(), buffer.size());
        if (got < 0) {
          out.flush();
          return fail(process, "damaged archive at " + *name);
        }
        if (got == 0) break;
        total += static_cast<std::uint64_t>(got);
        if (total > output_limit) return fail(process, "more than 1 GB unpacked");
        if (to_stdout) {
          out << std::string_view(reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(got));
        } else {
          error = file->write_at(at, std::span(buffer).first(static_cast<std::size_t>(got))).error();
          at += static_cast<std::uint64_t>(got);
        }
      }
      if (file && error == Errno::ok) {
        SetStat change;
        change.modified_ns = archive_entry_mtime(entry) * 1000000000;
        file->set_stat(change);
      }
    }
    if (error != Errno::ok) {
      out.flush();
      status = fail(process, "can't create '" + *name + "'", error);
    }
  }
  return status;
}

int tar_main(Process& process) {
  // "tar xzf" without '-'.
  if (process.argv.size() > 1 && !process.argv[1].starts_with('-') && !process.argv[1].empty())
    process.argv[1].insert(0, 1, '-');
  auto options = parse(process, "cxtf:C:zjJvkOpaohmX:T:",
                       {{"create", 'c'},
                        {"extract", 'x'},
                        {"list", 't'},
                        {"file", 'f'},
                        {"directory", 'C'},
                        {"gzip", 'z'},
                        {"verbose", 'v'}});
  if (!options) return 1;
  if (options->has('c') + options->has('x') + options->has('t') != 1) return usage(process);
  const std::string file = options->has('f') ? options->value['f'] : "-";
  const std::string place = options->has('C') ? process.path(options->value['C']) : process.cwd;
  if (!options->has('c')) {
    const auto bytes = content(process, file);
    if (!bytes) return 1;
    return unpack(process, *bytes, place, options->has('t'), options->has('v'), options->has('O'), false, true,
                  options->operands);
  }
  if (options->operands.empty()) return fail(process, "empty archive");
  std::shared_ptr<Stream> output;
  if (file == "-") {
    output = process.descriptors[1];
  } else {
    auto opened = process.open(file, open_flag::write | open_flag::create | open_flag::truncate);
    if (!opened) return fail(process, "can't open '" + file + "'", opened.error());
    output = *opened;
  }
  struct Sink {
    Process& process;
    std::shared_ptr<Stream> stream;
  } sink{process, output};
  const Writer writer(archive_write_new(), archive_write_free);
  archive_write_set_format_gnutar(writer.get());
  if (options->has('z') || (options->has('a') && (file.ends_with(".gz") || file.ends_with(".tgz"))))
    archive_write_add_filter_gzip(writer.get());
  if (options->has('j')) archive_write_add_filter_bzip2(writer.get());
  if (options->has('J')) archive_write_add_filter_xz(writer.get());
  archive_write_open(
      writer.get(), &sink, nullptr,
      [](archive*, void* data, const void* bytes, size_t length) -> la_ssize_t {
        auto& to = *static_cast<Sink*>(data);
        const Errno error =
            to.stream->write({static_cast<const std::uint8_t*>(bytes), length}, to.process.task->token());
        return error == Errno::ok ? static_cast<la_ssize_t>(length) : -1;
      },
      nullptr);
  int status = 0;
  const auto add = [&](auto&& self, const std::string& name, int depth) -> void {
    process.check_signals();
    const std::string path = join(place, name);
    const auto found = process.files().lstat(process.user, path);
    if (!found) {
      status = fail(process, name, found.error());
      return;
    }
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(), archive_entry_free);
    std::string stored = name;
    while (stored.starts_with('/')) stored.erase(0, 1);
    const bool directory = found->type == FileType::directory;
    archive_entry_set_pathname(entry.get(), (stored.empty()                        ? "."
                                             : directory && !stored.ends_with('/') ? stored + "/"
                                                                                   : stored)
                                                .c_str());
    archive_entry_set_perm(entry.get(), found->permissions);
    archive_entry_set_uid(entry.get(), found->uid);
    archive_entry_set_gid(entry.get(), found->gid);
    archive_entry_set_uname(entry.get(), user_text(process, found->uid).c_str());
    archive_entry_set_gname(entry.get(), group_text(process, found->gid).c_str());
    archive_entry_set_mtime(entry.get(), found->modified_ns / 1000000000, 0);
    std::shared_ptr<File> content_file;
    if (directory) {
      archive_entry_set_filetype(entry.get(), AE_IFDIR);
    } else if (found->type == FileType::symlink) {
      archive_entry_set_filetype(entry.get(), AE_IFLNK);
      if (const auto target = process.files().read_link(process.user, path))
        archive_entry_set_symlink(entry.get(), target->c_str());
    } else if (found->type == FileType::regular) {
      auto opened = process.files().open(process.user, path, open_flag::read);
      if (!opened) {
        status = fail(process, name, opened.error());
        return;
      }
      content_file = *opened;
      archive_entry_set_filetype(entry.get(), AE_IFREG);
      archive_entry_set_size(entry.get(), static_cast<la_int64_t>(found->size));
    } else {
      return;
    }
    if (options->has('v')) process.write(stored + "\n", file == "-" ? 2 : 1);
    if (archive_write_header(writer.get(), entry.get()) < ARCHIVE_WARN) {
      status = fail(process, "write error");
      return;
    }
    if (content_file) {
      std::vector<std::uint8_t> buffer(65536);
      for (std::uint64_t at = 0; at < found->size;) {
        process.check_signals();
        const auto got = content_file->read_at(at, buffer);
        if (!got || *got == 0) break;
        if (archive_write_data(writer.get(), buffer.data(), *got) < 0) {
          status = fail(process, "write error");
          return;
        }
        at += *got;
      }
    }
    if (directory && depth < 300)
      if (const auto entries = process.files().read_directory(process.user, path))
        for (const auto& each : *entries)
          self(self, name.ends_with('/') ? name + each.name : name + "/" + each.name, depth + 1);
  };
  for (const auto& operand : options->operands) add(add, operand, 0);
  if (archive_write_close(writer.get()) != ARCHIVE_OK) status = fail(process, "write error");
  return status;
}

std::optional<std::string> inflate_all(const std::string& bytes, std::string& why) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return std::nullopt;
  const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  std::vector<char> buffer(262144);
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    out.append(buffer.data(), buffer.size() - stream.avail_out);
    if (out.size() > (std::size_t{512} << 20)) {
      why = "too large";
      return std::nullopt;
    }
    if (result == Z_STREAM_END) {
      if (stream.avail_in == 0) return out;
      if (inflateReset(&stream) != Z_OK) return out;
      continue;  // members follow one another
    }
    if (result != Z_OK) {
      why = out.empty() && stream.total_in < 10 ? "invalid magic" : "corrupted data";
      return std::nullopt;
    }
  }
}

int gzip_main(Process& process) {
  const std::string me(base_name(process.argv[0]));
  auto options = parse(process, "cfkdtvqn123456789");
  if (!options) return 1;
  const bool to_stdout = options->has('c') || me == "zcat" || options->operands.empty();
  const bool expand = options->has('d') || options->has('t') || me != "gzip";
  if (options->operands.empty()) options->operands.push_back("-");
  int level = 6;
  for (int i = 1; i <= 9; ++i)
    if (options->has(static_cast<char>('0' + i))) level = i;
  int status = 0;
  for (const auto& operand : options->operands) {
    std::string target;
    if (!to_stdout && !options->has('t')) {
      if (!expand) {
        target = operand + ".gz";
      } else if (operand.ends_with(".gz")) {
        target = operand.substr(0, operand.size() - 3);
      } else if (operand.ends_with(".tgz")) {
        target = operand.substr(0, operand.size() - 4) + ".tar";
      } else {
        status = fail(process, operand + ": unknown suffix - ignored");
        continue;
      }
      if (process.files().lstat(process.user, process.path(target)) && !options->has('f')) {
        status = fail(process, "can't open '" + target + "'", Errno::exist);
        continue;
      }
    }
    if (operand != "-") {
      if (const auto opened = process.open(operand, open_flag::read); !opened) {
        status = fail(process, operand, opened.error());
        continue;
      }
    }
    const auto text = content(process, operand);
    if (!text) {
      status = 1;
      continue;
    }
    std::string result;
    if (expand) {
      std::string why;
      auto plain = inflate_all(*text, why);
      if (!plain) {
        status = fail(process, why);
        continue;
      }
      result = std::move(*plain);
      if (options->has('t')) continue;
    } else {
      z_stream stream{};
      if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return fail(process, "out of memory");
      result.resize(deflateBound(&stream, static_cast<uLong>(text->size())) + 64);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text->data()));
      stream.avail_in = static_cast<uInt>(text->size());
      stream.next_out = reinterpret_cast<Bytef*>(result.data());
      stream.avail_out = static_cast<uInt>(result.size());
      deflate(&stream, Z_FINISH);
      result.resize(stream.total_out);
      deflateEnd(&stream);
    }
    if (to_stdout) {
      process.write(result);
      continue;
    }
    const auto old = process.files().stat(process.user, process.path(operand));
    const Errno error =
        process.files().write_file(process.user, process.path(target), result, old ? old->permissions : 0644);
    if (error != Errno::ok) {
      status = fail(process, "can't create '" + target + "'", error);
      process.files().unlink(process.user, process.path(target));
      continue;
    }
    if (!options->has('k')) process.files().unlink(process.user, process.path(operand));
  }
  return status;
}

int unzip_main(Process& process) {
  // Options may follow the archive's name.
  auto options = parse(process, "lnojpqd:x:tv");
  if (!options) return 1;
  if (options->operands.empty()) return usage(process);
  std::string name = options->operands[0];
  if (!process.files().stat(process.user, process.path(name)) &&
      process.files().stat(process.user, process.path(name + ".zip")))
    name += ".zip";
  const auto bytes = content(process, name);
  if (!bytes) return 1;
  const std::string place = options->has('d') ? process.path(options->value['d']) : process.cwd;
  const bool list = options->has('l');
  if (!options->has('q') && !options->has('p'))
    process.print("Archive:  " + name + "\n" +
                  (list ? "  Length      Date    Time    Name\n---------  ---------- -----   ----\n" : ""));
  return unpack(process, *bytes, place, list, !options->has('q') && !options->has('p'), options->has('p'), true,
                options->has('o'), {options->operands.begin() + 1, options->operands.end()});
}

}  // namespace

void add_archive_commands(ProgramTable& table) {
  table.add_applet("tar", tar_main);
  table.add_applet("gzip", gzip_main);
  table.add_applet("gunzip", gzip_main);
  table.add_applet("zcat", gzip_main);
  table.add_applet("unzip", unzip_main, "/usr/bin");
}

}  // namespace vnpu::devices::commands
