// PyTorch's own Event, where its methods take no subclass of it.
#include <torch/csrc/Event.h>

#include "python/csrc/module.h"

namespace npu {

namespace {

const c10::Event& event_of(const pybind11::handle& object) {
  if (!THPEvent_Check(object.ptr())) {
    throw pybind11::type_error("an event is wanted, such as torch.npu.Event() makes");
  }
  return reinterpret_cast<THPEvent*>(object.ptr())->event;
}

}  // namespace

void bind_event(pybind11::module& m) {
  m.def("elapsed_time", [](const pybind11::object& start, const pybind11::object& end) {
    const c10::Event& from = event_of(start);
    const c10::Event& to = event_of(end);
    pybind11::gil_scoped_release without_gil;
    return from.elapsedTime(to);
  });
}

}  // namespace npu
