/* Folders for what the emulator writes. */
#ifndef ASCENDTORCH_EMU_FOLDERS_H_
#define ASCENDTORCH_EMU_FOLDERS_H_

#include <string>

namespace ascend_emu {

/* Make a folder and those above it; true when it is there afterwards. Sets errno otherwise. */
bool make_folders(const std::string &folder);

/* Local time as "20260131235959". */
std::string time_stamp();

/* Microseconds since 1970. */
long long unix_microseconds();

}  // namespace ascend_emu

#endif
