#include <cassert>
#include <cstring>
#include <limits>
#include <utility>

#include "storage/store.hpp"

namespace leadlight::storage {
namespace {

// Offsets of the head of a change: family, kind, key_size, value_size.
constexpr std::size_t kind_at = 1;
constexpr std::size_t key_size_at = 2;
constexpr std::size_t value_size_at = 6;
constexpr std::size_t head_bytes = 10;

void add(std::string& bytes, const Change& change) {
  const auto& [family, kind, key, value] = change;
  assert(key.size() <= std::numeric_limits<std::uint32_t>::max());
  assert(value.size() <= std::numeric_limits<std::uint32_t>::max());
  // These bytes never leave the process: the machine's own order of bytes will do.
  const auto key_size = static_cast<std::uint32_t>(key.size());
  const auto value_size = static_cast<std::uint32_t>(value.size());
  char head[head_bytes] = {};
  head[0] = static_cast<char>(family);
  head[kind_at] = static_cast<char>(kind);
  std::memcpy(head + key_size_at, &key_size, sizeof key_size);
  std::memcpy(head + value_size_at, &value_size, sizeof value_size);
  bytes.append(head, head_bytes).append(key).append(value);
}

std::uint32_t size_at(std::string_view bytes, std::size_t at) {
  std::uint32_t size = 0;
  std::memcpy(&size, bytes.data() + at, sizeof size);
  return size;
}

}  // namespace

std::string_view name(Family family) {
  switch (family) {
    case Family::log: return "log";
    case Family::lead_index: return "lead_index";
    case Family::leads: return "leads";
    case Family::idempotency: return "idempotency";
    case Family::requests: return "requests";
    case Family::outbox: return "outbox";
    case Family::dead_letters: return "dead_letters";
    case Family::timers: return "timers";
    case Family::organisations: return "organisations";
    case Family::aliases: return "aliases";
    case Family::attributes: return "attributes";
    case Family::fetches: return "fetches";
  }
  return "organisations";
}

void Batch::put(Family family, std::string_view key, std::string_view value) {
  add(bytes_, {family, ChangeKind::put, key, value});
  ++changes_;
}

void Batch::amend_lead(std::string_view key, std::string_view change) {
  add(bytes_, {Family::leads, ChangeKind::amend, key, change});
  ++changes_;
}

void Batch::remove(Family family, std::string_view key) {
  add(bytes_, {family, ChangeKind::remove, key, {}});
  ++changes_;
}

void Batch::append(const Batch& other) {
  bytes_.append(other.bytes_);
  changes_ += other.changes_;
}

void Batch::append(Batch&& other) {
  if (!empty()) return append(other);
  std::swap(bytes_, other.bytes_);
  std::swap(changes_, other.changes_);
}

void Batch::reserve(std::size_t bytes) {
  bytes_.reserve(bytes_.size() + bytes);
}

void Batch::clear() {
  bytes_.clear();
  changes_ = 0;
}

void Batch::for_each(const std::function<void(const Change&)>& each) const {
  for (std::string_view rest = bytes_; !rest.empty();) {
    const auto family = static_cast<Family>(rest.front());
    const auto kind = static_cast<ChangeKind>(rest[kind_at]);
    const auto key_size = size_at(rest, key_size_at);
    const auto value_size = size_at(rest, value_size_at);
    const auto key = rest.substr(head_bytes, key_size);
    const auto value = rest.substr(head_bytes + key_size, value_size);
    rest.remove_prefix(head_bytes + key_size + value_size);
    each({family, kind, key, value});
  }
}

}  // namespace leadlight::storage
