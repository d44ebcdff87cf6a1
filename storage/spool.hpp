// The spool: submissions that could not go to the log yet, in files of their own, each synced before it is
// acknowledged.
//
// A directory of segment files. An entry is added in a group that one sync makes durable, read while it is pending, and
// removed by a mark once it is durable elsewhere; a segment without pending entries is deleted. Marks are not synced:
// after a crash an entry may come back, never be lost, so whoever forwards must bear a repetition.
//   segment := "LLSPOOL" version:u8 (1) first:u64 crc32c:u32                      named first (20 digits) ".spool"
//   entry   := "SPLE" size:u32 kind:u8 sequence:u64 payload crc32c:u32            size is of the payload
//   kind    := 1 submission | 2 mark: payload = (sequence:u64)*
// Integers are little-endian; a checksum covers everything before it, an entry's from `size` on.
// Opening cuts a torn tail, passes over damaged bytes, and says both in `findings`. A segment that held damage is kept
// as ".damaged" when it is done. Cost: 16 bytes of memory a pending entry. One owner, one thread.
#pragma once

#include "engine/record.hpp"
#include "engine/result.hpp"
#include "engine/types.hpp"

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlight::storage {

struct SpoolOptions {
  std::uint64_t bytes_max = 256ULL << 20U;    // of all files together
  std::uint64_t segment_bytes = 8ULL << 20U;  // from this size on a new file is begun
};

/// What one entry holds: a submission as the door made it.
struct SpooledSubmission {
  engine::OrganisationId organisation{};
  std::vector<engine::Record> records;
  std::vector<std::pair<std::string, std::string>> links;

  friend bool operator==(const SpooledSubmission&, const SpooledSubmission&) = default;
};
/// version:u8 (1) organisation:u32 count:u32 (record:text)* count:u32 (text text)* crc32c:u32
std::string encode(const SpooledSubmission& submission);
/// Errors: corrupt.
engine::Result<SpooledSubmission> decode_spooled(std::string_view bytes);

class Spool {
 public:
  /// Opens what is there, or makes the directory. Errors: io_error; corrupt (a version that is not known here).
  static engine::Result<std::unique_ptr<Spool>> open(std::filesystem::path directory, SpoolOptions options);
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  ~Spool();

  /// Joins the group that the next `sync` makes durable; its sequence. Errors: unavailable (`bytes_max` is reached).
  engine::Result<std::uint64_t> append(std::string_view payload);
  /// Makes the group durable. On failure none of the group is kept. Errors: io_error.
  engine::Status sync();

  /// The first durable, pending entry behind `after`.
  [[nodiscard]] std::optional<std::uint64_t> next(std::uint64_t after) const;
  /// The payload of a durable, pending entry. Errors: not_found, io_error, corrupt.
  [[nodiscard]] engine::Result<std::string> read(std::uint64_t sequence) const;
  /// Removes entries that are durable elsewhere, or lost; what is not pending is passed over.
  void remove(std::span<const std::uint64_t> sequences);

  [[nodiscard]] std::uint64_t pending() const { return pending_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_ + group_.size(); }
  [[nodiscard]] std::uint64_t bytes_max() const { return options_.bytes_max; }
  /// What opening found wrong, in words for the operator.
  [[nodiscard]] const std::vector<std::string>& findings() const { return findings_; }
  /// Stretches of bytes that had changed since they were written.
  [[nodiscard]] std::uint64_t damaged() const { return damaged_; }

 private:
  struct Segment {
    std::filesystem::path path;
    int file = -1;
    std::uint64_t size = 0;
    std::uint64_t pending = 0;
    bool damaged = false;
  };
  struct Place {
    std::uint32_t segment = 0;
    std::uint32_t offset = 0;  // of the entry
    std::uint32_t size = 0;    // of the payload
    bool pending = false;
  };
  struct Grouped {
    std::uint64_t sequence = 0;
    std::uint32_t offset = 0;  // in the group
    std::uint32_t size = 0;
  };

  Spool(std::filesystem::path directory, SpoolOptions options) : directory_(std::move(directory)), options_(options) {}

  engine::Status load(const std::filesystem::path& path);
  engine::Result<std::size_t> read_header(Segment& segment, std::string_view bytes);
  std::size_t scan(std::uint32_t number, std::string_view bytes, std::size_t from);
  void note_entry(std::uint32_t number, std::size_t offset, std::uint64_t sequence, std::size_t size);
  engine::Status begin_segment();
  engine::Status write_group();
  void publish();
  void place(std::uint64_t sequence, Place at);
  [[nodiscard]] const Place* find(std::uint64_t sequence) const;
  bool retire(std::uint64_t sequence);
  void write_mark(Segment& segment, std::span<const std::uint64_t> sequences);
  void drop_idle_segments();
  void drop(std::uint32_t number);

  std::filesystem::path directory_;
  SpoolOptions options_;
  std::map<std::uint32_t, Segment> segments_;  // ascending by age
  std::uint32_t next_segment_ = 1;
  std::optional<std::uint32_t> active_;
  std::deque<Place> places_;  // of the sequences from first_ on
  std::uint64_t first_ = 1;
  std::uint64_t next_sequence_ = 1;
  std::uint64_t pending_ = 0;
  std::uint64_t bytes_ = 0;
  std::string group_;
  std::vector<Grouped> grouped_;
  std::vector<std::string> findings_;
  std::uint64_t damaged_ = 0;
};

}  // namespace leadlight::storage
