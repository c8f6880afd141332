/* Tensors in private layouts, made and read with views, permutations and zeros. */
#ifndef ASCENDTORCH_EMU_FORMATS_H_
#define ASCENDTORCH_EMU_FORMATS_H_

#include <cstdint>

#include "aten.h"
#include "layout_dims.h"

namespace ascend_emu {

/* `tensor`, whose axes are those of the format `plain`, laid out as `format`; what it is filled
   up with is zero. `c0`: see block_channels. packed_dims must have said yes. */
at::Tensor pack(const at::Tensor &tensor, int32_t format, int32_t plain, int64_t c0,
                int64_t groups);

/* The other way: the tensor of `dims` in the format `plain`. */
at::Tensor unpack(const at::Tensor &packed, int32_t format, int32_t plain, const Dims &dims,
                  int64_t c0, int64_t groups);

/* A tensor of one plain format with its axes in the order of another of the same letters. */
at::Tensor transpose_format(const at::Tensor &tensor, int32_t from, int32_t to);

}  // namespace ascend_emu

#endif
