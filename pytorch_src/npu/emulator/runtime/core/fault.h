/* What happens when the host follows a device address: the process dies, but says why. */
#ifndef ASCENDTORCH_EMU_FAULT_H_
#define ASCENDTORCH_EMU_FAULT_H_

namespace ascend_emu {

/* From now on a SIGSEGV or SIGBUS at an address of the running runtime's devices writes one
   message to standard error (address, allocation, remedy) before the fault goes to whoever
   handled it before; every other fault goes there unchanged. A second call does nothing. */
void install_fault_handler();

/* Put back what was there before, unless somebody else took the signal meanwhile; then ours stays
   in their chain and explains nothing. */
void remove_fault_handler();

/* Give the calling thread a stack for signal handlers, unless it has one, until the thread ends.
   Called by install_fault_handler for its thread; for stream workers at their start. */
void use_fault_stack();

}  // namespace ascend_emu

#endif
