/* What a framework reports to CANN's profiler. Facts of the public API; text of this project. */
#ifndef ASCENDTORCH_PROFILING_APROF_PUB_H_
#define ASCENDTORCH_PROFILING_APROF_PUB_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef MSVP_PROF_API
#define MSVP_PROF_API __attribute__((visibility("default")))
#endif

/* ---- Sizes and values */

#define MSPROF_REPORT_DATA_MAGIC_NUM 0x5A5AU
#define MSPROF_COMPACT_INFO_DATA_LENGTH 40
#define PATH_LEN_MAX 1023
#define PARAM_LEN_MAX 4095
#define MSPROF_MAX_DEV_NUM 64
#define MSPROF_ADDTIONAL_INFO_DATA_LENGTH 232

typedef void *VOID_PTR;

enum MsprofErrorCode {
  MSPROF_ERROR_NONE = 0,
};

/* What a registered function is told. */
enum ProfCtrlType {
  PROF_CTRL_INVALID = 0,
  PROF_CTRL_SWITCH = 1,
};

enum MsprofCommandHandleType {
  PROF_COMMANDHANDLE_TYPE_INIT = 0,
  PROF_COMMANDHANDLE_TYPE_START = 1,
  PROF_COMMANDHANDLE_TYPE_STOP = 2,
  PROF_COMMANDHANDLE_TYPE_FINALIZE = 3,
  PROF_COMMANDHANDLE_TYPE_MODEL_SUBSCRIBE = 4,
  PROF_COMMANDHANDLE_TYPE_MODEL_UNSUBSCRIBE = 5,
  PROF_COMMANDHANDLE_TYPE_MAX = 6,
};

/* ---- Data */

struct MsprofCommandHandleParams {
  uint32_t pathLen;
  uint32_t storageLimit;
  uint32_t profDataLen;
  char path[PATH_LEN_MAX + 1];
  char profData[PARAM_LEN_MAX + 1];
};

struct MsprofCommandHandle {
  uint64_t profSwitch;
  uint64_t profSwitchHi;
  uint32_t devNums;
  uint32_t devIdList[MSPROF_MAX_DEV_NUM];
  uint32_t modelId;
  uint32_t type;
  uint32_t cacheFlag;
  struct MsprofCommandHandleParams params;
};

/* One call of a host function, in units of MsprofSysCycleTime. */
struct MsprofApi {
#ifdef __cplusplus
  uint16_t magicNumber = MSPROF_REPORT_DATA_MAGIC_NUM;
#else
  uint16_t magicNumber;
#endif
  uint16_t level;
  uint32_t type;
  uint32_t threadId;
  uint32_t reserve;
  uint64_t beginTime;
  uint64_t endTime;
  uint64_t itemId;
};

/* ---- Functions */

typedef int32_t (*ProfCommandHandle)(uint32_t type, void *data, uint32_t len);

MSVP_PROF_API int32_t MsprofRegisterCallback(uint32_t moduleId, ProfCommandHandle handle);
MSVP_PROF_API int32_t MsprofReportApi(uint32_t nonPersistantFlag, const struct MsprofApi *api);
MSVP_PROF_API int32_t MsprofReportCompactInfo(uint32_t nonPersistantFlag, const VOID_PTR data,
    uint32_t length);
MSVP_PROF_API int32_t MsprofReportAdditionalInfo(uint32_t nonPersistantFlag, const VOID_PTR data,
    uint32_t length);
MSVP_PROF_API uint64_t MsprofGetHashId(const char *hashInfo, size_t length);
MSVP_PROF_API uint64_t MsprofSysCycleTime(void);

#ifdef __cplusplus
}
#endif

#endif
