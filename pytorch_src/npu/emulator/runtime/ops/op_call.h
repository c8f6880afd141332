/* One call of an operator: a copy of everything it was given, so that the caller may let go of
   descriptors, buffers and attributes as soon as the launch returns. */
#ifndef ASCENDTORCH_EMU_OP_CALL_H_
#define ASCENDTORCH_EMU_OP_CALL_H_

#include <cstddef>
#include <cstdint>

#include "emu_ops.h"
#include "arena.h"

namespace ascend_emu {

/* Where an operand's bytes lie until the stream gets to the call. */
struct Operand {
  const void *address; /* on the device; NULL when there is nothing to pin */
  uint64_t bytes;
};

class OpCall {
 public:
  /* Room for so many operands and attributes; to be filled in by who makes the call. */
  OpCall(const char *op, size_t inputs, size_t outputs, size_t attrs);

  EmuCall &emu() { return emu_; }
  const EmuCall &emu() const { return emu_; }
  const char *op() const { return emu_.op; }
  Arena &arena() { return arena_; }

  size_t inputs() const { return static_cast<size_t>(emu_.num_inputs); }
  size_t operands() const { return inputs() + static_cast<size_t>(emu_.num_outputs); }
  /* Inputs first, then outputs. */
  EmuTensor &tensor(size_t i) { return tensors_[i]; }
  const EmuTensor &tensor(size_t i) const { return tensors_[i]; }
  Operand &operand(size_t i) { return places_[i]; }
  const Operand &operand(size_t i) const { return places_[i]; }

  /* Back to how the outputs stood before the library wrote to them. */
  void forget_actual_dims();

  /* The next attribute of those that there is room for. */
  EmuAttr &add_attr(const char *name, EmuAttrKind kind, size_t count);

  /* Name an operand; "" for none. */
  void set_name(size_t i, const char *name);
  /* "input x1", or "output 0" when it has no name. Made beforehand: device memory wants it with
     every pin, for messages that are hardly ever written. */
  const char *operand_name(size_t i) const { return labels_[i]; }

 private:
  Arena arena_;
  EmuCall emu_;
  EmuTensor *tensors_;
  Operand *places_;
  EmuAttr *attrs_;
  const char **labels_;
};

}  // namespace ascend_emu

#endif
