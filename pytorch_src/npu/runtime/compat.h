// What differs between the PyTorch releases we build for; everything else is written once.
#ifndef ASCENDTORCH_NPU_COMPAT_H_
#define ASCENDTORCH_NPU_COMPAT_H_

#include <ATen/ATen.h>
#include <c10/core/Device.h>
#include <c10/core/DeviceType.h>
#include <c10/core/DispatchKey.h>
#include <c10/util/Optional.h>
#include <torch/library.h>
#include <torch/version.h>

// 10801 for 1.8.1, 21300 for 2.13.0.
#define NPU_TORCH_VERSION \
  (TORCH_VERSION_MAJOR * 10000 + TORCH_VERSION_MINOR * 100 + TORCH_VERSION_PATCH)

namespace npu {

// In the tree we patch the device type has a name of its own; a plugin gets the one that PyTorch
// keeps for others.
#if NPU_TORCH_VERSION < 20000
constexpr c10::DeviceType kDeviceType = c10::DeviceType::NPU;
constexpr c10::DispatchKey kDispatchKey = c10::DispatchKey::NPU;
#else
constexpr c10::DeviceType kDeviceType = c10::DeviceType::PrivateUse1;
constexpr c10::DispatchKey kDispatchKey = c10::DispatchKey::PrivateUse1;
#endif

inline c10::Device device(c10::DeviceIndex index) { return c10::Device(kDeviceType, index); }
inline bool is_npu(const at::Tensor& tensor) { return tensor.device().type() == kDeviceType; }

// Types of arguments that the dispatcher passes in another way.
#if NPU_TORCH_VERSION < 20000
using ScalarArg = at::Scalar;
using StringArg = std::string;
using TensorsArg = at::TensorList;
using MaybeIntsArg = c10::optional<at::IntArrayRef>;
using ResizedArg = at::Tensor&;
#else
using ScalarArg = const at::Scalar&;
using StringArg = c10::string_view;
using TensorsArg = const at::ITensorListRef&;
using MaybeIntsArg = at::OptionalIntArrayRef;
using ResizedArg = const at::Tensor&;
#endif

}  // namespace npu

// Registers kernels of our device: `NPU_LIBRARY_IMPL(aten, m) { m.impl("abs", abs); }`.
#if NPU_TORCH_VERSION < 20000
#define NPU_LIBRARY_IMPL(ns, m) TORCH_LIBRARY_IMPL(ns, NPU, m)
#define NPU_AUTOGRAD_IMPL(ns, m) TORCH_LIBRARY_IMPL(ns, AutogradNPU, m)
#else
#define NPU_LIBRARY_IMPL(ns, m) TORCH_LIBRARY_IMPL(ns, PrivateUse1, m)
#define NPU_AUTOGRAD_IMPL(ns, m) TORCH_LIBRARY_IMPL(ns, AutogradPrivateUse1, m)
#endif

#endif
