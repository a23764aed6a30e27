// < > >> <<, and descriptors.
#include "devices/shell/shell.h"

namespace vnpu::devices::shell {

namespace {

std::string why(Errno error, const char* when_missing) {
  return error == Errno::noent || error == Errno::notdir ? when_missing : message(error);
}

}  // namespace

void Shell::apply(const std::vector<Redirect>& redirects, std::map<int, std::shared_ptr<Stream>>& saved) {
  const auto put = [&](int descriptor, std::shared_ptr<Stream> stream) {
    const auto it = process.descriptors.find(descriptor);
    if (!saved.contains(descriptor)) saved[descriptor] = it == process.descriptors.end() ? nullptr : it->second;
    if (stream) {
      process.descriptors[descriptor] = std::move(stream);
    } else {
      process.descriptors.erase(descriptor);
    }
  };
  const auto create = [&](const std::string& path, bool append) {
    unsigned flags = open_flag::write | open_flag::create | (append ? open_flag::append : open_flag::truncate);
    if (options.noclobber && !append) {
      const auto there = process.files().stat(process.user, process.path(path));
      if (there && there->type == FileType::regular)
        throw ShellError{"can't create " + path + ": File exists", 1, false};
    }
    auto stream = process.open(path, flags);
    if (!stream)
      throw ShellError{"can't create " + path + ": " + why(stream.error(), "nonexistent directory"), 1, false};
    return std::move(*stream);
  };
  for (const auto& redirect : redirects) {
    using Kind = Redirect::Kind;
    const bool input = redirect.kind == Kind::in || redirect.kind == Kind::in_out || redirect.kind == Kind::here ||
                       redirect.kind == Kind::duplicate_in;
    const int descriptor = redirect.descriptor >= 0 ? redirect.descriptor : input ? 0 : 1;
    if (redirect.kind == Kind::here) {
      put(descriptor, bytes_stream(redirect.body ? expand_string(*redirect.body) : ""));
      continue;
    }
    const std::string target = expand_string(redirect.target);
    switch (redirect.kind) {
      case Kind::in:
      case Kind::in_out: {
        auto stream =
            process.open(target, redirect.kind == Kind::in ? open_flag::read
                                                           : open_flag::read | open_flag::write | open_flag::create);
        if (!stream) throw ShellError{"can't open " + target + ": " + why(stream.error(), "no such file"), 1, false};
        put(descriptor, std::move(*stream));
        break;
      }
      case Kind::out: put(descriptor, create(target, false)); break;
      case Kind::append: put(descriptor, create(target, true)); break;
      case Kind::out_and_error: {
        auto stream = create(target, false);
        put(1, stream);
        put(2, stream);
        break;
      }
      case Kind::duplicate_in:
      case Kind::duplicate_out: {
        if (target == "-") {
          put(descriptor, nullptr);
          break;
        }
        if (target.empty() || target.size() > 3 || target.find_first_not_of("0123456789") != std::string::npos) {
          if (redirect.kind == Kind::duplicate_in || redirect.descriptor >= 0)
            throw ShellError{"syntax error: bad fd number", 2, false};
          auto stream = create(target, false);
          put(1, stream);
          put(2, stream);
          break;
        }
        const auto it = process.descriptors.find(std::stoi(target));
        if (it == process.descriptors.end()) throw ShellError{target + ": Bad file descriptor", 1, false};
        put(descriptor, it->second);
        break;
      }
      case Kind::here: break;
    }
  }
}

void Shell::restore(std::map<int, std::shared_ptr<Stream>>& saved) {
  for (auto& [descriptor, stream] : saved) {
    if (stream) {
      process.descriptors[descriptor] = std::move(stream);
    } else {
      process.descriptors.erase(descriptor);
    }
  }
  saved.clear();
}

}  // namespace vnpu::devices::shell
