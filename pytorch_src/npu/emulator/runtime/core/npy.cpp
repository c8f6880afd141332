#include "npy.h"

#include <algorithm>
#include <vector>

#include "acl/acl_base.h"

namespace ascend_emu {

namespace {

struct Form {
  const char *type; /* NumPy's name; null: the bytes as they are */
  size_t bytes;     /* of one element in the buffer */
};

Form form_of(int32_t type) {
  switch (type) {
    case ACL_FLOAT: return {"<f4", 4};
    case ACL_FLOAT16: return {"<f2", 2};
    case ACL_INT8: return {"|i1", 1};
    case ACL_INT32: return {"<i4", 4};
    case ACL_UINT8: return {"|u1", 1};
    case ACL_INT16: return {"<i2", 2};
    case ACL_UINT16: return {"<u2", 2};
    case ACL_UINT32: return {"<u4", 4};
    case ACL_INT64: return {"<i8", 8};
    case ACL_UINT64: return {"<u8", 8};
    case ACL_DOUBLE: return {"<f8", 8};
    case ACL_BOOL: return {"|b1", 1};
    case ACL_COMPLEX64: return {"<c8", 8};
    case ACL_COMPLEX128: return {"<c16", 16};
    case ACL_COMPLEX32: return {"<f2", 4};
    case ACL_BF16: return {"<f4", 2};
    default: return {nullptr, 1};
  }
}

/* Version 1.0 of the format: magic, length, a Python dict padded to a multiple of 64 bytes. */
std::string header(const char *type, const std::vector<int64_t> &shape) {
  std::string dict = std::string("{'descr': '") + type + "', 'fortran_order': False, 'shape': (";
  for (const int64_t dim : shape) dict += std::to_string(dim) + ",";
  dict += "), }";
  const size_t fixed = 10;
  dict.append(63 - (fixed + dict.size()) % 64, ' ');
  dict += '\n';
  std::string out("\x93NUMPY\x01\x00", 8);
  out += static_cast<char>(dict.size() & 0xFF);
  out += static_cast<char>(dict.size() >> 8);
  return out + dict;
}

void append_element(std::string &out, const char *bytes, const Form &form, int32_t type) {
  if (type != ACL_BF16) {
    out.append(bytes, form.bytes);
    return;
  }
  /* The upper half of a float32. */
  const char wide[4] = {0, 0, bytes[0], bytes[1]};
  out.append(wide, sizeof wide);
}

}  // namespace

std::string npy_bytes(const EmuTensor &tensor) {
  const char *data = static_cast<const char *>(tensor.data);
  const Form form = form_of(tensor.dtype);
  if (form.type == nullptr) {
    std::string out = header("|u1", {static_cast<int64_t>(tensor.bytes)});
    if (data != nullptr) out.append(data, tensor.bytes);
    return out;
  }
  const bool actual = tensor.actual_ndim >= 0;
  const int64_t *dims = actual ? tensor.actual_dims : tensor.dims;
  std::vector<int64_t> shape(dims, dims + (actual ? tensor.actual_ndim : tensor.ndim));
  int64_t count = 1;
  for (const int64_t dim : shape) count *= dim;
  if (data == nullptr) count = 0;

  std::string body;
  if (tensor.strides == nullptr && tensor.dtype != ACL_BF16 && data != nullptr) {
    body.assign(data, std::min(static_cast<size_t>(count) * form.bytes,
                               static_cast<size_t>(tensor.bytes)));
    count = 0;
  }
  std::vector<int64_t> at(shape.size(), 0);
  for (int64_t i = 0; i < count; ++i) {
    int64_t element = i;
    if (tensor.strides != nullptr) {
      element = tensor.offset;
      for (size_t d = 0; d < shape.size(); ++d) element += at[d] * tensor.strides[d];
      for (size_t d = shape.size(); d-- > 0;) {
        if (++at[d] < shape[d]) break;
        at[d] = 0;
      }
    }
    const size_t place = static_cast<size_t>(element) * form.bytes;
    if (element < 0 || place + form.bytes > tensor.bytes) break;
    append_element(body, data + place, form, tensor.dtype);
  }
  if (tensor.dtype == ACL_COMPLEX32) shape.push_back(2);
  return header(form.type, shape) + body;
}

}  // namespace ascend_emu
