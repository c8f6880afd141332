#include "runtime/format.h"

#include <torch/csrc/utils/pybind.h>

#include "python/csrc/module.h"

namespace npu {

void bind_format(pybind11::module& m) {
  m.def("format_cast",
        [](const at::Tensor& tensor, int format) {
          return format_cast(tensor, static_cast<aclFormat>(format));
        },
        WithoutGil());
  m.def("format_of", [](const at::Tensor& tensor) {
    TORCH_CHECK(is_npu(tensor), "a tensor of an NPU has a format; this one is on ",
                tensor.device());
    return static_cast<int>(layout_of(tensor).format);
  });
  m.def("storage_sizes_of", [](const at::Tensor& tensor) {
    TORCH_CHECK(is_npu(tensor), "a tensor of an NPU has a format; this one is on ",
                tensor.device());
    const Layout layout = layout_of(tensor);
    const at::IntArrayRef sizes =
        layout.storage_sizes.empty() ? tensor.sizes() : at::IntArrayRef(layout.storage_sizes);
    pybind11::list found;
    for (const int64_t size : sizes) found.append(size);
    return pybind11::tuple(found);
  });
  m.def("format_name",
        [](int format) { return std::string(format_name(static_cast<aclFormat>(format))); });
}

}  // namespace npu
