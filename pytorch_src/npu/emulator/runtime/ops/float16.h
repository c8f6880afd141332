/* IEEE binary16 to and from binary32. */
#ifndef ASCENDTORCH_EMU_FLOAT16_H_
#define ASCENDTORCH_EMU_FLOAT16_H_

#include <cstdint>

namespace ascend_emu {

/* Exact: every binary16 is a binary32. A nan keeps its sign and payload. */
float half_to_float(uint16_t half);

/* Rounds to nearest, ties to even; too large becomes infinity, a nan stays a (quiet) nan. */
uint16_t float_to_half(float value);

}  // namespace ascend_emu

#endif
