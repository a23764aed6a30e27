// The Maix board: files, modules, camera and panel, and what a guest cannot do to it.
#include <gtest/gtest.h>

#include "tests/devices/maix_fixture.h"

namespace vnpu::devices {
namespace {

using Maix = MaixTest;

TEST_F(Maix, RunsAScript) {
  const auto got = python("import os\nprint(os.getcwd(), os.listdir('/'))\nprint(1/4)");
  EXPECT_EQ(got.out, "/sd ['flash', 'sd']\n0.25\n");
  EXPECT_EQ(got.err, "");
  EXPECT_EQ(got.status, 0);
}

TEST_F(Maix, ExceptionsHaveTheirTracebackAndStatus) {
  const auto got = python("def f():\n  return 1/0\nf()");
  EXPECT_EQ(got.err,
            "Traceback (most recent call last):\n  File \"<stdin>\", line 3, in <module>\n"
            "  File \"<stdin>\", line 2, in f\nZeroDivisionError: divide by zero\n");
  EXPECT_EQ(got.status, 1);
  EXPECT_EQ(python("import sys\nsys.exit(7)").status, 7);
  // Lines of the firmware's own modules are not shown: there it is native code.
  EXPECT_EQ(python("import KPU\nKPU.load(-1)").err,
            "Traceback (most recent call last):\n  File \"<stdin>\", line 2, in <module>\n"
            "ValueError: [MAIXPY]kpu: model_addr must > 0 \n");
}

TEST_F(Maix, FilesAreTheBoards) {
  const auto got = python(R"(
import os, uos
with open('a.txt', 'w') as f: f.write('one\ntwo\nthree')
print(os.listdir(), os.stat('a.txt')[6])
with open('/sd/a.txt') as f: print(f.readline(), list(f))
with open('a.txt', 'rb') as f:
  f.seek(4); print(f.read(3), f.tell())
with open('a.txt', 'a') as f: f.write('\n')
os.mkdir('/flash/d'); os.rename('a.txt', 'b.txt')
print(os.listdir('/flash'), uos.listdir('/sd'), open('b.txt').read())
os.chdir('/flash'); print(os.getcwd(), os.listdir(), os.listdir('..'))
os.rmdir('d'); os.remove('/sd/b.txt')
for path in ('missing', '/etc/passwd', '../../../etc/passwd', '/proc/self/maps'):
  try: open(path)
  except OSError as e: print(e)
print(os.statvfs('/flash')[2] * os.statvfs('/flash')[0])
)");
  EXPECT_EQ(got.out,
            "['a.txt'] 13\none\n ['two\\n', 'three']\nb'two' 7\n['d'] ['b.txt'] one\ntwo\nthree\n\n"
            "/flash ['d'] ['flash', 'sd']\n[Errno 2] ENOENT\n[Errno 2] ENOENT\n[Errno 2] ENOENT\n[Errno 2] ENOENT\n"
            "3145728\n");
  EXPECT_EQ(got.err, "");
}

TEST_F(Maix, ImportsFromTheCard) {
  put("/sd/helper.py", "def twice(x): return 2 * x\n");
  put("/sd/main.py", "import helper\nprint(helper.twice(21))\n");
  EXPECT_EQ(python("main.py").out, "42\n");
}

TEST_F(Maix, FlashFileSystemIsFullAtThreeMegabytes) {
  const auto got = python(R"(
block = bytes(65536)
n = 0
try:
  with open('/flash/big', 'wb') as f:
    while True: n += f.write(block)
except OSError as e: print(e, n)
)");
  EXPECT_EQ(got.out, "28 3145728\n");
}

// What a guest tries, and the board that answers afterwards.

TEST_F(Maix, JailHoldsAgainstHostFiles) {
  EXPECT_EQ(python("import uos\nprint(open('/etc/passwd').read())").err.find("root:"), std::string::npos);
  EXPECT_EQ(python("print('on')").out, "on\n");
}

TEST_F(Maix, JailHoldsAgainstSockets) {
  const auto got = python(
      "for name in ('socket', 'usocket', 'network', 'ffi'):\n"
      "  try: __import__(name); print('has', name)\n  except ImportError: print('no', name)");
  EXPECT_EQ(got.out, "no socket\nno usocket\nno network\nno ffi\n");
  EXPECT_EQ(python("print('on')").out, "on\n");
}

TEST_F(Maix, JailHoldsAgainstAHugeAllocation) {
  const auto got = python("x = bytearray(1 << 30)");
  EXPECT_NE(got.err.find("MemoryError: memory allocation failed, allocating 1073741824 bytes\n"), std::string::npos);
  EXPECT_EQ(got.status, 1);
  EXPECT_EQ(python("print('on')").out, "on\n");
}

TEST_F(Maix, JailHoldsAgainstDeepRecursion) {
  const auto got = python("def f(n): return f(n + 1)\nf(0)");
  EXPECT_NE(got.err.find("RuntimeError: maximum recursion depth exceeded\n"), std::string::npos);
  EXPECT_EQ(python("print('on')").out, "on\n");
}

TEST_F(Maix, JailHoldsAgainstWildPointers) {
  const auto got = python("import uctypes\nuctypes.bytes_at(0x70000000, 64)");
  EXPECT_EQ(got.status, 139);
  EXPECT_EQ(python("print('on')").out, "on\n");
}

TEST_F(Maix, TimeIsVirtualAndRepeats) {
  const char* script =
      "import time\na = time.ticks_us()\ntime.sleep_ms(250)\nfor i in range(1000): pass\n"
      "print(time.ticks_us() - a)";
  const std::string first = python(script).out;
  EXPECT_GT(std::stoi(first), 250000);
  EXPECT_LT(std::stoi(first), 300000);
  EXPECT_EQ(python(script).out, first);
}

TEST_F(Maix, CameraFramesGoByTheClock) {
  BoardOptions options;
  options.camera = "pattern:bars?fps=10";
  open(options);
  const auto got = python(R"(
import sensor, time
sensor.reset(); sensor.set_pixformat(sensor.RGB565); sensor.set_framesize(sensor.QVGA)
img = sensor.snapshot()
print(img, img.width(), img.height())
print(img.get_pixel(10, 200), img.get_pixel(170, 200), img.get_pixel(310, 200))
a = time.ticks_ms(); sensor.snapshot(); sensor.snapshot()
print(100 < time.ticks_ms() - a <= 200)
sensor.set_windowing((224, 224)); print(sensor.snapshot())
sensor.set_pixformat(sensor.GRAYSCALE); print(sensor.snapshot().get_pixel(5, 200))
)");
  EXPECT_EQ(got.err, "");
  EXPECT_EQ(got.out,
            "[MAIXPY]: find ov2640\n[MAIXPY]: find ov sensor\n{\"w\":320, \"h\":240, \"type\"=\"rgb565\", "
            "\"size\":153600} 320 240\n(255, 255, 255) (255, 0, 255) (0, 0, 0)\nTrue\n"
            "{\"w\":224, \"h\":224, \"type\"=\"rgb565\", \"size\":100352}\n225\n");
}

TEST_F(Maix, WithoutACamera) {
  BoardOptions options;
  options.camera = "none";
  open(options);
  const auto got = python("import sensor\ntry: sensor.snapshot()\nexcept RuntimeError as e: print(e)\nsensor.reset()");
  EXPECT_EQ(got.out, "Not init!\n[MAIXPY]: no sensor\n");
  EXPECT_NE(got.err.find("ValueError: Reset Failed\n"), std::string::npos) << got.err;
}

TEST_F(Maix, PicturesFollowTheirTables) {
  const auto got = python(R"(
import image
img = image.Image(size=(32, 16))
img.draw_rectangle(0, 0, 32, 16, color=(200, 100, 50), fill=True)
print(img.get_pixel(3, 3))
img.pix_to_ai()
img.draw_rectangle(0, 0, 32, 16, color=(0, 0, 0), fill=True)
img.ai_to_pix()
print(img.get_pixel(3, 3), img.resize(8, 8), img.resize(64, 32).get_pixel(20, 20))
img.to_grayscale(); print(img.get_pixel(0, 0)); img.invert(); print(img.get_pixel(0, 0))
img.save('/sd/a.png'); print(image.Image('/sd/a.png').get_pixel(5, 5))
try: image.Image('/sd/none.jpg')
except OSError as e: print(e)
try:
  keep = [image.Image(size=(320, 240)) for _ in range(9)]
except MemoryError as e: print('MemoryError')
)");
  EXPECT_EQ(got.err, "");
  EXPECT_EQ(got.out,
            "(197, 101, 49)\n(197, 101, 49) {\"w\":8, \"h\":8, \"type\"=\"rgb565\", \"size\":128} (197, 101, 49)\n123\n"
            "132\n(132, 134, 132)\n[Errno 2] ENOENT\nMemoryError\n");
}

TEST_F(Maix, PanelTurns) {
  auto& maix = open();
  EXPECT_EQ(python("import lcd\nlcd.init()\nlcd.rotation(1)\nprint(lcd.width(), lcd.height())\n"
                   "lcd.fill_rectangle(0, 0, 10, 20, (255, 0, 0))")
                .out,
            "240 320\n");
  const Image& seen = maix.hardware().panel.picture;
  ASSERT_EQ(seen.width, 320);
  const auto at = [&](int x, int y) { return seen.pixels[static_cast<std::size_t>(3 * (y * 320 + x))]; };
  EXPECT_EQ(at(319, 0), 255);  // the upper left corner of the turned picture
  EXPECT_EQ(at(300, 9), 255);
  EXPECT_EQ(at(299, 9), 0);
  EXPECT_EQ(at(300, 10), 0);
  EXPECT_NE(python("import lcd\nlcd.init()\nlcd.rotation(4)").err.find("ValueError: value:[0,3]"), std::string::npos);
}

}  // namespace
}  // namespace vnpu::devices
