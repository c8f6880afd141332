/* NumPy files, compiled into this test: every type, strides, shapes that follow from the data. */
#include "core/npy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "acl/acl_base.h"

using namespace ascend_emu;

namespace {

EmuTensor tensor(const void *data, size_t bytes, int32_t type, const std::vector<int64_t> &dims) {
  EmuTensor made;
  std::memset(&made, 0, sizeof made);
  made.name = "";
  made.data = const_cast<void *>(data);
  made.bytes = bytes;
  made.dtype = type;
  made.ndim = static_cast<int32_t>(dims.size());
  made.dims = dims.data();
  made.actual_ndim = -1;
  return made;
}

std::string dict_of(const std::string &bytes) {
  const std::string whole = bytes.substr(10);
  return whole.substr(0, whole.find('}') + 1);
}

std::string body_of(const std::string &bytes) { return bytes.substr(bytes.find('\n') + 1); }

std::string dict(const std::string &type, const std::string &shape) {
  return "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
}

TEST(Npy, ScalarsAndEmptyTensors) {
  const std::vector<int64_t> none, empty{3, 0};
  const double value = 1.5;
  const std::string scalar = npy_bytes(tensor(&value, 8, ACL_DOUBLE, none));
  EXPECT_EQ(dict_of(scalar), dict("<f8", ""));
  EXPECT_EQ(body_of(scalar).size(), 8u);
  const std::string nothing = npy_bytes(tensor(nullptr, 0, ACL_INT64, empty));
  EXPECT_EQ(dict_of(nothing), dict("<i8", "3,0,"));
  EXPECT_EQ(body_of(nothing), "");
}

TEST(Npy, DataIsAlignedWhateverTheShape) {
  const char bytes[1] = {};
  for (int64_t ones = 0; ones < 40; ++ones) {
    const std::vector<int64_t> dims(static_cast<size_t>(ones), 1);
    const std::string file = npy_bytes(tensor(bytes, 1, ACL_INT8, dims));
    EXPECT_EQ(file.find('\n') % 64, 63u) << ones;
    EXPECT_EQ(static_cast<size_t>(static_cast<unsigned char>(file[8])) +
                  256u * static_cast<unsigned char>(file[9]),
              file.find('\n') - 9);
  }
}

TEST(Npy, Strides) {
  const std::vector<int64_t> dims{2, 3};
  const int64_t strides[] = {1, 2};
  const int32_t values[] = {99, 0, 1, 2, 3, 4, 5};
  EmuTensor transposed = tensor(values, sizeof values, ACL_INT32, dims);
  transposed.strides = strides;
  transposed.offset = 1;
  const int32_t expected[] = {0, 2, 4, 1, 3, 5};
  const std::string body = body_of(npy_bytes(transposed));
  ASSERT_EQ(body.size(), sizeof expected);
  EXPECT_EQ(std::memcmp(body.data(), expected, sizeof expected), 0);
}

TEST(Npy, Bfloat16IsWidened) {
  const std::vector<int64_t> dims{2};
  const uint16_t values[] = {0x3F80, 0xC000};
  const std::string bytes = npy_bytes(tensor(values, 4, ACL_BF16, dims));
  EXPECT_EQ(dict_of(bytes), dict("<f4", "2,"));
  float read[2];
  ASSERT_EQ(body_of(bytes).size(), sizeof read);
  std::memcpy(read, body_of(bytes).data(), sizeof read);
  EXPECT_EQ(read[0], 1.0f);
  EXPECT_EQ(read[1], -2.0f);
}

TEST(Npy, TypesWithoutACounterpart) {
  const std::vector<int64_t> dims{5};
  const char packed[] = {1, 2, 3};
  EXPECT_EQ(dict_of(npy_bytes(tensor(packed, 3, ACL_INT4, dims))), dict("|u1", "3,"));
  const uint16_t halves[10] = {};
  const std::string complex = npy_bytes(tensor(halves, 20, ACL_COMPLEX32, dims));
  EXPECT_EQ(dict_of(complex), dict("<f2", "5,2,"));
  EXPECT_EQ(body_of(complex).size(), 20u);
}

TEST(Npy, ShapesThatFollowFromTheData) {
  const std::vector<int64_t> dims{8, 1};
  const int64_t values[8] = {};
  EmuTensor packed = tensor(values, sizeof values, ACL_INT64, dims);
  packed.actual_ndim = 2;
  packed.actual_dims[0] = 3;
  packed.actual_dims[1] = 1;
  const std::string bytes = npy_bytes(packed);
  EXPECT_EQ(dict_of(bytes), dict("<i8", "3,1,"));
  EXPECT_EQ(body_of(bytes).size(), 24u);
}

}  // namespace
