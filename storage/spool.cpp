#include "storage/spool.hpp"

#include "storage/codec/crc32c.hpp"
#include "storage/codec/reader.hpp"
#include "storage/codec/writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace leadlight::storage {
namespace {

using engine::Errc;
using engine::Error;
using engine::Result;
using engine::Status;

constexpr std::string_view segment_magic = "LLSPOOL";
constexpr std::uint8_t version_newest = 1;
constexpr std::size_t header_bytes = 20;
constexpr std::string_view entry_magic = "SPLE";
constexpr std::size_t entry_head_bytes = 17;                      // magic, size, kind, sequence
constexpr std::size_t entry_bytes_around = entry_head_bytes + 4;  // and the checksum
constexpr std::uint8_t kind_submission = 1;
constexpr std::uint8_t kind_mark = 2;
constexpr std::string_view extension = ".spool";

Error failed(const std::string& doing, const std::filesystem::path& path) {
  return {Errc::io_error, "spool: " + doing + " " + path.string() + ": " + std::generic_category().message(errno),
          "spool"};
}

bool write_all(int file, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const auto wrote = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
    offset += static_cast<std::uint64_t>(wrote);
  }
  return true;
}

bool read_all(int file, std::string& into, std::uint64_t offset) {
  for (std::size_t have = 0; have < into.size();) {
    const auto got = ::pread(file, into.data() + have, into.size() - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    have += static_cast<std::size_t>(got);
  }
  return true;
}

bool sync_directory(const std::filesystem::path& directory) {
  const int file = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return false;
  const bool synced = ::fsync(file) == 0;
  ::close(file);
  return synced;
}

std::string header_of(std::uint64_t first) {
  Writer to(header_bytes);
  to.raw(segment_magic);
  to.u8(version_newest);
  to.u64(first);
  return std::move(to).seal();
}

std::string entry_of(std::uint8_t kind, std::uint64_t sequence, std::string_view payload) {
  Writer to(entry_bytes_around + payload.size());
  to.raw(entry_magic);
  to.u32(static_cast<std::uint32_t>(payload.size()));
  to.u8(kind);
  to.u64(sequence);
  to.raw(payload);
  auto bytes = std::move(to).take();
  Writer sum(sizeof(std::uint32_t));
  sum.u32(crc32c(std::string_view{bytes}.substr(entry_magic.size())));
  return bytes += std::move(sum).take();
}

struct Entry {
  std::uint8_t kind = 0;
  std::uint64_t sequence = 0;
  std::string_view payload;
};

// The entry that `bytes` begin with, if they do and its checksum holds.
std::optional<Entry> entry_at(std::string_view bytes) {
  if (bytes.size() < entry_bytes_around || !bytes.starts_with(entry_magic)) return std::nullopt;
  Reader from(bytes.substr(entry_magic.size()));
  const std::uint64_t size = from.u32();
  if (size > bytes.size() - entry_bytes_around) return std::nullopt;
  Entry entry;
  entry.kind = from.u8();
  entry.sequence = from.u64();
  entry.payload = bytes.substr(entry_head_bytes, size);
  const auto checked = bytes.substr(entry_magic.size(), entry_head_bytes - entry_magic.size() + size);
  if (Reader(bytes.substr(entry_head_bytes + size)).u32() != crc32c(checked)) return std::nullopt;
  return entry;
}

}  // namespace

Spool::~Spool() {
  for (const auto& [number, segment] : segments_) ::close(segment.file);
}

Result<std::unique_ptr<Spool>> Spool::open(std::filesystem::path directory, SpoolOptions options) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return failed("cannot make", directory);
  std::vector<std::filesystem::path> paths;
  std::error_code fault;
  for (const auto& file : std::filesystem::directory_iterator(directory, fault))
    if (file.path().extension() == extension) paths.push_back(file.path());
  if (fault) return Error{Errc::io_error, "spool: cannot list " + directory.string() + ": " + fault.message(), "spool"};
  std::sort(paths.begin(), paths.end());
  std::unique_ptr<Spool> spool{new Spool(std::move(directory), options)};
  for (const auto& path : paths)
    if (auto loaded = spool->load(path); !loaded) return loaded.error();
  if (!spool->segments_.empty()) {
    const auto& [number, last] = *spool->segments_.rbegin();
    if (!last.damaged && last.size >= header_bytes) spool->active_ = number;
  }
  spool->drop_idle_segments();
  return spool;
}

Status Spool::load(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  struct stat facts {};
  if (file < 0 || ::fstat(file, &facts) != 0) return failed("cannot open", path);
  const auto number = next_segment_++;
  auto& segment = segments_[number];
  segment.path = path;
  segment.file = file;
  std::string bytes(static_cast<std::size_t>(facts.st_size), '\0');
  if (!read_all(file, bytes, 0)) return failed("cannot read", path);
  const auto from = read_header(segment, bytes);
  if (!from) return from.error();
  segment.size = scan(number, bytes, *from);
  bytes_ += segment.size;
  if (segment.size == bytes.size()) return engine::Ok{};
  findings_.push_back(path.filename().string() + ": the last " + std::to_string(bytes.size() - segment.size) +
                      " bytes are of a write that did not end, and are cut off");
  if (::ftruncate(file, static_cast<off_t>(segment.size)) != 0) return failed("cannot cut", path);
  return engine::Ok{};
}

// Where the first entry begins. A header that was never finished holds nothing; a damaged one is passed over.
Result<std::size_t> Spool::read_header(Segment& segment, std::string_view bytes) {
  if (bytes.size() < header_bytes) return std::size_t{0};
  const auto head = bytes.substr(0, header_bytes);
  const bool whole = head.starts_with(segment_magic) &&
                     Reader(head.substr(header_bytes - 4)).u32() == crc32c(head.substr(0, header_bytes - 4));
  if (!whole) return std::size_t{0};
  const auto version = static_cast<std::uint8_t>(head[segment_magic.size()]);
  if (version != version_newest)
    return corrupt("spool segment " + segment.path.string(),
                   "version " + std::to_string(version) + " is not known here. Use the program version that wrote it");
  next_sequence_ = std::max(next_sequence_, Reader(head.substr(segment_magic.size() + 1)).u64());
  return header_bytes;
}

// Takes up every entry; the end of what is to be kept.
std::size_t Spool::scan(std::uint32_t number, std::string_view bytes, std::size_t from) {
  while (from < bytes.size()) {
    if (const auto entry = entry_at(bytes.substr(from))) {
      if (entry->kind == kind_submission) note_entry(number, from, entry->sequence, entry->payload.size());
      if (entry->kind == kind_mark)
        for (Reader marks(entry->payload); !marks.done() && !marks.failed();) (void)retire(marks.u64());
      from += entry_bytes_around + entry->payload.size();
      continue;
    }
    auto next = bytes.find(entry_magic, from + 1);
    while (next != std::string_view::npos && !entry_at(bytes.substr(next))) next = bytes.find(entry_magic, next + 1);
    if (next == std::string_view::npos) return from;
    auto& segment = segments_[number];
    segment.damaged = true;
    ++damaged_;
    findings_.push_back(segment.path.filename().string() + ": bytes " + std::to_string(from) + " to " +
                        std::to_string(next) + " have changed since they were written; what they held is lost");
    from = next;
  }
  return from;
}

void Spool::note_entry(std::uint32_t number, std::size_t offset, std::uint64_t sequence, std::size_t size) {
  // Segments ascend, so a sequence behind the first one is a repetition, as after a cut that failed.
  if (find(sequence) != nullptr || (!places_.empty() && sequence < first_)) return;
  place(sequence, {number, static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(size), true});
}

void Spool::place(std::uint64_t sequence, Place at) {
  if (places_.empty()) first_ = sequence;
  if (sequence - first_ >= places_.size()) places_.resize(sequence - first_ + 1);
  places_[sequence - first_] = at;
  next_sequence_ = std::max(next_sequence_, sequence + 1);
  ++segments_[at.segment].pending;
  ++pending_;
}

const Spool::Place* Spool::find(std::uint64_t sequence) const {
  if (sequence < first_ || sequence - first_ >= places_.size()) return nullptr;
  const auto& at = places_[sequence - first_];
  return at.pending ? &at : nullptr;
}

std::optional<std::uint64_t> Spool::next(std::uint64_t after) const {
  for (auto sequence = std::max(after + 1, first_); sequence - first_ < places_.size(); ++sequence)
    if (places_[sequence - first_].pending) return sequence;
  return std::nullopt;
}

Result<std::uint64_t> Spool::append(std::string_view payload) {
  const auto size = payload.size() + entry_bytes_around;
  if (bytes() + size + header_bytes > options_.bytes_max)
    return Error{Errc::unavailable,
                 "the spool is full (" + std::to_string(bytes()) + " of " + std::to_string(options_.bytes_max) +
                     " bytes); send it again later",
                 ""};
  const auto sequence = next_sequence_++;
  grouped_.push_back({sequence, static_cast<std::uint32_t>(group_.size()), static_cast<std::uint32_t>(payload.size())});
  group_ += entry_of(kind_submission, sequence, payload);
  return sequence;
}

Status Spool::sync() {
  if (group_.empty()) return engine::Ok{};
  auto written = write_group();
  if (written) publish();
  group_.clear();
  grouped_.clear();
  drop_idle_segments();
  return written;
}

Status Spool::write_group() {
  if (!active_ || segments_[*active_].size >= options_.segment_bytes)
    if (auto begun = begin_segment(); !begun) return begun;
  auto& segment = segments_[*active_];
  if (write_all(segment.file, group_, segment.size) && ::fdatasync(segment.file) == 0) return engine::Ok{};
  const auto error = failed("cannot write", segment.path);
  // After a failed sync nothing tells which pages reached the disk: what follows goes to another file.
  (void)::ftruncate(segment.file, static_cast<off_t>(segment.size));
  active_.reset();
  return error;
}

Status Spool::begin_segment() {
  active_.reset();
  std::array<char, 24> digits{};
  const auto first = grouped_.front().sequence;
  std::snprintf(digits.data(), digits.size(), "%020llu", static_cast<unsigned long long>(first));
  Segment segment;
  segment.path = directory_ / (std::string{digits.data()}.append(extension));
  segment.file = ::open(segment.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (segment.file < 0) return failed("cannot make", segment.path);
  const auto header = header_of(first);
  if (!write_all(segment.file, header, 0) || !sync_directory(directory_)) {
    const auto error = failed("cannot write", segment.path);
    ::close(segment.file);
    ::unlink(segment.path.c_str());
    return error;
  }
  segment.size = header.size();
  bytes_ += segment.size;
  active_ = next_segment_++;
  segments_.emplace(*active_, std::move(segment));
  return engine::Ok{};
}

void Spool::publish() {
  auto& segment = segments_[*active_];
  for (const auto& one : grouped_)
    place(one.sequence, {*active_, static_cast<std::uint32_t>(segment.size) + one.offset, one.size, true});
  segment.size += group_.size();
  bytes_ += group_.size();
}

Result<std::string> Spool::read(std::uint64_t sequence) const {
  const auto* at = find(sequence);
  if (at == nullptr) return Error{Errc::not_found, "spool: no entry " + std::to_string(sequence) + " is pending", ""};
  const auto& segment = segments_.at(at->segment);
  std::string bytes(entry_bytes_around + at->size, '\0');
  if (!read_all(segment.file, bytes, at->offset)) return failed("cannot read", segment.path);
  const auto entry = entry_at(bytes);
  if (!entry || entry->sequence != sequence || entry->payload.size() != at->size)
    return corrupt("spool entry " + std::to_string(sequence) + " of " + segment.path.string(),
                   "bytes have changed since they were written");
  return std::string{entry->payload};
}

void Spool::remove(std::span<const std::uint64_t> sequences) {
  std::map<std::uint32_t, std::vector<std::uint64_t>> by_segment;
  for (const auto sequence : sequences) {
    const auto* at = find(sequence);
    if (at == nullptr) continue;
    by_segment[at->segment].push_back(sequence);
    (void)retire(sequence);
  }
  drop_idle_segments();
  for (const auto& [number, own] : by_segment)
    if (const auto segment = segments_.find(number); segment != segments_.end()) write_mark(segment->second, own);
}

// No longer pending. False when it was not.
bool Spool::retire(std::uint64_t sequence) {
  if (find(sequence) == nullptr) return false;
  auto& at = places_[sequence - first_];
  at.pending = false;
  --segments_[at.segment].pending;
  --pending_;
  while (!places_.empty() && !places_.front().pending) {
    places_.pop_front();
    ++first_;
  }
  return true;
}

void Spool::write_mark(Segment& segment, std::span<const std::uint64_t> sequences) {
  Writer payload(8 * sequences.size());
  for (const auto sequence : sequences) payload.u64(sequence);
  const auto entry = entry_of(kind_mark, 0, std::move(payload).take());
  if (write_all(segment.file, entry, segment.size)) {
    segment.size += entry.size();
    bytes_ += entry.size();
  } else {  // without its mark an entry may be forwarded once more, which counts nothing twice
    (void)::ftruncate(segment.file, static_cast<off_t>(segment.size));
  }
}

// The active segment stays while entries are pending elsewhere, or are about to come.
void Spool::drop_idle_segments() {
  const bool keep_active = pending_ > 0 || !group_.empty();
  std::vector<std::uint32_t> idle;
  for (const auto& [number, segment] : segments_)
    if (segment.pending == 0 && !(keep_active && active_ == number)) idle.push_back(number);
  for (const auto number : idle) drop(number);
}

void Spool::drop(std::uint32_t number) {
  if (active_ == number) active_.reset();
  const auto& segment = segments_[number];
  bytes_ -= segment.size;
  ::close(segment.file);
  std::error_code ignored;
  if (segment.damaged)
    std::filesystem::rename(segment.path, segment.path.string() + ".damaged", ignored);
  else
    std::filesystem::remove(segment.path, ignored);
  segments_.erase(number);
}

}  // namespace leadlight::storage
