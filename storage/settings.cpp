// Keys: kind "/" organisation:u32 (big-endian) "/" rest. Values: the codecs; AppliedSwitches: version:u8 model:u32
// count:u32 target:u32*.
#include "storage/settings.hpp"

#include <algorithm>

namespace leadlight::storage {

namespace {

using engine::Errc;
using engine::Error;
using engine::OrganisationId;
using engine::Result;

constexpr std::uint8_t applied_version = 1;
constexpr std::size_t page = 1'000;

void put_big_endian(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xFFU));
}

void put_little_endian(std::string& out, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>((value >> shift) & 0xFFU));
}

std::uint32_t read_little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return value;
}

std::string key_of(std::string_view kind, OrganisationId organisation) {
  std::string key{kind};
  key.push_back('/');
  put_big_endian(key, static_cast<std::uint32_t>(organisation));
  key.push_back('/');
  return key;
}

std::string cursor_key(std::uint32_t source) {
  std::string key{"source_cursor/"};
  put_big_endian(key, source);
  return key;
}

template <class T, class Decode>
Result<std::vector<T>> load_all(const Store& store, const std::string& prefix, Decode decode) {
  std::vector<T> all;
  std::string from;
  for (;;) {
    auto rows = store.scan(Family::organisations, prefix, from, page);
    if (!rows) return rows.error();
    for (const auto& row : *rows) {
      auto value = decode(row.value);
      if (!value) return value.error();
      all.push_back(*std::move(value));
    }
    if (rows->size() < page) return all;
    from = rows->back().key + '\0';
  }
}

}  // namespace

std::string encode(const AppliedSwitches& applied) {
  std::string out(1, static_cast<char>(applied_version));
  put_little_endian(out, applied.model_version);
  put_little_endian(out, static_cast<std::uint32_t>(applied.targets.size()));
  for (const auto target : applied.targets) put_little_endian(out, target);
  return out;
}

Result<AppliedSwitches> decode_applied(std::string_view bytes) {
  const Error corrupt{Errc::corrupt, "the applied switches of a shard are not what was written", ""};
  if (bytes.size() < 9 || static_cast<std::uint8_t>(bytes[0]) != applied_version) return corrupt;
  AppliedSwitches applied;
  applied.model_version = read_little_endian(bytes.substr(1));
  const std::size_t count = read_little_endian(bytes.substr(5));
  if (bytes.size() != 9 + 4 * count) return corrupt;
  for (std::size_t i = 0; i < count; ++i) applied.targets.push_back(read_little_endian(bytes.substr(9 + 4 * i)));
  return applied;
}

void put(Batch& batch, const OrganisationSettings& settings) {
  batch.put(Family::organisations, key_of("organisation", settings.id), encode(settings));
}

void put(Batch& batch, const Key& key) {
  batch.put(Family::organisations, key_of("key", key.organisation) + key.id, encode(key));
}

void put(Batch& batch, const PublishedModel& model) {
  auto key = key_of("model", model.organisation);
  put_big_endian(key, model.model.version);
  batch.put(Family::organisations, key, encode(model));
}

void put(Batch& batch, const TargetSettings& target) {
  batch.put(Family::organisations, key_of("target", target.organisation) + target.name, encode(target));
}

void put(Batch& batch, const SourceSettings& source) {
  batch.put(Family::organisations, key_of("source", source.organisation) + source.name, encode(source));
}

void remove_source(Batch& batch, const SourceSettings& source) {
  batch.remove(Family::organisations, key_of("source", source.organisation) + source.name);
  batch.remove(Family::organisations, cursor_key(source.id));
}

void put(Batch& batch, std::uint32_t source, const SourceCursor& cursor) {
  batch.put(Family::organisations, cursor_key(source), encode(cursor));
}

void put(Batch& batch, OrganisationId organisation, engine::ShardId shard, const AppliedSwitches& applied) {
  auto key = key_of("applied", organisation);
  put_big_endian(key, static_cast<std::uint32_t>(shard));
  batch.put(Family::organisations, key, encode(applied));
}

void remove_target(Batch& batch, OrganisationId organisation, std::string_view name) {
  batch.remove(Family::organisations, key_of("target", organisation).append(name));
}

Result<std::vector<OrganisationSettings>> load_organisations(const Store& store) {
  return load_all<OrganisationSettings>(store, "organisation/", decode_organisation);
}

Result<std::vector<Key>> load_keys(const Store& store) {
  return load_all<Key>(store, "key/", decode_key);
}

Result<std::vector<PublishedModel>> load_models(const Store& store, OrganisationId organisation) {
  return load_all<PublishedModel>(store, key_of("model", organisation), decode_published_model);
}

Result<std::vector<TargetSettings>> load_targets(const Store& store) {
  return load_all<TargetSettings>(store, "target/", decode_target);
}

Result<std::vector<SourceSettings>> load_sources(const Store& store) {
  return load_all<SourceSettings>(store, "source/", decode_source);
}

Result<std::optional<SourceCursor>> load_source_cursor(const Store& store, std::uint32_t source) {
  auto value = store.get(Family::organisations, cursor_key(source));
  if (!value) return value.error();
  if (!value->has_value()) return std::optional<SourceCursor>{};
  auto cursor = decode_source_cursor(**value);
  if (!cursor) return cursor.error();
  return std::optional<SourceCursor>{*std::move(cursor)};
}

Result<AppliedSwitches> load_applied(const Store& store, OrganisationId organisation, engine::ShardId shard) {
  auto key = key_of("applied", organisation);
  put_big_endian(key, static_cast<std::uint32_t>(shard));
  auto value = store.get(Family::organisations, key);
  if (!value) return value.error();
  if (!value->has_value()) return AppliedSwitches{};
  return decode_applied(**value);
}

}  // namespace leadlight::storage
