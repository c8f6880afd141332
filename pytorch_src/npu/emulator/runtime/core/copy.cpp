#include "copy.h"

#include <cstring>

#include "host_memory.h"
#include "refusal.h"
#include "runtime.h"

namespace ascend_emu {

namespace {

/* Bytes from the first to the end of the last row. */
size_t extent(const Rows &rows, size_t pitch) {
  return rows.rows == 0 ? 0 : pitch * (rows.rows - 1) + rows.width;
}

struct Ends {
  bool src_device;
  bool dst_device;
};

Ends ends_of(aclrtMemcpyKind kind, int src_on, int dst_on) {
  switch (kind) {
    case ACL_MEMCPY_HOST_TO_HOST: return {false, false};
    case ACL_MEMCPY_HOST_TO_DEVICE:
    case ACL_MEMCPY_HOST_TO_BUF_TO_DEVICE: return {false, true};
    case ACL_MEMCPY_DEVICE_TO_HOST: return {true, false};
    case ACL_MEMCPY_DEVICE_TO_DEVICE: return {true, true};
    case ACL_MEMCPY_INNER_DEVICE_TO_DEVICE:
      if (src_on != dst_on) {
        refuse(ACL_ERROR_RT_PARAM_INVALID,
               "ACL_MEMCPY_INNER_DEVICE_TO_DEVICE from device %d to device %d", src_on, dst_on);
      }
      return {true, true};
    case ACL_MEMCPY_INTER_DEVICE_TO_DEVICE:
      if (src_on == dst_on) {
        refuse(ACL_ERROR_RT_PARAM_INVALID,
               "ACL_MEMCPY_INTER_DEVICE_TO_DEVICE inside device %d", src_on);
      }
      return {true, true};
    case ACL_MEMCPY_DEFAULT: return {src_on >= 0, dst_on >= 0};
  }
  refuse(ACL_ERROR_RT_PARAM_INVALID, "kind %d is not an aclrtMemcpyKind", kind);
}

void check_host(const void *address, int on, const char *what) {
  if (on >= 0) {
    refuse(ACL_ERROR_RT_PARAM_INVALID,
           "%s: %p is memory of device %d, but the kind of copy says host", what, address, on);
  }
}

}  // namespace

Copy::Copy(void *dst, const void *src, const Rows &rows, aclrtMemcpyKind kind)
    : dst_(dst), src_(src), rows_(rows) {
  if (dst == nullptr) refuse(ACL_ERROR_RT_PARAM_INVALID, "dst is null");
  if (src == nullptr) refuse(ACL_ERROR_RT_PARAM_INVALID, "src is null");
  DeviceMemory &memory = runtime().memory();
  const int dst_on = memory.device_of(dst);
  const int src_on = memory.device_of(src);
  const Ends ends = ends_of(kind, src_on, dst_on);
  dst_device_ = ends.dst_device;
  src_device_ = ends.src_device;
  const int here = runtime().current_context()->device();
  if ((dst_on >= 0 || src_on >= 0) && dst_on != here && src_on != here) {
    refuse(ACL_ERROR_RT_PARAM_INVALID,
           "the memory is on device %d, but this thread's context is on device %d",
           dst_on >= 0 ? dst_on : src_on, here);
  }
  pin(dst_, rows_.dst_pitch, dst_device_, "dst");
  pin(src_, rows_.src_pitch, src_device_, "src");
  if (!dst_device_) check_host(dst, dst_on, "dst");
  if (!src_device_) check_host(src, src_on, "src");
}

Pin Copy::pin(const void *address, size_t pitch, bool device, const char *what) const {
  if (!device) return Pin(nullptr, const_cast<void *>(address));
  return runtime().memory().pin(address, extent(rows_, pitch), what);
}

void Copy::run() const {
  const Pin dst = pin(dst_, rows_.dst_pitch, dst_device_, "dst");
  const Pin src = pin(src_, rows_.src_pitch, src_device_, "src");
  for (size_t row = 0; row < rows_.rows; ++row) {
    /* Ends may overlap, as when a buffer is shifted in place. */
    std::memmove(static_cast<char *>(dst.bytes()) + row * rows_.dst_pitch,
                 static_cast<const char *>(src.bytes()) + row * rows_.src_pitch, rows_.width);
  }
}

bool Copy::pageable() const {
  return (!dst_device_ && !is_pinned(dst_, extent(rows_, rows_.dst_pitch))) ||
         (!src_device_ && !is_pinned(src_, extent(rows_, rows_.src_pitch)));
}

const char *Copy::name() const {
  if (src_device_) return dst_device_ ? "copy device to device" : "copy device to host";
  return dst_device_ ? "copy host to device" : "copy host to host";
}

}  // namespace ascend_emu
