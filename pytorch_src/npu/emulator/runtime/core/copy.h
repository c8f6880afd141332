/* Copies between any two of host and devices. */
#ifndef ASCENDTORCH_EMU_COPY_H_
#define ASCENDTORCH_EMU_COPY_H_

#include <cstddef>

#include "memory.h"

#include "acl/acl_rt.h"

namespace ascend_emu {

/* A rectangle of bytes: `rows` of `width`, their starts `pitch` apart. One row for plain copies. */
struct Rows {
  size_t width;
  size_t rows;
  size_t dst_pitch;
  size_t src_pitch;
};

/* Checked ends of a copy. Device ends are pinned only while bytes move. */
class Copy {
 public:
  /* Refusal when an end is not what `kind` says, is freed or too small, or the current context
     is on another device than both ends. */
  Copy(void *dst, const void *src, const Rows &rows, aclrtMemcpyKind kind);

  /* Move the bytes now, on this thread. */
  void run() const;

  /* Whether a host end is pageable: then the call may not return before the bytes moved. */
  bool pageable() const;

  const char *name() const; /* "copy host to device" */
  size_t bytes() const { return rows_.width * rows_.rows; }

 private:
  Pin pin(const void *address, size_t pitch, bool device, const char *what) const;
  void *dst_;
  const void *src_;
  Rows rows_;
  bool dst_device_;
  bool src_device_;
};

}  // namespace ascend_emu

#endif
