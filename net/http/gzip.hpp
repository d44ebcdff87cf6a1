// Unpacks gzip bodies piece by piece, so that a bomb is refused while it unfolds.
#pragma once

#include "engine/result.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace leadlight::net {

class GzipInflater {
 public:
  /// Refuses more than `bytes_max`, packed or unpacked, at once, and more than `ratio_max` times what came in when all
  /// of it has come: how the bytes were cut on their way makes no difference.
  GzipInflater(std::size_t bytes_max, std::size_t ratio_max);
  GzipInflater(const GzipInflater&) = delete;
  GzipInflater& operator=(const GzipInflater&) = delete;
  ~GzipInflater();

  /// Unpacks `packed` onto the end of `to`. Errors: too_large, invalid (not gzip).
  engine::Status add(std::string_view packed, std::string& to);
  /// Errors: invalid, when the stream is cut short; too_large.
  engine::Status finish() const;

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
  std::size_t bytes_max_;
  std::size_t ratio_max_;
  std::size_t packed_ = 0;
  std::size_t unpacked_ = 0;
  bool at_member_end_ = false;
};

}  // namespace leadlight::net
