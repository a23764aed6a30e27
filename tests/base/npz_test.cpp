#include "base/npz.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>

#include "base/digest.h"
#include "base/error.h"

namespace vnpu {
namespace {

Tensor numbers(DType dtype, Shape shape) {
  Tensor out{dtype, std::move(shape), {}};
  out.bytes.resize(out.count() * size_of(dtype));
  for (std::size_t i = 0; i < out.bytes.size(); ++i) out.bytes[i] = static_cast<std::uint8_t>(i * 37 + 5);
  return out;
}

// An array with a header given as text.
Bytes npy(const std::string& header, std::size_t data, std::uint8_t major = 1) {
  Bytes out{0x93, 'N', 'U', 'M', 'P', 'Y', major, 0};
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i) out.push_back(static_cast<std::uint8_t>(header.size() >> 8 * i));
  for (const char c : header) out.push_back(static_cast<std::uint8_t>(c));
  out.resize(out.size() + data, 1);
  return out;
}

ErrorKind kind_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no error";
  return ErrorKind::internal;
}

TEST(Npy, WritesTheBytesOfNumpy) {
  // numpy.save of np.zeros(2, np.float32) and of np.array(True)
  const auto file = write_npy({DType::f32, {2}, Bytes(8)});
  const std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  Bytes expected = npy(header + std::string(118 - 1 - header.size(), ' ') + '\n', 0);
  expected.resize(136);
  EXPECT_EQ(file, expected);
  const auto scalar = write_npy({DType::boolean, {}, {1}});
  EXPECT_EQ(std::string(scalar.begin() + 10, scalar.begin() + 66),
            "{'descr': '|b1', 'fortran_order': False, 'shape': (), } ");
  EXPECT_EQ(scalar.size(), 129U);
}

TEST(Npy, EveryTypeSurvives) {
  for (int i = 0; i <= static_cast<int>(DType::boolean); ++i) {
    const auto tensor = numbers(static_cast<DType>(i), {2, 3, 1});
    const auto back = read_npy(write_npy(tensor));
    EXPECT_EQ(back.dtype, tensor.dtype == DType::bf16 ? DType::u16 : tensor.dtype);
    EXPECT_EQ(back.shape, tensor.shape);
    EXPECT_EQ(back.bytes, tensor.bytes);
  }
}

TEST(Npy, UnusualHeadersAreRead) {
  EXPECT_EQ(read_npy(npy("{'shape':(2,3),\"fortran_order\":False,'descr':'<i2'}", 12)).shape, (Shape{2, 3}));
  EXPECT_EQ(read_npy(npy("{'shape':(2L,),'fortran_order':False,'descr':'>u1'}", 2, 2)).dtype, DType::u8);
  EXPECT_EQ(read_npy(npy("{'shape':(0,5),'fortran_order':False,'descr':'<f8'}", 0)).count(), 0U);
}

TEST(Npy, RefusesByName) {
  EXPECT_EQ(kind_of([] { read_npy(npy("{'shape':(2,),'fortran_order':True,'descr':'<i2'}", 4)); }),
            ErrorKind::unsupported);
  EXPECT_EQ(kind_of([] { read_npy(npy("{'shape':(2,),'fortran_order':False,'descr':'>i2'}", 4)); }),
            ErrorKind::unsupported);
  EXPECT_EQ(kind_of([] { read_npy(npy("{'shape':(2,),'fortran_order':False,'descr':'|O'}", 4)); }),
            ErrorKind::unsupported);
  EXPECT_EQ(kind_of([] { read_npy(npy("{'shape':(2,),'fortran_order':False,'descr':[('a','<f4')]}", 8)); }),
            ErrorKind::unsupported);
  EXPECT_EQ(kind_of([] { read_npy(npy("{'shape':(2,),'fortran_order':False,'descr':'<i2'}", 4, 3)); }),
            ErrorKind::unsupported);
}

TEST(Npy, DamageIsFound) {
  for (const auto* header :
       {"{'shape':(2,),'fortran_order':False}", "{'shape':(-2,),'fortran_order':False,'descr':'<i2'}",
        "{'shape':(2,),'fortran_order':False,'descr':'<i2'} x", "{'shape':(2,),'shape':(2,),'descr':'<i2'}",
        "{'shape':(99999999999999999999,),'fortran_order':False,'descr':'<i2'}", "{'shape':(2", "",
        "{'shape':(4294967296,4294967296),'fortran_order':False,'descr':'<i2'}"}) {
    EXPECT_EQ(kind_of([&] { read_npy(npy(header, 4)); }), ErrorKind::damaged) << header;
  }
  const auto good = npy("{'shape':(2,),'fortran_order':False,'descr':'<i2'}", 4);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(kind_of([&] { read_npy(Bytes(good.begin(), good.begin() + static_cast<long>(size))); }),
              ErrorKind::damaged)
        << size;
  }
  auto longer = good;
  longer.push_back(0);
  EXPECT_EQ(kind_of([&] { read_npy(longer); }), ErrorKind::damaged);
}

TEST(Npy, ADeclaredSizeTakesNoMemory) {
  EXPECT_EQ(kind_of([] { read_npy(npy("{'shape':(1000000000000,),'fortran_order':False,'descr':'<i1'}", 4)); }),
            ErrorKind::unsupported);
}

TEST(Npz, KeepsOrderAndNames) {
  NamedTensors tensors{
      {"z", numbers(DType::f32, {1, 2, 3, 4})}, {"a/b", numbers(DType::u8, {5})}, {"empty", numbers(DType::i32, {0})}};
  const auto back = read_npz(ByteView(write_npz(tensors)));
  ASSERT_EQ(back.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(back[i].first, tensors[i].first);
    EXPECT_EQ(back[i].second.shape, tensors[i].second.shape);
    EXPECT_EQ(back[i].second.bytes, tensors[i].second.bytes);
  }
  EXPECT_TRUE(read_npz(ByteView(write_npz({}))).empty());
}

TEST(Npz, WritesTheBytesOfNumpySavez) {
  // CRC-32 of numpy.savez(a=np.zeros((2, 3), np.float32), b=np.array(1, np.int8))
  const auto file = write_npz({{"a", {DType::f32, {2, 3}, Bytes(24)}}, {"b", {DType::i8, {}, {1}}}});
  EXPECT_EQ(file.size(), 515U);
  EXPECT_EQ(crc32_hex(file), "8c338305");
}

TEST(Npz, ReadsDeflatedEntries) {
  // The local header and directory of a one-entry zip, by hand.
  const auto array = write_npy(numbers(DType::u8, {1000}));
  Bytes packed(array.size() + 100);
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = const_cast<Bytef*>(array.data());
  stream.avail_in = static_cast<uInt>(array.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  Bytes zip;
  const auto put = [&zip](std::uint64_t v, int size) {
    for (int i = 0; i < size; ++i) zip.push_back(static_cast<std::uint8_t>(v >> 8 * i));
  };
  const auto common = [&] {
    put(20, 2), put(0, 2), put(8, 2), put(0x210000, 4), put(crc32(array), 4), put(packed.size(), 4);
    put(array.size(), 4), put(5, 2), put(0, 2);
  };
  const auto text = [&zip](std::string_view t) { zip.insert(zip.end(), t.begin(), t.end()); };
  put(0x04034b50, 4), common(), text("x.npy");
  zip.insert(zip.end(), packed.begin(), packed.end());
  const auto directory = zip.size();
  put(0x02014b50, 4), put(20, 2), common(), put(0, 2), put(0, 2), put(0, 2), put(0, 4), put(0, 4), text("x.npy");
  const auto size = zip.size() - directory;
  put(0x06054b50, 4), put(0, 4), put(1, 2), put(1, 2), put(size, 4), put(directory, 4), put(0, 2);
  const auto back = read_npz(ByteView(zip));
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].second.bytes, numbers(DType::u8, {1000}).bytes);
  // No more is unpacked than allowed.
  EXPECT_EQ(kind_of([&] { read_npz(ByteView(zip), {.bytes = 999}); }), ErrorKind::unsupported);
}

TEST(Npz, DamageIsFound) {
  const auto good = write_npz({{"a", numbers(DType::u8, {64})}});
  auto flipped = good;
  flipped[35 + 20 + 128 + 10] ^= 1;  // a byte of the data: the checksum tells
  EXPECT_EQ(kind_of([&] { read_npz(ByteView(flipped)); }), ErrorKind::damaged);
  EXPECT_EQ(kind_of([] { read_npz(ByteView(Bytes{'P', 'K'})); }), ErrorKind::damaged);
  EXPECT_EQ(kind_of([&] { read_npz(ByteView(Bytes(good.begin(), good.begin() + 100))); }), ErrorKind::damaged);
  NamedTensors twice{{"a", numbers(DType::u8, {1})}, {"a", numbers(DType::u8, {1})}};
  EXPECT_EQ(kind_of([&] { read_npz(ByteView(write_npz(twice))); }), ErrorKind::damaged);
}

}  // namespace
}  // namespace vnpu
