#include "runtime/copy.h"

#include <ATen/ExpandUtils.h>
#include <ATen/native/Resize.h>

#include "runtime/acl_error.h"
#include "runtime/allocator.h"
#include "runtime/device.h"
#include "runtime/event.h"
#include "runtime/task_queue.h"

namespace npu {

namespace {

// Copies bytes on `stream`, in the order of what was launched there.
void copy_bytes(const Stream& stream, void* to, const void* from, size_t bytes,
                aclrtMemcpyKind kind) {
  if (bytes == 0) return;
  launch(stream, "aclrtMemcpyAsync", [to, from, bytes, kind](aclrtStream on) {
    NPU_CHECK(aclrtMemcpyAsync(to, bytes, from, bytes, kind, on));
  });
}

// Writes the elements of `src` into those of `dst`: same sizes and type, both plain, any strides.
void copy_strided(const at::Tensor& dst, const at::Tensor& src) {
  const auto whole = [](const at::Tensor& tensor) {
    const int64_t elements =
        static_cast<int64_t>(tensor.storage().nbytes() / tensor.element_size());
    return tensor.as_strided({elements}, {1}, 0);
  };
  const at::Tensor dst_whole = whole(dst), src_whole = whole(src);
  OpCommand("ViewCopy")
      .input(dst_whole)
      .host_input(dst.sizes())
      .host_input(dst.strides())
      .host_input({dst.storage_offset()})
      .input(src_whole)
      .host_input(src.sizes())
      .host_input(src.strides())
      .host_input({src.storage_offset()})
      .output(dst_whole)
      .run();
}

void copy_on_device(const at::Tensor& dst, const at::Tensor& src) {
  if (is_private(dst)) {
    const at::Tensor cast_src = cast(src, dst.scalar_type());
    const at::Tensor moved =
        format_cast(contiguous(cast_src.expand(dst.sizes())), layout_of(dst).format);
    copy_bytes(current_stream(dst.device().index()), dst.data_ptr(), moved.data_ptr(),
               dst.storage().nbytes(), ACL_MEMCPY_DEVICE_TO_DEVICE);
    return;
  }
  const at::Tensor given = plain(src);
  if (given.scalar_type() != dst.scalar_type() && dst.is_contiguous() &&
      given.sizes() == dst.sizes()) {
    OpCommand("Cast")
        .input(given)
        .output(dst)
        .attr("dst_type", static_cast<int64_t>(to_acl_type(dst.scalar_type())))
        .run();
    return;
  }
  // The type first: a broadcast copy is larger than what it comes from.
  const at::Tensor source = cast(given, dst.scalar_type()).expand(dst.sizes());
  if (dst.is_contiguous() && source.is_contiguous()) {
    copy_bytes(current_stream(dst.device().index()), dst.data_ptr(), source.data_ptr(),
               dst.nbytes(), ACL_MEMCPY_DEVICE_TO_DEVICE);
    return;
  }
  copy_strided(dst, source);
}

void copy_from_host(const at::Tensor& dst, const at::Tensor& src, bool non_blocking) {
  const at::Tensor given = src.expand(dst.sizes()).to(dst.scalar_type()).contiguous();
  if (!dst.is_contiguous() || is_private(dst)) {
    const at::Tensor moved = empty(dst.sizes(), dst.options());
    copy_from_host(moved, given, non_blocking);
    copy_on_device(dst, moved);
    return;
  }
  const Stream stream = current_stream(dst.device().index());
  DeviceScope scope(dst.device().index());
  // Only what the caller gave is pinned, never a temporary; pageable memory may be gone or changed
  // when this returns.
  if (non_blocking && is_pinned(given.data_ptr())) {
    copy_bytes(stream, dst.data_ptr(), given.data_ptr(), dst.nbytes(), ACL_MEMCPY_HOST_TO_DEVICE);
    record_pinned(given.data_ptr(), stream);
    return;
  }
  stream.synchronize();
  NPU_CHECK(aclrtMemcpy(dst.data_ptr(), dst.nbytes(), given.data_ptr(), dst.nbytes(),
                        ACL_MEMCPY_HOST_TO_DEVICE));
}

void copy_to_host(const at::Tensor& dst, const at::Tensor& src, bool non_blocking) {
  const at::Tensor given = contiguous(src);
  const Stream stream = current_stream(given.device().index());
  DeviceScope scope(given.device().index());
  const bool direct = dst.is_contiguous() && dst.scalar_type() == given.scalar_type() &&
                      dst.sizes() == given.sizes();
  if (direct && non_blocking && is_pinned(dst.data_ptr())) {
    copy_bytes(stream, dst.data_ptr(), given.data_ptr(), given.nbytes(), ACL_MEMCPY_DEVICE_TO_HOST);
    record_pinned(dst.data_ptr(), stream);
    return;
  }
  const at::Tensor received =
      direct ? dst : at::empty(given.sizes(), given.options().device(at::kCPU));
  stream.synchronize();
  NPU_CHECK(aclrtMemcpy(received.data_ptr(), given.nbytes(), given.data_ptr(), given.nbytes(),
                        ACL_MEMCPY_DEVICE_TO_HOST));
  if (!direct) dst.copy_(received);
}

void enable_peer_access(c10::DeviceIndex from, c10::DeviceIndex to) {
  static std::mutex mutex;
  static std::set<std::pair<int, int>> enabled;
  std::lock_guard<std::mutex> lock(mutex);
  if (!enabled.insert(std::make_pair<int, int>(from, to)).second) return;
  int32_t can = 0;
  NPU_CHECK(aclrtDeviceCanAccessPeer(&can, from, to));
  TORCH_CHECK(can == 1, "npu:", static_cast<int>(from),
              " cannot reach the memory of npu:", static_cast<int>(to),
              "; copy through the CPU: tensor.cpu().to(\"npu:", static_cast<int>(to), "\")");
  DeviceScope scope(from);
  NPU_CHECK(aclrtDeviceEnablePeerAccess(to, 0));
}

void copy_between_devices(const at::Tensor& dst, const at::Tensor& src) {
  const c10::DeviceIndex from = src.device().index(), to = dst.device().index();
  const at::Tensor given = contiguous(cast(src, dst.scalar_type()).expand(dst.sizes()));
  const bool direct = dst.is_contiguous() && !is_private(dst);
  const at::Tensor received = direct ? dst : empty(dst.sizes(), dst.options());
  enable_peer_access(from, to);
  const Stream here = current_stream(from), there = current_stream(to);
  Event ready, done;
  ready.record(here);
  ready.block(there);
  copy_bytes(there, received.data_ptr(), given.data_ptr(), given.nbytes(),
             ACL_MEMCPY_DEVICE_TO_DEVICE);
  // The source's block must not be written to before the other device has read it.
  done.record(there);
  done.block(here);
  if (!direct) copy_on_device(dst, received);
}

}  // namespace

at::Tensor empty(at::IntArrayRef sizes, const at::TensorOptions& options) {
  return at::empty(sizes, options.memory_format(c10::nullopt).pinned_memory(false));
}

at::Tensor empty_like_sizes(at::IntArrayRef sizes, const at::Tensor& like, at::ScalarType type) {
  return at::empty(sizes, at::TensorOptions().dtype(type).device(like.device()));
}

at::Tensor contiguous(const at::Tensor& tensor) {
  const at::Tensor given = plain(tensor);
  if (given.is_contiguous()) return given;
  const at::Tensor made = empty(given.sizes(), given.options());
  copy_strided(made, given);
  return made;
}

at::Tensor cast(const at::Tensor& tensor, at::ScalarType type) {
  if (tensor.scalar_type() == type) return tensor;
  const at::Tensor made = empty(tensor.sizes(), tensor.options().dtype(type));
  OpCommand("Cast")
      .input(tensor)
      .output(made)
      .attr("dst_type", static_cast<int64_t>(to_acl_type(type)))
      .run();
  return made;
}

at::Tensor& copy_(at::Tensor& dst, const at::Tensor& src, bool non_blocking) {
  TORCH_CHECK(dst.defined() && src.defined(), "copy_: a tensor is not defined");
  // Throws, as ATen does, where the source does not broadcast to the target.
  at::infer_size(dst.sizes(), src.sizes());
  TORCH_CHECK(at::is_expandable_to(src.sizes(), dst.sizes()), "copy_: shape ", src.sizes(),
              " cannot be broadcast to shape ", dst.sizes());
  if (dst.numel() == 0 || dst.is_same(src)) return dst;
  if (is_npu(dst) && is_npu(src)) {
    if (dst.device() == src.device()) {
      copy_on_device(dst, src);
    } else {
      copy_between_devices(dst, src);
    }
  } else if (is_npu(dst)) {
    TORCH_CHECK(src.device().is_cpu(), "copy_: an NPU tensor takes values of a CPU or an NPU, not "
                "of ", src.device());
    copy_from_host(dst, src, non_blocking);
  } else {
    TORCH_CHECK(dst.device().is_cpu(), "copy_: an NPU tensor is copied to a CPU or an NPU, not to ",
                dst.device());
    copy_to_host(dst, src, non_blocking);
  }
  return dst;
}

void zero_bytes(const at::Tensor& tensor) {
  void* data = tensor.data_ptr();
  const size_t bytes = tensor.nbytes();
  if (bytes == 0) return;
  launch(current_stream(tensor.device().index()), "aclrtMemsetAsync",
         [data, bytes](aclrtStream on) { NPU_CHECK(aclrtMemsetAsync(data, bytes, 0, bytes, on)); });
}

void resize_storage(const at::Storage& storage, size_t bytes) {
  c10::StorageImpl* impl = storage.unsafeGetStorageImpl();
  DeviceScope scope(storage.device().index());
  at::DataPtr made = impl->allocator()->allocate(bytes);
  const size_t kept = std::min(bytes, impl->nbytes());
  copy_bytes(current_stream(), made.get(), impl->data(), kept, ACL_MEMCPY_DEVICE_TO_DEVICE);
  impl->set_data_ptr(std::move(made));
  impl->set_nbytes(bytes);
}

void resize_output(const at::Tensor& out, at::IntArrayRef sizes) {
  at::Tensor resized = out;  // 1.8.1 wants a reference that is not const
  at::native::resize_output(resized, sizes);
}

std::vector<int64_t> broadcast_sizes(at::IntArrayRef a, at::IntArrayRef b) {
  return at::infer_size(a, b);
}

c10::DeviceIndex check_devices(const char* op, at::ArrayRef<at::Tensor> tensors) {
  c10::DeviceIndex index = -1;
  for (const at::Tensor& tensor : tensors) {
    if (tensor.defined() && is_npu(tensor)) {
      index = tensor.device().index();
      break;
    }
  }
  for (const at::Tensor& tensor : tensors) {
    if (!tensor.defined() || (tensor.device().is_cpu() && tensor.dim() == 0)) continue;
    TORCH_CHECK(is_npu(tensor) && tensor.device().index() == index, op,
                ": one tensor is on npu:", static_cast<int>(index), " and one on ", tensor.device(),
                "; all must be on one device (move it with .to())");
  }
  return index;
}

void check_type(const char* op, at::ScalarType type, at::ArrayRef<at::ScalarType> supported) {
  for (const at::ScalarType known : supported) {
    if (known == type) return;
  }
  std::ostringstream names;
  for (const at::ScalarType known : supported) {
    names << (names.tellp() > 0 ? ", " : "") << c10::toString(known);
  }
  TORCH_CHECK(false, op, ": an NPU does not compute it for ", c10::toString(type), "; it does for ",
              names.str(), " (cast the input, or compute on the CPU)");
}

}  // namespace npu
