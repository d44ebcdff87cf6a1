// Model files: what is read fulfils the model's own rules and is the same after storing; what is refused says where.
#include "engine/models/model_toml.hpp"

#include "storage/codec/codec.hpp"
#include "tests/fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  namespace engine = leadlight::engine;
  namespace storage = leadlight::storage;
  const auto text = exactly(Input(data, size).rest());
  auto file = engine::models::read_model(text, "model.toml");
  if (!file) {
    check_refusal(file.error());
    check(static_cast<std::size_t>(std::ranges::count(file.error().what, '\n')) <= engine::models::mistakes_max,
          "no more mistakes are told than the limit");
    return 0;
  }
  check(file->model.check().ok(), "what is read fulfils the model's rules");
  check(file->model.source == text, "the source is kept as given");
  check(file->golden.size() <= engine::models::golden_leads_max, "no more golden leads than the limit");
  file->model.version = 1;
  const storage::PublishedModel published{engine::OrganisationId{7}, {}, file->model};
  const auto stored = storage::decode_published_model(storage::encode(published));
  check(stored.ok() && *stored == published, "what is stored reads as what it was");
  return 0;
}
