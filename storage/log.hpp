// The log: every record of a shard, in order, dense from position 1. The truth; state is its fold.
//
// On one machine an append is staged into the batch that also holds the state it leads to (`LocalLog` over any Store).
// A replicated log (later) makes the append durable by itself; the interface keeps reading the same.
#pragma once

#include "engine/record.hpp"
#include "engine/result.hpp"
#include "engine/types.hpp"
#include "storage/store.hpp"

#include <cstddef>
#include <vector>

namespace leadlight::storage {

class Log {
 public:
  Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  virtual ~Log() = default;

  /// Stages `record` at `record.position`; it is in the log once `batch` is committed.
  ///
  /// Precondition: positions of a shard are staged densely, in order, from head + 1.
  virtual void append(Batch& batch, const engine::Record& record) = 0;

  /// Up to `limit` records of `shard` from position `from` on, ascending. Positions already trimmed are skipped.
  /// Errors: io_error, corrupt (names shard and position).
  [[nodiscard]] virtual engine::Result<std::vector<engine::Record>> read(engine::ShardId shard, engine::Position from,
                                                                         std::size_t limit) const = 0;

  /// The last committed position of `shard`; 0 when it has none.
  [[nodiscard]] virtual engine::Result<engine::Position> head(engine::ShardId shard) const = 0;

  /// Stages the removal of up to `limit` of the oldest records received before `before`, with their lead-index entries;
  /// says how many. The newest record of a shard always stays, so that the head is known.
  [[nodiscard]] virtual engine::Result<std::size_t> trim(Batch& batch, engine::ShardId shard, engine::Timestamp before,
                                                         std::size_t limit) = 0;
};

/// The log kept in the families `log` and `lead_index` of a store.
class LocalLog final : public Log {
 public:
  explicit LocalLog(Store& store) : store_(store) {}

  void append(Batch& batch, const engine::Record& record) override;
  [[nodiscard]] engine::Result<std::vector<engine::Record>> read(engine::ShardId shard, engine::Position from,
                                                                 std::size_t limit) const override;
  [[nodiscard]] engine::Result<engine::Position> head(engine::ShardId shard) const override;
  [[nodiscard]] engine::Result<std::size_t> trim(Batch& batch, engine::ShardId shard, engine::Timestamp before,
                                                 std::size_t limit) override;

 private:
  Store& store_;
};

}  // namespace leadlight::storage
