// Events: this release has no class for those of any device.
#include "runtime/event.h"

#include "python/csrc/module.h"

namespace npu {

namespace {

c10::DeviceIndex small(int index) { return static_cast<c10::DeviceIndex>(index); }

double elapsed_time(const Event& start, const Event& end) {
  if (!start.has_timing() || !end.has_timing()) {
    throw pybind11::value_error("both events must be made with enable_timing=True before time "
                                "between them is asked");
  }
  pybind11::gil_scoped_release without_gil;
  return start.elapsed_time(end);
}

}  // namespace

void bind_event(pybind11::module& m) {
  pybind11::class_<Event>(m, "Event")
      .def(pybind11::init<bool>(), pybind11::arg("enable_timing") = false)
      .def("record",
           [](Event& event, c10::StreamId id, int index) {
             event.record(stream_of(id, small(index)));
           },
           WithoutGil())
      .def("wait",
           [](const Event& event, c10::StreamId id, int index) {
             event.block(stream_of(id, small(index)));
           },
           WithoutGil())
      .def("query", &Event::query, WithoutGil())
      .def("synchronize", &Event::synchronize, WithoutGil())
      .def("elapsed_time", &elapsed_time)
      .def("handle", [](const Event& event) { return reinterpret_cast<uintptr_t>(event.handle()); })
      .def("device_index",
           [](const Event& event) { return static_cast<int>(event.device_index()); });
}

}  // namespace npu
