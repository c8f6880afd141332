#include "nn_update.h"

#include "formats.h"
#include "layout_dims.h"

namespace ascend_emu {

void update_input(Args &a, int input, const at::Tensor &value) {
  if (value.numel() == 0) return;
  const EmuTensor &tensor = a.input(input);
  const at::ScalarType type = scalar_type(tensor.dtype);
  const at::Tensor laid_out =
      is_private(tensor.format)
          ? pack(value.to(type), tensor.format, tensor.origin_format,
                 block_channels(tensor.dtype), 1)
          : value;
  at::Tensor memory =
      at::from_blob(tensor.data, laid_out.sizes(), at::TensorOptions().dtype(type));
  memory.copy_(laid_out);
}

}  // namespace ascend_emu
