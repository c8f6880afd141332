/* Single operators: attributes and execution. */
#ifndef ASCENDTORCH_ACL_ACL_OP_H_
#define ASCENDTORCH_ACL_ACL_OP_H_

#include "acl_base.h"
#include "acl_rt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Handles */

typedef struct aclopAttr aclopAttr;
typedef struct aclopHandle aclopHandle;

typedef enum aclEngineType {
  ACL_ENGINE_SYS = 0,
  ACL_ENGINE_AICORE = 1,
  ACL_ENGINE_VECTOR = 2,
} aclopEngineType;

/* ---- Attributes, by name */

ACL_API aclopAttr *aclopCreateAttr(void);
ACL_API void aclopDestroyAttr(const aclopAttr *attr);
ACL_API aclError aclopSetAttrBool(aclopAttr *attr, const char *attrName, uint8_t attrValue);
ACL_API aclError aclopSetAttrInt(aclopAttr *attr, const char *attrName, int64_t attrValue);
ACL_API aclError aclopSetAttrFloat(aclopAttr *attr, const char *attrName, float attrValue);
ACL_API aclError aclopSetAttrString(aclopAttr *attr, const char *attrName, const char *attrValue);
ACL_API aclError aclopSetAttrDataType(aclopAttr *attr, const char *attrName, aclDataType
    attrValue);
ACL_API aclError aclopSetAttrListBool(aclopAttr *attr, const char *attrName, int numValues, const
    uint8_t *values);
ACL_API aclError aclopSetAttrListInt(aclopAttr *attr, const char *attrName, int numValues, const
    int64_t *values);
ACL_API aclError aclopSetAttrListFloat(aclopAttr *attr, const char *attrName, int numValues, const
    float *values);
ACL_API aclError aclopSetAttrListString(aclopAttr *attr, const char *attrName, int numValues,
    const char **values);
ACL_API aclError aclopSetAttrListDataType(aclopAttr *attr, const char *attrName, int numValues,
    const aclDataType values[]);
ACL_API aclError aclopSetAttrListListInt(aclopAttr *attr, const char *attrName, int numLists,
    const int *numValues, const int64_t *const values[]);

/* ---- Execution */

ACL_API aclError aclopSetModelDir(const char *modelDir);
ACL_API aclError aclopExecuteV2(const char *opType, int numInputs, aclTensorDesc *inputDesc[],
    aclDataBuffer *inputs[], int numOutputs, aclTensorDesc *outputDesc[], aclDataBuffer
    *outputs[], aclopAttr *attr, aclrtStream stream);
ACL_API aclError aclopInferShape(const char *opType, int numInputs, aclTensorDesc *inputDesc[],
    aclDataBuffer *inputs[], int numOutputs, aclTensorDesc *outputDesc[], aclopAttr *attr);
ACL_API aclError aclopSetMaxOpQueueNum(uint64_t maxOpNum);

/* ---- Dump of operators' arguments */

#define ACL_OP_DUMP_OP_AICORE_ARGS 0x00000001U
ACL_API aclError aclopStartDumpArgs(uint32_t dumpType, const char *path);
ACL_API aclError aclopStopDumpArgs(uint32_t dumpType);

#ifdef __cplusplus
}
#endif

#endif
