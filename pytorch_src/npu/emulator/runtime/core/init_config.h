/* The JSON file that aclInit may be given (acl.json). */
#ifndef ASCENDTORCH_EMU_INIT_CONFIG_H_
#define ASCENDTORCH_EMU_INIT_CONFIG_H_

namespace ascend_emu {

/* At aclInit: logs read their settings again, and what the file asks for ("dump") is done; null or
   "" for no file. What CANN knows and the emulator does not is logged. Refusal when the file
   cannot be read, is no JSON, or its dump is wrong. */
void apply_init_config(const char *file);

/* aclFinalize: end dumps, profiles and the exception callback. */
void end_services();

}  // namespace ascend_emu

#endif
