/* Which elements a strided slice takes, as TensorFlow defines it and CANN with it: begin, end and
   strides per specification, and masks that skip, insert and drop dimensions. */
#ifndef ASCENDTORCH_EMU_INDEX_SLICE_PLAN_H_
#define ASCENDTORCH_EMU_INDEX_SLICE_PLAN_H_

#include <cstdint>
#include <vector>

#include "aten.h"
#include "call.h"

namespace ascend_emu {

/* The arguments of StridedSlice and its relatives; bit i of a mask is about specification i. */
struct SliceSpec {
  Ints begin;
  Ints end;
  Ints strides;
  int64_t begin_mask = 0;
  int64_t end_mask = 0;
  int64_t ellipsis_mask = 0;
  int64_t new_axis_mask = 0;
  int64_t shrink_axis_mask = 0;
};

/* A slice of a tensor of known shape. */
class SlicePlan {
 public:
  /* Refuses, with `code`, a specification that does not fit `sizes`. */
  SlicePlan(const Call &call, int32_t code, const SliceSpec &spec, const Dims &sizes);

  /* The slice of `x`. */
  at::Tensor read(const at::Tensor &x) const;
  /* Puts `value`, which has shape() or one that broadcasts to it, where the slice reads. */
  void write(at::Tensor x, const at::Tensor &value) const;
  /* The shape of the slice. */
  const Dims &shape() const { return shape_; }

 private:
  /* One dimension of x, always forwards: a backward one is read forwards and turned. */
  struct Range {
    int64_t start;
    int64_t count;
    int64_t step;
  };
  void take_range(const Call &call, int32_t code, const SliceSpec &spec, size_t i, int64_t size);
  void take_all(int64_t size);
  at::Tensor view(at::Tensor x) const;

  std::vector<Range> ranges_;
  Ints turned_;
  Dims shape_;
};

}  // namespace ascend_emu

#endif
