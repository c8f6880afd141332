/* Axes that operators reduce over or run along, as inputs or as attributes. No torch here. */
#ifndef ASCENDTORCH_EMU_AXES_H_
#define ASCENDTORCH_EMU_AXES_H_

#include "shapes.h"

namespace ascend_emu {

/* What no axes mean. */
enum class NoAxes { kNone, kAll };

/* Axes counted from the front, each once, in order. Refusal naming `what` for those that do not
   exist. */
Ints normal_axes(const Call &call, const Ints &axes, size_t ndim, NoAxes none, const char *what);

/* The dims that are left when `axes` (normal ones) are reduced. */
Dims reduced_dims(const Dims &dims, const Ints &axes, bool keep);

}  // namespace ascend_emu

#endif
