// Tensors: making them on the device, and copies in every direction.
#ifndef ASCENDTORCH_NPU_COPY_H_
#define ASCENDTORCH_NPU_COPY_H_

#include "runtime/op_command.h"

namespace npu {

// Uninitialised, plain, contiguous, on the device of `like`.
NPU_API at::Tensor empty_like_sizes(at::IntArrayRef sizes, const at::Tensor& like,
                                    at::ScalarType type);
inline at::Tensor empty_like_sizes(at::IntArrayRef sizes, const at::Tensor& like) {
  return empty_like_sizes(sizes, like, like.scalar_type());
}
NPU_API at::Tensor empty(at::IntArrayRef sizes, const at::TensorOptions& options);

// Plain and contiguous: the tensor itself where it is.
NPU_API at::Tensor contiguous(const at::Tensor& tensor);
// Another type, plain and contiguous (operator Cast); the tensor itself where nothing is to do.
NPU_API at::Tensor cast(const at::Tensor& tensor, at::ScalarType type);
// dst[...] = src with broadcast, type, stride, layout and device conversion.
NPU_API at::Tensor& copy_(at::Tensor& dst, const at::Tensor& src, bool non_blocking);

// Clears the bytes of a plain contiguous tensor.
NPU_API void zero_bytes(const at::Tensor& tensor);
// Gives a storage room for `bytes`, keeping what is in it.
NPU_API void resize_storage(const at::Storage& storage, size_t bytes);
// Gives `out` these sizes as ATen does: says so where it was not empty.
NPU_API void resize_output(const at::Tensor& out, at::IntArrayRef sizes);

// Broadcasts sizes; throws c10::Error with both shapes.
NPU_API std::vector<int64_t> broadcast_sizes(at::IntArrayRef a, at::IntArrayRef b);

// Throws c10::Error naming operator, argument and both devices unless all defined tensors are on
// the device of the first NPU tensor (0-dim CPU tensors are let through), and returns that device's
// index.
NPU_API c10::DeviceIndex check_devices(const char* op, at::ArrayRef<at::Tensor> tensors);

// Throws c10::Error naming operator, type and what is supported.
NPU_API void check_type(const char* op, at::ScalarType type,
                        at::ArrayRef<at::ScalarType> supported);

}  // namespace npu

#endif
