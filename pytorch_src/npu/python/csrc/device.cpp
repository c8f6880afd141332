#include "runtime/device.h"

#include <sstream>

#include "python/csrc/module.h"
#include "runtime/peer.h"

namespace npu {

namespace {

constexpr double kBytesPerMib = 1024.0 * 1024.0;

std::string describe(const DeviceProperties& of) {
  std::ostringstream out;
  out << "_NpuDeviceProperties(name='" << of.name
      << "', total_memory=" << static_cast<size_t>(of.total_memory / kBytesPerMib)
      << "MB, cube_core_count=" << of.cube_core_count
      << ", vector_core_count=" << of.vector_core_count << ")";
  return out.str();
}

}  // namespace

void bind_device(pybind11::module& m) {
  pybind11::class_<DeviceProperties>(m, "_NpuDeviceProperties")
      .def_readonly("name", &DeviceProperties::name)
      .def_readonly("soc", &DeviceProperties::soc)
      .def_readonly("is_emulator", &DeviceProperties::is_emulator)
      .def_readonly("total_memory", &DeviceProperties::total_memory)
      .def_readonly("cube_core_count", &DeviceProperties::cube_core_count)
      .def_readonly("vector_core_count", &DeviceProperties::vector_core_count)
      .def("__repr__", &describe);

  // An index is an int here: pybind11 would take an int8_t for a character.
  m.def("device_count", [] { return static_cast<int>(device_count()); }, WithoutGil());
  m.def("is_initialized", &is_initialized);
  m.def("is_bad_fork", &is_bad_fork);
  m.def("initialize", &initialize, WithoutGil());
  m.def("current_device", [] { return static_cast<int>(current_device()); });
  m.def("set_device", [](int index) { set_device(static_cast<c10::DeviceIndex>(index)); },
        WithoutGil());
  m.def("exchange_device",
        [](int index) {
          return static_cast<int>(exchange_device(static_cast<c10::DeviceIndex>(index)));
        },
        WithoutGil());
  m.def("synchronize_device",
        [](int index) { synchronize_device(static_cast<c10::DeviceIndex>(index)); }, WithoutGil());
  m.def("can_access_peer",
        [](int index, int peer) {
          return can_access_peer(static_cast<c10::DeviceIndex>(index),
                                 static_cast<c10::DeviceIndex>(peer));
        },
        WithoutGil());
  m.def("device_properties",
        [](int index) { return device_properties(static_cast<c10::DeviceIndex>(index)); },
        WithoutGil());
}

}  // namespace npu
