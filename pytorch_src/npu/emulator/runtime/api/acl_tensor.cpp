/* acl_base.h: element sizes, binary16, data buffers, tensor descriptors. */
#include <cstring>

#include "acl/acl_base.h"
#include "core/entry.h"
#include "ops/float16.h"
#include "ops/tensor_desc.h"
#include "ops/types.h"

using namespace ascend_emu;

namespace {

TensorDesc &desc_of(const aclTensorDesc *desc, std::shared_ptr<TensorDesc> &owner) {
  owner = tensor_descs().get(desc, ACL_ERROR_INVALID_PARAM);
  return *owner;
}

/* Run `body` on the descriptor; `fallback` when the handle or what the body finds is wrong. */
template <class T, class Body>
T read_desc(const char *function, const aclTensorDesc *desc, T fallback, Body &&body) {
  T result = fallback;
  entry(function, [&] {
    std::shared_ptr<TensorDesc> owner;
    result = body(desc_of(desc, owner));
  });
  return result;
}

template <class Body>
aclError change_desc(const char *function, aclTensorDesc *desc, Body &&body) {
  return entry(function, [&] {
    std::shared_ptr<TensorDesc> owner;
    body(desc_of(desc, owner));
  });
}

int64_t dim_at(const TensorDesc &desc, size_t index) {
  if (index >= desc.dims.size()) {
    refuse(ACL_ERROR_INVALID_PARAM, "index %zu: the tensor has %zu dims", index, desc.dims.size());
  }
  return desc.dims[index];
}

/* A size that no address space holds is a negative number somewhere in the caller. */
void check_buffer(const void *data, size_t size) {
  if (size > static_cast<size_t>(PTRDIFF_MAX)) {
    refuse(ACL_ERROR_INVALID_PARAM, "the size %zu is not below 2^63 bytes", size);
  }
  if (data == nullptr && size != 0) {
    refuse(ACL_ERROR_INVALID_PARAM, "data is null, but the size is %zu bytes", size);
  }
}

Dims pairs(size_t count, int64_t (*range)[2], bool shape) {
  if (count != 0) need(range, "the range");
  Dims flat;
  for (size_t i = 0; i < count; ++i) {
    const int64_t least = range[i][0], most = range[i][1];
    /* A most of -1 leaves a shape's end open. */
    if ((shape && least < 0) || (most < least && !(shape && most == -1))) {
      refuse(ACL_ERROR_INVALID_PARAM, "range %zu is [%lld, %lld]", i,
             static_cast<long long>(least), static_cast<long long>(most));
    }
    flat.push_back(least);
    flat.push_back(most);
  }
  return flat;
}

}  // namespace

extern "C" {

size_t aclDataTypeSize(aclDataType dataType) {
  const TypeFacts *facts = find_type(dataType);
  return facts == nullptr ? 0 : facts->bits / 8;
}

float aclFloat16ToFloat(aclFloat16 value) { return half_to_float(value); }

aclFloat16 aclFloatToFloat16(float value) { return float_to_half(value); }

aclDataBuffer *aclCreateDataBuffer(void *data, size_t size) {
  return entry_pointer("aclCreateDataBuffer", [&] {
    check_buffer(data, size);
    auto buffer = std::make_shared<DataBuffer>();
    buffer->data = data;
    buffer->bytes = size;
    return static_cast<aclDataBuffer *>(data_buffers().add(std::move(buffer)));
  });
}

aclError aclDestroyDataBuffer(const aclDataBuffer *dataBuffer) {
  return entry("aclDestroyDataBuffer",
               [&] { data_buffers().take(dataBuffer, ACL_ERROR_INVALID_PARAM); });
}

aclError aclUpdateDataBuffer(aclDataBuffer *dataBuffer, void *data, size_t size) {
  return entry("aclUpdateDataBuffer", [&] {
    const auto buffer = data_buffers().get(dataBuffer, ACL_ERROR_INVALID_PARAM);
    check_buffer(data, size);
    buffer->data = data;
    buffer->bytes = size;
  });
}

void *aclGetDataBufferAddr(const aclDataBuffer *dataBuffer) {
  return entry_pointer("aclGetDataBufferAddr", [&] {
    return data_buffers().get(dataBuffer, ACL_ERROR_INVALID_PARAM)->data;
  });
}

uint32_t aclGetDataBufferSize(const aclDataBuffer *dataBuffer) {
  uint32_t size = 0;
  entry("aclGetDataBufferSize", [&] {
    const size_t bytes = data_buffers().get(dataBuffer, ACL_ERROR_INVALID_PARAM)->bytes;
    if (bytes > UINT32_MAX) {
      refuse(ACL_ERROR_INVALID_PARAM,
             "the size %zu does not fit into 32 bits: call aclGetDataBufferSizeV2", bytes);
    }
    size = static_cast<uint32_t>(bytes);
  });
  return size;
}

size_t aclGetDataBufferSizeV2(const aclDataBuffer *dataBuffer) {
  size_t size = 0;
  entry("aclGetDataBufferSizeV2",
        [&] { size = data_buffers().get(dataBuffer, ACL_ERROR_INVALID_PARAM)->bytes; });
  return size;
}

aclTensorDesc *aclCreateTensorDesc(aclDataType dataType, int numDims, const int64_t *dims,
                                   aclFormat format) {
  return entry_pointer("aclCreateTensorDesc", [&] {
    check_type(dataType);
    check_format(format);
    auto desc = std::make_shared<TensorDesc>();
    desc->type = dataType;
    desc->format = format;
    desc->dims = checked_dims(numDims, dims, dataType);
    return static_cast<aclTensorDesc *>(tensor_descs().add(std::move(desc)));
  });
}

void aclDestroyTensorDesc(const aclTensorDesc *desc) {
  entry("aclDestroyTensorDesc", [&] { tensor_descs().take(desc, ACL_ERROR_INVALID_PARAM); });
}

aclDataType aclGetTensorDescType(const aclTensorDesc *desc) {
  return read_desc("aclGetTensorDescType", desc, ACL_DT_UNDEFINED,
                   [](TensorDesc &found) { return static_cast<aclDataType>(found.type); });
}

aclFormat aclGetTensorDescFormat(const aclTensorDesc *desc) {
  return read_desc("aclGetTensorDescFormat", desc, ACL_FORMAT_UNDEFINED,
                   [](TensorDesc &found) { return static_cast<aclFormat>(found.format); });
}

size_t aclGetTensorDescSize(const aclTensorDesc *desc) {
  return read_desc("aclGetTensorDescSize", desc, size_t{0}, [](TensorDesc &found) -> size_t {
    return laid_out_bytes(found);
  });
}

size_t aclGetTensorDescElementCount(const aclTensorDesc *desc) {
  return read_desc("aclGetTensorDescElementCount", desc, size_t{0},
                   [](TensorDesc &found) -> size_t {
                     uint64_t count = 0;
                     if (has_unknown_dims(found.dims)) return 0;
                     count_elements(found.dims.data(), found.dims.size(), &count);
                     return count;
                   });
}

size_t aclGetTensorDescNumDims(const aclTensorDesc *desc) {
  return read_desc("aclGetTensorDescNumDims", desc, size_t{0}, [](TensorDesc &found) -> size_t {
    if (found.dims.size() == 1 && found.dims[0] == -2) return ACL_UNKNOWN_RANK;
    return found.dims.size();
  });
}

int64_t aclGetTensorDescDim(const aclTensorDesc *desc, size_t index) {
  return read_desc("aclGetTensorDescDim", desc, int64_t{-1},
                   [&](TensorDesc &found) { return dim_at(found, index); });
}

aclError aclGetTensorDescDimV2(const aclTensorDesc *desc, size_t index, int64_t *dimSize) {
  return entry("aclGetTensorDescDimV2", [&] {
    need(dimSize, "dimSize");
    std::shared_ptr<TensorDesc> owner;
    *dimSize = dim_at(desc_of(desc, owner), index);
  });
}

aclError aclGetTensorDescDimRange(const aclTensorDesc *desc, size_t index, size_t dimRangeNum,
                                  int64_t *dimRange) {
  return entry("aclGetTensorDescDimRange", [&] {
    need(dimRange, "dimRange");
    std::shared_ptr<TensorDesc> owner;
    const TensorDesc &found = desc_of(desc, owner);
    const int64_t dim = dim_at(found, index);
    if (dimRangeNum < ACL_TENSOR_SHAPE_RANGE_NUM) {
      refuse(ACL_ERROR_INVALID_PARAM, "dimRangeNum is %zu: at least %d are needed", dimRangeNum,
             ACL_TENSOR_SHAPE_RANGE_NUM);
    }
    const bool ranged = index * 2 + 1 < found.range.size();
    dimRange[0] = ranged ? found.range[index * 2] : dim < 0 ? 0 : dim;
    dimRange[1] = ranged ? found.range[index * 2 + 1] : dim;
  });
}

const char *aclGetTensorDescName(aclTensorDesc *desc) {
  return read_desc("aclGetTensorDescName", desc, "",
                   [](TensorDesc &found) { return found.name.c_str(); });
}

aclTensorDesc *aclGetTensorDescByIndex(aclTensorDesc *desc, size_t index) {
  return entry_pointer("aclGetTensorDescByIndex", [&] {
    tensor_descs().get(desc, ACL_ERROR_INVALID_PARAM);
    if (index != 0) {
      refuse(ACL_ERROR_INVALID_PARAM, "index %zu: a descriptor made with aclCreateTensorDesc is "
             "only one, of index 0", index);
    }
    return desc;
  });
}

void *aclGetTensorDescAddress(const aclTensorDesc *desc) {
  return read_desc("aclGetTensorDescAddress", desc, static_cast<void *>(nullptr),
                   [](TensorDesc &found) -> void * {
                     return found.is_const ? found.constant.data() : nullptr;
                   });
}

void aclSetTensorDescName(aclTensorDesc *desc, const char *name) {
  change_desc("aclSetTensorDescName", desc,
              [&](TensorDesc &found) { found.name = name == nullptr ? "" : name; });
}

aclError aclSetTensorFormat(aclTensorDesc *desc, aclFormat format) {
  return change_desc("aclSetTensorFormat", desc, [&](TensorDesc &found) {
    check_format(format);
    found.storage_format = format;
    found.has_storage_format = true;
  });
}

aclError aclSetTensorShape(aclTensorDesc *desc, int numDims, const int64_t *dims) {
  return change_desc("aclSetTensorShape", desc, [&](TensorDesc &found) {
    found.storage_dims = checked_dims(numDims, dims, found.type);
    found.has_storage_dims = true;
  });
}

aclError aclSetTensorStorageFormat(aclTensorDesc *desc, aclFormat format) {
  return change_desc("aclSetTensorStorageFormat", desc, [&](TensorDesc &found) {
    check_format(format);
    found.storage_format = format;
    found.has_storage_format = true;
  });
}

aclError aclSetTensorStorageShape(aclTensorDesc *desc, int numDims, const int64_t *dims) {
  return change_desc("aclSetTensorStorageShape", desc, [&](TensorDesc &found) {
    found.storage_dims = checked_dims(numDims, dims, found.type);
    found.has_storage_dims = true;
  });
}

aclError aclSetTensorOriginFormat(aclTensorDesc *desc, aclFormat format) {
  return change_desc("aclSetTensorOriginFormat", desc, [&](TensorDesc &found) {
    check_format(format);
    found.origin_format = format;
    found.has_origin_format = true;
  });
}

aclError aclSetTensorOriginShape(aclTensorDesc *desc, int numDims, const int64_t *dims) {
  return change_desc("aclSetTensorOriginShape", desc, [&](TensorDesc &found) {
    found.origin_dims = checked_dims(numDims, dims, found.type);
    found.has_origin_dims = true;
  });
}

aclError aclSetTensorShapeRange(aclTensorDesc *desc, size_t dimsCount,
                                int64_t dimsRange[][ACL_TENSOR_SHAPE_RANGE_NUM]) {
  return change_desc("aclSetTensorShapeRange", desc, [&](TensorDesc &found) {
    if (dimsCount != found.dims.size()) {
      refuse(ACL_ERROR_INVALID_PARAM, "%zu ranges for a tensor of %zu dims", dimsCount,
             found.dims.size());
    }
    found.range = pairs(dimsCount, dimsRange, true);
  });
}

aclError aclSetTensorValueRange(aclTensorDesc *desc, size_t valueCount,
                                int64_t valueRange[][ACL_TENSOR_VALUE_RANGE_NUM]) {
  return change_desc("aclSetTensorValueRange", desc, [&](TensorDesc &found) {
    if (valueCount > (size_t{1} << 20)) {
      refuse(ACL_ERROR_INVALID_PARAM, "%zu ranges: at most 2^20 are allowed", valueCount);
    }
    found.value_range = pairs(valueCount, valueRange, false);
  });
}

aclError aclSetTensorDynamicInput(aclTensorDesc *desc, const char *dynamicInputName) {
  return change_desc("aclSetTensorDynamicInput", desc, [&](TensorDesc &found) {
    need(dynamicInputName, "dynamicInputName");
    found.dynamic_input = dynamicInputName;
  });
}

aclError aclSetTensorConst(aclTensorDesc *desc, void *dataBuffer, size_t length) {
  return change_desc("aclSetTensorConst", desc, [&](TensorDesc &found) {
    check_buffer(dataBuffer, length);
    const uint64_t needed = laid_out_bytes(found);
    if (length < needed) {
      refuse(ACL_ERROR_INVALID_PARAM, "a constant of %zu bytes was given, but the tensor of shape "
             "%s and type %s has %llu bytes", length,
             dims_text(found.laid_out_dims().data(), found.laid_out_dims().size()).c_str(),
             type_name(found.type).c_str(), static_cast<unsigned long long>(needed));
    }
    const char *bytes = static_cast<const char *>(dataBuffer);
    found.constant.assign(bytes, bytes + needed);
    found.is_const = true;
  });
}

aclError aclSetTensorPlaceMent(aclTensorDesc *desc, aclMemType memType) {
  return change_desc("aclSetTensorPlaceMent", desc, [&](TensorDesc &found) {
    if (memType < ACL_MEMTYPE_DEVICE || memType > ACL_MEMTYPE_HOST_COMPILE_INDEPENDENT) {
      refuse(ACL_ERROR_INVALID_PARAM, "memType is %d, which is no value of aclMemType",
             static_cast<int>(memType));
    }
    found.placement = memType;
  });
}

aclError aclTransTensorDescFormat(const aclTensorDesc *srcDesc, aclFormat dstFormat,
                                  aclTensorDesc **dstDesc) {
  const aclError checked = entry("aclTransTensorDescFormat", [&] {
    tensor_descs().get(srcDesc, ACL_ERROR_INVALID_PARAM);
    check_format(dstFormat);
    need(dstDesc, "dstDesc");
  });
  if (checked != ACL_SUCCESS) return checked;
  return not_supported("aclTransTensorDescFormat",
                       "make the descriptor with aclCreateTensorDesc, then call aclSetTensorFormat "
                       "and aclSetTensorShape; the operator TransData changes the data");
}

}  // extern "C"
