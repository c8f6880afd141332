/* Reserved addresses and the physical memory behind them. */
#include <cstring>
#include <vector>

#include "acl_fixture.h"

namespace {

constexpr size_t kPart = size_t{2} << 20;

class Vmm : public AclTest {
 protected:
  aclrtDrvMemHandle physical(size_t bytes, uint32_t device = 0) {
    aclrtPhysicalMemProp prop = {};
    prop.handleType = ACL_MEM_HANDLE_TYPE_NONE;
    prop.allocationType = ACL_MEM_ALLOCATION_TYPE_PINNED;
    prop.memAttr = ACL_HBM_MEM_HUGE;
    prop.location = {device, ACL_MEM_LOCATION_TYPE_DEVICE};
    aclrtDrvMemHandle handle = nullptr;
    EXPECT_EQ(aclrtMallocPhysical(&handle, bytes, &prop, 0), ACL_SUCCESS);
    return handle;
  }
};

TEST_F(Vmm, GrowsInPlace) {
  void *base = nullptr;
  ACL_OK(aclrtReserveMemAddress(&base, 8 * kPart, 0, nullptr, 1));
  char *start = static_cast<char *>(base);
  aclrtDrvMemHandle first = physical(kPart), second = physical(2 * kPart);
  ACL_OK(aclrtMapMem(start, kPart, 0, first, 0));
  std::vector<char> sent(3 * kPart, 0);
  for (size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i >> 10);
  ACL_REFUSED(aclrtMemcpy(start, sent.size(), sent.data(), sent.size(), ACL_MEMCPY_HOST_TO_DEVICE),
              ACL_ERROR_RT_PARAM_INVALID, "not all are mapped");
  ACL_OK(aclrtMapMem(start + kPart, 2 * kPart, 0, second, 0));
  ACL_OK(aclrtMemcpy(start, sent.size(), sent.data(), sent.size(), ACL_MEMCPY_HOST_TO_DEVICE));
  std::vector<char> got(sent.size());
  ACL_OK(aclrtMemcpy(got.data(), got.size(), start, got.size(), ACL_MEMCPY_DEVICE_TO_HOST));
  EXPECT_EQ(got, sent);
  ACL_OK(aclrtUnmapMem(start));
  ACL_REFUSED(aclrtMemset(start, 1, 0, 1), ACL_ERROR_RT_PARAM_INVALID, "not all are mapped");
  /* The pages keep their bytes while the handle lives. */
  ACL_OK(aclrtMapMem(start + 5 * kPart, kPart, 0, first, 0));
  ACL_OK(aclrtMemcpy(got.data(), kPart, start + 5 * kPart, kPart, ACL_MEMCPY_DEVICE_TO_HOST));
  EXPECT_EQ(std::memcmp(got.data(), sent.data(), kPart), 0);
  ACL_REFUSED(aclrtReleaseMemAddress(start), ACL_ERROR_RT_PARAM_INVALID, "2 mapped parts");
  ACL_OK(aclrtUnmapMem(start + 5 * kPart));
  ACL_OK(aclrtUnmapMem(start + kPart));
  ACL_OK(aclrtFreePhysical(first));
  ACL_OK(aclrtFreePhysical(second));
  ACL_OK(aclrtReleaseMemAddress(start));
}

TEST_F(Vmm, CountsAgainstTheBudget) {
  size_t before = 0, after = 0, total = 0;
  ACL_OK(aclrtGetMemInfo(ACL_HBM_MEM, &before, &total));
  aclrtDrvMemHandle handle = physical(16 * kPart);
  ACL_OK(aclrtGetMemInfo(ACL_HBM_MEM, &after, &total));
  EXPECT_EQ(before - after, 16 * kPart);
  aclrtPhysicalMemProp prop = {};
  prop.location = {0, ACL_MEM_LOCATION_TYPE_DEVICE};
  aclrtDrvMemHandle more = nullptr;
  ACL_REFUSED(aclrtMallocPhysical(&more, size_t{1} << 30, &prop, 0),
              ACL_ERROR_RT_MEMORY_ALLOCATION, "out of memory on device 0");
  ACL_OK(aclrtFreePhysical(handle));
  ACL_OK(aclrtGetMemInfo(ACL_HBM_MEM, &after, &total));
  EXPECT_EQ(before, after);
}

TEST_F(Vmm, WrongArguments) {
  void *base = nullptr;
  ACL_REFUSED(aclrtReserveMemAddress(&base, 100, 0, nullptr, 1), ACL_ERROR_RT_PARAM_INVALID,
              "multiple of 2097152");
  ACL_REFUSED(aclrtReserveMemAddress(&base, size_t{1} << 62, 0, nullptr, 1),
              ACL_ERROR_RT_MEMORY_ALLOCATION, "4611686018427387904");
  ACL_OK(aclrtReserveMemAddress(&base, 2 * kPart, 0, nullptr, 1));
  char *start = static_cast<char *>(base);
  aclrtDrvMemHandle handle = physical(kPart), other = physical(kPart, 1);
  ACL_REFUSED(aclrtMapMem(start, 2 * kPart, 0, handle, 0), ACL_ERROR_RT_PARAM_INVALID,
              "of the 2097152 bytes of physical memory");
  ACL_REFUSED(aclrtMapMem(start, kPart, 0, other, 0), ACL_ERROR_RT_PARAM_INVALID,
              "not an address of device 1");
  ACL_REFUSED(aclrtMapMem(start + 5, kPart, 0, handle, 0), ACL_ERROR_RT_PARAM_INVALID,
              "multiples of");
  ACL_OK(aclrtMapMem(start, kPart, 0, handle, 0));
  ACL_REFUSED(aclrtMapMem(start, kPart, 0, handle, 0), ACL_ERROR_RT_PARAM_INVALID,
              "mapped in part already");
  ACL_REFUSED(aclrtFree(start), ACL_ERROR_RT_PARAM_INVALID, "aclrtReleaseMemAddress");
  ACL_REFUSED(aclrtUnmapMem(start + kPart), ACL_ERROR_RT_PARAM_INVALID, "not the start");
  ACL_OK(aclrtFreePhysical(handle));
  ACL_REFUSED(aclrtFreePhysical(handle), ACL_ERROR_RT_PARAM_INVALID, "destroyed before");
}

}  // namespace
