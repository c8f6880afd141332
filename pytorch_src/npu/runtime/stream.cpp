#include "runtime/stream.h"

#include <array>
#include <atomic>
#include <mutex>

#include "runtime/acl_error.h"
#include "runtime/device.h"
#include "runtime/task_queue.h"

namespace npu {

namespace {

// Ids: 0 is the default stream, 1 to 32 the pool, 33 to 64 the pool of high priority.
constexpr c10::StreamId kPool = 32;
constexpr size_t kStreams = 1 + 2 * kPool;

struct Slot {
  std::mutex mutex;
  std::atomic<aclrtStream> stream{nullptr};
};

struct Device {
  std::array<Slot, kStreams> slots;
  std::array<std::atomic<uint32_t>, 2> next;  // of the pool, and of that with high priority
};

Device& device_of(c10::DeviceIndex index) {
  // Never destroyed: streams are used while the process ends.
  static std::array<Device, kMaxDevices>* devices = new std::array<Device, kMaxDevices>();
  return (*devices)[static_cast<size_t>(index)];
}

thread_local std::array<c10::StreamId, kMaxDevices> current_ids{};

c10::DeviceIndex chosen(c10::DeviceIndex index) { return index < 0 ? current_device() : index; }

bool is_urgent(c10::StreamId id) { return id > kPool; }

aclrtStream create(bool urgent) {
  int32_t least = 0, greatest = 0;
  // Priorities are a wish: where they are not known, all streams are alike.
  if (aclrtDeviceGetStreamPriorityRange(&least, &greatest) != ACL_SUCCESS) least = greatest = 0;
  aclrtStream stream = nullptr;
  NPU_CHECK(aclrtCreateStreamWithConfig(&stream, static_cast<uint32_t>(urgent ? greatest : least),
                                        ACL_STREAM_FAST_LAUNCH | ACL_STREAM_FAST_SYNC));
  return stream;
}

}  // namespace

Stream::Stream(c10::Stream stream) : stream_(stream) {
  TORCH_CHECK(stream.device_type() == kDeviceType, "a stream of an NPU is wanted; this one is of ",
              stream.device());
  TORCH_CHECK(stream.id() >= 0 && stream.id() < static_cast<c10::StreamId>(kStreams),
              "there is no NPU stream with the id ", stream.id());
}

aclrtStream Stream::handle() const {
  Slot& slot = device_of(device_index()).slots[static_cast<size_t>(id())];
  aclrtStream made = slot.stream.load(std::memory_order_acquire);
  if (made != nullptr && !is_bad_fork()) return made;
  DeviceScope scope(device_index());
  std::lock_guard<std::mutex> lock(slot.mutex);
  made = slot.stream.load(std::memory_order_relaxed);
  if (made == nullptr) {
    made = create(is_urgent(id()));
    slot.stream.store(made, std::memory_order_release);
  }
  return made;
}

bool Stream::query() const {
  if (is_queued(*this)) return false;
  drain(*this);
  DeviceScope scope(device_index());
  aclrtStreamStatus status = ACL_STREAM_STATUS_RESERVED;
  NPU_CHECK(aclrtStreamQuery(handle(), &status));
  return status == ACL_STREAM_STATUS_COMPLETE;
}

void Stream::synchronize() const {
  drain(*this);
  DeviceScope scope(device_index());
  NPU_CHECK(aclrtSynchronizeStream(handle()));
}

Stream current_stream(c10::DeviceIndex index) {
  const c10::DeviceIndex asked = chosen(index);
  return stream_of(current_ids[static_cast<size_t>(asked)], asked);
}

Stream default_stream(c10::DeviceIndex index) { return stream_of(0, chosen(index)); }

Stream stream_from_pool(int priority, c10::DeviceIndex index) {
  const c10::DeviceIndex asked = chosen(index);
  DeviceScope scope(asked);  // refuses a device that is not there
  const bool urgent = priority < 0;
  const uint32_t turn = device_of(asked).next[urgent ? 1 : 0].fetch_add(1) % kPool;
  return stream_of(1 + (urgent ? kPool : 0) + static_cast<c10::StreamId>(turn), asked);
}

void set_current_stream(const Stream& stream) {
  current_ids[static_cast<size_t>(stream.device_index())] = stream.id();
}

Stream stream_of(c10::StreamId id, c10::DeviceIndex index) {
  return Stream(c10::Stream(c10::Stream::UNSAFE, device(index), id));
}

int stream_priority(const Stream& stream) { return is_urgent(stream.id()) ? -1 : 0; }

void for_each_stream(c10::DeviceIndex index, const std::function<void(const Stream&)>& f) {
  Device& known = device_of(index);
  for (size_t id = 0; id < kStreams; ++id) {
    if (known.slots[id].stream.load(std::memory_order_acquire) != nullptr) {
      f(stream_of(static_cast<c10::StreamId>(id), index));
    }
  }
}

}  // namespace npu
