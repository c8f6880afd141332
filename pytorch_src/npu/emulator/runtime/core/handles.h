/* Handles that may be wrong: null, of another kind, destroyed long ago. */
#ifndef ASCENDTORCH_EMU_HANDLES_H_
#define ASCENDTORCH_EMU_HANDLES_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "refusal.h"

namespace ascend_emu {

/* Which table a handle belongs to; part of its value, so that kinds cannot be mixed up. */
enum class HandleKind : uint64_t {
  kStream = 1,
  kEvent,
  kContext,
  kPhysicalMemory,
  kTensorDesc,
  kDataBuffer,
  kOpAttr,
  kAclnnTensor,
  kAclnnScalar,
  kAclnnArray,
  kAclnnList,
  kExecutor,
  kProfConfig,
  kStepInfo,
  kStamp,
  kGraphDumpOption,
};

/* Objects behind handles of one kind. A handle is a number that was never an address: following
   it faults, and looking it up after its object is gone finds nothing, whatever was created
   since. The table owns the object together with whoever looked it up. */
template <class T>
class Handles {
 public:
  /* `name` as it appears in messages: "stream", "tensor descriptor". */
  Handles(HandleKind kind, const char *name) : kind_(kind), name_(name) {}
  Handles(const Handles &) = delete;
  Handles &operator=(const Handles &) = delete;

  void *add(std::shared_ptr<T> object) {
    const uint64_t serial = next_.fetch_add(1, std::memory_order_relaxed);
    Shard &shard = shard_of(serial);
    std::lock_guard<std::mutex> lock(shard.mutex);
    shard.objects.emplace(serial, std::move(object));
    return reinterpret_cast<void *>(kMark | (static_cast<uint64_t>(kind_) << kKindShift) | serial);
  }

  /* The object, or a Refusal with `code` that says what is wrong with the handle. */
  std::shared_ptr<T> get(const void *handle, aclError code) const {
    std::shared_ptr<T> found = find(handle);
    if (!found) refuse_handle(handle, code);
    return found;
  }

  std::shared_ptr<T> find(const void *handle) const {
    if (!is_mine(handle)) return nullptr;
    const Shard &shard = shard_of(serial_of(handle));
    std::lock_guard<std::mutex> lock(shard.mutex);
    auto it = shard.objects.find(serial_of(handle));
    return it == shard.objects.end() ? nullptr : it->second;
  }

  /* Take the object out: the handle is dangling from now on. */
  std::shared_ptr<T> take(const void *handle, aclError code) {
    if (is_mine(handle)) {
      Shard &shard = shard_of(serial_of(handle));
      std::lock_guard<std::mutex> lock(shard.mutex);
      auto it = shard.objects.find(serial_of(handle));
      if (it != shard.objects.end()) {
        std::shared_ptr<T> object = std::move(it->second);
        shard.objects.erase(it);
        return object;
      }
    }
    refuse_handle(handle, code);
  }

  std::vector<std::shared_ptr<T>> all() const {
    std::vector<std::shared_ptr<T>> found;
    for (const Shard &shard : shards_) {
      std::lock_guard<std::mutex> lock(shard.mutex);
      for (const auto &entry : shard.objects) found.push_back(entry.second);
    }
    return found;
  }

  template <class Wanted>
  void remove_if(Wanted &&wanted) {
    for (Shard &shard : shards_) {
      std::vector<std::shared_ptr<T>> gone; /* destroyed outside the lock */
      std::lock_guard<std::mutex> lock(shard.mutex);
      for (auto it = shard.objects.begin(); it != shard.objects.end();) {
        if (!wanted(*it->second)) {
          ++it;
          continue;
        }
        gone.push_back(std::move(it->second));
        it = shard.objects.erase(it);
      }
    }
  }

  void clear() {
    for (Shard &shard : shards_) {
      std::unordered_map<uint64_t, std::shared_ptr<T>> gone;
      std::lock_guard<std::mutex> lock(shard.mutex);
      gone.swap(shard.objects);
    }
  }

 private:
  /* Non-canonical on x86-64 and aarch64, so that a handle can never be a valid address. */
  static constexpr uint64_t kMark = uint64_t{0xACE} << 52;
  static constexpr int kKindShift = 44;
  static constexpr uint64_t kSerialMask = (uint64_t{1} << kKindShift) - 1;
  static constexpr size_t kShards = 16;

  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<uint64_t, std::shared_ptr<T>> objects;
  };

  bool is_mine(const void *handle) const {
    const uint64_t value = reinterpret_cast<uint64_t>(handle);
    return (value & ~kSerialMask) == (kMark | (static_cast<uint64_t>(kind_) << kKindShift));
  }
  static uint64_t serial_of(const void *handle) {
    return reinterpret_cast<uint64_t>(handle) & kSerialMask;
  }
  Shard &shard_of(uint64_t serial) { return shards_[serial % kShards]; }
  const Shard &shard_of(uint64_t serial) const { return shards_[serial % kShards]; }

  [[noreturn]] void refuse_handle(const void *handle, aclError code) const {
    if (handle == nullptr) refuse(code, "the %s is null", name_);
    if (is_mine(handle) && serial_of(handle) < next_.load(std::memory_order_relaxed)) {
      refuse(code, "the %s %p was destroyed before this call", name_, handle);
    }
    refuse(code, "%p is not a %s that this library made", handle, name_);
  }

  const HandleKind kind_;
  const char *const name_;
  std::atomic<uint64_t> next_{1};
  Shard shards_[kShards];
};

}  // namespace ascend_emu

#endif
