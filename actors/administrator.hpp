// ADMINISTRATOR: keys, targets and dead letters of an organisation; passes models on to the scoring supervisor.
#pragma once

#include "actors/activity_source.hpp"
#include "actors/messages.hpp"
#include "storage/sealing.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace leadlight::actors {

/// Who carries out what the administrator does not do itself.
struct AdministratorDesk {
  Committer committer;
  ScoringSupervisor scoring;
  WritebackSupervisor writebacks;
  Reader reader;
  std::shared_ptr<const storage::Sealer> sealer;
  /// Checks a target's options before they are kept. Errors: invalid, `field` naming the option.
  ConnectorFactory make_connector;
  SourceFactory make_source;
};

struct AdministratorState {
  static inline const char* name = "administrator";
  ServicesPtr services;
  AdministratorDesk desk;
};

Administrator::behavior_type administrator(Administrator::stateful_pointer<AdministratorState> self,
                                           ServicesPtr services, AdministratorDesk desk);

/// The keys and secrets in force, as the door needs them. Errors: io_error, corrupt; internal, when there are secrets
/// and `sealer` is null.
Result<std::shared_ptr<const Registry>> load_registry(const storage::Store& store, const storage::Sealer* sealer);

/// A new key for `organisation` and its stored form; the text is shown once and kept nowhere.
/// Errors: invalid (name, scopes or rate).
Result<std::pair<std::string, storage::Key>> make_key(OrganisationId organisation, const CreateKey& request,
                                                      Timestamp now);

}  // namespace leadlight::actors
