// Which lead an identity belongs to, when several identities turned out to be one person.
//
// A union of sets, each named by its first identity (engine::precedes): the same whatever order the joins come in, and
// without loops. What is durable lies in the family `aliases`; joins that are not yet (joins.hpp) take effect here at
// once.
#pragma once

#include "actors/protocol.hpp"
#include "storage/store.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace leadlight::actors {

/// `from` has become an alias of `into`.
struct Joined {
  std::string from;
  std::string into;
};

/// Ids that one person may have. More is no person but a mistake in a tracker, or an attack: what a join costs grows
/// with them.
inline constexpr std::size_t ids_per_person_max = 500;

/// Thread: one.
class Aliases {
 public:
  explicit Aliases(const storage::Store& store) : store_(store) {}

  /// The identity that names the lead of `identity`; mostly `identity` itself. One read of the store, none for an
  /// organisation without aliases. Errors: io_error, corrupt.
  Result<std::string> canonical(OrganisationId organisation, std::string_view identity);

  /// Makes both one person; none when they are already, or when together they would have more than
  /// `ids_per_person_max` ids. Errors: io_error, corrupt.
  Result<std::optional<Joined>> join(OrganisationId organisation, std::string_view a, std::string_view b);

  /// Joins that were left out for the limit.
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

  /// Everything joined so far is durable: memory may be given back.
  void all_durable();

 private:
  static constexpr std::size_t remembered_max = 1'000'000;

  Result<bool> has_aliases(OrganisationId organisation);
  Result<std::optional<std::string>> next(const LeadId& id);
  Result<std::size_t> ids_of(const LeadId& lead);

  const storage::Store& store_;
  std::unordered_map<LeadId, std::string> into_;  // an identity's lead → the identity it is an alias of
  std::unordered_map<LeadId, std::size_t> ids_;   // of leads joined since everything was durable
  std::unordered_map<OrganisationId, bool> organisations_;
  std::uint64_t left_out_ = 0;
};

}  // namespace leadlight::actors
