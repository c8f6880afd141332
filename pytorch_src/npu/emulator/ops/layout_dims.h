/* The dims of tensors in private layouts. No torch here.

   A private layout cuts channels into blocks of C0 so that a block fills a row of the matrix
   unit; what does not divide is filled up with zeros. */
#ifndef ASCENDTORCH_EMU_LAYOUT_DIMS_H_
#define ASCENDTORCH_EMU_LAYOUT_DIMS_H_

#include <cstdint>
#include <string>

#include "prototype.h"

namespace ascend_emu {

/* Rows of a block; the other side of it is C0. */
constexpr int64_t kBlockRows = 16;

/* Channels of a block: 32 for types of one byte, 16 for all others. */
int64_t block_channels(int32_t dtype);

/* Whether a format is a private layout: NC1HWC0, NDC1HWC0, FRACTAL_Z, FRACTAL_Z_3D, FRACTAL_NZ. */
bool is_private(int32_t format);

/* The letters of a plain format's axes: "NCHW"; "" for ND and what has no letters. */
std::string axis_letters(int32_t format);

/* How filters of grouped convolutions share the blocks of FRACTAL_Z: `together` groups lie side
   by side on the diagonal of a block, because one alone would leave most of it empty. */
struct GroupedFilter {
  int64_t together;  /* groups in a block */
  int64_t blocks;    /* blocks of groups */
  int64_t channels;  /* of a block, a multiple of C0 */
  int64_t filters;   /* of a block, a multiple of kBlockRows */
};
/* `channels` of one group, `filters` of one group. */
GroupedFilter group_filter(int64_t channels, int64_t filters, int64_t groups, int64_t c0);

/* The dims of a tensor of `dims` in `plain` format when it is laid out as `format`. False, with
   the reason in `why`, when that layout does not exist for it. Dims must not be negative. */
bool packed_dims(int32_t format, int32_t plain, const Dims &dims, int32_t dtype, int64_t groups,
                 Dims *packed, std::string *why);

}  // namespace ascend_emu

#endif
