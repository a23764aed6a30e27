#include "models/kmodel/kfpkg.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/error.h"
#include "tests/models/kmodel_files.h"

namespace vnpu::kmodel {
namespace {

TEST(Kfpkg, FilesAndPlaces) {
  const auto package = zip({{"flash-list.json",
                             R"({"version":"0.1.0","files":[
                               {"address":0,"bin":"firmware.bin","sha256Prefix":true},
                               {"address":3145728,"bin":"face.kmodel","sha256Prefix":false}]})"},
                            {"firmware.bin", "abc"},
                            {"face.kmodel", "model"}});
  EXPECT_TRUE(looks_like_kfpkg(package));
  const auto files = read_kfpkg(package);
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[1].address, 0x300000U);
  EXPECT_EQ(files[1].name, "face.kmodel");
  EXPECT_EQ(files[1].flash_bytes(), (Bytes{'m', 'o', 'd', 'e', 'l'}));
  const auto image = files[0].flash_bytes();
  ASSERT_EQ(image.size(), 1U + 4 + 3 + 32);
  EXPECT_EQ(Bytes(image.begin(), image.begin() + 8), (Bytes{0, 3, 0, 0, 0, 'a', 'b', 'c'}));
  const auto digest = sha256(std::span(image).first(8));
  EXPECT_TRUE(std::equal(digest.begin(), digest.end(), image.begin() + 8));
}

TEST(Kfpkg, WrongPackagesAreRefused) {
  const auto kind = [](const Bytes& package) {
    try {
      (void)read_kfpkg(package);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::internal;
  };
  EXPECT_EQ(kind(zip({{"a", "b"}})), ErrorKind::damaged);
  EXPECT_EQ(kind(zip({{"flash-list.json", "{"}})), ErrorKind::damaged);
  EXPECT_EQ(kind(zip({{"flash-list.json", R"({"version":"9","files":[]})"}})), ErrorKind::unsupported);
  EXPECT_EQ(kind(zip({{"flash-list.json", R"({"version":"0.1.0","files":[{"address":0,"bin":"x"}]})"}})),
            ErrorKind::damaged);
  EXPECT_EQ(kind(zip({{"flash-list.json", R"({"version":"0.1.0","files":[{"address":"a","bin":"x"}]})"}, {"x", ""}})),
            ErrorKind::damaged);
  EXPECT_EQ(kind(zip({{"flash-list.json", R"({"version":"0.1.0","files":[{"address":-1,"bin":"x"}]})"}, {"x", ""}})),
            ErrorKind::damaged);
}

}  // namespace
}  // namespace vnpu::kmodel
