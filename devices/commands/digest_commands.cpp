// md5sum, sha1sum, sha256sum, sha512sum, hexdump, xxd, od, cmp, base64, dd, strings.
#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "devices/commands/common.h"

namespace vnpu::devices::commands {

namespace {

std::optional<std::string> digest(Process& process, const std::string& operand, const EVP_MD* kind) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), kind, nullptr);
  if (!each_piece(process, operand, [&](std::string_view piece) {
        EVP_DigestUpdate(context.get(), piece.data(), piece.size());
        return true;
      }))
    return std::nullopt;
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_DigestFinal_ex(context.get(), bytes, &length);
  std::string out;
  char pair[3];
  for (unsigned i = 0; i < length; ++i) {
    std::snprintf(pair, sizeof pair, "%02x", bytes[i]);
    out += pair;
  }
  return out;
}

int sum_main(Process& process) {
  auto options = parse(process, "csw");
  if (!options) return 1;
  const std::string name(base_name(process.argv[0]));
  const EVP_MD* kind = name == "md5sum"      ? EVP_md5()
                       : name == "sha1sum"   ? EVP_sha1()
                       : name == "sha512sum" ? EVP_sha512()
                                             : EVP_sha256();
  if (options->operands.empty()) options->operands.push_back("-");
  int status = 0;
  Output out(process);
  for (const auto& operand : options->operands) {
    if (!options->has('c')) {
      const auto text = digest(process, operand, kind);
      if (text) {
        out << *text << "  " << operand << "\n";
      } else {
        status = 1;
      }
      continue;
    }
    int wrong = 0, all = 0;
    if (!each_line(process, operand, [&](const std::string& line) {
          const std::size_t blank = line.find(' ');
          if (blank == std::string::npos || blank + 2 >= line.size()) return true;
          ++all;
          const std::string file = line.substr(blank + 2);
          const auto text = digest(process, file, kind);
          const bool same = text && *text == line.substr(0, blank);
          if (!options->has('s')) out << file << (same ? ": OK\n" : ": FAILED\n");
          wrong += !same;
          return true;
        }))
      status = 1;
    out.flush();
    if (wrong) {
      status = 1;
      if (!options->has('s'))
        fail(process,
             "WARNING: " + std::to_string(wrong) + " of " + std::to_string(all) + " computed checksums did NOT match");
    }
  }
  return status;
}

std::string all_content(Process& process, const std::vector<std::string>& operands, int& status) {
  std::string out;
  for (const auto& operand : operands) {
    const auto text = content(process, operand);
    if (text) {
      out += *text;
    } else {
      status = 1;
    }
  }
  return out;
}

int hexdump_main(Process& process) {
  const bool hd = base_name(process.argv[0]) == "hd";
  auto options = parse(process, "Cn:s:vbcdox");
  if (!options) return 1;
  if (options->operands.empty()) options->operands.push_back("-");
  int status = 0;
  std::string text = all_content(process, options->operands, status);
  std::uint64_t base = 0;
  if (options->has('s')) {
    base = std::min<std::uint64_t>(size(options->value['s']).value_or(0), text.size());
    text.erase(0, base);
  }
  if (options->has('n'))
    text.resize(std::min<std::uint64_t>(text.size(), size(options->value['n']).value_or(text.size())));
  const bool canonical = options->has('C') || hd;
  Output out(process);
  bool starred = false;
  for (std::size_t at = 0; at < text.size(); at += 16) {
    process.check_signals();
    const std::size_t length = std::min<std::size_t>(16, text.size() - at);
    if (!options->has('v') && at >= 16 && length == 16 && text.compare(at, 16, text, at - 16, 16) == 0) {
      if (!starred) out << "*\n";
      starred = true;
      continue;
    }
    starred = false;
    if (!canonical) {
      out.format("%07llx", static_cast<unsigned long long>(base + at));
      for (std::size_t i = 0; i < length; i += 2) {
        const unsigned low = static_cast<unsigned char>(text[at + i]),
                       high = i + 1 < length ? static_cast<unsigned char>(text[at + i + 1]) : 0;
        out.format(" %04x", low | high << 8);
      }
      for (std::size_t i = (length + 1) / 2; i < 8; ++i) out << "     ";
      out << "\n";
      continue;
    }
    out.format("%08llx ", static_cast<unsigned long long>(base + at));
    for (std::size_t i = 0; i < 16; ++i) {
      if (i == 8) out << " ";
      if (i < length) {
        out.format(" %02x", static_cast<unsigned char>(text[at + i]));
      } else {
        out << "   ";
      }
    }
    out << "  |";
    for (std::size_t i = 0; i < length; ++i) {
      const char c = text[at + i];
      out << std::string(1, c >= 32 && c < 127 ? c : '.');
    }
    out << "|\n";
  }
  if (!text.empty())
    out.format(canonical ? "%08llx\n" : "%07llx\n", static_cast<unsigned long long>(base + text.size()));
  return status;
}

int xxd_main(Process& process) {
  auto options = parse(process, "pris:l:c:g:");
  if (!options) return 1;
  if (options->operands.empty()) options->operands.push_back("-");
  int status = 0;
  std::string text = all_content(process, {options->operands[0]}, status);
  Output out(process);
  if (options->has('r')) {
    std::string bytes;
    int high = -1;
    bool address = !options->has('p');
    std::size_t in_line = 0;
    for (const char c : text) {
      if (c == '\n') {
        address = !options->has('p');
        high = -1;
        in_line = 0;
        continue;
      }
      if (address) {
        if (c == ':') address = false;
        continue;
      }
      if (c == ' ' && !options->has('p') && ++in_line > 100) continue;
      if (!std::isxdigit(static_cast<unsigned char>(c))) {
        if (c != ' ') address = true;
        continue;
      }
      const int digit = std::isdigit(static_cast<unsigned char>(c)) ? c - '0' : std::tolower(c) - 'a' + 10;
      if (high < 0) {
        high = digit;
      } else {
        bytes += static_cast<char>(high << 4 | digit);
        high = -1;
        if (!options->has('p') && ++in_line >= 16) address = true;
      }
    }
    out << bytes;
    return status;
  }
  std::uint64_t base = 0;
  if (options->has('s')) {
    base = std::min<std::uint64_t>(size(options->value['s']).value_or(0), text.size());
    text.erase(0, base);
  }
  if (options->has('l'))
    text.resize(std::min<std::uint64_t>(text.size(), size(options->value['l']).value_or(text.size())));
  const std::size_t width = options->has('c') ? std::clamp<std::size_t>(size(options->value['c']).value_or(16), 1, 256)
                            : options->has('p') ? 30
                                                : 16;
  const std::size_t group = options->has('g') ? std::max<std::size_t>(1, size(options->value['g']).value_or(2)) : 2;
  for (std::size_t at = 0; at < text.size(); at += width) {
    const std::size_t length = std::min(width, text.size() - at);
    if (!options->has('p')) out.format("%08llx: ", static_cast<unsigned long long>(base + at));
    for (std::size_t i = 0; i < (options->has('p') ? length : width); ++i) {
      if (i < length) {
        out.format("%02x", static_cast<unsigned char>(text[at + i]));
      } else {
        out << "  ";
      }
      if (!options->has('p') && i % group == group - 1) out << " ";
    }
    if (!options->has('p')) {
      out << (width % group ? "  " : " ");
      for (std::size_t i = 0; i < length; ++i)
        out << std::string(1, text[at + i] >= 32 && text[at + i] < 127 ? text[at + i] : '.');
    }
    out << "\n";
  }
  return status;
}

int cmp_main(Process& process) {
  auto options = parse(process, "slb");
  if (!options) return 1;
  if (options->operands.empty()) return usage(process);
  if (options->operands.size() < 2) options->operands.push_back("-");
  const auto a = content(process, options->operands[0]), b = content(process, options->operands[1]);
  if (!a || !b) return 2;
  std::size_t line = 1;
  int status = 0;
  Output out(process);
  for (std::size_t i = 0; i < std::min(a->size(), b->size()); ++i) {
    if ((*a)[i] != (*b)[i]) {
      status = 1;
      if (options->has('s')) return 1;
      if (!options->has('l')) {
        out.format("%s %s differ: byte %zu, line %zu\n", options->operands[0].c_str(), options->operands[1].c_str(),
                   i + 1, line);
        return 1;
      }
      out.format("%zu %3o %3o\n", i + 1, static_cast<unsigned char>((*a)[i]), static_cast<unsigned char>((*b)[i]));
    }
    line += (*a)[i] == '\n';
  }
  if (a->size() != b->size()) {
    out.flush();
    if (!options->has('s')) fail(process, "EOF on " + options->operands[a->size() < b->size() ? 0 : 1]);
    return 1;
  }
  return status;
}

int base64_main(Process& process) {
  auto options = parse(process, "dw:");
  if (!options) return 1;
  if (options->operands.empty()) options->operands.push_back("-");
  const auto text = content(process, options->operands[0]);
  if (!text) return 1;
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  Output out(process);
  if (options->has('d')) {
    std::string bytes;
    unsigned value = 0;
    int bits = 0;
    for (const char c : *text) {
      if (c == '=') break;
      if (std::isspace(static_cast<unsigned char>(c))) continue;
      const char* at = std::strchr(letters, c);
      if (!at || !c) return fail(process, "truncated input");
      value = value << 6 | static_cast<unsigned>(at - letters);
      bits += 6;
      if (bits >= 8) {
        bits -= 8;
        bytes += static_cast<char>(value >> bits & 255);
      }
    }
    out << bytes;
    return 0;
  }
  std::size_t column = 0;
  const std::size_t width = options->has('w') ? size(options->value['w']).value_or(76) : 76;
  for (std::size_t i = 0; i < text->size(); i += 3) {
    unsigned value = 0;
    for (std::size_t j = 0; j < 3; ++j)
      value = value << 8 | (i + j < text->size() ? static_cast<unsigned char>((*text)[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j) {
      if (width && column == width) {
        out << "\n";
        column = 0;
      }
      out << std::string(1, i + j > text->size() ? '=' : letters[value >> (18 - 6 * j) & 63]);
      ++column;
    }
  }
  if (column) out << "\n";
  return 0;
}

int dd_main(Process& process) {
  std::string from = "-", to;
  std::uint64_t block = 512, skip = 0, seek = 0;
  std::optional<std::uint64_t> count;
  bool keep = false, quiet = false;
  for (std::size_t i = 1; i < process.argv.size(); ++i) {
    const std::string& word = process.argv[i];
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) return usage(process);
    const std::string name = word.substr(0, equals), value = word.substr(equals + 1);
    if (name == "if") {
      from = value;
    } else if (name == "of") {
      to = value;
    } else if (name == "conv") {
      keep = value.find("notrunc") != std::string::npos;
    } else if (name == "status") {
      quiet = value == "none" || value == "noxfer";
    } else if (name == "bs" || name == "ibs" || name == "obs" || name == "count" || name == "skip" || name == "seek") {
      const auto parsed = size(value);
      if (!parsed) return fail(process, "invalid number '" + value + "'");
      if (name == "count") {
        count = *parsed;
      } else if (name == "skip") {
        skip = *parsed;
      } else if (name == "seek") {
        seek = *parsed;
      } else {
        block = *parsed;
      }
    } else {
      return usage(process);
    }
  }
  if (block == 0 || block > (64u << 20)) return fail(process, "bad block size");
  std::shared_ptr<Stream> input, output;
  if (from == "-") {
    if (const auto it = process.descriptors.find(0); it != process.descriptors.end()) input = it->second;
  } else {
    auto opened = process.open(from, open_flag::read);
    if (!opened) return fail(process, "can't open '" + from + "'", opened.error());
    input = *opened;
  }
  if (to.empty()) {
    if (const auto it = process.descriptors.find(1); it != process.descriptors.end()) output = it->second;
  } else {
    auto opened = process.open(to, open_flag::write | open_flag::create | (keep || seek ? 0 : open_flag::truncate));
    if (!opened) return fail(process, "can't open '" + to + "'", opened.error());
    output = *opened;
    if (seek) {
      (void)output->seek(static_cast<std::int64_t>(seek * block), 0);
      if (!keep && output->file()) output->file()->truncate(seek * block);
    }
  }
  if (!input || !output) return fail(process, "no input or output", Errno::badf);
  std::vector<std::uint8_t> buffer(block);
  std::uint64_t whole = 0, partial = 0, bytes = 0;
  int status = 0;
  const auto fill = [&]() -> std::size_t {
    const auto got = input->read(buffer, process.task->token());
    process.check_signals();
    if (!got) {
      status = fail(process, "read error", got.error());
      return 0;
    }
    return *got;
  };
  for (std::uint64_t i = 0; i < skip; ++i)
    if (fill() == 0) break;
  while (!count || whole + partial < *count) {
    const std::size_t got = fill();
    if (got == 0) break;
    const Errno error = output->write(std::span(buffer).first(got), process.task->token());
    process.check_signals();
    if (error != Errno::ok) {
      status = fail(process, "error writing '" + (to.empty() ? "standard output" : to) + "'", error);
      break;
    }
    ++(got == block ? whole : partial);
    bytes += got;
  }
  if (!quiet) {
    char line[160];
    std::snprintf(line, sizeof line, "%llu+%llu records in\n%llu+%llu records out\n",
                  static_cast<unsigned long long>(whole), static_cast<unsigned long long>(partial),
                  static_cast<unsigned long long>(whole), static_cast<unsigned long long>(partial));
    process.complain(line + std::to_string(bytes) + " bytes (" + human(bytes) + "B) copied\n");
  }
  return status;
}

int strings_main(Process& process) {
  auto options = parse(process, "an:of");
  if (!options) return 1;
  if (options->operands.empty()) options->operands.push_back("-");
  const std::size_t least = options->has('n') ? size(options->value['n']).value_or(4) : 4;
  Output out(process);
  int status = 0;
  for (const auto& operand : options->operands) {
    std::string run;
    if (!each_piece(process, operand, [&](std::string_view piece) {
          for (const char c : piece) {
            if ((c >= 32 && c < 127) || c == '\t') {
              run += c;
              continue;
            }
            if (run.size() >= least) out << run << "\n";
            run.clear();
          }
          return true;
        }))
      status = 1;
    if (run.size() >= least) out << run << "\n";
  }
  return status;
}

}  // namespace

void add_digest_commands(ProgramTable& table) {
  for (const auto& [name, program] : {std::pair<const char*, Program>{"md5sum", sum_main},
                                      {"sha1sum", sum_main},
                                      {"sha256sum", sum_main},
                                      {"sha512sum", sum_main},
                                      {"hexdump", hexdump_main},
                                      {"hd", hexdump_main},
                                      {"xxd", xxd_main},
                                      {"cmp", cmp_main},
                                      {"strings", strings_main}})
    table.add_applet(name, program, "/usr/bin");
  table.add_applet("base64", base64_main);
  table.add_applet("dd", dd_main);
}

}  // namespace vnpu::devices::commands
