#include "python/csrc/module.h"

#include <torch/csrc/Exceptions.h>

#include <exception>

namespace {

// As torch translates its own: torch.OutOfMemoryError, IndexError, NotImplementedError, and
// RuntimeError for the rest of c10's errors, all without the C++ stack in the message.
void translate(std::exception_ptr error) {
  if (!error) return;
  try {
    std::rethrow_exception(error);
  }
#if NPU_TORCH_VERSION < 20000
  CATCH_TH_ERRORS(return)
#else
  catch (const c10::Error&) {
    torch::translate_exception_to_python(error);
  }
#endif
  // What is not of torch is left to pybind11.
}

}  // namespace

PYBIND11_MODULE(_C, m) {
  m.doc() = "The runtime of torch.npu; see torch.npu for the public functions.";
#if NPU_TORCH_VERSION < 20000
  // For all modules alike: this pybind11 knows no other way.
  pybind11::register_exception_translator(&translate);
#else
  pybind11::register_local_exception_translator(&translate);
#endif
  npu::bind_device(m);
  npu::bind_stream(m);
  npu::bind_event(m);
  npu::bind_generator(m);
  npu::bind_fallback(m);
  npu::bind_format(m);
  npu::bind_options(m);
  npu::bind_dump(m);
  npu::bind_profiling(m);
  npu::bind_memory(m);
#if NPU_TORCH_VERSION < 20000
  npu::bind_storage(m);
#endif
#ifdef NPU_DUMPER
  npu::bind_dumper(m);
#endif
}
