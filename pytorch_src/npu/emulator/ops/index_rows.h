/* Indices as rows: every gather and scatter operator is, behind its own way of writing indices,
   a choice of rows of a matrix. */
#ifndef ASCENDTORCH_EMU_INDEX_ROWS_H_
#define ASCENDTORCH_EMU_INDEX_ROWS_H_

#include <cstdint>

#include "aten.h"
#include "call.h"

namespace ascend_emu {

/* int64 copy of `index`, refused when a value is outside [low, high): on a device this is an
   exception of the AI core. `what` names the operand in the message. */
at::Tensor checked_index(const Call &call, const at::Tensor &index, int64_t low, int64_t high,
                         const char *what);

/* The same with values of [-size, size), the negative ones counted from the end. */
at::Tensor wrapped_index(const Call &call, const at::Tensor &index, int64_t size,
                         const char *what);

/* How a scatter treats what was there. */
enum class Combine { kUpdate, kAdd, kSub, kMul, kDiv, kMax, kMin };

/* rows[ids[i]] = combine(rows[ids[i]], updates[i]) in the order of i, so that the last of equal
   ids wins an update. `rows` [M, R] is contiguous and written; `ids` [K] are int64 of [0, M);
   `updates` [K, R] has the type of rows. */
void scatter_rows(const Call &call, at::Tensor rows, const at::Tensor &ids,
                  const at::Tensor &updates, Combine combine);

/* Row numbers of a tensor of shape `sizes` that `indices` [..., N] point at with N leading
   coordinates each: int64 [prod(...)]. Refused when a coordinate is out of range; `negative` ones
   count from the end. */
at::Tensor nd_rows(const Call &call, const at::Tensor &indices, const Dims &sizes, bool negative);

/* Refuses an input of points whose coordinates are more than `sizes` has dims. */
void refuse_deep_points(const Call &call, int indices, const Dims &sizes);
/* The dims of what a tensor of shape `sizes` holds at points of shape `indices`. */
Dims dims_at_points(const Dims &sizes, const Dims &indices);

/* `x` as [product of the first n sizes, product of the others]. */
at::Tensor as_rows(const at::Tensor &x, int64_t n);

}  // namespace ascend_emu

#endif
