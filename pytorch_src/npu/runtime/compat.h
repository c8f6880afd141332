// What differs between the PyTorch releases we build for; everything else is written once.
#ifndef ASCENDTORCH_NPU_COMPAT_H_
#define ASCENDTORCH_NPU_COMPAT_H_

#include <ATen/ATen.h>
#include <c10/core/Device.h>
#include <c10/core/DeviceType.h>
#include <c10/core/DispatchKey.h>
#include <c10/util/Optional.h>
#include <torch/library.h>

namespace npu {

constexpr c10::DeviceType kDeviceType = c10::DeviceType::PrivateUse1;
constexpr c10::DispatchKey kDispatchKey = c10::DispatchKey::PrivateUse1;

inline c10::Device device(c10::DeviceIndex index) { return c10::Device(kDeviceType, index); }
inline bool is_npu(const at::Tensor& tensor) { return tensor.device().type() == kDeviceType; }

}  // namespace npu

// Registers kernels of our device: `NPU_LIBRARY_IMPL(aten, m) { m.impl("abs", abs); }`.
#define NPU_LIBRARY_IMPL(ns, m) TORCH_LIBRARY_IMPL(ns, PrivateUse1, m)
#define NPU_AUTOGRAD_IMPL(ns, m) TORCH_LIBRARY_IMPL(ns, AutogradPrivateUse1, m)

#endif
