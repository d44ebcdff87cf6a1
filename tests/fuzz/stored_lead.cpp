// Leads and the changes of leads. An even first byte: the rest is a lead. An odd one: it is a change of a lead that is
// always the same one.
#include "storage/codec/codec.hpp"

#include "tests/fuzz/resealed.hpp"

namespace leadlight::fuzz {
namespace {

constexpr engine::LeadId id{(7ULL << 32U) | 0x89ABCDEFU, 0x0123456789ABCDEFULL};

engine::Lead lead() {
  constexpr std::int64_t noon = 1'767'225'600'000;
  engine::Lead lead;
  lead.id = id;
  lead.email = "ann@example.com";
  lead.shard = engine::ShardId{42};
  lead.window = engine::Window::from_parts({{engine::from_ms(noon), *engine::EventType::of("page_viewed"), 9}},
                                           {{engine::from_ms(noon - 36'000'000), *engine::EventType::of("b"), 300}});
  lead.targets = {{1, 5, {}, true, 91, engine::Segment::high, false, {}}};
  return lead;
}

void check_change(std::string_view content) {
  static const auto stored = storage::encode(lead());
  const auto change = resealed(content);
  const std::string_view changes[] = {change};
  const auto amended = storage::amended_lead(stored, changes);
  if (!amended) return check_corrupt(amended.error());
  const auto read = storage::decode_lead(id, *amended);
  check(read.ok(), "an amended lead can be read");
  check(storage::encode(*read) == *amended, "an amended lead writes itself the same again");
}

}  // namespace
}  // namespace leadlight::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  namespace storage = leadlight::storage;
  Input input(data, size);
  if ((input.byte() & 1U) != 0) {
    check_change(input.rest());
  } else {
    check_decoder(input.rest(), [](std::string_view bytes) { return storage::decode_lead(id, bytes); });
  }
  return 0;
}
