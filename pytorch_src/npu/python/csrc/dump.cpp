#include "runtime/dump.h"

#include "python/csrc/module.h"

namespace npu {

void bind_dump(pybind11::module& m) {
  m.def("init_dump", &init_dump, WithoutGil());
  m.def("set_dump", &set_dump, WithoutGil());
  m.def("finalize_dump", &finalize_dump, WithoutGil());
}

}  // namespace npu
