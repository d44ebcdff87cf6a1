// The content of a spooled entry; grammar: storage/spool.hpp.
#include "storage/codec/codec.hpp"
#include "storage/codec/reader.hpp"
#include "storage/codec/writer.hpp"
#include "storage/spool.hpp"

#include <utility>

namespace leadlight::storage {
namespace {

constexpr std::uint8_t version_newest = 1;
constexpr std::string_view what = "spooled submission";

}  // namespace

std::string encode(const SpooledSubmission& submission) {
  Writer to(64 + 256 * submission.records.size());
  to.u8(version_newest);
  to.u32(static_cast<std::uint32_t>(submission.organisation));
  to.u32(static_cast<std::uint32_t>(submission.records.size()));
  for (const auto& record : submission.records) to.text(encode(record));
  to.u32(static_cast<std::uint32_t>(submission.links.size()));
  for (const auto& [one, other] : submission.links) {
    to.text(one);
    to.text(other);
  }
  return std::move(to).seal();
}

engine::Result<SpooledSubmission> decode_spooled(std::string_view bytes) {
  auto from = open_value(bytes, what, version_newest);
  if (!from) return from.error();
  SpooledSubmission submission;
  submission.organisation = static_cast<engine::OrganisationId>(from->u32());
  const auto records = from->count(sizeof(std::uint32_t));
  submission.records.reserve(records);
  for (std::size_t i = 0; i < records && !from->failed(); ++i) {
    auto record = decode_record(from->text());
    if (!record) return record.error();
    submission.records.push_back(*std::move(record));
  }
  const auto links = from->count(2 * sizeof(std::uint32_t));
  submission.links.reserve(links);
  for (std::size_t i = 0; i < links && !from->failed(); ++i) {
    std::string one{from->text()};
    submission.links.emplace_back(std::move(one), from->text());
  }
  return close_value(*from, std::move(submission), what);
}

}  // namespace leadlight::storage
