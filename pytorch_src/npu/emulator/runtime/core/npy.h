/* Tensors as NumPy files. */
#ifndef ASCENDTORCH_EMU_NPY_H_
#define ASCENDTORCH_EMU_NPY_H_

#include <string>

#include "emu_ops.h"

namespace ascend_emu {

/* What numpy.load gives back as the tensor, whatever its strides. bfloat16 is written as float32,
   complex32 with a last dimension of 2 halves; types that NumPy has no counterpart for as the
   buffer's bytes (uint8). */
std::string npy_bytes(const EmuTensor &tensor);

}  // namespace ascend_emu

#endif
