#include "runtime/generator.h"

#include <torch/csrc/Generator.h>

#include "python/csrc/module.h"

namespace npu {

void bind_generator(pybind11::module& m) {
  m.def("default_generator", [](int index) {
    const at::Generator& found = default_generator(static_cast<c10::DeviceIndex>(index));
    return pybind11::reinterpret_steal<pybind11::object>(THPGenerator_Wrap(found));
  });
}

}  // namespace npu
