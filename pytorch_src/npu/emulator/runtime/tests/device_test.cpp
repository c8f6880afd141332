/* Devices and contexts, current for each thread. */
#include <thread>

#include "acl_fixture.h"

namespace {

class Device : public AclTest {};

TEST_F(Device, CurrentDeviceFollowsSetDevice) {
  int32_t device = -1;
  ACL_OK(aclrtGetDevice(&device));
  EXPECT_EQ(device, 0);
  ACL_OK(aclrtSetDevice(1));
  ACL_OK(aclrtGetDevice(&device));
  EXPECT_EQ(device, 1);
}

TEST_F(Device, AThreadStartsWithoutContext) {
  std::thread([] {
    int32_t device = -1;
    void *memory = nullptr;
    ACL_REFUSED(aclrtGetDevice(&device), ACL_ERROR_RT_CONTEXT_NULL, "aclrtSetDevice");
    ACL_REFUSED(aclrtMalloc(&memory, 64, ACL_MEM_MALLOC_HUGE_FIRST), ACL_ERROR_RT_CONTEXT_NULL,
                "no context");
    ACL_REFUSED(aclrtSynchronizeDevice(), ACL_ERROR_RT_CONTEXT_NULL, "no context");
  }).join();
}

TEST_F(Device, AContextIsSharedByHandle) {
  aclrtContext context = nullptr;
  ACL_OK(aclrtSetDevice(1));
  ACL_OK(aclrtGetCurrentContext(&context));
  std::thread([context] {
    int32_t device = -1;
    ACL_OK(aclrtSetCurrentContext(context));
    ACL_OK(aclrtGetDevice(&device));
    EXPECT_EQ(device, 1);
  }).join();
}

TEST_F(Device, WrongNumbers) {
  ACL_REFUSED(aclrtSetDevice(2), ACL_ERROR_RT_INVALID_DEVICEID, "devices 0 to 1 do");
  ACL_REFUSED(aclrtSetDevice(-1), ACL_ERROR_RT_INVALID_DEVICEID, "device -1");
  ACL_REFUSED(aclrtResetDevice(1), ACL_ERROR_RT_INVALID_DEVICEID, "not set");
  ACL_REFUSED(aclrtGetDeviceCount(nullptr), ACL_ERROR_INVALID_PARAM, "count is null");
  ACL_REFUSED(aclrtGetDevice(nullptr), ACL_ERROR_INVALID_PARAM, "deviceId is null");
}

TEST_F(Device, OwnContexts) {
  aclrtContext own = nullptr, primary = nullptr, current = nullptr;
  ACL_OK(aclrtGetCurrentContext(&primary));
  ACL_OK(aclrtCreateContext(&own, 1));
  ACL_OK(aclrtGetCurrentContext(&current));
  EXPECT_EQ(current, own);
  ACL_OK(aclrtDestroyContext(own));
  ACL_REFUSED(aclrtSynchronizeDevice(), ACL_ERROR_RT_CONTEXT_NULL, "destroyed");
  ACL_REFUSED(aclrtSetCurrentContext(own), ACL_ERROR_RT_CONTEXT_NULL, "destroyed before");
  ACL_REFUSED(aclrtDestroyContext(own), ACL_ERROR_RT_CONTEXT_NULL, "destroyed before");
  ACL_REFUSED(aclrtDestroyContext(primary), ACL_ERROR_RT_PARAM_INVALID, "aclrtResetDevice");
  ACL_REFUSED(aclrtSetCurrentContext(nullptr), ACL_ERROR_RT_CONTEXT_NULL, "null");
  int on_the_stack = 0;
  ACL_REFUSED(aclrtSetCurrentContext(&on_the_stack), ACL_ERROR_RT_CONTEXT_NULL, "not a context");
}

TEST_F(Device, ResetFreesWhatTheDeviceHeld) {
  size_t free = 0, total = 0;
  void *memory = device_memory(1 << 20);
  aclrtStream stream = new_stream();
  ACL_OK(aclrtSetDevice(0)); /* counted: the first reset gives back only this */
  ACL_OK(aclrtResetDevice(0));
  ACL_OK(aclrtMemset(memory, 1 << 20, 0, 1 << 20));
  ACL_OK(aclrtResetDevice(0));
  ACL_REFUSED(aclrtMemset(memory, 1, 0, 1), ACL_ERROR_RT_CONTEXT_NULL, "destroyed");
  ACL_OK(aclrtSetDevice(0));
  ACL_REFUSED(aclrtMemset(memory, 1, 0, 1), ACL_ERROR_RT_PARAM_INVALID, "was freed before");
  ACL_REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_PARAM_INVALID, "destroyed before");
  ACL_OK(aclrtGetMemInfo(ACL_HBM_MEM, &free, &total));
  EXPECT_EQ(free, total);
  EXPECT_EQ(total, size_t{256} << 20);
}

TEST_F(Device, PeersAreReachable) {
  int32_t can = -1;
  ACL_OK(aclrtDeviceCanAccessPeer(&can, 0, 1));
  EXPECT_EQ(can, 1);
  ACL_OK(aclrtDeviceCanAccessPeer(&can, 1, 1));
  EXPECT_EQ(can, 0);
  ACL_REFUSED(aclrtDeviceCanAccessPeer(&can, 0, 7), ACL_ERROR_RT_INVALID_DEVICEID, "device 7");
}

TEST_F(Device, Settings) {
  int64_t value = -1;
  ACL_REFUSED(aclrtCtxGetSysParamOpt(ACL_OPT_STRONG_CONSISTENCY, &value),
              ACL_ERROR_RT_SYSPARAMOPT_NOT_SET, "never set");
  ACL_OK(aclrtGetSysParamOpt(ACL_OPT_STRONG_CONSISTENCY, &value));
  EXPECT_EQ(value, 0);
  ACL_OK(aclrtCtxSetSysParamOpt(ACL_OPT_DETERMINISTIC, 1));
  ACL_OK(aclrtCtxGetSysParamOpt(ACL_OPT_DETERMINISTIC, &value));
  EXPECT_EQ(value, 1);
  ACL_REFUSED(aclrtCtxSetSysParamOpt(ACL_OPT_DETERMINISTIC, 7), ACL_ERROR_INVALID_PARAM, "0 or 1");
  ACL_REFUSED(aclrtSetSysParamOpt(static_cast<aclSysParamOpt>(99), 1), ACL_ERROR_INVALID_PARAM,
              "option 99");
}

}  // namespace
