#include "runtime/options.h"

#include <pybind11/stl.h>

#include "python/csrc/module.h"

namespace npu {

void bind_options(pybind11::module& m) {
  m.def("set_compile_option",
        [](int option, const std::string& value) {
          set_compile_option(static_cast<aclCompileOpt>(option), value);
        },
        WithoutGil());
  m.def("compile_option",
        [](int option) { return compile_option(static_cast<aclCompileOpt>(option)); },
        WithoutGil());
}

}  // namespace npu
