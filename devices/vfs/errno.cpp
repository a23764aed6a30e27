#include "devices/vfs/errno.h"

namespace vnpu::devices {

const char* message(Errno error) {
  switch (error) {
    case Errno::ok: return "No error information";
    case Errno::perm: return "Operation not permitted";
    case Errno::noent: return "No such file or directory";
    case Errno::srch: return "No such process";
    case Errno::intr: return "Interrupted system call";
    case Errno::io: return "I/O error";
    case Errno::toobig: return "Argument list too long";
    case Errno::noexec: return "Exec format error";
    case Errno::badf: return "Bad file descriptor";
    case Errno::child: return "No child process";
    case Errno::again: return "Resource temporarily unavailable";
    case Errno::nomem: return "Out of memory";
    case Errno::acces: return "Permission denied";
    case Errno::busy: return "Resource busy";
    case Errno::exist: return "File exists";
    case Errno::xdev: return "Cross-device link";
    case Errno::nodev: return "No such device";
    case Errno::notdir: return "Not a directory";
    case Errno::isdir: return "Is a directory";
    case Errno::inval: return "Invalid argument";
    case Errno::mfile: return "No file descriptors available";
    case Errno::notty: return "Not a tty";
    case Errno::txtbsy: return "Text file busy";
    case Errno::fbig: return "File too large";
    case Errno::nospc: return "No space left on device";
    case Errno::spipe: return "Invalid seek";
    case Errno::rofs: return "Read-only file system";
    case Errno::mlink: return "Too many links";
    case Errno::pipe: return "Broken pipe";
    case Errno::nametoolong: return "Filename too long";
    case Errno::nosys: return "Function not implemented";
    case Errno::notempty: return "Directory not empty";
    case Errno::loop: return "Symbolic link loop";
    case Errno::opnotsupp: return "Not supported";
  }
  return "Unknown error";
}

std::uint32_t sftp_status(Errno error) {
  switch (error) {
    case Errno::ok: return 0;
    case Errno::noent:
    case Errno::notdir: return 2;
    case Errno::acces:
    case Errno::perm:
    case Errno::rofs: return 3;
    case Errno::nosys:
    case Errno::opnotsupp: return 8;
    default: return 4;
  }
}

}  // namespace vnpu::devices
