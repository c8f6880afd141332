/* Versions, the processor's name and numbers. */
#include <cstring>

#include "acl_fixture.h"

namespace {

class Version : public AclTest {};

TEST_F(Version, Interface) {
  int32_t major = 0, minor = 0, patch = -1;
  ACL_OK(aclrtGetVersion(&major, &minor, &patch));
  EXPECT_EQ(major, 1);
  EXPECT_GT(minor, 0);
  EXPECT_GE(patch, 0);
  ACL_REFUSED(aclrtGetVersion(nullptr, &minor, &patch), ACL_ERROR_INVALID_PARAM, "majorVersion");
}

TEST_F(Version, PackagesAgree) {
  aclCANNPackageVersion version;
  std::memset(&version, 'x', sizeof version);
  ACL_OK(aclsysGetCANNVersion(ACL_PKG_NAME_CANN, &version));
  char text[ACL_PKG_VERSION_MAX_SIZE] = "";
  char name[] = "runtime";
  ACL_OK(aclsysGetVersionStr(name, text));
  EXPECT_STREQ(version.version, text);
  EXPECT_EQ(std::string(text), std::string(version.majorVersion) + "." + version.minorVersion +
                                   "." + version.releaseVersion);
  int32_t number = 0;
  ACL_OK(aclsysGetVersionNum(name, &number));
  EXPECT_EQ(number / 10000000, std::atoi(version.majorVersion));
  EXPECT_EQ(number / 100000 % 100, std::atoi(version.minorVersion));
}

TEST_F(Version, UnknownPackages) {
  aclCANNPackageVersion version;
  ACL_REFUSED(aclsysGetCANNVersion(static_cast<aclCANNPackageName>(8), &version),
              ACL_ERROR_INVALID_PARAM, "package 8");
  char name[] = "kitchen", text[ACL_PKG_VERSION_MAX_SIZE];
  int32_t number;
  ACL_REFUSED(aclsysGetVersionStr(name, text), ACL_ERROR_INVALID_FILE, "kitchen");
  ACL_REFUSED(aclsysGetVersionNum(name, &number), ACL_ERROR_INVALID_FILE, "runtime");
  ACL_REFUSED(aclsysGetVersionStr(nullptr, text), ACL_ERROR_INVALID_PARAM, "pkgName");
}

TEST_F(Version, Capabilities) {
  int64_t cores = 0, vectors = 0, memory = 0;
  ACL_OK(aclGetDeviceCapability(1, ACL_DEVICE_INFO_AI_CORE_NUM, &cores));
  ACL_OK(aclrtGetDeviceInfo(1, ACL_DEV_ATTR_VECTOR_CORE_NUM, &vectors));
  ACL_OK(aclrtGetDeviceInfo(0, ACL_DEV_ATTR_TOTAL_GLOBAL_MEM_SIZE, &memory));
  EXPECT_EQ(cores, 24);
  EXPECT_EQ(vectors, 48);
  EXPECT_EQ(memory, 256 << 20);
  ACL_REFUSED(aclGetDeviceCapability(2, ACL_DEVICE_INFO_L2_SIZE, &cores),
              ACL_ERROR_RT_INVALID_DEVICEID, "device 2");
  ACL_REFUSED(aclGetDeviceCapability(0, ACL_DEVICE_INFO_UNDEFINED, &cores),
              ACL_ERROR_INVALID_PARAM, "deviceInfo -1");
  ACL_REFUSED(aclrtGetDeviceInfo(0, ACL_DEV_ATTR_WARP_SIZE, &cores),
              ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "Ascend910B1");
}

TEST_F(Version, Attributes) {
  const aclCannAttr *list = nullptr;
  size_t count = 0;
  ACL_OK(aclGetCannAttributeList(&list, &count));
  ASSERT_EQ(count, 3u);
  for (size_t i = 0; i < count; ++i) {
    int32_t value = 0;
    ACL_OK(aclGetCannAttribute(list[i], &value));
    EXPECT_EQ(value, 1);
  }
  int32_t value = 0;
  ACL_REFUSED(aclGetCannAttribute(ACL_CANN_ATTR_UNDEFINED, &value), ACL_ERROR_INVALID_PARAM,
              "attribute -1");
}

TEST_F(Version, UuidsDiffer) {
  aclrtUuid first, second;
  ACL_OK(aclrtDeviceGetUuid(0, &first));
  ACL_OK(aclrtDeviceGetUuid(1, &second));
  EXPECT_NE(std::memcmp(&first, &second, sizeof first), 0);
  ACL_REFUSED(aclrtDeviceGetUuid(-1, &first), ACL_ERROR_RT_INVALID_DEVICEID, "-1");
}

TEST(Soc, NameComesFromTheEnvironment) {
  EXPECT_STREQ(aclrtGetSocName(), "Ascend910B1");
  setenv("ASCEND_EMU_SOC", "Ascend310P3", 1);
  EXPECT_STREQ(aclrtGetSocName(), "Ascend310P3");
  ACL_OK(aclInit(nullptr));
  EXPECT_STREQ(aclrtGetSocName(), "Ascend310P3");
  int64_t cores = 0;
  ACL_OK(aclGetDeviceCapability(0, ACL_DEVICE_INFO_AI_CORE_NUM, &cores));
  EXPECT_EQ(cores, 8);
  const aclCannAttr *list = nullptr;
  size_t count = 0;
  ACL_OK(aclGetCannAttributeList(&list, &count));
  EXPECT_EQ(count, 1u);
  ACL_OK(aclFinalize());
  unsetenv("ASCEND_EMU_SOC");
}

TEST(Soc, UnknownNamesAreRefusedWithTheList) {
  setenv("ASCEND_EMU_SOC", "Ascend9000", 1);
  ACL_REFUSED(aclInit(nullptr), ACL_ERROR_INVALID_PARAM,
              "ASCEND_EMU_SOC=Ascend9000: the emulator knows Ascend310,");
  EXPECT_EQ(aclrtGetSocName(), nullptr);
  unsetenv("ASCEND_EMU_SOC");
  ACL_OK(aclInit(nullptr));
  ACL_OK(aclFinalize());
}

TEST(Soc, NothingIsKnownBeforeInit) {
  int64_t value = 0;
  ACL_REFUSED(aclGetDeviceCapability(0, ACL_DEVICE_INFO_L2_SIZE, &value), ACL_ERROR_UNINITIALIZE,
              "called ");
}

/* Declared nowhere in our headers; binaries made for CANN call it. */
extern "C" int rtKernelLaunch(const void *, uint32_t, void *, uint32_t, void *, void *);
extern "C" int HcclAllReduce(void *, void *, uint64_t, int, int, void *, void *);
extern "C" void *acltdtCreateDataset(void);

TEST(Unsupported, FailsWithItsName) {
  ACL_REFUSED(rtKernelLaunch(nullptr, 1, nullptr, 0, nullptr, nullptr),
              ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "rtKernelLaunch: not supported by the emulator");
  ACL_REFUSED(HcclAllReduce(nullptr, nullptr, 1, 0, 0, nullptr, nullptr), 5, "HcclAllReduce");
  EXPECT_EQ(acltdtCreateDataset(), nullptr);
  uint64_t handle = 0;
  ACL_REFUSED(aclrtMemExportToShareableHandle(nullptr, ACL_MEM_HANDLE_TYPE_NONE, 0, &handle),
              ACL_ERROR_API_NOT_SUPPORT, "aclrtMemExportToShareableHandle");
}

}  // namespace
