// A bench that is interrupted leaves nothing behind: its children are ended, its directories removed.
//
// Thread: any.
#pragma once

#include <filesystem>

#include <sys/types.h>

namespace leadlight::bench {

/// From now on SIGINT, SIGTERM and SIGHUP clean up and end the process. Children get their signals as ever: they are
/// started with none held back.
void clean_up_when_interrupted();

/// What there is to clean up.
void note_child(pid_t pid);
void forget_child(pid_t pid);
void note_directory(const std::filesystem::path& directory);
void forget_directory(const std::filesystem::path& directory);

}  // namespace leadlight::bench
