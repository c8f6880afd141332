// Private layouts: what lies in a storage when it is not plain ND.
#ifndef ASCENDTORCH_NPU_FORMAT_H_
#define ASCENDTORCH_NPU_FORMAT_H_

#include "acl/acl.h"
#include "runtime/compat.h"
#include "runtime/export.h"

namespace npu {

// Of a tensor that owns its storage whole. A tensor in a private layout is contiguous, starts at
// offset 0 and keeps its logical sizes; the storage holds `storage_sizes` elements.
struct Layout {
  aclFormat format = ACL_FORMAT_ND;
  aclFormat origin = ACL_FORMAT_ND;    // what the logical sizes mean: NCHW, NCDHW or ND
  std::vector<int64_t> storage_sizes;  // of a private layout; empty otherwise
  std::vector<int64_t> origin_sizes;   // likewise: the logical sizes it was made with
  at::ScalarType type = at::kFloat;    // likewise: of its elements
};

// The layout of what `tensor` lies in (ND for every plain storage).
NPU_API Layout layout_of(const at::Tensor& tensor);
NPU_API bool is_private(const at::Tensor& tensor);

// Shape of `sizes` in `format`; throws c10::Error where the format does not take that rank.
NPU_API std::vector<int64_t> storage_sizes(aclFormat format, at::IntArrayRef sizes,
                                           at::ScalarType type);

// A tensor of these sizes in `format`, uninitialised.
NPU_API at::Tensor empty_in_format(at::IntArrayRef sizes, const at::TensorOptions& options,
                                   aclFormat format);

// The same values in another layout (the tensor itself where it is in it). Throws c10::Error for a
// format that AscendCL or the tensor's rank or type does not know, with those that work.
NPU_API at::Tensor format_cast(const at::Tensor& tensor, aclFormat format);
// In plain memory: the tensor itself where it is.
NPU_API at::Tensor plain(const at::Tensor& tensor);

// Brings the storage itself into plain memory, for views: all who share it see the same values.
NPU_API void make_plain_(const at::Tensor& tensor);
NPU_API void make_plain_(const at::Storage& storage);

NPU_API const char* format_name(aclFormat format);

}  // namespace npu

#endif
