#include "runtime/profiling.h"

#include "python/csrc/module.h"

namespace npu {

void bind_profiling(pybind11::module& m) {
  m.def("start_profiling", &start_profiling, WithoutGil());
  m.def("stop_profiling", &stop_profiling, WithoutGil());
}

}  // namespace npu
