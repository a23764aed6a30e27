// The KPU module of the Maix board: what it loads and refuses, what it prints, and the way from camera to panel.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include <nlohmann/json.hpp>

#include "base/archive.h"
#include "base/bytes.h"
#include "models/kmodel/model.h"
#include "sim/runtime/registry.h"
#include "tests/devices/maix_fixture.h"

namespace vnpu::devices {
namespace {

namespace fs = std::filesystem;

const fs::path source_dir = VNPU_SOURCE_DIR;
const fs::path square_detector = source_dir / "tests/devices/data/square_detector.kmodel";

std::string text_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

class MaixKpu : public MaixTest {
 protected:
  void SetUp() override {
    MaixTest::SetUp();
    if (IsSkipped()) return;
    std::string name = (fs::temp_directory_path() / "vnpu-maix-XXXXXX").string();
    folder = ::mkdtemp(name.data());
  }
  void TearDown() override {
    board.reset();
    if (!folder.empty()) fs::remove_all(folder);
  }
  void put_detector(const std::string& path = "/sd/square.kmodel") { put(path, text_of(read_file(square_detector))); }
  fs::path folder;
};

constexpr const char* tutorial = R"(
import sensor, image, lcd, time
import KPU as kpu
lcd.init()
sensor.reset()
sensor.set_pixformat(sensor.RGB565)
sensor.set_framesize(sensor.QVGA)
sensor.run(1)
task = kpu.load("/sd/square.kmodel")
anchor = (2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5)
a = kpu.init_yolo2(task, 0.5, 0.1, 5, anchor)
for n in range(3):
    img = sensor.snapshot()
    code = kpu.run_yolo2(task, img)
    if code:
        for i in code:
            print(i)
            img.draw_rectangle(i.rect(), color=(0, 255, 0), thickness=2)
            img.draw_string(i.x(), i.y() - 20, "square %.2f" % i.value(), color=(255, 255, 255), scale=1)
    lcd.display(img)
a = kpu.deinit(task)
)";

TEST_F(MaixKpu, FromCameraToPanel) {
  BoardOptions options;
  options.camera = "pattern:moving?fps=5";
  options.displays = {"png:" + (folder / "lcd").string()};
  open(options);
  put_detector();
  const auto got = python(tutorial);
  EXPECT_EQ(got.err, "");
  std::size_t objects = 0;
  for (std::size_t at = 0; (at = got.out.find("\"classid\":0", at)) != std::string::npos; ++at) ++objects;
  EXPECT_EQ(objects, 3u) << got.out;
  // The first picture is the cleared panel.
  const Image seen = read_image(folder / "lcd" / "frame_000001.png");
  const fs::path kept = source_dir / "tests/devices/data/square_detector_lcd.png";
  if (const char* record = std::getenv("VNPU_RECORD_LCD")) fs::copy_file(folder / "lcd" / "frame_000001.png", record);
  const Image expected = read_image(kept);
  ASSERT_EQ(seen.width, expected.width);
  ASSERT_EQ(seen.height, expected.height);
  EXPECT_EQ(seen.pixels, expected.pixels);
  EXPECT_TRUE(fs::exists(folder / "lcd" / "frame_000003.png"));
}

TEST_F(MaixKpu, RefusesBrokenFilesAsTheFirmwareDoes) {
  const Bytes archive = read_file(source_dir / "tests/golden/k210/errors.tar.xz");
  std::map<std::string, Bytes> files;
  for_each_entry(archive, ArchiveFormat::tar, {}, [&](const std::string& path, Bytes bytes) {
    files[fs::path(path).filename().string()] = std::move(bytes);
  });
  const auto expected = nlohmann::json::parse(files.at("errors.json"));
  std::size_t refused = 0;
  for (const auto& [name, about] : expected.items()) {
    put("/sd/m.kmodel", text_of(files.at(name + ".kmodel")));
    const auto got = python(
        "import KPU\nimport image\nt = KPU.load('/sd/m.kmodel')\nprint('loaded')\n"
        "img = image.Image(size=(8, 8)); img.pix_to_ai()\nKPU.forward(t, img)");
    const std::string documented = about.value("maixpy", "");
    if (documented.starts_with("load error:")) {
      EXPECT_NE(got.err.find("ValueError: [MAIXPY]kpu: " + documented + ", ERR_"), std::string::npos)
          << name << got.err;
      EXPECT_EQ(got.out, "") << name;
      ++refused;
    } else if (documented.starts_with("forward:")) {
      EXPECT_NE(got.err.find("ValueError: [MAIXPY]kpu: first layer not conv layer!\r\n"), std::string::npos) << got.err;
    } else if (name == "v5_bad_magic") {
      EXPECT_NE(got.err.find("load error:2002, ERR_KMODEL_VERSION"), std::string::npos) << got.err;
      ++refused;
    } else if (name.starts_with("v5_")) {  // this firmware takes any version 5 file for a broken version 4 one
      EXPECT_NE(got.err.find("load error:2006, ERR_NO_MEM: memory not enough"), std::string::npos) << name << got.err;
      ++refused;
    } else if (name != "v4_unknown_opcode") {  // whose call never comes back: see the console test
      EXPECT_EQ(got.out.substr(0, 7), "loaded\n") << name << got.err;
    }
    if (name == "v4_unknown_opcode") continue;
    EXPECT_EQ(got.status, 1) << name;
  }
  EXPECT_EQ(expected.size(), 17u);
  EXPECT_GE(refused, 13u);
}

TEST_F(MaixKpu, ArgumentErrors) {
  put("/sd/a.txt", "x");
  const std::pair<const char*, const char*> cases[] = {
      {"KPU.load(0)", "ValueError: [MAIXPY]kpu: model_addr must > 0 \n"},
      {"KPU.load('/sd/a.txt')", "ValueError: [MAIXPY]kpu: model format don't match, only supply .kmodel \n"},
      {"KPU.load(1.5)", "TypeError: [MAIXPY]kpu: only accept int or string\n"},
      {"KPU.load('/sd/none.kmodel')", "ValueError: [MAIXPY]kpu: load error:2005, ERR_READ_FILE: read file failed\n"},
      {"KPU.load(0x300000)", "load error:2002, ERR_KMODEL_VERSION: only support kmodel V3/V4 now\n"},
      {"KPU.load_flash('x')", "ValueError: [MAIXPY]kpu: load_flash arg format error: task=kpu.load_flash("},
      {"KPU.deinit(3)", "TypeError: [MAIXPY]kpu: kpu_net type error\n"},
      {"KPU.init_yolo2(3, 0.5, 0.3, 5, (1,) * 10)", "TypeError: [MAIXPY]kpu: kpu_net type error\n"}};
  for (const auto& [call, error] : cases)
    EXPECT_NE(python(std::string("import KPU\n") + call).err.find(error), std::string::npos) << call;
  put_detector();
  const std::string load = "import KPU, image\nt = KPU.load('/sd/square.kmodel')\n";
  const std::pair<const char*, const char*> later[] = {
      {"KPU.init_yolo2(t, 1.5, 0.3, 5, (1,) * 10)", "ValueError: [MAIXPY]kpu: threshold only support 0 to 1\n"},
      {"KPU.init_yolo2(t, 0.5, 2, 5, (1,) * 10)", "ValueError: [MAIXPY]kpu: nms_value only support 0 to 1\n"},
      {"KPU.init_yolo2(t, 0.5, 0.3, 0, ())", "ValueError: [MAIXPY]kpu: anchor_number should > 0\n"},
      {"KPU.forward(t, 'x')", "ValueError: input not support\n"},
      {"KPU.forward(t, [1.0, 2.0])", "ValueError: [MAIXPY]kpu: check input list format err!\r\n"},
      {"KPU.deinit(t)\nKPU.forward(t, image.Image(size=(320, 240)))", "TypeError: [MAIXPY]kpu: kpu_net type error\n"}};
  for (const auto& [call, error] : later) EXPECT_NE(python(load + call).err.find(error), std::string::npos) << call;
}

TEST_F(MaixKpu, PictureIsChecked) {
  put_detector();
  const auto got = python(R"(
import KPU, image
t = KPU.load('/sd/square.kmodel')
for img in (image.Image(size=(320, 240)), image.Image(size=(64, 48)), image.Image(size=(320, 240)).to_grayscale()):
  if img.width() == 64 or img.format(): img.pix_to_ai()
  try: KPU.forward(t, img)
  except ValueError as e: print(repr(e))
)");
  const std::string error = "ValueError('[MAIXPY]kpu: check img format err!\\r\\n',)\n";
  EXPECT_EQ(got.err, "");
  EXPECT_EQ(got.out, "[MAIXPY]kpu: pix_ai is NULL!\n" + error + "[MAIXPY]kpu: img w=64,h=48, but model w=320,h=240\n" +
                         error + "[MAIXPY]kpu: grayscale img, but model channel=3\n" + error);
}

TEST_F(MaixKpu, StalePlanesAreUsed) {
  put_detector();
  const auto got = python(R"(
import KPU, image
t = KPU.load('/sd/square.kmodel')
KPU.init_yolo2(t, 0.5, 0.1, 5, (2.5,) * 10)
img = image.Image(size=(320, 240)); img.pix_to_ai()
img.draw_rectangle(100, 100, 40, 40, color=(255, 160, 0), fill=True)
print(KPU.run_yolo2(t, img))
img.pix_to_ai()
print(KPU.run_yolo2(t, img))
)");
  EXPECT_EQ(got.err, "");
  EXPECT_EQ(got.out,
            "None\n[{\"x\":100, \"y\":100, \"w\":40, \"h\":40, \"value\":0.997762, \"classid\":0, \"index\":0, "
            "\"objnum\":1}]\n");
}

TEST_F(MaixKpu, PrintsAsTheFirmware) {
  put_detector();
  const auto got = python(R"(
import KPU, image
t = KPU.load('square.kmodel')
print(t)
KPU.init_yolo2(t, 0.5, 0.25, 1, (1.5, 2))
print(t.net_arg())
for l in KPU.netinfo(t)[2:]: print(l)
img = image.Image(size=(320, 240)); img.pix_to_ai()
f = KPU.forward(t, img)
print(f); print(f[0:2], len(f), round(f[4 * 300], 3), type(f[0:1000]))
print(KPU.set_layers(t, 9), KPU.set_layers(t, 1))
f = KPU.forward(t, img); print(f, KPU.fmap(f, 0), f[7])
try: KPU.fmap(f, 1)
except ValueError as e: print(repr(e))
print(KPU.deinit(t))
)");
  EXPECT_EQ(got.err, "");
  EXPECT_EQ(
      got.out,
      "{\"model_addr\": 0, \"model_size\": 2472, \"model_path\": \"square.kmodel\", \"net_args\": \"(null)\"}\n"
      "{\"threshold\":0.500000, \"nms_value\":0.250000, \"anchor_number\":1, \"anchor\":\"(1.500000, 2.000000)\"}\n"
      "layer[0]: KL_K210_CONV, 588 bytes\nlayer[1]: KL_K210_CONV, 768 bytes\nlayer[2]: KL_K210_CONV, 1024 bytes\n"
      "layer[3]: KL_DEQUANTIZE, 24 bytes\n"
      "{\"index\":2, \"type\":KL_K210_CONV, \"wi\":20, \"hi\":15, \"wo\":20, \"ho\":15, \"chi\":1, \"cho\":30, "
      "\"dw\":0, "
      "\"kernel_type\":1, \"pool_type\":0, \"para_size\":270}\n"
      "{\"index\":3, \"type\":KL_DEQUANTIZE, \"wi\":0, \"hi\":0, \"wo\":0, \"ho\":0, \"chi\":0, \"cho\":0, \"dw\":0, "
      "\"kernel_type\":0, \"pool_type\":0, \"para_size\":24}\n"
      "{\"fmap\": \"data\"=0x80400000, \"size\"=36000, \"index\": 0, \"w\": 36000, \"h\": 1, \"ch\": 1, \"typecode\": "
      "f}\n"
      "(0.0, 0.0) 9000 -12.8 <class 'tuple'>\nerr: set layers_length to 9, but max 4\nFalse True\n"
      "{\"fmap\": \"data\"=0x80400000, \"size\"=4800, \"index\": 0, \"w\": 80, \"h\": 60, \"ch\": 1, \"typecode\": B} "
      "{\"w\":80, \"h\":60, \"type\"=\"grayscale\", \"size\":4800} 0\n"
      "ValueError('[MAIXPY]kpu: ch err,input 0~0\\r\\n',)\nTrue\n");
}

TEST_F(MaixKpu, LoadsFromFlash) {
  auto& maix = open();
  const Bytes model = read_file(square_detector);
  maix.flash().write(0x300000, model);
  maix.flash().write(0x500000, kmodel::swap_words(model));
  const auto got =
      python("import KPU\nprint(KPU.load(0x300000)); print(KPU.load_flash(0x500000, 1, 0xC000, 40000000))");
  EXPECT_EQ(got.err, "");
  EXPECT_EQ(got.out,
            "{\"model_addr\": 3145728, \"model_size\": 2472, \"model_path\": \"(null)\", \"net_args\": \"(null)\"}\n"
            "{\"model_addr\": 5242880, \"model_size\": 2472, \"model_path\": \"(null)\", \"net_args\": \"(null)\"}\n");
  EXPECT_ANY_THROW(maix.flash().write(0xCFFFFF, Bytes(2)));  // the file system's
}

TEST_F(MaixKpu, ARunTakesTheTimeModelsTime) {
  put_detector();
  const Profile profile = open_model(square_detector)->profile({});
  const double expected = (profile.ms(profile.cycles) + profile.runtime_ms) * 1e3;
  const auto got = python(R"(
import KPU, image, time
task = KPU.load('/sd/square.kmodel')
KPU.init_yolo2(task, 0.5, 0.1, 5, (2.5,) * 10)
img = image.Image(size=(320, 240))
img.pix_to_ai()
t = time.ticks_us()
KPU.run_yolo2(task, img)
print(time.ticks_diff(time.ticks_us(), t))
)");
  EXPECT_EQ(got.err, "");
  const double spent = std::stod(got.out);
  EXPECT_GE(spent, expected - 1);
  EXPECT_LT(spent, expected + 5000) << "the interpreter's own instructions besides";
}

TEST_F(MaixKpu, MemoryIsTheBoards) {
  put_detector();
  const auto got = python(R"(
import KPU
KPU.memtest()
tasks = []
try:
  while True: tasks.append(KPU.load('/sd/square.kmodel'))
except ValueError as e: print(len(tasks), e)
for t in tasks: KPU.deinit(t)
with open('/sd/big.kmodel', 'wb') as f:
  with open('/sd/square.kmodel', 'rb') as g: f.write(g.read())
  for i in range(56): f.write(bytes(65536))
try: KPU.load('/sd/big.kmodel')
except ValueError as e: print(e)
)");
  EXPECT_EQ(got.err, "");
  EXPECT_NE(
      got.out.find("###free sys heap memory: 3328 KB\n"
                   "5 [MAIXPY]kpu: load error:2009, ERR_MODELS_FULL: we only support load 5 models in the same time\n"
                   "[MAIXPY]kpu: load error:2006, ERR_NO_MEM: memory not enough\n"),
      std::string::npos)
      << got.out;
}

TEST_F(MaixKpu, FindsFaces) {
  const fs::path real = source_dir / "../shared/golden/k210/real/facedetect_v3/model.kmodel";
  if (!fs::exists(real)) GTEST_SKIP() << "../shared/golden/k210/real is absent";
  put("/sd/face.kmodel", text_of(read_file(real)));
  const auto got = python(R"(
import KPU, image
t = KPU.load('/sd/face.kmodel')
print(t.model_size(), len(KPU.netinfo(t)))
KPU.init_yolo2(t, 0.5, 0.3, 5, (1.889, 2.5245, 2.9465, 3.94056, 3.99987, 5.3658, 5.155437, 6.92275, 6.718375, 9.01025))
img = image.Image(size=(320, 240)); img.pix_to_ai()
print(KPU.run_yolo2(t, img))
)");
  EXPECT_EQ(got.err, "");
  EXPECT_NE(got.out.find("388776 24\n"), std::string::npos) << got.out;
  EXPECT_NE(got.out.find("None\n"), std::string::npos) << got.out;
}

TEST_F(MaixConsole, UnknownOperationNeverComesBack) {
  const Bytes archive = read_file(source_dir / "tests/golden/k210/errors.tar.xz");
  for_each_entry(archive, ArchiveFormat::tar, {}, [&](const std::string& path, Bytes bytes) {
    if (fs::path(path).filename() == "v4_unknown_opcode.kmodel") put("/sd/m.kmodel", text_of(bytes));
  });
  power_on();
  prompt();
  type("import KPU, image; t = KPU.load('m.kmodel'); img = image.Image(size=(16, 16)); img.pix_to_ai()\r");
  EXPECT_EQ(prompt().find("Error"), std::string::npos);
  type("KPU.forward(t, img)\r");
  const std::string text = until("img)\r\n");
  type("\x03");
  EXPECT_NE(prompt().find(">>> "), std::string::npos);
}

}  // namespace
}  // namespace vnpu::devices
