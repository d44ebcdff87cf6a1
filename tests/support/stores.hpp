// Stores for tests: a directory that goes away with its test, and the two kinds of store by name.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "storage/memory_store.hpp"
#include "storage/rocksdb_store.hpp"

namespace leadlight::tests {

/// A new directory below the system's temporary one, removed at the end.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    auto pattern = (std::filesystem::temp_directory_path() / "leadlight_test_XXXXXX").string();
    if (const char* made = ::mkdtemp(pattern.data()); made != nullptr) path_ = made;
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Options for a small database: little memory, so that tests also see it flush.
inline storage::RocksDbOptions small_rocksdb() {
  storage::RocksDbOptions options;
  options.block_cache_bytes = 1U << 20U;
  options.write_buffer_bytes = 1U << 20U;
  options.create = true;
  return options;
}

/// One test, each store: the parameter is "memory" or "rocksdb".
class EachStore : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { open(); }

  void open() {
    if (GetParam() == "memory") {
      store_ = storage::make_memory_store();
      return;
    }
    auto opened = storage::open_rocksdb(scratch_.path() / "database", small_rocksdb());
    ASSERT_TRUE(opened.ok()) << opened.error().what;
    store_ = std::move(*opened);
  }
  [[nodiscard]] bool durable() const { return GetParam() == "rocksdb"; }
  /// Closes and opens again what outlives the process.
  void reopen() {
    store_.reset();
    open();
  }

  ScratchDirectory scratch_;
  std::unique_ptr<storage::Store> store_;
};

inline std::string store_name(const testing::TestParamInfo<std::string>& info) {
  return info.param;
}

}  // namespace leadlight::tests
