#include "aclnn/acl_meta.h"

#include <limits>
#include <memory>

#include "emu_aclnn.h"
#include "op_fixture.h"

namespace {

using Shape = std::vector<int64_t>;

aclTensor *tensor(void *data, const Shape &dims, const Shape &strides, int64_t offset,
                  const Shape &storage, aclDataType type = ACL_FLOAT) {
  return aclCreateTensor(dims.data(), dims.size(), type, strides.data(), offset, ACL_FORMAT_ND,
                         storage.data(), storage.size(), data);
}

aclTensor *plain(void *data, const Shape &dims, aclDataType type = ACL_FLOAT) {
  return aclCreateTensor(dims.data(), dims.size(), type, nullptr, 0, ACL_FORMAT_ND, dims.data(),
                         dims.size(), data);
}

EmuAclnnArgument given(const char *name, EmuAclnnKind kind, const void *handle,
                       bool optional = false) {
  return EmuAclnnArgument{name, kind, optional ? 1 : 0, handle, 0, 0};
}

EmuAclnnArgument integer(const char *name, EmuAclnnKind kind, int64_t value) {
  return EmuAclnnArgument{name, kind, 0, nullptr, value, 0};
}

std::string recent() {
  const char *text = aclGetRecentErrMsg();
  return text == nullptr ? "no text" : text;
}

/* Null was made, and the text says `part`. */
void refused(const void *made, const std::string &part) {
  EXPECT_EQ(made, nullptr);
  const std::string text = recent();
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

class AclnnTest : public OpTest {
 protected:
  void SetUp() override {
    OpTest::SetUp();
    float value = 1;
    one = aclCreateScalar(&value, ACL_FLOAT);
  }
  void TearDown() override {
    aclDestroyScalar(one);
    OpTest::TearDown();
  }

  /* The arguments of aclnnInplaceAdd, as the fake library has it. */
  std::vector<EmuAclnnArgument> in_place(const aclTensor *self, const void *other) const {
    return {given("self", EMU_ACLNN_INOUT, self), given("other", EMU_ACLNN_IN, other),
            given("alpha", EMU_ACLNN_SCALAR, one)};
  }

  aclnnStatus prepare(const char *function, const std::vector<EmuAclnnArgument> &arguments) {
    executor = nullptr;
    size = 99;
    return ascend_emu_aclnn_prepare(function, arguments.data(), arguments.size(), &size, &executor);
  }
  aclnnStatus launch(const char *function, aclrtStream stream = nullptr) {
    return ascend_emu_aclnn_launch(function, nullptr, size, executor, stream);
  }

  aclOpExecutor *executor = nullptr;
  uint64_t size = 0;
  aclScalar *one = nullptr;
};

}  // namespace

TEST_F(AclnnTest, TwoCallsAndArgumentsMayGoAfterTheFirst) {
  void *y = device_memory(16);
  aclTensor *self = plain(floats({1, 2, 3, 4}), {4}), *other = plain(floats({10, 20, 30, 40}), {4});
  aclTensor *out = plain(y, {4});
  float half = 0.5f;
  aclScalar *alpha = aclCreateScalar(&half, ACL_FLOAT);
  ACL_OK(prepare("aclnnAdd", {given("self", EMU_ACLNN_IN, self),
                              given("other", EMU_ACLNN_IN, other),
                              given("alpha", EMU_ACLNN_SCALAR, alpha),
                              given("out", EMU_ACLNN_OUT, out)}));
  EXPECT_EQ(size, 0u);
  ACL_OK(aclDestroyTensor(self));
  ACL_OK(aclDestroyTensor(other));
  ACL_OK(aclDestroyTensor(out));
  ACL_OK(aclDestroyScalar(alpha));
  ACL_OK(launch("aclnnAdd"));
  ACL_OK(aclrtSynchronizeStream(nullptr));
  EXPECT_EQ(read(y, 4), (std::vector<float>{6, 12, 18, 24}));
  ACL_REFUSED(launch("aclnnAdd"), ACLNN_ERR_PARAM_INVALID, "serves for one launch");
  ACL_REFUSED(aclDestroyAclOpExecutor(executor), ACLNN_ERR_PARAM_INVALID, "or no longer");
}

TEST_F(AclnnTest, UnusedExecutorsAreDestroyed) {
  aclTensor *self = plain(floats({1}), {1});
  ACL_OK(prepare("aclnnAdd", in_place(self, self)));
  ACL_OK(aclDestroyAclOpExecutor(executor));
  ACL_REFUSED(launch("aclnnAdd"), ACLNN_ERR_PARAM_INVALID, "or no longer");
  ACL_REFUSED(aclDestroyAclOpExecutor(nullptr), ACLNN_ERR_PARAM_NULLPTR, "null");
  ACL_OK(prepare("aclnnAdd", in_place(self, self)));
  ACL_REFUSED(launch("aclnnMul"), ACLNN_ERR_PARAM_INVALID, "made by aclnnAddGetWorkspaceSize");
  size = 512;
  ACL_REFUSED(launch("aclnnAdd"), ACLNN_ERR_PARAM_NULLPTR, "workspace is null");
  ACL_OK(aclDestroyAclOpExecutor(executor));
  ACL_OK(aclDestroyTensor(self));
}

TEST_F(AclnnTest, ViewsAndInPlace) {
  void *memory = floats({0, 1, 2, 3, 4, 5});
  /* The 2 x 3 matrix, transposed, added in place to its own elements 0, 2, 4 and 1, 3, 5. */
  aclTensor *transposed = tensor(memory, {3, 2}, {1, 3}, 0, {6});
  void *y = floats({10, 20, 30, 40, 50, 60, 70});
  aclTensor *shifted = tensor(y, {3, 2}, {2, 1}, 1, {7});
  ACL_OK(prepare("aclnnAdd", in_place(shifted, transposed)));
  ACL_OK(launch("aclnnAdd"));
  ACL_OK(aclrtSynchronizeStream(nullptr));
  EXPECT_EQ(read(y, 7), (std::vector<float>{10, 20, 33, 41, 54, 62, 75}));
  ACL_OK(aclDestroyTensor(transposed));
  ACL_OK(aclDestroyTensor(shifted));
}

TEST_F(AclnnTest, ViewsStayInTheirStorage) {
  int place = 0;
  refused(tensor(&place, {2, 3}, {3, 1}, 1, {6}), "reaches element 6 of a storage");
  refused(tensor(&place, {2}, {-1}, 1, {6}), "strides count from 0");
  refused(tensor(&place, {2}, {1}, -1, {6}), "the offset is -1");
  refused(tensor(&place, {3}, {int64_t{1} << 62}, 0, {6}), "reaches element");
  refused(tensor(&place, {3}, {INT64_MAX}, INT64_MAX, {6}), "reaches element 18446744073709551615");
  refused(tensor(&place, {-1}, {1}, 0, {6}), "negative");
  refused(tensor(&place, {1}, {1}, 0, {int64_t{1} << 62}), "2^63");
  refused(tensor(&place, {1}, {1}, 0, {1}, static_cast<aclDataType>(99)), "aclDataType");
  refused(aclCreateTensor(nullptr, 2, ACL_FLOAT, nullptr, 0, ACL_FORMAT_ND, nullptr, 0, &place),
          "dims is null");
  refused(aclCreateTensor(nullptr, uint64_t{1} << 63, ACL_FLOAT, nullptr, 0, ACL_FORMAT_ND,
                          nullptr, 0, &place),
          "0 to 16 are allowed");
  aclTensor *empty = tensor(nullptr, {0, 3}, {3, 1}, 0, {0});
  EXPECT_NE(empty, nullptr);
  ACL_OK(aclDestroyTensor(empty));
  aclTensor *scalar = tensor(&place, {}, {}, 5, {6});
  EXPECT_NE(scalar, nullptr);
  ACL_OK(aclDestroyTensor(scalar));
}

TEST_F(AclnnTest, PointersAreCheckedAtTheSecondCall) {
  float host[4] = {};
  aclTensor *on_host = plain(host, {4}), *good = plain(floats({1, 2, 3, 4}), {4});
  ACL_OK(prepare("aclnnAdd", in_place(good, on_host)));
  ACL_REFUSED(launch("aclnnAdd"), ACLNN_ERR_RUNTIME_ERROR, "input other: ");
  /* The view reaches element 15 of a storage that is said to have 16, in memory for 8. */
  aclTensor *far = tensor(floats(std::vector<float>(8)), {2}, {15}, 0, {16});
  ACL_OK(prepare("aclnnAdd", in_place(far, far)));
  ACL_REFUSED(launch("aclnnAdd"), ACLNN_ERR_RUNTIME_ERROR, "64 bytes");
  aclTensor *null_data = plain(nullptr, {4});
  ACL_REFUSED(prepare("aclnnAdd", in_place(good, null_data)),
              ACLNN_ERR_PARAM_NULLPTR, "argument other has elements, but its data is null");
  for (aclTensor *made : {on_host, good, far, null_data}) ACL_OK(aclDestroyTensor(made));
}

TEST_F(AclnnTest, PrototypesAreChecked) {
  aclTensor *self = plain(floats({1}), {1}, ACL_INT32);
  ACL_REFUSED(prepare("aclnnAdd", in_place(self, self)),
              ACLNN_ERR_PARAM_INVALID, "aclnnAddGetWorkspaceSize: Op [aclnnAdd]: input self");
  ACL_REFUSED(prepare("aclnnNothing", {}), ACLNN_ERR_INNER, "[aclnnNothing] is not known");
  ACL_REFUSED(ascend_emu_aclnn_prepare("aclnnAdd", nullptr, 0, nullptr, &executor),
              ACLNN_ERR_PARAM_NULLPTR, "workspaceSize is null");
  ACL_REFUSED(ascend_emu_aclnn_prepare("aclnnAdd", nullptr, 0, &size, nullptr),
              ACLNN_ERR_PARAM_NULLPTR, "executor is null");
  ACL_OK(aclDestroyTensor(self));
}

TEST_F(AclnnTest, WrongHandles) {
  int place = 0;
  aclTensor *gone = plain(floats({1}), {1}), *good = plain(floats({1}), {1});
  ACL_OK(aclDestroyTensor(gone));
  const auto add = [&](const void *other) {
    return prepare("aclnnAdd", in_place(good, other));
  };
  ACL_REFUSED(add(nullptr), ACLNN_ERR_PARAM_NULLPTR,
              "argument other: the tensor (aclTensor) is null");
  ACL_REFUSED(add(gone), ACLNN_ERR_PARAM_INVALID, "was destroyed before");
  ACL_REFUSED(add(&place), ACLNN_ERR_PARAM_INVALID, "is not a tensor");
  ACL_REFUSED(aclDestroyTensor(gone), ACLNN_ERR_PARAM_INVALID, "was destroyed before");
  ACL_REFUSED(aclDestroyTensor(nullptr), ACLNN_ERR_PARAM_NULLPTR, "null");
  ACL_REFUSED(aclDestroyScalar(reinterpret_cast<aclScalar *>(good)), ACLNN_ERR_PARAM_INVALID,
              "is not a scalar");
  ACL_REFUSED(aclDestroyIntArray(reinterpret_cast<aclIntArray *>(&place)), ACLNN_ERR_PARAM_INVALID,
              "is not a value array");
  const int64_t ints[] = {1};
  aclIntArray *array = aclCreateIntArray(ints, 1);
  ACL_REFUSED(aclDestroyFloatArray(reinterpret_cast<aclFloatArray *>(array)),
              ACLNN_ERR_PARAM_INVALID, "another element type");
  ACL_REFUSED(prepare("aclnnTell", {given("dims", EMU_ACLNN_BOOLS, array)}),
              ACLNN_ERR_PARAM_INVALID, "argument dims is an array of another element type");
  ACL_OK(aclDestroyIntArray(array));
  refused(aclCreateIntArray(nullptr, 3), "value is null");
  refused(aclCreateIntArray(ints, uint64_t{1} << 63), "at most 2^24");
  const aclTensor *some[] = {good, gone};
  refused(aclCreateTensorList(some, 2), "was destroyed before");
  refused(aclCreateScalar(nullptr, ACL_FLOAT), "value is null");
  refused(aclCreateScalar(&place, ACL_STRING), "a scalar of type DT_STRING");
  ACL_OK(aclDestroyTensor(good));
}

TEST_F(AclnnTest, ListsOwnTheirTensors) {
  void *y = device_memory(12);
  aclTensor *parts[] = {plain(floats({1}), {1}), plain(floats({2, 3}), {2})};
  aclTensorList *list = aclCreateTensorList(parts, 2);
  aclTensor *out = plain(y, {3});
  ACL_REFUSED(prepare("aclnnCat", {given("x", EMU_ACLNN_SCALARS, list)}), ACLNN_ERR_PARAM_INVALID,
              "argument x is a list of tensors, not of scalars");
  ACL_OK(prepare("aclnnCat", {given("x", EMU_ACLNN_IN_LIST, list), given("out", EMU_ACLNN_OUT, out),
                              integer("dim", EMU_ACLNN_INT, 0)}));
  ACL_REFUSED(aclDestroyScalarList(reinterpret_cast<aclScalarList *>(list)),
              ACLNN_ERR_PARAM_INVALID, "another kind");
  ACL_OK(aclDestroyTensorList(list));
  ACL_REFUSED(aclDestroyTensor(parts[0]), ACLNN_ERR_PARAM_INVALID, "was destroyed before");
  ACL_OK(launch("aclnnCat"));
  ACL_OK(aclrtSynchronizeStream(nullptr));
  EXPECT_EQ(read(y, 3), (std::vector<float>{1, 2, 3}));
  ACL_OK(aclDestroyTensor(out));
}

TEST_F(AclnnTest, ListsOfOutputs) {
  void *first = device_memory(8), *second = device_memory(4);
  aclTensor *parts[] = {plain(first, {2}), plain(second, {1})};
  aclTensorList *list = aclCreateTensorList(parts, 2);
  ACL_OK(prepare("aclnnNumber", {given("out", EMU_ACLNN_OUT_LIST, list)}));
  ACL_OK(aclDestroyTensorList(list));
  ACL_OK(launch("aclnnNumber"));
  ACL_OK(aclrtSynchronizeStream(nullptr));
  EXPECT_EQ(read(first, 2), (std::vector<float>{0, 0}));
  EXPECT_EQ(read(second, 1)[0], 1);
}

TEST_F(AclnnTest, ValuesOfEveryKind) {
  void *y = device_memory(1024);
  aclTensor *out = plain(y, {1024}, ACL_UINT8);
  const int64_t ints[] = {5, -6};
  const float reals[] = {0.25f};
  const bool flags[] = {true, false};
  aclIntArray *int_array = aclCreateIntArray(ints, 2);
  aclFloatArray *float_array = aclCreateFloatArray(reals, 1);
  aclBoolArray *bool_array = aclCreateBoolArray(flags, 2);
  const auto scalar = [](auto value, aclDataType type) { return aclCreateScalar(&value, type); };
  const std::vector<std::pair<const char *, aclScalar *>> scalars = {
      {"s_bool", scalar(uint8_t{1}, ACL_BOOL)},
      {"s_i8", scalar(int8_t{-3}, ACL_INT8)},
      {"s_u8", scalar(uint8_t{200}, ACL_UINT8)},
      {"s_i16", scalar(int16_t{-300}, ACL_INT16)},
      {"s_u16", scalar(uint16_t{60000}, ACL_UINT16)},
      {"s_i32", scalar(int32_t{-70000}, ACL_INT32)},
      {"s_u32", scalar(uint32_t{4000000000u}, ACL_UINT32)},
      {"s_i64", scalar(int64_t{1} << 40, ACL_INT64)},
      {"s_f16", scalar(uint16_t{0x3E00}, ACL_FLOAT16)},
      {"s_bf16", scalar(uint16_t{0x3FC0}, ACL_BF16)},
      {"s_f32", scalar(2.5f, ACL_FLOAT)},
      {"s_f64", scalar(-2.5, ACL_DOUBLE)},
      {"s_c64", scalar(std::pair<float, float>{1.5f, -1.0f}, ACL_COMPLEX64)},
      {"s_c128", scalar(std::pair<double, double>{1.5, -1.0}, ACL_COMPLEX128)},
  };
  std::vector<EmuAclnnArgument> arguments = {
      given("out", EMU_ACLNN_OUT, out),
      given("ints", EMU_ACLNN_INTS, int_array),
      given("floats", EMU_ACLNN_FLOATS, float_array),
      given("bools", EMU_ACLNN_BOOLS, bool_array),
      given("left_out", EMU_ACLNN_INTS, nullptr, true),
      integer("int", EMU_ACLNN_INT, -9),
      integer("bool", EMU_ACLNN_BOOL, 1),
      integer("dtype", EMU_ACLNN_DTYPE, ACL_BF16),
      {"float", EMU_ACLNN_FLOAT, 0, nullptr, 0, 1e-5},
      given("text", EMU_ACLNN_STRING, "mean"),
  };
  for (const auto &entry : scalars) {
    ASSERT_NE(entry.second, nullptr) << entry.first;
    arguments.push_back(given(entry.first, EMU_ACLNN_SCALAR, entry.second));
  }
  ACL_OK(prepare("aclnnTell", arguments));
  ACL_OK(launch("aclnnTell"));
  ACL_OK(aclrtSynchronizeStream(nullptr));
  EXPECT_EQ(read_text(y, 1024),
            "ints/6=5,-6,;floats/7=0.250000,;bools/5=1,0,;int/1=-9,;bool/0=1,;dtype/4=27,;"
            "float/2=0.000010,;text/3=mean,;s_bool/12/0=01;s_i8/2/0=fd;s_u8/4/0=c8;"
            "s_i16/6/0=d4fe;s_u16/7/0=60ea;s_i32/3/0=90eefeff;s_u32/8/0=00286bee;"
            "s_i64/9/0=0000000000010000;s_f16/1/0=003e;s_bf16/27/0=c03f;s_f32/0/0=00002040;"
            "s_f64/11/0=00000000000004c0;s_c64/16/0=0000c03f000080bf;"
            "s_c128/17/0=000000000000f83f000000000000f0bf;");
  ACL_REFUSED(prepare("aclnnTell", {integer("dtype", EMU_ACLNN_DTYPE, 99)}),
              ACLNN_ERR_PARAM_INVALID, "argument dtype is 99");
  ACL_REFUSED(prepare("aclnnTell", {given("text", EMU_ACLNN_STRING, nullptr)}),
              ACLNN_ERR_PARAM_NULLPTR, "text is null");
  for (const auto &entry : scalars) ACL_OK(aclDestroyScalar(entry.second));
  ACL_OK(aclDestroyIntArray(int_array));
  ACL_OK(aclDestroyFloatArray(float_array));
  ACL_OK(aclDestroyBoolArray(bool_array));
  ACL_OK(aclDestroyTensor(out));
}

TEST_F(AclnnTest, ScalarLists) {
  void *y = device_memory(64);
  aclTensor *out = plain(y, {64}, ACL_UINT8);
  int64_t whole = 3;
  float part = 0.5f;
  const aclScalar *scalars[] = {aclCreateScalar(&whole, ACL_INT64),
                                aclCreateScalar(&part, ACL_FLOAT)};
  aclScalarList *mixed = aclCreateScalarList(scalars, 2);
  ACL_OK(prepare("aclnnTell", {given("out", EMU_ACLNN_OUT, out),
                               given("s", EMU_ACLNN_SCALARS, mixed)}));
  ACL_OK(launch("aclnnTell"));
  ACL_OK(aclrtSynchronizeStream(nullptr));
  EXPECT_EQ(read_text(y, 64), "s/11/1=0000000000000840000000000000e03f;");
  const aclScalar *doubled[] = {scalars[0], scalars[0]};
  aclScalarList *alike = aclCreateScalarList(doubled, 2);
  ACL_OK(prepare("aclnnTell", {given("out", EMU_ACLNN_OUT, out),
                               given("s", EMU_ACLNN_SCALARS, alike)}));
  ACL_OK(launch("aclnnTell"));
  ACL_OK(aclrtSynchronizeStream(nullptr));
  EXPECT_EQ(read_text(y, 64), "s/9/1=03000000000000000300000000000000;");
  ACL_OK(aclDestroyScalarList(mixed));
  ACL_REFUSED(aclDestroyScalar(scalars[1]), ACLNN_ERR_PARAM_INVALID, "was destroyed before");
  ACL_OK(aclDestroyTensor(out));
}

TEST_F(AclnnTest, AbsentTensors) {
  void *y = device_memory(4);
  aclTensor *self = plain(floats({7}), {1}), *out = plain(y, {1});
  ACL_OK(prepare("aclnnAdd", {given("self", EMU_ACLNN_IN, self),
                              given("other", EMU_ACLNN_IN, nullptr, true),
                              given("alpha", EMU_ACLNN_SCALAR, one),
                              given("out", EMU_ACLNN_OUT, out)}));
  ACL_OK(launch("aclnnAdd"));
  ACL_OK(aclrtSynchronizeStream(nullptr));
  EXPECT_EQ(read(y, 1)[0], 7);
  ACL_OK(aclDestroyTensor(self));
  ACL_OK(aclDestroyTensor(out));
}

TEST_F(AclnnTest, ShapesThatFollowFromTheDataAreFoundInTheTensor) {
  aclTensor *self = plain(floats({0, 5, 0, 7}), {4});
  aclTensor *out = plain(device_memory(32), {4, 1}, ACL_INT64);
  ACL_OK(prepare("NonZero", {given("self", EMU_ACLNN_IN, self), given("out", EMU_ACLNN_OUT, out)}));
  ACL_OK(launch("NonZero"));
  ACL_OK(aclrtSynchronizeStream(nullptr));
  int64_t *dims = nullptr;
  uint64_t count = 0;
  ACL_OK(aclGetViewShape(out, &dims, &count));
  const std::unique_ptr<int64_t[]> owner(dims);
  ASSERT_EQ(count, 2u);
  EXPECT_EQ(dims[0], 2);
  EXPECT_EQ(dims[1], 1);
  ACL_REFUSED(aclGetViewShape(out, nullptr, &count), ACLNN_ERR_PARAM_NULLPTR, "viewDims is null");
  ACL_REFUSED(aclGetViewShape(nullptr, &dims, &count), ACLNN_ERR_PARAM_NULLPTR, "null");
  ACL_OK(aclDestroyTensor(self));
  ACL_OK(aclDestroyTensor(out));
}

TEST_F(AclnnTest, OverflowIsLookedForInTheViewAndNotInItsGaps) {
  const float most = std::numeric_limits<float>::max();
  const float infinity = std::numeric_limits<float>::infinity();
  void *status = device_memory(64);
  aclrtStream stream = new_stream();
  ACL_OK(aclrtSetStreamOverflowSwitch(stream, 1));
  const auto seen = [&](const std::vector<float> &storage) {
    void *memory = floats(storage);
    aclTensor *view = tensor(memory, {2}, {2}, 0, {3});
    EXPECT_EQ(aclrtResetOverflowStatus(stream), ACL_SUCCESS);
    EXPECT_EQ(prepare("aclnnAdd", in_place(view, view)), ACLNN_SUCCESS);
    EXPECT_EQ(launch("aclnnAdd", stream), ACLNN_SUCCESS);
    EXPECT_EQ(aclrtGetOverflowStatus(status, 64, stream), ACL_SUCCESS);
    EXPECT_EQ(aclrtSynchronizeStream(stream), ACL_SUCCESS);
    EXPECT_EQ(aclDestroyTensor(view), ACLNN_SUCCESS);
    uint64_t words[8] = {};
    EXPECT_EQ(aclrtMemcpy(words, 64, status, 64, ACL_MEMCPY_DEVICE_TO_HOST), ACL_SUCCESS);
    return words[0] != 0;
  };
  EXPECT_FALSE(seen({1, infinity, 2}));
  EXPECT_TRUE(seen({1, infinity, most}));
  EXPECT_TRUE(seen({most, 0, 1}));
  EXPECT_FALSE(seen({infinity, 0, most})); /* it came in so */
}

TEST_F(AclnnTest, FailuresSurfaceAtSynchronise) {
  aclTensor *out = plain(device_memory(4), {1});
  ACL_OK(prepare("Broken", {given("out", EMU_ACLNN_OUT, out)}));
  ACL_OK(launch("Broken"));
  ACL_REFUSED(aclrtSynchronizeStream(nullptr), ACL_ERROR_RT_AICORE_EXCEPTION, "Op [Broken]");
  ACL_OK(aclDestroyTensor(out));
}

TEST(AclnnOutside, NotBeforeInit) {
  aclOpExecutor *executor = nullptr;
  uint64_t size = 0;
  ACL_REFUSED(ascend_emu_aclnn_prepare("aclnnAdd", nullptr, 0, &size, &executor),
              ACLNN_ERR_RUNTIME_ERROR, "called");
}
