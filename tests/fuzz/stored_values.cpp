// The values beside log and leads, which one by the first byte, and the keys that all of them stand under.
#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"
#include "storage/settings.hpp"
#include "storage/vendor_secrets.hpp"

#include "tests/fuzz/resealed.hpp"

namespace leadlight::fuzz {
namespace {

void check_keys(std::string_view bytes) {
  namespace keys = storage::keys;
  if (const auto lead = keys::parse_lead(bytes)) check(keys::lead(*lead) == bytes, "a lead's key");
  if (const auto timer = keys::parse_timer(bytes))
    check(keys::timer(timer->shard, timer->at, timer->lead) == bytes, "a timer's key");
  if (const auto outbox = keys::parse_outbox(bytes))
    check(keys::outbox(outbox->target, outbox->lead) == bytes, "an outbox key");
  if (const auto index = keys::parse_lead_index(bytes))
    check(keys::lead_index(index->lead, index->id_hash, index->position) == bytes, "an index key");
  (void)keys::parse_log(bytes);
  (void)storage::expiry_of(bytes);
}

void check_applied(std::string_view bytes) {
  const auto applied = storage::decode_applied(bytes);
  if (!applied) return check(applied.error().code == engine::Errc::corrupt, "bytes that are no value are corrupt");
  check(storage::encode(*applied) == bytes, "the same value is the same bytes");
}

}  // namespace
}  // namespace leadlight::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  namespace storage = leadlight::storage;
  Input input(data, size);
  const auto choice = input.byte();
  const auto content = input.rest();
  switch (choice % 17) {
    case 0: check_decoder(content, storage::decode_index); break;
    case 1: check_decoder(content, storage::decode_idempotency); break;
    case 2: check_decoder(content, storage::decode_request); break;
    case 3: check_decoder(content, storage::decode_outbox); break;
    case 4: check_decoder(content, storage::decode_dead_letter); break;
    case 5: check_decoder(content, storage::decode_key); break;
    case 6: check_decoder(content, storage::decode_organisation); break;
    case 7: check_decoder(content, storage::decode_published_model); break;
    case 8: check_decoder(content, storage::decode_target); break;
    case 9: check_applied(content); break;
    case 10: check_decoder(content, storage::decode_alias); break;
    case 11: check_decoder(content, storage::decode_attributes); break;
    case 12: check_decoder(content, storage::decode_fetch); break;
    case 13: check_decoder(content, storage::decode_source); break;
    case 14: check_decoder(content, storage::decode_source_cursor); break;
    case 15: check_decoder(content, storage::decode_vendor); break;
    default: check_keys(content); break;
  }
  return 0;
}
