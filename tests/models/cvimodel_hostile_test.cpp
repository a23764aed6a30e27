// Cut, flipped and hostile .cvimodel files: always vnpu::Error with a place and a field, in bounded memory and time.
#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "base/error.h"
#include "models/cvimodel/write.h"
#include "tests/models/sample.h"

namespace {
// Bytes of all living objects of this program, and their maximum since it was last reset.
std::atomic<std::size_t> living{0}, peak{0};
}  // namespace

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  void* place = std::malloc(size);
  if (!place) return nullptr;
  living += malloc_usable_size(place);
  if (living > peak) peak = living.load();
  return place;
}
void* operator new(std::size_t size) {
  if (void* place = operator new(size, std::nothrow)) return place;
  throw std::bad_alloc();
}
void operator delete(void* place) noexcept {
  if (place) living -= malloc_usable_size(place);
  std::free(place);
}
void operator delete(void* place, std::size_t) noexcept { operator delete(place); }

namespace vnpu::cvimodel {
namespace {

enum class Outcome { accepted, refused };

// Reads the file; whatever happens, memory stays below the promised limit and an error has its place.
Outcome outcome(const Bytes& file) {
  peak = living.load();
  const std::size_t before = living;
  Outcome result = Outcome::accepted;
  try {
    (void)read(file);
  } catch (const Error& error) {
    result = Outcome::refused;
    EXPECT_TRUE(error.offset().has_value()) << error.what();
    EXPECT_LE(error.offset().value_or(0), file.size()) << error.what();
    EXPECT_FALSE(error.field().empty()) << error.what();
  }
  EXPECT_LE(peak - before, 3 * file.size() + (64u << 20));  // the file itself is the fourth
  return result;
}

TEST(CvimodelHostile, EveryTruncationIsRefused) {
  const Bytes file = write(sample_model());
  for (std::size_t size = 0; size < file.size(); ++size) {
    Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_EQ(outcome(cut), Outcome::refused) << size;
    if (size < 48) continue;
    set_md5(cut);
    ASSERT_EQ(outcome(cut), Outcome::refused) << size << " with the right md5";
  }
}

TEST(CvimodelHostile, EveryFlipInTheHeaderIsRefused) {
  for (const char* chip : {"cv180x", "cv181x"}) {
    for (const std::uint8_t minor : {1, 2, 3, 4}) {
      Model model = sample_model();
      model.header.chip = model.target = chip;
      model.header.minor = model.version[1] = minor;
      Bytes file = write(model);
      ASSERT_EQ(outcome(file), Outcome::accepted);
      for (std::size_t at = 0; at < 48; ++at) {
        for (const std::uint8_t flip : {0x01, 0x80, 0xff}) {
          file[at] ^= flip;
          ASSERT_EQ(outcome(file), Outcome::refused)
              << "byte " << at << " xor " << int{flip} << " in a 1." << int{minor};
          file[at] ^= flip;
        }
      }
    }
  }
}

TEST(CvimodelHostile, FlipsBehindTheMd5AreReadOrRefused) {
  const Bytes file = write(sample_model());
  const std::size_t end = 48 + ByteView(file).u32(8, "");
  int refused = 0;
  for (std::size_t at = 48; at < end; ++at) {
    for (const std::uint8_t flip : {0x01, 0x80, 0xff}) {
      Bytes changed = file;
      changed[at] ^= flip;
      set_md5(changed);
      refused += outcome(changed) == Outcome::refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(CvimodelHostile, OverwrittenWordsAreReadOrRefused) {
  const Bytes file = write(sample_model());
  const std::size_t end = 48 + ByteView(file).u32(8, "");
  for (std::size_t at = 48; at + 4 <= end; at += 4) {
    for (const std::uint32_t word : {0u, 1u, 4u, 0x7fffffffu, 0x80000000u, 0xfffffffcu, 0xffffffffu, 0x10000u}) {
      Bytes changed = file;
      std::memcpy(changed.data() + at, &word, 4);
      set_md5(changed);
      outcome(changed);
    }
  }
}

// A vector whose elements all refer to one long string: small file, endless reading.
TEST(CvimodelHostile, SharedPartsDoNotMultiply) {
  Model model = sample_model();
  const std::string marker(20000, 'x');
  model.programs[0].outputs.assign(5000, "out");
  model.programs[0].tensors[3].name = marker;
  Bytes file = write(model);
  const std::size_t end = 48 + ByteView(file).u32(8, "");
  const auto text =
      std::search(file.begin() + 48, file.begin() + static_cast<std::ptrdiff_t>(end), marker.begin(), marker.end());
  const auto target = static_cast<std::uint32_t>(text - file.begin()) - 4;
  ASSERT_LT(target, end);
  std::size_t list = 48;
  while (list + 4 < end && ByteView(file).u32(list, "") != 5000) list += 4;
  ASSERT_LT(list + 4, end);
  for (std::uint32_t i = 0; i < 5000; ++i) {
    const auto at = static_cast<std::uint32_t>(list) + 4 + 4 * i;
    ASSERT_LT(at, target);
    const std::uint32_t offset = target - at;
    std::memcpy(file.data() + at, &offset, 4);
  }
  set_md5(file);
  try {
    (void)read(file);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::damaged);
    EXPECT_EQ(error.field().rfind("programs[0].output_tensors[", 0), 0u) << error.what();
    EXPECT_NE(std::string(error.what()).find("too often"), std::string::npos) << error.what();
  }
  outcome(file);
}

TEST(CvimodelHostile, LargeHonestModelsStayInTheLimit) {
  Model model = sample_model();
  Program& program = model.programs[0];
  for (int i = 0; i < 20000; ++i) {
    program.tensors.push_back(sample_tensor("t" + std::to_string(i), {1, 1, 1, 1}, DType::i8, 0, 0));
    program.routines.push_back(Routine{{program.tensors.back().name}, {"mid"}, TpuRoutine{"sub_1", false}});
  }
  model.sections[2].bytes.assign(8u << 20, 5);
  EXPECT_EQ(outcome(write(model)), Outcome::accepted);
}

TEST(CvimodelHostile, NotACvimodel) {
  EXPECT_EQ(outcome({}), Outcome::refused);
  EXPECT_EQ(outcome(Bytes(48)), Outcome::refused);
  EXPECT_EQ(outcome(Bytes(100000, 0xff)), Outcome::refused);
  EXPECT_FALSE(looks_like_cvimodel({}));
  EXPECT_FALSE(looks_like_cvimodel(Bytes{'C', 'v', 'i', 'M', 'o', 'd', 'e'}));
  EXPECT_TRUE(looks_like_cvimodel(Bytes{'C', 'v', 'i', 'M', 'o', 'd', 'e', 'l'}));
}

}  // namespace
}  // namespace vnpu::cvimodel
