// Any bytes typed on a serial line: the console's modes and the line editor.
#include "devices/maix/repl.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vnpu::devices;
  maix::Console console;
  console.attach(null_stream(), true);
  console.receive({data, size});
  console.end_of_input();
  maix::Repl repl(console, "banner\r\n");
  try {
    for (;;) {
      const auto job = repl.next();
      console.print(job.text);
      if (job.text.size() % 2) repl.failed("Traceback\n  File \"/.firmware/x.py\", line 1, in f\n");
    }
  } catch (const maix::Repl::Leave&) {
  }
  return 0;
}
