#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "acl_fixture.h"

namespace {

constexpr int64_t kHuge = int64_t{1} << 62;

aclTensorDesc *desc(std::vector<int64_t> dims, aclDataType type = ACL_FLOAT,
                    aclFormat format = ACL_FORMAT_ND) {
  return aclCreateTensorDesc(type, static_cast<int>(dims.size()), dims.data(), format);
}

std::string recent() {
  const char *text = aclGetRecentErrMsg();
  return text == nullptr ? "no text" : text;
}

/* The descriptor is refused, and the text says `part`. */
void refused(const aclTensorDesc *made, const std::string &part) {
  EXPECT_EQ(made, nullptr);
  const std::string text = recent();
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

/* Something that is no handle: an address in this program. */
template <class T>
T *foreign() {
  static long place = 0;
  return reinterpret_cast<T *>(&place);
}

}  // namespace

TEST(Float16, AllHalvesSurviveTheWayToFloatAndBack) {
  for (uint32_t half = 0; half < 65536; ++half) {
    const float value = aclFloat16ToFloat(static_cast<uint16_t>(half));
    const uint16_t back = aclFloatToFloat16(value);
    if ((half & 0x7C00u) == 0x7C00u && (half & 0x3FFu) != 0) {
      EXPECT_TRUE(std::isnan(value)) << half;
      EXPECT_EQ(back, half | 0x200u) << half;
    } else {
      EXPECT_EQ(back, half);
      const int exponent = static_cast<int>(half >> 10 & 0x1F);
      const int fraction = static_cast<int>(half & 0x3FF);
      const float magnitude =
          exponent == 31 ? std::numeric_limits<float>::infinity()
          : exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                          : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
      EXPECT_EQ(value, half < 0x8000u ? magnitude : -magnitude) << half;
    }
  }
}

TEST(Float16, RoundsToNearestEven) {
  EXPECT_EQ(aclFloatToFloat16(1.0f), 0x3C00);
  EXPECT_EQ(aclFloatToFloat16(1.0f + std::ldexp(1.0f, -11)), 0x3C00);  /* tie: down to even */
  EXPECT_EQ(aclFloatToFloat16(1.0f + 3 * std::ldexp(1.0f, -11)), 0x3C02); /* tie: up to even */
  EXPECT_EQ(aclFloatToFloat16(1.0f + std::ldexp(1.0f, -11) * 1.001f), 0x3C01);
  EXPECT_EQ(aclFloatToFloat16(65504.0f), 0x7BFF);
  EXPECT_EQ(aclFloatToFloat16(65519.996f), 0x7BFF);
  EXPECT_EQ(aclFloatToFloat16(65520.0f), 0x7C00);
  EXPECT_EQ(aclFloatToFloat16(-1e30f), 0xFC00);
  EXPECT_EQ(aclFloatToFloat16(std::ldexp(1.0f, -24)), 0x0001);
  EXPECT_EQ(aclFloatToFloat16(std::ldexp(1.0f, -25)), 0x0000); /* tie: to zero */
  EXPECT_EQ(aclFloatToFloat16(std::ldexp(1.001f, -25)), 0x0001);
  EXPECT_EQ(aclFloatToFloat16(std::ldexp(1023.5f, -24)), 0x0400); /* up into the normals */
  EXPECT_EQ(aclFloatToFloat16(-0.0f), 0x8000);
  EXPECT_EQ(aclFloatToFloat16(std::numeric_limits<float>::infinity()), 0x7C00);
}

TEST(DataType, Sizes) {
  EXPECT_EQ(aclDataTypeSize(ACL_FLOAT), 4u);
  EXPECT_EQ(aclDataTypeSize(ACL_FLOAT16), 2u);
  EXPECT_EQ(aclDataTypeSize(ACL_BF16), 2u);
  EXPECT_EQ(aclDataTypeSize(ACL_COMPLEX128), 16u);
  EXPECT_EQ(aclDataTypeSize(ACL_BOOL), 1u);
  EXPECT_EQ(aclDataTypeSize(ACL_DT_UNDEFINED), 0u);
  EXPECT_EQ(aclDataTypeSize(static_cast<aclDataType>(99)), 0u);
}

TEST(TensorDesc, TellsWhatItWasMadeOf) {
  aclTensorDesc *made = desc({2, 3, 4}, ACL_FLOAT16, ACL_FORMAT_NCHW);
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(aclGetTensorDescType(made), ACL_FLOAT16);
  EXPECT_EQ(aclGetTensorDescFormat(made), ACL_FORMAT_NCHW);
  EXPECT_EQ(aclGetTensorDescNumDims(made), 3u);
  EXPECT_EQ(aclGetTensorDescElementCount(made), 24u);
  EXPECT_EQ(aclGetTensorDescSize(made), 48u);
  EXPECT_EQ(aclGetTensorDescDim(made, 2), 4);
  EXPECT_EQ(aclGetTensorDescDim(made, 3), -1);
  int64_t dim = 0;
  ACL_OK(aclGetTensorDescDimV2(made, 1, &dim));
  EXPECT_EQ(dim, 3);
  ACL_REFUSED(aclGetTensorDescDimV2(made, 3, &dim), ACL_ERROR_INVALID_PARAM, "3 dims");
  ACL_REFUSED(aclGetTensorDescDimV2(made, 0, nullptr), ACL_ERROR_INVALID_PARAM, "dimSize is null");
  EXPECT_STREQ(aclGetTensorDescName(made), "");
  aclSetTensorDescName(made, "x1");
  EXPECT_STREQ(aclGetTensorDescName(made), "x1");
  EXPECT_EQ(aclGetTensorDescByIndex(made, 0), made);
  EXPECT_EQ(aclGetTensorDescByIndex(made, 1), nullptr);
  EXPECT_EQ(aclGetTensorDescAddress(made), nullptr);
  aclDestroyTensorDesc(made);
}

TEST(TensorDesc, ScalarsAndEmptyTensors) {
  aclTensorDesc *scalar = aclCreateTensorDesc(ACL_INT64, 0, nullptr, ACL_FORMAT_ND);
  EXPECT_EQ(aclGetTensorDescElementCount(scalar), 1u);
  EXPECT_EQ(aclGetTensorDescSize(scalar), 8u);
  aclTensorDesc *empty = desc({kHuge, 0, kHuge});
  EXPECT_EQ(aclGetTensorDescElementCount(empty), 0u);
  EXPECT_EQ(aclGetTensorDescSize(empty), 0u);
  aclTensorDesc *packed = desc({3, 3}, ACL_INT4);
  EXPECT_EQ(aclGetTensorDescSize(packed), 5u);
  aclDestroyTensorDesc(scalar);
  aclDestroyTensorDesc(empty);
  aclDestroyTensorDesc(packed);
}

TEST(TensorDesc, UnknownDims) {
  aclTensorDesc *open = desc({-1, 3});
  EXPECT_EQ(aclGetTensorDescNumDims(open), 2u);
  EXPECT_EQ(aclGetTensorDescSize(open), 0u);
  int64_t range[2][2] = {{1, 8}, {3, 3}};
  ACL_OK(aclSetTensorShapeRange(open, 2, range));
  int64_t got[2] = {};
  ACL_OK(aclGetTensorDescDimRange(open, 0, 2, got));
  EXPECT_EQ(got[0], 1);
  EXPECT_EQ(got[1], 8);
  ACL_REFUSED(aclGetTensorDescDimRange(open, 0, 1, got), ACL_ERROR_INVALID_PARAM, "dimRangeNum");
  ACL_REFUSED(aclSetTensorShapeRange(open, 1, range), ACL_ERROR_INVALID_PARAM, "2 dims");
  int64_t backwards[2][2] = {{8, 1}, {3, 3}};
  ACL_REFUSED(aclSetTensorShapeRange(open, 2, backwards), ACL_ERROR_INVALID_PARAM, "[8, 1]");
  ACL_REFUSED(aclSetTensorShapeRange(open, 2, nullptr), ACL_ERROR_INVALID_PARAM, "null");
  aclTensorDesc *any = desc({-2});
  EXPECT_EQ(aclGetTensorDescNumDims(any), ACL_UNKNOWN_RANK);
  aclDestroyTensorDesc(open);
  aclDestroyTensorDesc(any);
}

TEST(TensorDesc, BadShapes) {
  refused(desc({2, -3}), "dim 1 of the shape [2, -3] is negative");
  refused(desc({-2, 1}), "negative");
  refused(desc({kHuge, 2}), "2^63 bytes or more");
  refused(desc({kHuge, kHuge, kHuge}), "2^63");
  refused(desc({int64_t{1} << 61}, ACL_FLOAT), "2^63"); /* the elements fit, the bytes do not */
  refused(aclCreateTensorDesc(ACL_FLOAT, -1, nullptr, ACL_FORMAT_ND), "-1 dims");
  refused(aclCreateTensorDesc(ACL_FLOAT, 2, nullptr, ACL_FORMAT_ND), "dims is null");
  refused(desc(std::vector<int64_t>(17, 1)), "0 to 16");
  refused(desc({1}, static_cast<aclDataType>(99)), "no value of aclDataType");
  refused(desc({1}, ACL_FLOAT, static_cast<aclFormat>(99)), "no value of aclFormat");
  aclTensorDesc *largest = desc({(int64_t{1} << 61) - 1});
  EXPECT_NE(largest, nullptr);
  aclDestroyTensorDesc(largest);
}

TEST(TensorDesc, StorageIsSetApart) {
  aclTensorDesc *made = desc({1, 20, 4, 4}, ACL_FLOAT16, ACL_FORMAT_NCHW);
  const int64_t laid_out[] = {1, 2, 4, 4, 16};
  ACL_OK(aclSetTensorFormat(made, ACL_FORMAT_NC1HWC0));
  ACL_OK(aclSetTensorShape(made, 5, laid_out));
  EXPECT_EQ(aclGetTensorDescSize(made), 1024u);
  EXPECT_EQ(aclGetTensorDescFormat(made), ACL_FORMAT_NCHW);
  EXPECT_EQ(aclGetTensorDescNumDims(made), 4u);
  ACL_OK(aclSetTensorOriginFormat(made, ACL_FORMAT_NHWC));
  ACL_OK(aclSetTensorOriginShape(made, 4, laid_out));
  ACL_OK(aclSetTensorStorageFormat(made, ACL_FORMAT_ND));
  ACL_OK(aclSetTensorStorageShape(made, 1, laid_out));
  ACL_REFUSED(aclSetTensorFormat(made, static_cast<aclFormat>(-7)), ACL_ERROR_INVALID_PARAM, "-7");
  ACL_REFUSED(aclSetTensorOriginFormat(made, static_cast<aclFormat>(-7)), ACL_ERROR_INVALID_PARAM,
              "-7");
  ACL_REFUSED(aclSetTensorStorageFormat(made, static_cast<aclFormat>(-7)), ACL_ERROR_INVALID_PARAM,
              "-7");
  const int64_t negative[] = {-5};
  ACL_REFUSED(aclSetTensorShape(made, 1, negative), ACL_ERROR_INVALID_PARAM, "negative");
  ACL_REFUSED(aclSetTensorOriginShape(made, 1, nullptr), ACL_ERROR_INVALID_PARAM, "dims is null");
  ACL_REFUSED(aclSetTensorStorageShape(made, -1, nullptr), ACL_ERROR_INVALID_PARAM, "-1 dims");
  aclDestroyTensorDesc(made);
}

TEST(TensorDesc, ConstantsAndPlacement) {
  aclTensorDesc *made = desc({2}, ACL_INT64);
  int64_t values[] = {3, 4};
  ACL_OK(aclSetTensorConst(made, values, sizeof values));
  values[0] = 9; /* it keeps a copy */
  EXPECT_EQ(static_cast<int64_t *>(aclGetTensorDescAddress(made))[0], 3);
  ACL_REFUSED(aclSetTensorConst(made, values, 8), ACL_ERROR_INVALID_PARAM, "8 bytes");
  ACL_REFUSED(aclSetTensorConst(made, nullptr, 16), ACL_ERROR_INVALID_PARAM, "null");
  ACL_REFUSED(aclSetTensorConst(made, values, size_t{1} << 63), ACL_ERROR_INVALID_PARAM, "2^63");
  ACL_OK(aclSetTensorPlaceMent(made, ACL_MEMTYPE_HOST));
  ACL_REFUSED(aclSetTensorPlaceMent(made, static_cast<aclMemType>(5)), ACL_ERROR_INVALID_PARAM,
              "aclMemType");
  int64_t range[1][2] = {{3, 1}};
  ACL_REFUSED(aclSetTensorValueRange(made, 1, range), ACL_ERROR_INVALID_PARAM, "[3, 1]");
  ACL_REFUSED(aclSetTensorDynamicInput(made, nullptr), ACL_ERROR_INVALID_PARAM, "null");
  aclTensorDesc *other = nullptr;
  ACL_REFUSED(aclTransTensorDescFormat(made, ACL_FORMAT_ND, &other), ACL_ERROR_API_NOT_SUPPORT,
              "not supported by the emulator");
  aclDestroyTensorDesc(made);
}

TEST(TensorDesc, WrongHandles) {
  aclTensorDesc *gone = desc({1});
  aclDestroyTensorDesc(gone);
  aclDataBuffer *buffer = aclCreateDataBuffer(nullptr, 0);
  auto *other_kind = reinterpret_cast<aclTensorDesc *>(buffer);
  const struct {
    aclTensorDesc *handle;
    const char *part;
  } cases[] = {{nullptr, "the tensor descriptor is null"},
               {gone, "was destroyed before"},
               {foreign<aclTensorDesc>(), "is not a tensor descriptor"},
               {other_kind, "is not a tensor descriptor"}};
  for (const auto &wrong : cases) {
    EXPECT_EQ(aclGetTensorDescType(wrong.handle), ACL_DT_UNDEFINED);
    EXPECT_NE(recent().find(wrong.part), std::string::npos) << wrong.part;
    EXPECT_EQ(aclGetTensorDescFormat(wrong.handle), ACL_FORMAT_UNDEFINED);
    EXPECT_EQ(aclGetTensorDescSize(wrong.handle), 0u);
    EXPECT_EQ(aclGetTensorDescElementCount(wrong.handle), 0u);
    EXPECT_EQ(aclGetTensorDescNumDims(wrong.handle), 0u);
    EXPECT_EQ(aclGetTensorDescDim(wrong.handle, 0), -1);
    EXPECT_STREQ(aclGetTensorDescName(wrong.handle), "");
    EXPECT_EQ(aclGetTensorDescByIndex(wrong.handle, 0), nullptr);
    EXPECT_EQ(aclGetTensorDescAddress(wrong.handle), nullptr);
    ACL_REFUSED(aclSetTensorFormat(wrong.handle, ACL_FORMAT_ND), ACL_ERROR_INVALID_PARAM,
                wrong.part);
    ACL_REFUSED(aclSetTensorConst(wrong.handle, nullptr, 0), ACL_ERROR_INVALID_PARAM, wrong.part);
    aclSetTensorDescName(wrong.handle, "x");
    EXPECT_NE(recent().find(wrong.part), std::string::npos);
    aclDestroyTensorDesc(wrong.handle);
    EXPECT_NE(recent().find(wrong.part), std::string::npos);
  }
  ACL_OK(aclDestroyDataBuffer(buffer));
}

TEST(DataBuffer, KeepsAddressAndSize) {
  int place = 0;
  aclDataBuffer *buffer = aclCreateDataBuffer(&place, sizeof place);
  EXPECT_EQ(aclGetDataBufferAddr(buffer), &place);
  EXPECT_EQ(aclGetDataBufferSize(buffer), 4u);
  EXPECT_EQ(aclGetDataBufferSizeV2(buffer), 4u);
  ACL_OK(aclUpdateDataBuffer(buffer, &place, size_t{1} << 32));
  EXPECT_EQ(aclGetDataBufferSizeV2(buffer), size_t{1} << 32);
  EXPECT_EQ(aclGetDataBufferSize(buffer), 0u);
  EXPECT_NE(recent().find("aclGetDataBufferSizeV2"), std::string::npos);
  ACL_REFUSED(aclUpdateDataBuffer(buffer, nullptr, 4), ACL_ERROR_INVALID_PARAM, "data is null");
  ACL_OK(aclDestroyDataBuffer(buffer));
  ACL_REFUSED(aclDestroyDataBuffer(buffer), ACL_ERROR_INVALID_PARAM, "was destroyed before");
  ACL_REFUSED(aclUpdateDataBuffer(buffer, &place, 4), ACL_ERROR_INVALID_PARAM, "was destroyed");
  EXPECT_EQ(aclGetDataBufferAddr(buffer), nullptr);
  EXPECT_EQ(aclGetDataBufferSizeV2(buffer), 0u);
  EXPECT_EQ(aclCreateDataBuffer(&place, size_t{1} << 63), nullptr);
  EXPECT_NE(recent().find("2^63"), std::string::npos);
  EXPECT_EQ(aclCreateDataBuffer(nullptr, 8), nullptr);
}
