/* Profiling runs: aclprofInit to aclprofFinalize. Each run is a Chrome trace in a folder. */
#ifndef ASCENDTORCH_EMU_PROFILE_H_
#define ASCENDTORCH_EMU_PROFILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ascend_emu {

struct ProfileConfig {
  std::vector<uint32_t> devices;
  uint64_t data; /* ACL_PROF_* bits */
};

/* Called when a run starts and stops. */
using ProfileListener = void (*)(const ProfileConfig &config, bool started);
void set_profile_listener(ProfileListener listener);

/* Refusal(ACL_ERROR_PROF_ALREADY_RUN) the second time, ACL_ERROR_INVALID_FILE when the folder
   cannot be made. */
void init_profile(const std::string &folder);

/* Ends every run. Refusal(ACL_ERROR_PROF_NOT_RUN) without init_profile. */
void finalize_profile();

/* One run: <folder>/PROF_<time>_<pid>_<number>/trace.json. Refusal(ACL_ERROR_PROF_NOT_RUN) without
   init_profile, ACL_ERROR_PROF_ALREADY_RUN when one of its devices is in a run already. */
void start_profile(const std::shared_ptr<const ProfileConfig> &config);
void stop_profile(const std::shared_ptr<const ProfileConfig> &config);

/* The runs that are on. */
std::vector<ProfileConfig> running_profiles();

/* aclFinalize and the process's end: nothing to refuse. */
void end_profiles();

}  // namespace ascend_emu

#endif
