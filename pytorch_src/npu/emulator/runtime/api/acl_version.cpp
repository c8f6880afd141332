/* Which AscendCL and which CANN this stands for. */
#include <strings.h>

#include <cstring>
#include <string>

#include "core/entry.h"

using namespace ascend_emu;

namespace {

/* The interface that our headers declare came with this CANN. */
constexpr int32_t kMajor = 9, kMinor = 0, kPatch = 0;
const char kVersion[] = "9.0.0";
constexpr int32_t kAclMajor = 1, kAclMinor = 17, kAclPatch = 0;

/* By the values of aclCANNPackageName; aclsysGetVersion* take these names. */
const char *const kPackages[] = {"cann", "runtime", "compiler",   "hccl",
                                 "toolkit", "opp",  "opp_kernel", "driver"};
constexpr int kPackageCount = static_cast<int>(sizeof kPackages / sizeof *kPackages);

void need_package(const char *name) {
  need(name, "pkgName");
  std::string known;
  for (const char *package : kPackages) {
    if (strcasecmp(name, package) == 0) return;
    known += std::string(known.empty() ? "" : ", ") + package;
  }
  refuse(ACL_ERROR_INVALID_FILE, "there is no package \"%.64s\": the emulator stands for %s", name,
         known.c_str());
}

}  // namespace

extern "C" {

aclError aclrtGetVersion(int32_t *majorVersion, int32_t *minorVersion, int32_t *patchVersion) {
  return entry(__func__, [&] {
    need(majorVersion, "majorVersion");
    need(minorVersion, "minorVersion");
    need(patchVersion, "patchVersion");
    *majorVersion = kAclMajor;
    *minorVersion = kAclMinor;
    *patchVersion = kAclPatch;
  });
}

aclError aclsysGetCANNVersion(aclCANNPackageName name, aclCANNPackageVersion *version) {
  return entry(__func__, [&] {
    need(version, "version");
    const int index = static_cast<int>(name);
    if (index < 0 || index >= kPackageCount) {
      refuse(ACL_ERROR_INVALID_PARAM, "package %d: 0 (CANN) to %d (DRIVER) are known", index,
             kPackageCount - 1);
    }
    std::memset(version, 0, sizeof *version);
    std::strcpy(version->version, kVersion);
    std::strcpy(version->majorVersion, std::to_string(kMajor).c_str());
    std::strcpy(version->minorVersion, std::to_string(kMinor).c_str());
    std::strcpy(version->releaseVersion, std::to_string(kPatch).c_str());
    std::strcpy(version->patchVersion, "0");
  });
}

aclError aclsysGetVersionStr(char *pkgName, char *versionStr) {
  return entry(__func__, [&] {
    need_package(pkgName);
    need(versionStr, "versionStr"); /* of ACL_PKG_VERSION_MAX_SIZE bytes, as documented */
    std::strcpy(versionStr, kVersion);
  });
}

aclError aclsysGetVersionNum(char *pkgName, int32_t *versionNum) {
  return entry(__func__, [&] {
    need_package(pkgName);
    need(versionNum, "versionNum");
    /* CANN's weights: 9.2.0 is 90200000. */
    *versionNum = kMajor * 10000000 + kMinor * 100000 + kPatch * 1000;
  });
}

}  // extern "C"
