/* What every aclnnXxx function takes: tensors with strides, scalars, arrays, the executor.
   Facts of the public API; text of this project. */
#ifndef ASCENDTORCH_ACLNN_ACL_META_H_
#define ASCENDTORCH_ACLNN_ACL_META_H_

#include <stdbool.h>

#include "acl/acl_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Handles */

typedef int32_t aclnnStatus;
typedef struct aclOpExecutor aclOpExecutor;
typedef struct aclTensor aclTensor;
typedef struct aclScalar aclScalar;
typedef struct aclIntArray aclIntArray;
typedef struct aclFloatArray aclFloatArray;
typedef struct aclBoolArray aclBoolArray;
typedef struct aclTensorList aclTensorList;
typedef struct aclScalarList aclScalarList;

/* ---- Results of calls */

static const int ACLNN_SUCCESS = 0;
static const int ACLNN_ERR_PARAM_NULLPTR = 161001;
static const int ACLNN_ERR_PARAM_INVALID = 161002;
static const int ACLNN_ERR_RUNTIME_ERROR = 361001;
static const int ACLNN_ERR_INNER = 561000;

/* ---- Tensors: offset and stride count elements; storage dims describe the whole allocation */

ACL_API aclTensor *aclCreateTensor(const int64_t *viewDims, uint64_t viewDimsNum,
    aclDataType dataType, const int64_t *stride, int64_t offset, aclFormat format,
    const int64_t *storageDims, uint64_t storageDimsNum, void *tensorData);
ACL_API aclnnStatus aclDestroyTensor(const aclTensor *tensor);
ACL_API aclnnStatus aclGetViewShape(const aclTensor *tensor, int64_t **viewDims,
    uint64_t *viewDimsNum);
ACL_API aclTensorList *aclCreateTensorList(const aclTensor *const *value, uint64_t size);
ACL_API aclnnStatus aclDestroyTensorList(const aclTensorList *array);

/* ---- Values */

ACL_API aclScalar *aclCreateScalar(void *value, aclDataType dataType);
ACL_API aclnnStatus aclDestroyScalar(const aclScalar *scalar);
ACL_API aclScalarList *aclCreateScalarList(const aclScalar *const *value, uint64_t size);
ACL_API aclnnStatus aclDestroyScalarList(const aclScalarList *array);
ACL_API aclIntArray *aclCreateIntArray(const int64_t *value, uint64_t size);
ACL_API aclnnStatus aclDestroyIntArray(const aclIntArray *array);
ACL_API aclFloatArray *aclCreateFloatArray(const float *value, uint64_t size);
ACL_API aclnnStatus aclDestroyFloatArray(const aclFloatArray *array);
ACL_API aclBoolArray *aclCreateBoolArray(const bool *value, uint64_t size);
ACL_API aclnnStatus aclDestroyBoolArray(const aclBoolArray *array);

/* ---- Executors: made by aclnnXxxGetWorkspaceSize, used up by aclnnXxx */

ACL_API aclnnStatus aclDestroyAclOpExecutor(aclOpExecutor *executor);

#ifdef __cplusplus
}
#endif

#endif
