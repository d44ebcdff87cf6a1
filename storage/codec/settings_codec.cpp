// The values of the family `organisations`: version:u8 (1 is the newest of each), the fields below, crc32c:u32.
//   key             := id:text sha256:32 organisation:u32 name:text scope_count:u32 scope:text* rate created_at:i64
//                      revoked_at:instant
//                      (version 2, of a key that says what becomes of a submission that cannot be taken: … spools:u8)
//   organisation    := id:u32 name:text live_scoring:u8 created_at:i64
//   published_model := organisation:u32 received_at:i64 model               (model_codec.cpp)
//   target          := id:u32 organisation:u32 kind:text name:text option_count:u32 (name:text value:text)*
//                      sealed_secrets:text demo:u8 created_at:i64
//   source          := id:u32 organisation:u32 kind:text name:text target:text option_count:u32 (name:text value:text)*
//                      sealed_secrets:text demo:u8 created_at:i64
//   source_cursor   := cursor:text polled_at:i64 activities:u64
//   rate            := 0:u8 | 1:u8 u32          instant := 0:u8 | 1:u8 i64
#include <utility>

#include "storage/codec/codec.hpp"
#include "storage/codec/model_codec.hpp"
#include "storage/codec/reader.hpp"
#include "storage/codec/writer.hpp"

namespace leadlight::storage {
namespace {

constexpr std::uint8_t version_newest = 1;
constexpr std::uint8_t key_version_spools = 2;

Writer start() {
  Writer to(256);
  to.u8(version_newest);
  return to;
}

}  // namespace

std::string encode(const Key& key) {
  Writer to(256);
  to.u8(key.spools ? key_version_spools : version_newest);
  to.text(key.id);
  for (const auto byte : key.sha256) to.u8(byte);
  to.u32(static_cast<std::uint32_t>(key.organisation));
  to.text(key.name);
  to.u32(static_cast<std::uint32_t>(key.scopes.size()));
  for (const auto& scope : key.scopes) to.text(scope);
  to.flag(key.rate.has_value());
  if (key.rate) to.u32(*key.rate);
  to.time(key.created_at);
  to.flag(key.revoked_at.has_value());
  if (key.revoked_at) to.time(*key.revoked_at);
  if (key.spools) to.flag(*key.spools);
  return std::move(to).seal();
}

engine::Result<Key> decode_key(std::string_view bytes) {
  constexpr std::string_view what = "key";
  auto from = open_value(bytes, what, key_version_spools);
  if (!from) return from.error();
  Key key;
  key.id = from->text();
  for (auto& byte : key.sha256) byte = from->u8();
  key.organisation = static_cast<engine::OrganisationId>(from->u32());
  key.name = from->text();
  const auto scopes = from->count(sizeof(std::uint32_t));
  key.scopes.reserve(scopes);
  for (std::size_t i = 0; i < scopes && !from->failed(); ++i) key.scopes.emplace_back(from->text());
  if (from->flag()) key.rate = from->u32();
  key.created_at = from->time();
  if (from->flag()) key.revoked_at = from->time();
  if (static_cast<std::uint8_t>(bytes.front()) == key_version_spools) key.spools = from->flag();
  return close_value(*from, std::move(key), what);
}

std::string encode(const OrganisationSettings& settings) {
  auto to = start();
  to.u32(static_cast<std::uint32_t>(settings.id));
  to.text(settings.name);
  to.flag(settings.live_scoring);
  to.time(settings.created_at);
  return std::move(to).seal();
}

engine::Result<OrganisationSettings> decode_organisation(std::string_view bytes) {
  constexpr std::string_view what = "organisation";
  auto from = open_value(bytes, what, version_newest);
  if (!from) return from.error();
  OrganisationSettings settings;
  settings.id = static_cast<engine::OrganisationId>(from->u32());
  settings.name = from->text();
  settings.live_scoring = from->flag();
  settings.created_at = from->time();
  return close_value(*from, std::move(settings), what);
}

std::string encode(const PublishedModel& published) {
  auto to = start();
  to.u32(static_cast<std::uint32_t>(published.organisation));
  to.time(published.received_at);
  write_model(to, published.model);
  return std::move(to).seal();
}

engine::Result<PublishedModel> decode_published_model(std::string_view bytes) {
  constexpr std::string_view what = "published model";
  auto from = open_value(bytes, what, version_newest);
  if (!from) return from.error();
  PublishedModel published;
  published.organisation = static_cast<engine::OrganisationId>(from->u32());
  published.received_at = from->time();
  auto model = read_model(*from);
  if (!model) return corrupt(what, model.error().what);
  published.model = *std::move(model);
  return close_value(*from, std::move(published), what);
}

std::string encode(const TargetSettings& settings) {
  auto to = start();
  to.u32(settings.id);
  to.u32(static_cast<std::uint32_t>(settings.organisation));
  to.text(settings.kind);
  to.text(settings.name);
  to.u32(static_cast<std::uint32_t>(settings.options.size()));
  for (const auto& [name, value] : settings.options) {
    to.text(name);
    to.text(value);
  }
  to.text(settings.sealed_secrets);
  to.flag(settings.demo);
  to.time(settings.created_at);
  return std::move(to).seal();
}

engine::Result<TargetSettings> decode_target(std::string_view bytes) {
  constexpr std::string_view what = "target";
  auto from = open_value(bytes, what, version_newest);
  if (!from) return from.error();
  TargetSettings settings;
  settings.id = from->u32();
  settings.organisation = static_cast<engine::OrganisationId>(from->u32());
  settings.kind = from->text();
  settings.name = from->text();
  const auto options = from->count(2 * sizeof(std::uint32_t));
  settings.options.reserve(options);
  for (std::size_t i = 0; i < options && !from->failed(); ++i) {
    std::string name(from->text());
    settings.options.emplace_back(std::move(name), from->text());
  }
  settings.sealed_secrets = from->text();
  settings.demo = from->flag();
  settings.created_at = from->time();
  return close_value(*from, std::move(settings), what);
}

std::string encode(const SourceSettings& settings) {
  auto to = start();
  to.u32(settings.id);
  to.u32(static_cast<std::uint32_t>(settings.organisation));
  to.text(settings.kind);
  to.text(settings.name);
  to.text(settings.target);
  to.u32(static_cast<std::uint32_t>(settings.options.size()));
  for (const auto& [name, value] : settings.options) {
    to.text(name);
    to.text(value);
  }
  to.text(settings.sealed_secrets);
  to.flag(settings.demo);
  to.time(settings.created_at);
  return std::move(to).seal();
}

engine::Result<SourceSettings> decode_source(std::string_view bytes) {
  constexpr std::string_view what = "source";
  auto from = open_value(bytes, what, version_newest);
  if (!from) return from.error();
  SourceSettings settings;
  settings.id = from->u32();
  settings.organisation = static_cast<engine::OrganisationId>(from->u32());
  settings.kind = from->text();
  settings.name = from->text();
  settings.target = from->text();
  const auto options = from->count(2 * sizeof(std::uint32_t));
  settings.options.reserve(options);
  for (std::size_t i = 0; i < options && !from->failed(); ++i) {
    std::string name(from->text());
    settings.options.emplace_back(std::move(name), from->text());
  }
  settings.sealed_secrets = from->text();
  settings.demo = from->flag();
  settings.created_at = from->time();
  return close_value(*from, std::move(settings), what);
}

std::string encode(const SourceCursor& cursor) {
  auto to = start();
  to.text(cursor.cursor);
  to.time(cursor.polled_at);
  to.u64(cursor.activities);
  return std::move(to).seal();
}

engine::Result<SourceCursor> decode_source_cursor(std::string_view bytes) {
  constexpr std::string_view what = "source cursor";
  auto from = open_value(bytes, what, version_newest);
  if (!from) return from.error();
  SourceCursor cursor;
  cursor.cursor = from->text();
  cursor.polled_at = from->time();
  cursor.activities = from->u64();
  return close_value(*from, std::move(cursor), what);
}

}  // namespace leadlight::storage
