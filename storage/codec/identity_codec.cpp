// Every value: version:u8 (1 is the newest of each), the fields below, crc32c:u32.
//   alias       := identity:text
//   attributes  := count:u32 attribute*          ascending by name
//   attribute   := name:text value:text at:i64
#include <algorithm>
#include <tuple>
#include <utility>

#include "storage/codec/codec.hpp"
#include "storage/codec/reader.hpp"
#include "storage/codec/writer.hpp"

namespace leadlight::storage {
namespace {

constexpr std::uint8_t version_newest = 1;
constexpr std::size_t attribute_bytes_min = 2 * sizeof(std::uint32_t) + sizeof(std::int64_t);

bool by_name(const engine::Attribute& attribute, const std::string& name) {
  return attribute.name < name;
}

}  // namespace

void LeadAttributes::take(const engine::AttributeChange& change) {
  for (const auto& told : change.attributes) {
    const auto at = std::lower_bound(attributes.begin(), attributes.end(), told.name, by_name);
    if (at == attributes.end() || at->name != told.name) {
      attributes.insert(at, told);
    } else if (std::tie(at->at, at->value) < std::tie(told.at, told.value)) {
      *at = told;
    }
  }
  if (attributes.size() > attributes_max) attributes.resize(attributes_max);
}

std::string encode(const AliasEntry& entry) {
  Writer to(16 + entry.identity.size());
  to.u8(version_newest);
  to.text(entry.identity);
  return std::move(to).seal();
}

engine::Result<AliasEntry> decode_alias(std::string_view bytes) {
  constexpr std::string_view what = "alias";
  auto from = open_value(bytes, what, version_newest);
  if (!from) return from.error();
  AliasEntry entry;
  entry.identity = from->text();
  return close_value(*from, std::move(entry), what);
}

std::string encode(const LeadAttributes& attributes) {
  std::size_t bytes = 16;
  for (const auto& attribute : attributes.attributes)
    bytes += attribute_bytes_min + attribute.name.size() + attribute.value.size();
  Writer to(bytes);
  to.u8(version_newest);
  to.u32(static_cast<std::uint32_t>(attributes.attributes.size()));
  for (const auto& attribute : attributes.attributes) {
    to.text(attribute.name);
    to.text(attribute.value);
    to.time(attribute.at);
  }
  return std::move(to).seal();
}

engine::Result<LeadAttributes> decode_attributes(std::string_view bytes) {
  constexpr std::string_view what = "attributes of a lead";
  auto from = open_value(bytes, what, version_newest);
  if (!from) return from.error();
  LeadAttributes attributes;
  const auto count = from->count(attribute_bytes_min);
  attributes.attributes.reserve(count);
  for (std::size_t i = 0; i < count && !from->failed(); ++i) {
    engine::Attribute attribute;
    attribute.name = from->text();
    attribute.value = from->text();
    attribute.at = from->time();
    attributes.attributes.push_back(std::move(attribute));
  }
  return close_value(*from, std::move(attributes), what);
}

}  // namespace leadlight::storage
