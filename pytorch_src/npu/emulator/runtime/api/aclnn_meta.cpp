/* aclnn/acl_meta.h: tensors, scalars, arrays and lists. */
#include "aclnn/acl_meta.h"

#include "ops/aclnn_entry.h"
#include "ops/aclnn_objects.h"
#include "ops/types.h"

using namespace ascend_emu;

namespace {

/* Far above any real one: a larger size is a mistake, and would be read from memory. */
constexpr uint64_t kMostItems = uint64_t{1} << 24;

void check_items(const void *items, uint64_t size) {
  if (size > kMostItems) {
    refuse(ACLNN_ERR_PARAM_INVALID, "a size of %llu; at most 2^24 is allowed",
           static_cast<unsigned long long>(size));
  }
  if (size != 0) aclnn_need(items, "value");
}

Dims shape(const int64_t *dims, uint64_t count, int32_t type, const char *what) {
  const int64_t number = count > INT32_MAX ? INT32_MAX : static_cast<int64_t>(count);
  Dims checked = checked_dims(number, dims, type);
  if (has_unknown_dims(checked)) {
    refuse(ACLNN_ERR_PARAM_INVALID, "%s is %s: negative sizes", what,
           dims_text(dims, count).c_str());
  }
  return checked;
}

Dims contiguous(const Dims &dims) {
  Dims strides(dims.size());
  int64_t step = 1;
  for (size_t d = dims.size(); d-- > 0;) {
    strides[d] = step;
    step *= dims[d] == 0 ? 1 : dims[d];
  }
  return strides;
}

/* As entry_pointer: null after a refusal. */
template <class T, class Body>
T *created(const char *function, Body &&body) {
  T *made = nullptr;
  aclnn_entry(function, [&] { made = static_cast<T *>(body()); });
  return made;
}

template <class T, class Item>
T *create_array(const char *function, AclnnArray::Kind kind, const Item *value, uint64_t size) {
  return created<T>(function, [&] {
    check_items(value, size);
    auto array = std::make_shared<AclnnArray>();
    array->kind = kind;
    for (uint64_t i = 0; i < size; ++i) {
      if (kind == AclnnArray::Kind::kFloat) {
        array->floats.push_back(static_cast<double>(value[i]));
      } else {
        array->ints.push_back(static_cast<int64_t>(value[i]));
      }
    }
    return aclnn_arrays().add(std::move(array));
  });
}

template <class T, class Item>
T *create_list(const char *function, AclnnList::Kind kind, const Item *const *value,
               uint64_t size) {
  return created<T>(function, [&] {
    check_items(value, size);
    auto list = std::make_shared<AclnnList>();
    list->kind = kind;
    for (uint64_t i = 0; i < size; ++i) {
      if (kind == AclnnList::Kind::kTensor) {
        aclnn_tensors().get(value[i], handle_code(value[i]));
      } else {
        aclnn_scalars().get(value[i], handle_code(value[i]));
      }
      list->handles.push_back(value[i]);
    }
    return aclnn_lists().add(std::move(list));
  });
}

aclnnStatus destroy_array(const char *function, const void *array, AclnnArray::Kind kind) {
  return aclnn_entry(function, [&] {
    if (aclnn_arrays().get(array, handle_code(array))->kind != kind) {
      refuse(ACLNN_ERR_PARAM_INVALID, "%p is an array of another element type", array);
    }
    aclnn_arrays().take(array, ACLNN_ERR_PARAM_INVALID);
  });
}

aclnnStatus destroy_list(const char *function, const void *handle, AclnnList::Kind kind) {
  return aclnn_entry(function, [&] {
    if (aclnn_lists().get(handle, handle_code(handle))->kind != kind) {
      refuse(ACLNN_ERR_PARAM_INVALID, "%p is a list of another kind", handle);
    }
    const auto list = aclnn_lists().take(handle, ACLNN_ERR_PARAM_INVALID);
    for (const void *item : list->handles) {
      /* One may be in the list twice, or be gone already. */
      if (kind == AclnnList::Kind::kTensor && aclnn_tensors().find(item)) {
        aclnn_tensors().take(item, ACLNN_ERR_PARAM_INVALID);
      } else if (kind == AclnnList::Kind::kScalar && aclnn_scalars().find(item)) {
        aclnn_scalars().take(item, ACLNN_ERR_PARAM_INVALID);
      }
    }
  });
}

}  // namespace

extern "C" {

aclTensor *aclCreateTensor(const int64_t *viewDims, uint64_t viewDimsNum, aclDataType dataType,
                           const int64_t *stride, int64_t offset, aclFormat format,
                           const int64_t *storageDims, uint64_t storageDimsNum,
                           void *tensorData) {
  return created<aclTensor>("aclCreateTensor", [&] {
    check_type(dataType);
    check_format(format);
    auto tensor = std::make_shared<AclnnTensor>();
    tensor->type = dataType;
    tensor->format = format;
    const Dims dims = shape(viewDims, viewDimsNum, dataType, "viewDims");
    tensor->storage = shape(storageDims, storageDimsNum, dataType, "storageDims");
    tensor->strides = stride == nullptr ? contiguous(dims) : Dims(stride, stride + viewDimsNum);
    tensor->offset = offset;
    tensor->data = tensorData;
    if (!is_private_format(format)) check_view(dims, tensor->strides, offset, tensor->storage);
    tensor->set_dims(dims);
    return aclnn_tensors().add(std::move(tensor));
  });
}

aclnnStatus aclDestroyTensor(const aclTensor *tensor) {
  return aclnn_entry("aclDestroyTensor",
                     [&] { aclnn_tensors().take(tensor, handle_code(tensor)); });
}

aclnnStatus aclGetViewShape(const aclTensor *tensor, int64_t **viewDims, uint64_t *viewDimsNum) {
  return aclnn_entry("aclGetViewShape", [&] {
    aclnn_need(viewDims, "viewDims");
    aclnn_need(viewDimsNum, "viewDimsNum");
    const Dims dims = aclnn_tensors().get(tensor, handle_code(tensor))->dims();
    /* The caller deletes it. */
    int64_t *copy = new int64_t[dims.size()];
    for (size_t d = 0; d < dims.size(); ++d) copy[d] = dims[d];
    *viewDims = copy;
    *viewDimsNum = dims.size();
  });
}

aclTensorList *aclCreateTensorList(const aclTensor *const *value, uint64_t size) {
  return create_list<aclTensorList>("aclCreateTensorList", AclnnList::Kind::kTensor, value, size);
}

aclnnStatus aclDestroyTensorList(const aclTensorList *array) {
  return destroy_list("aclDestroyTensorList", array, AclnnList::Kind::kTensor);
}

aclScalar *aclCreateScalar(void *value, aclDataType dataType) {
  return created<aclScalar>("aclCreateScalar", [&] {
    aclnn_need(value, "value");
    return aclnn_scalars().add(std::make_shared<AclnnScalar>(read_scalar(value, dataType)));
  });
}

aclnnStatus aclDestroyScalar(const aclScalar *scalar) {
  return aclnn_entry("aclDestroyScalar",
                     [&] { aclnn_scalars().take(scalar, handle_code(scalar)); });
}

aclScalarList *aclCreateScalarList(const aclScalar *const *value, uint64_t size) {
  return create_list<aclScalarList>("aclCreateScalarList", AclnnList::Kind::kScalar, value, size);
}

aclnnStatus aclDestroyScalarList(const aclScalarList *array) {
  return destroy_list("aclDestroyScalarList", array, AclnnList::Kind::kScalar);
}

aclIntArray *aclCreateIntArray(const int64_t *value, uint64_t size) {
  return create_array<aclIntArray>("aclCreateIntArray", AclnnArray::Kind::kInt, value, size);
}

aclnnStatus aclDestroyIntArray(const aclIntArray *array) {
  return destroy_array("aclDestroyIntArray", array, AclnnArray::Kind::kInt);
}

aclFloatArray *aclCreateFloatArray(const float *value, uint64_t size) {
  return create_array<aclFloatArray>("aclCreateFloatArray", AclnnArray::Kind::kFloat, value, size);
}

aclnnStatus aclDestroyFloatArray(const aclFloatArray *array) {
  return destroy_array("aclDestroyFloatArray", array, AclnnArray::Kind::kFloat);
}

aclBoolArray *aclCreateBoolArray(const bool *value, uint64_t size) {
  return create_array<aclBoolArray>("aclCreateBoolArray", AclnnArray::Kind::kBool, value, size);
}

aclnnStatus aclDestroyBoolArray(const aclBoolArray *array) {
  return destroy_array("aclDestroyBoolArray", array, AclnnArray::Kind::kBool);
}

}  // extern "C"
