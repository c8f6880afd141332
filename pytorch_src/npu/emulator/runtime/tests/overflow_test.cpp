/* Overflow: modes, switches, the status in device memory. */
#include <cmath>
#include <limits>

#include "op_fixture.h"

namespace {

class Overflow : public OpTest {
 protected:
  uint32_t status(aclrtStream stream = nullptr) {
    void *memory = device_memory(64);
    uint32_t words[16] = {7};
    EXPECT_EQ(aclrtGetOverflowStatus(memory, 64, stream), ACL_SUCCESS);
    EXPECT_EQ(aclrtSynchronizeStream(stream), ACL_SUCCESS);
    EXPECT_EQ(aclrtMemcpy(words, 64, memory, 64, ACL_MEMCPY_DEVICE_TO_HOST), ACL_SUCCESS);
    for (int i = 1; i < 16; ++i) EXPECT_EQ(words[i], 0u);
    return words[0];
  }
  void overflow(aclrtStream stream) {
    void *x = floats({3e38f}), *y = device_memory(4);
    ACL_OK(Call("Add").input(x, {1}).input(x, {1}).output(y, {1}).run(stream));
    ACL_OK(aclrtSynchronizeStream(stream));
  }
};

TEST_F(Overflow, IsSeenWhenTheSwitchIsOn) {
  aclrtStream stream = new_stream();
  overflow(stream);
  EXPECT_EQ(status(stream), 0u);
  ACL_OK(aclrtSetStreamOverflowSwitch(stream, 1));
  overflow(stream);
  EXPECT_EQ(status(stream), 1u);
  EXPECT_EQ(status(), 1u) << "the status is that of all streams";
  ACL_OK(aclrtResetOverflowStatus(stream));
  EXPECT_EQ(status(stream), 0u);
}

TEST_F(Overflow, Switch) {
  uint32_t flag = 9;
  aclrtStream stream = new_stream();
  ACL_OK(aclrtGetStreamOverflowSwitch(stream, &flag));
  EXPECT_EQ(flag, 0u);
  ACL_OK(aclrtSetStreamOverflowSwitch(stream, 1));
  ACL_OK(aclrtGetStreamOverflowSwitch(stream, &flag));
  EXPECT_EQ(flag, 1u);
  ACL_REFUSED(aclrtSetStreamOverflowSwitch(stream, 2), ACL_ERROR_INVALID_PARAM, "flag 2");
  ACL_REFUSED(aclrtGetStreamOverflowSwitch(stream, nullptr), ACL_ERROR_INVALID_PARAM, "flag");
}

TEST_F(Overflow, ModeOfEachDevice) {
  aclrtFloatOverflowMode mode = ACL_RT_OVERFLOW_MODE_UNDEF;
  ACL_OK(aclrtGetDeviceSatMode(&mode));
  EXPECT_EQ(mode, ACL_RT_OVERFLOW_MODE_INFNAN);
  ACL_OK(aclrtSetDeviceSatMode(ACL_RT_OVERFLOW_MODE_SATURATION));
  ACL_OK(aclrtGetDeviceSatMode(&mode));
  EXPECT_EQ(mode, ACL_RT_OVERFLOW_MODE_SATURATION);
  ACL_OK(aclrtSetDevice(1));
  ACL_OK(aclrtGetDeviceSatMode(&mode));
  EXPECT_EQ(mode, ACL_RT_OVERFLOW_MODE_INFNAN);
  ACL_REFUSED(aclrtSetDeviceSatMode(ACL_RT_OVERFLOW_MODE_UNDEF), ACL_ERROR_INVALID_PARAM, "mode 2");
  ACL_REFUSED(aclrtGetDeviceSatMode(nullptr), ACL_ERROR_INVALID_PARAM, "mode");
}

TEST_F(Overflow, BadArguments) {
  void *memory = device_memory(64);
  char host[64];
  ACL_REFUSED(aclrtGetOverflowStatus(memory, 63, nullptr), ACL_ERROR_RT_PARAM_INVALID, "63");
  ACL_REFUSED(aclrtGetOverflowStatus(host, 64, nullptr), ACL_ERROR_RT_PARAM_INVALID, "host memory");
  ACL_REFUSED(aclrtGetOverflowStatus(nullptr, 64, nullptr), ACL_ERROR_RT_PARAM_INVALID, "null");
  ACL_OK(aclrtSetDevice(1));
  ACL_REFUSED(aclrtGetOverflowStatus(memory, 64, nullptr), ACL_ERROR_RT_PARAM_INVALID,
              "device 0, the stream on device 1");
}

}  // namespace
