#include "tools/organisations.hpp"

#include "actors/administrator.hpp"
#include "engine/models/model_toml.hpp"
#include "engine/models/starter.hpp"
#include "net/text/utf8.hpp"
#include "storage/rocksdb_store.hpp"
#include "storage/settings.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace leadlight::tools {
namespace {

using engine::Errc;
using engine::Error;
using engine::OrganisationId;
using engine::Result;

Result<std::unique_ptr<storage::Store>> open_store(const std::filesystem::path& data) {
  std::error_code ignored;
  if (!std::filesystem::exists(data / "db", ignored))
    return Error{Errc::not_found,
                 data.string() + " is no data directory; `leadlight init --data " + data.string() + "` makes one",
                 "data"};
  auto store = storage::open_rocksdb(data / "db", {});
  if (!store && store.error().code == Errc::conflict)
    return Error{Errc::conflict, data.string() + " is in use; stop its server first", "data"};
  return store;
}

bool printable(std::string_view name) {
  while (!name.empty()) {
    const auto point = net::take_code_point(name);
    if (!point || !net::is_printable(*point)) return false;
  }
  return true;
}

/// What is wrong with a name, beside that another has it; empty: nothing.
std::string fault_of(std::string_view name) {
  if (name.empty() || name.size() > organisation_name_bytes_max)
    return "the name of an organisation must be 1 to " + std::to_string(organisation_name_bytes_max) + " bytes long";
  if (!printable(name)) return "the name of an organisation must consist of printable characters";
  if (name.front() == ' ' || name.back() == ' ') return "the name of an organisation must not begin or end in a blank";
  return {};
}

/// One above the greatest there is: a number is never used again while a later one is there.
OrganisationId next_id(const std::vector<storage::OrganisationSettings>& all) {
  std::uint32_t last = 0;
  for (const auto& one : all) last = std::max(last, static_cast<std::uint32_t>(one.id));
  return OrganisationId{last + 1};
}

}  // namespace

Result<SurfaceKeys> found_organisation(storage::Batch& batch, OrganisationId id, std::string_view name,
                                       engine::Timestamp now) {
  auto model = engine::models::read_model(engine::models::starter_model_toml(), "starter.toml");
  if (!model) return model.error();
  storage::put(batch, storage::OrganisationSettings{id, std::string(name), true, now});
  model->model.version = 1;
  storage::put(batch, storage::PublishedModel{id, now, std::move(model->model)});
  SurfaceKeys keys;
  for (const auto* surface : {"hg", "events", "admin"}) {
    auto key = actors::make_key(id, {std::string{surface} + " key", {surface}, std::nullopt}, now);
    if (!key) return key.error();
    storage::put(batch, key->second);
    keys.emplace_back(surface, key->first);
  }
  return keys;
}

Result<NewOrganisation> add_organisation(const std::filesystem::path& data, std::string_view name) {
  if (auto fault = fault_of(name); !fault.empty()) return Error{Errc::invalid, std::move(fault), "NAME"};
  auto store = open_store(data);
  if (!store) return store.error();
  const auto all = storage::load_organisations(**store);
  if (!all) return all.error();
  if (std::ranges::any_of(*all, [&](const auto& one) { return one.name == name; }))
    return Error{Errc::conflict, "there is an organisation named " + std::string(name) + "; choose another name",
                 "NAME"};
  if (all->size() >= organisations_max)
    return Error{Errc::unprocessable,
                 std::to_string(organisations_max) + " organisations are the most a data directory can have", "NAME"};
  storage::Batch batch;
  const auto id = next_id(*all);
  auto keys = found_organisation(batch, id, name, actors::SystemClock{}.now());
  if (!keys) return keys.error();
  if (auto committed = (*store)->commit(batch); !committed) return committed.error();
  return NewOrganisation{id, *std::move(keys)};
}

Result<std::vector<OrganisationRow>> list_organisations(const std::filesystem::path& data) {
  auto store = open_store(data);
  if (!store) return store.error();
  const auto all = storage::load_organisations(**store);
  if (!all) return all.error();
  const auto keys = storage::load_keys(**store);
  if (!keys) return keys.error();
  std::vector<OrganisationRow> rows;
  for (const auto& one : *all) {
    const auto in_force = std::ranges::count_if(
        *keys, [&](const storage::Key& key) { return key.organisation == one.id && !key.revoked_at; });
    rows.push_back({one.id, one.name, one.live_scoring, static_cast<std::size_t>(in_force), one.created_at});
  }
  std::ranges::sort(rows, {}, [](const OrganisationRow& row) { return static_cast<std::uint32_t>(row.id); });
  return rows;
}

}  // namespace leadlight::tools
