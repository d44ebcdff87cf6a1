#include "storage/codec/codec.hpp"
#include "storage/rocksdb_store.hpp"
#include "storage/sealing.hpp"
#include "storage/settings.hpp"
#include "tools/app.hpp"
#include "tools/organisations.hpp"

#include <system_error>

namespace leadlight::tools {

namespace {

using engine::Errc;
using engine::Error;
using engine::OrganisationId;
using engine::Result;

constexpr OrganisationId first_organisation{1};

Result<engine::Ok> empty_directory(const std::filesystem::path& data) {
  std::error_code failed;
  std::filesystem::create_directories(data, failed);
  if (failed)
    return Error{Errc::io_error, "the directory " + data.string() + " cannot be made: " + failed.message(), "data"};
  // It will hold e-mail addresses: its owner's alone.
  std::filesystem::permissions(data, std::filesystem::perms::owner_all, failed);
  if (failed)
    return Error{Errc::io_error, "the rights of " + data.string() + " cannot be set: " + failed.message(), "data"};
  const bool empty = std::filesystem::is_empty(data, failed);
  if (failed) return Error{Errc::io_error, data.string() + " cannot be read: " + failed.message(), "data"};
  if (!empty)
    return Error{Errc::conflict,
                 "the directory " + data.string() + " is not empty; choose another, nothing was changed", "data"};
  return engine::Ok{};
}

// The sandbox accepts these fixed credentials and nothing else does.
void put_demo_target(storage::Batch& batch, const storage::Sealer& sealer, engine::Timestamp now) {
  storage::TargetSettings target;
  target.id = 1;
  target.organisation = first_organisation;
  target.kind = "salesforce";
  target.name = "salesforce-demo";
  target.options = {{"client_id", "leadlight-demo"},
                    {"flow", "client_credentials"},
                    {"scored_at_field", "HG_Likelihood_to_Buy_Scored_At__c"}};
  target.sealed_secrets = sealer.seal({{"client_secret", "leadlight-demo-secret"}});
  target.demo = true;
  target.created_at = now;
  storage::put(batch, target);
  batch.put(storage::Family::organisations, "last_target", "1");
}

// Its activities are asked for with the demo target's credentials.
void put_demo_source(storage::Batch& batch, engine::Timestamp now) {
  storage::SourceSettings source;
  source.id = 1;
  source.organisation = first_organisation;
  source.kind = "salesforce";
  source.name = "salesforce-demo";
  source.target = "salesforce-demo";
  source.demo = true;
  source.created_at = now;
  storage::put(batch, source);
  batch.put(storage::Family::organisations, "last_source", "1");
}

}  // namespace

Result<InitResult> init_data_directory(const std::filesystem::path& data, bool demo) {
  if (auto empty = empty_directory(data); !empty) return empty.error();
  auto sealer = storage::Sealer::open(data, true);
  if (!sealer) return sealer.error();
  storage::RocksDbOptions options;
  options.create = true;
  auto store = storage::open_rocksdb(data / "db", options);
  if (!store) return store.error();
  const auto now = actors::SystemClock{}.now();
  InitResult result;
  result.organisation = demo ? "Demo" : "Leadlight";
  storage::Batch batch;
  auto keys = found_organisation(batch, first_organisation, result.organisation, now);
  if (!keys) return keys.error();
  result.tokens = *std::move(keys);
  if (demo) put_demo_target(batch, *sealer, now);
  if (demo) put_demo_source(batch, now);
  if (auto committed = (*store)->commit(batch); !committed) return committed.error();
  result.digest = storage::to_text(storage::Digest{});
  return result;
}

}  // namespace leadlight::tools
