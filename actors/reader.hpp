// READER: long reads over many leads, or deep into the log, on a thread of its own, so that no shard waits for them.
#pragma once

#include "actors/messages.hpp"

namespace leadlight::actors {

/// Spawned detached.
Reader::behavior_type reader(Reader::pointer self, ServicesPtr services);

}  // namespace leadlight::actors
