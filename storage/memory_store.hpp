// The store in memory, for tests and previews: the same promises, except that it ends with the process.
#pragma once

#include "storage/store.hpp"

#include <memory>

namespace leadlight::storage {

std::unique_ptr<Store> make_memory_store();

}  // namespace leadlight::storage
