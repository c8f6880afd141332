/* How dims of outputs follow from the inputs, before anything is computed. No torch here. */
#ifndef ASCENDTORCH_EMU_SHAPES_H_
#define ASCENDTORCH_EMU_SHAPES_H_

#include <vector>

#include "call.h"

namespace ascend_emu {

/* An axis counted from the end made one from the front. Refusal (ACL_ERROR_OP_ATTR_NOT_MATCH)
   naming `what` when there is no such axis; a tensor without dims has the axes 0 and -1. */
int64_t normal_axis(const Call &call, int64_t axis, size_t ndim, const char *what);

/* What a ShapeRule gets: the call, and where it puts what it found. An output that no rule sets
   stays unknown, and is compared only when it has been computed. */
class Shapes : public Call {
 public:
  Shapes(const Prototype &prototype, EmuCall &call);

  void set(int output, Dims dims, int k = 0);
  bool known(int output, int k = 0) const;
  const Dims &found(int output, int k = 0) const;

  /* normal_axis of this call. */
  int64_t axis(int64_t axis, size_t ndim, const char *what) const {
    return normal_axis(*this, axis, ndim, what);
  }

 private:
  struct Entry {
    bool known = false;
    Dims dims;
  };
  std::vector<std::vector<Entry>> entries_;
};

/* Rules for shapes(). */

/* Every output has the dims of an input. */
ShapeRule like(int input);
/* Every output has the dims that all given inputs broadcast to. */
void broadcast(Shapes &shapes);
/* The same of the inputs of these positions only. */
ShapeRule broadcast_of(std::vector<int> inputs);
/* All given inputs have equal dims, and so have the outputs. */
void all_alike(Shapes &shapes);

/* The dims that two shapes broadcast to; false when they do not. */
bool broadcast_dims(const Dims &a, const Dims &b, Dims *result);

}  // namespace ascend_emu

#endif
