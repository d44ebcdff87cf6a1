#include "actors/aliases.hpp"

#include "engine/hash.hpp"
#include "engine/identity.hpp"
#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"

#include <utility>

namespace leadlight::actors {

using storage::Family;
namespace keys = storage::keys;

Result<bool> Aliases::has_aliases(OrganisationId organisation) {
  if (const auto at = organisations_.find(organisation); at != organisations_.end()) return at->second;
  auto rows = store_.scan(Family::aliases, keys::aliases_of(organisation), {}, 1);
  if (!rows) return rows.error();
  return organisations_[organisation] = !rows->empty();
}

Result<std::optional<std::string>> Aliases::next(const LeadId& id) {
  if (const auto at = into_.find(id); at != into_.end()) return std::optional{at->second};
  auto bytes = store_.get(Family::aliases, keys::alias(id));
  if (!bytes) return bytes.error();
  if (!bytes->has_value()) return std::optional<std::string>{};
  auto entry = storage::decode_alias(**bytes);
  if (!entry) return entry.error();
  into_[id] = entry->identity;
  return std::optional{std::move(entry->identity)};
}

Result<std::string> Aliases::canonical(OrganisationId organisation, std::string_view identity) {
  std::string found{identity};
  auto any = has_aliases(organisation);
  if (!any) return any.error();
  if (!*any) return found;
  const LeadId first = engine::lead_id(organisation, identity);
  bool moved = false;
  for (LeadId at = first;; at = engine::lead_id(organisation, found)) {
    auto into = next(at);  // each step precedes the one before, so the walk ends
    if (!into) return into.error();
    if (!into->has_value()) break;
    found = **std::move(into);
    moved = true;
  }
  if (moved) into_[first] = found;
  return found;
}

// The identities of a lead, its name among them.
Result<std::size_t> Aliases::ids_of(const LeadId& lead) {
  if (const auto at = ids_.find(lead); at != ids_.end()) return at->second;
  auto rows = store_.scan(Family::aliases, keys::members_of(lead), {}, ids_per_person_max);
  if (!rows) return rows.error();
  return rows->size() + 1;
}

Result<std::optional<Joined>> Aliases::join(OrganisationId organisation, std::string_view a, std::string_view b) {
  auto first = canonical(organisation, a);
  if (!first) return first.error();
  auto second = canonical(organisation, b);
  if (!second) return second.error();
  if (*first == *second) return std::optional<Joined>{};
  if (engine::precedes(*second, *first)) std::swap(*first, *second);
  const LeadId into = engine::lead_id(organisation, *first);
  const LeadId from = engine::lead_id(organisation, *second);
  auto kept = ids_of(into);
  if (!kept) return kept.error();
  auto added = ids_of(from);
  if (!added) return added.error();
  if (*kept + *added > ids_per_person_max) {
    ++left_out_;
    return std::optional<Joined>{};
  }
  ids_[into] = *kept + *added;
  organisations_[organisation] = true;
  into_[from] = *first;
  return std::optional{Joined{*std::move(second), *std::move(first)}};
}

void Aliases::all_durable() {
  ids_.clear();
  if (into_.size() > remembered_max) into_.clear();
}

}  // namespace leadlight::actors
