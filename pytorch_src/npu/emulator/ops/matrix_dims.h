/* Shapes of matrices, alone or in batches. No torch here. */
#ifndef ASCENDTORCH_EMU_MATRIX_DIMS_H_
#define ASCENDTORCH_EMU_MATRIX_DIMS_H_

#include "call.h"

namespace ascend_emu {

/* The dims of an input; refused when there are fewer than two. */
Dims matrices(const Call &call, int input);
/* The same; refused when the last two differ. */
Dims square(const Call &call, int input);
/* The dims before the matrices. */
Dims batch_of(const Dims &dims);
/* `batch` with the dims of a matrix after it. */
Dims joined(Dims batch, int64_t rows, int64_t columns);

}  // namespace ascend_emu

#endif
