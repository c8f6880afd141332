#include "runtime/stream.h"

#include "python/csrc/module.h"
#include "runtime/task_queue.h"

namespace npu {

namespace {

// What Python makes its torch.Stream of: id, device index, device type.
pybind11::tuple parts_of(const Stream& stream) {
  return pybind11::make_tuple(stream.id(), static_cast<int>(stream.device_index()),
                              static_cast<int>(kDeviceType));
}

c10::DeviceIndex small(int index) { return static_cast<c10::DeviceIndex>(index); }

}  // namespace

void bind_stream(pybind11::module& m) {
  m.def("current_stream", [](int index) { return parts_of(current_stream(small(index))); });
  m.def("default_stream", [](int index) { return parts_of(default_stream(small(index))); });
  m.def("stream_from_pool",
        [](int priority, int index) { return parts_of(stream_from_pool(priority, small(index))); });
  m.def(
      "set_stream", [](int64_t id, int index) { set_current_stream(stream_of(id, small(index))); },
      WithoutGil());
  m.def("stream_priority",
        [](int64_t id, int index) { return stream_priority(stream_of(id, small(index))); });
  m.def("stream_handle",
        [](int64_t id, int index) {
          return reinterpret_cast<uintptr_t>(stream_of(id, small(index)).handle());
        },
        WithoutGil());
#if NPU_TORCH_VERSION < 20000
  // What this release's Python streams do not do by themselves.
  m.def("pack_stream", [](int64_t id, int index) {
    return stream_of(static_cast<c10::StreamId>(id), small(index)).unwrap().pack();
  });
  m.def("stream_query",
        [](int64_t id, int index) {
          return stream_of(static_cast<c10::StreamId>(id), small(index)).query();
        },
        WithoutGil());
  m.def("stream_synchronize",
        [](int64_t id, int index) {
          stream_of(static_cast<c10::StreamId>(id), small(index)).synchronize();
        },
        WithoutGil());
#endif
  m.def("task_queue_enabled", &task_queue_enabled);
  m.def("enable_task_queue", &enable_task_queue, WithoutGil());
}

}  // namespace npu
