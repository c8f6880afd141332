// What PyTorch asks of a device: guards, streams and events, by c10's interface.
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include "runtime/allocator.h"
#include "runtime/device.h"
#include "runtime/event.h"
#include "runtime/task_queue.h"

namespace npu {

namespace {

// An Event behind c10's void pointer.
Event* event_of(void* event) { return static_cast<Event*>(event); }

class Guard final : public c10::impl::DeviceGuardImplInterface {
 public:
  c10::DeviceType type() const override { return kDeviceType; }

  c10::Device exchangeDevice(c10::Device to) const override {
    return device(exchange_device(to.index()));
  }
  c10::Device getDevice() const override { return device(current_device()); }
  void setDevice(c10::Device to) const override { set_device(to.index()); }
  void uncheckedSetDevice(c10::Device to) const noexcept override {
    try {
      set_device(to.index());
    } catch (const std::exception& error) {
      TORCH_WARN("npu:", static_cast<int>(to.index()), " cannot be made current: ", error.what());
    }
  }
  c10::DeviceIndex deviceCount() const noexcept override { return device_count(); }

#if NPU_TORCH_VERSION < 20000
  c10::Stream getStream(c10::Device of) const noexcept override {
    return current_stream(of.index());
  }
  c10::Stream exchangeStream(c10::Stream to) const noexcept override { return exchange(to); }
#else
  c10::Stream getStream(c10::Device of) const override { return current_stream(of.index()); }
  c10::Stream exchangeStream(c10::Stream to) const override { return exchange(to); }
#endif
  c10::Stream getDefaultStream(c10::Device of) const override { return default_stream(of.index()); }

  void destroyEvent(void* event, const c10::DeviceIndex /*index*/) const noexcept override {
    delete event_of(event);
  }
  void record(void** event, const c10::Stream& stream, const c10::DeviceIndex index,
              const c10::EventFlag flag) const override {
    TORCH_CHECK(index == -1 || index == stream.device_index(),
                "this event belongs to npu:", static_cast<int>(index),
                " and cannot be recorded on a stream of ", stream.device());
    if (*event == nullptr) *event = new Event(flag == c10::EventFlag::BACKEND_DEFAULT);
    event_of(*event)->record(Stream(stream));
  }
  void block(void* event, const c10::Stream& stream) const override {
    if (event != nullptr) event_of(event)->block(Stream(stream));
  }
  bool queryEvent(void* event) const override {
    return event == nullptr || event_of(event)->query();
  }

#if NPU_TORCH_VERSION >= 20000
  c10::DeviceCapability getDeviceCapability(c10::Device /*of*/) const override {
    c10::DeviceCapability found;
    found.capability_data.capability_bits = 0;
    auto& types = found.capability_data.supported_scalar_types;
    types.has_Byte = types.has_Char = types.has_Short = types.has_Int = types.has_Long = 1;
    types.has_Half = types.has_Float = types.has_Double = types.has_BFloat16 = 1;
    types.has_Bool = types.has_ComplexFloat = types.has_ComplexDouble = 1;
    return found;
  }
  void synchronizeDevice(const c10::DeviceIndex index) const override { synchronize_device(index); }

  c10::Stream getStreamFromGlobalPool(c10::Device of, bool urgent) const override {
    return stream_from_pool(urgent ? -1 : 0, of.index());
  }
  c10::Stream getNewStream(c10::Device of, int priority) const override {
    return stream_from_pool(priority, of.index());
  }
  void* getStreamNativeHandle(const c10::Stream stream) const override {
    return Stream(stream).handle();
  }
  bool queryStream(const c10::Stream& stream) const override { return Stream(stream).query(); }
  void synchronizeStream(const c10::Stream& stream) const override { Stream(stream).synchronize(); }
  void recordDataPtrOnStream(const c10::DataPtr& data, const c10::Stream& stream) const override {
    record_stream(data, Stream(stream));
  }

  void synchronizeEvent(void* event) const override {
    if (event != nullptr) event_of(event)->synchronize();
  }
  double elapsedTime(void* start, void* end, const c10::DeviceIndex /*index*/) const override {
    TORCH_CHECK(start != nullptr && end != nullptr,
                "both events must be recorded before time between them is asked");
    return event_of(start)->elapsed_time(*event_of(end));
  }
#endif

 private:
  static c10::Stream exchange(c10::Stream to) {
    const Stream before = current_stream(to.device_index());
    set_current_stream(Stream(to));
    return before;
  }
};

// PyTorch keeps the pointer as long as the process lives.
const c10::impl::DeviceGuardImplRegistrar registered(kDeviceType, new Guard());

}  // namespace

}  // namespace npu
