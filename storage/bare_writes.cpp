#include <rocksdb/db.h>

#include <chrono>
#include <memory>
#include <random>
#include <system_error>

#include "storage/rocksdb_store.hpp"

namespace leadlight::storage {
namespace {

engine::Error failed(const rocksdb::Status& status) {
  return {engine::Errc::io_error, "bare synced writes: " + status.ToString(), ""};
}

std::string noise(std::mt19937_64& random, std::size_t bytes) {
  std::string text(bytes, '\0');
  for (auto& byte : text) byte = static_cast<char>(static_cast<unsigned char>(random() >> 56U));
  return text;
}

engine::Status write_all(rocksdb::DB& database, std::size_t batches, std::size_t entries, std::size_t key_bytes,
                         std::string_view values) {
  rocksdb::WriteOptions durable;
  durable.sync = true;
  const auto value_bytes = values.size() / 2;  // values differ: each is a stretch of the noise
  std::string key(key_bytes, '\0');
  std::uint64_t number = 0;
  rocksdb::WriteBatch batch;
  for (std::size_t i = 0; i < batches; ++i) {
    batch.Clear();
    for (std::size_t k = 0; k < entries; ++k, ++number) {
      // Spread over the key space by an odd multiplier, most significant byte first.
      const auto spread = number * 0x9E3779B97F4A7C15ULL;
      for (std::size_t b = 0; b < key_bytes; ++b) {
        key[b] = static_cast<char>(
            static_cast<unsigned char>((b < 8 ? spread >> (56U - 8U * b) : number >> (8U * (b % 8)))));
      }
      const rocksdb::Slice value(values.data() + (value_bytes == 0 ? 0 : number % value_bytes), value_bytes);
      if (const auto status = batch.Put(key, value); !status.ok()) return failed(status);
    }
    if (const auto status = database.Write(durable, &batch); !status.ok()) return failed(status);
  }
  return engine::Ok{};
}

}  // namespace

engine::Result<double> bare_synced_writes(const std::filesystem::path& directory, std::size_t batches,
                                          std::size_t entries, std::size_t key_bytes, std::size_t value_bytes) {
  const auto place = directory / "bare_writes";
  std::error_code error;
  std::filesystem::remove_all(place, error);
  std::filesystem::create_directories(directory, error);
  if (error) {
    return engine::Error{engine::Errc::io_error, "cannot make " + directory.string() + ": " + error.message(), ""};
  }
  rocksdb::Options options;
  options.create_if_missing = true;
  options.error_if_exists = true;
  options.max_background_jobs = 2;
  rocksdb::DB* opened = nullptr;
  if (const auto status = rocksdb::DB::Open(options, place.string(), &opened); !status.ok()) return failed(status);
  std::unique_ptr<rocksdb::DB> database(opened);
  std::mt19937_64 random(1);
  const auto values = noise(random, 2 * value_bytes);

  const auto start = std::chrono::steady_clock::now();
  const auto written = write_all(*database, batches, entries, key_bytes, values);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;

  database.reset();
  std::filesystem::remove_all(place, error);
  if (!written) return written.error();
  return taken.count();
}

}  // namespace leadlight::storage
