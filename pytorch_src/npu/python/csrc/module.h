// The extension module _C: one function a topic, each in a file of its own.
#ifndef ASCENDTORCH_NPU_PYTHON_MODULE_H_
#define ASCENDTORCH_NPU_PYTHON_MODULE_H_

#include <torch/csrc/python_headers.h>

#include <pybind11/pybind11.h>

#include "runtime/compat.h"

namespace npu {

// For whatever may wait, or call AscendCL: other threads of Python go on meanwhile.
using WithoutGil = pybind11::call_guard<pybind11::gil_scoped_release>;

void bind_device(pybind11::module& m);
void bind_stream(pybind11::module& m);
void bind_event(pybind11::module& m);
void bind_generator(pybind11::module& m);
void bind_fallback(pybind11::module& m);
void bind_format(pybind11::module& m);
void bind_options(pybind11::module& m);
void bind_dump(pybind11::module& m);
void bind_profiling(pybind11::module& m);
void bind_memory(pybind11::module& m);
#if NPU_TORCH_VERSION < 20000
void bind_storage(pybind11::module& m);
void bind_dumper(pybind11::module& m);  // With USE_DUMP alone.
#endif

}  // namespace npu

#endif
