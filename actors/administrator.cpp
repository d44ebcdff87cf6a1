#include "actors/administrator.hpp"

#include "actors/source_board.hpp"
#include "actors/source_settings.hpp"
#include "actors/vendor_secrets.hpp"
#include "engine/hash.hpp"
#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"
#include "storage/settings.hpp"

#include <spdlog/spdlog.h>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace leadlight::actors {

namespace {

using Self = Administrator::stateful_pointer<AdministratorState>;
using engine::Errc;
using storage::Family;
namespace keys = storage::keys;

constexpr std::array<std::string_view, 7> scopes_known = {"hg",       "sixsense", "events", "leads",
                                                          "typeform", "hubspot",  "admin"};
constexpr std::size_t keys_per_organisation_max = 1'000;
constexpr std::size_t targets_per_organisation_max = 100;
constexpr std::size_t dead_letters_per_step = 1'000;
constexpr std::size_t key_characters = 36;
constexpr std::string_view key_prefix = "hg_v2_";

std::string random_base62(std::size_t count) {
  constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string text;
  while (text.size() < count) {
    for (const char byte : storage::random_bytes(count)) {
      const auto value = static_cast<unsigned char>(byte);
      if (value < 4 * digits.size() && text.size() < count) text.push_back(digits[value % digits.size()]);
    }
  }
  return text;
}

void commit(Self self, storage::Batch batch, const ReplyPort& port, std::function<void()> then) {
  Commit message{std::move(batch), 0};
  self->request(self->state.desk.committer, caf::infinite, std::move(message))
      .then(
          [port, then](const engine::Status& committed) {
            if (!committed) return port->complete(committed.error());
            then();
          },
          [port](const caf::error&) {
            port->complete(Error{Errc::unavailable, "the committer is down", ""});
          });
}

// ---- keys
// --------------------------------------------------------------------------------------------------------------

OnUnavailable on_unavailable_of(const storage::Key& key) {
  if (!key.spools) return OnUnavailable::by_surface;
  return *key.spools ? OnUnavailable::spool : OnUnavailable::refuse;
}

KeyRow row_of(const storage::Key& key) {
  return {key.id, key.name, key.scopes, key.rate, key.created_at, key.revoked_at, {}, on_unavailable_of(key)};
}

void publish_registry(AdministratorState& state) {
  auto registry = load_registry(*state.services->store, state.desk.sealer.get());
  if (!registry) return spdlog::error("keys cannot be read: {}", registry.error().what);
  state.services->switchboard->set_registry(*std::move(registry));
}

Result<std::vector<storage::Key>> keys_of(const AdministratorState& state, OrganisationId organisation) {
  auto all = storage::load_keys(*state.services->store);
  if (!all) return all.error();
  std::erase_if(*all, [&](const storage::Key& key) { return key.organisation != organisation; });
  return all;
}

void create_key(Self self, OrganisationId organisation, const CreateKey& request, const ReplyPort& port) {
  auto own = keys_of(self->state, organisation);
  if (!own) return port->complete(own.error());
  if (own->size() >= keys_per_organisation_max)
    return port->complete(Error{Errc::unprocessable, "1,000 keys are the most an organisation can have", "name"});
  auto made = make_key(organisation, request, self->state.services->clock->now());
  if (!made) return port->complete(made.error());
  storage::Batch batch;
  storage::put(batch, made->second);
  KeyRow row = row_of(made->second);
  row.key = made->first;
  commit(self, std::move(batch), port, [self, port, row] {
    publish_registry(self->state);
    port->complete(AdminAnswer{std::vector<KeyRow>{row}});
  });
}

void revoke_key(Self self, OrganisationId organisation, const RevokeKey& request, const ReplyPort& port) {
  auto own = keys_of(self->state, organisation);
  if (!own) return port->complete(own.error());
  const auto key = std::find_if(own->begin(), own->end(), [&](const auto& entry) { return entry.id == request.id; });
  if (key == own->end())
    return port->complete(Error{Errc::not_found, "no key has this id; `leadlight token list` names them", "id"});
  if (!key->revoked_at) key->revoked_at = self->state.services->clock->now();
  storage::Batch batch;
  storage::put(batch, *key);
  commit(self, std::move(batch), port, [self, port, row = row_of(*key)] {
    publish_registry(self->state);
    port->complete(AdminAnswer{std::vector<KeyRow>{row}});
  });
}

void list_keys(Self self, OrganisationId organisation, const ReplyPort& port) {
  auto own = keys_of(self->state, organisation);
  if (!own) return port->complete(own.error());
  std::vector<KeyRow> rows;
  for (const auto& key : *own) rows.push_back(row_of(key));
  port->complete(AdminAnswer{std::move(rows)});
}

// ---- models
// ----------------------------------------------------------------------------------------------------------------

void list_models(Self self, OrganisationId organisation, const ReplyPort& port) {
  auto models = storage::load_models(*self->state.services->store, organisation);
  if (!models) return port->complete(models.error());
  std::vector<ModelRow> rows;
  for (const auto& row : *models) rows.push_back({row.model.id, row.model.version, row.received_at, row.model.source});
  port->complete(AdminAnswer{std::move(rows)});
}

// ---- targets
// -----------------------------------------------------------------------------------------------------------------

// A sink that runs `then` when the answer is good, and passes a refusal on.
class ThenSink final : public ReplySink {
 public:
  ThenSink(ReplyPort port, std::function<void()> then) : port_(std::move(port)), then_(std::move(then)) {}
  void complete(Reply reply) override {
    auto then = std::exchange(then_, nullptr);
    if (!then) return;
    if (const auto* error = std::get_if<Error>(&reply)) return port_->complete(*error);
    then();
  }

 private:
  ReplyPort port_;
  std::function<void()> then_;
};

Result<std::vector<storage::TargetSettings>> all_targets(const AdministratorState& state) {
  return storage::load_targets(*state.services->store);
}

Status check_name(const std::string& name) {
  const bool fits = !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
  if (fits) return engine::Ok{};
  return Error{Errc::invalid, "name must be 1 to 64 letters, digits, '-', '_' or '.'", "name"};
}

TargetRow fresh_row(const storage::TargetSettings& target) {
  TargetRow row;
  row.name = target.name;
  row.kind = target.kind;
  row.state = "checking";
  row.options = target.options;
  return row;
}

// The target keeps its id, and with it what it is owed and what it has confirmed.
void replace_target(Self self, storage::TargetSettings target, const AddTarget& wanted, const ReplyPort& port) {
  auto& state = self->state;
  TargetOptions options{target.id, target.kind, target.name, wanted.options, wanted.secrets};
  if (wanted.secrets.empty() && !target.sealed_secrets.empty()) {
    auto secrets = state.desk.sealer->unseal(target.sealed_secrets);
    if (!secrets) return port->complete(secrets.error());
    options.secrets = *std::move(secrets);
  }
  auto connector = state.desk.make_connector(options);
  if (!connector) return port->complete(connector.error());
  target.options = wanted.options;
  std::sort(target.options.begin(), target.options.end());
  if (!wanted.secrets.empty()) target.sealed_secrets = state.desk.sealer->seal(wanted.secrets);
  storage::Batch batch;
  storage::put(batch, target);
  commit(self, std::move(batch), port, [self, port, target] {
    self->send(self->state.desk.writebacks, TargetsChanged{});
    port->complete(AdminAnswer{std::vector<TargetRow>{fresh_row(target)}});
  });
}

void add_target(Self self, const AdminRequest& request, const AddTarget& wanted, const ReplyPort& port) {
  auto& state = self->state;
  auto targets = all_targets(state);
  if (!targets) return port->complete(targets.error());
  if (auto named = check_name(wanted.name); !named) return port->complete(named.error());
  std::uint32_t id = 1;
  std::size_t own = 0;
  for (const auto& target : *targets) {
    id = std::max(id, target.id + 1);
    if (target.organisation != request.organisation) continue;
    ++own;
    if (target.name == wanted.name && wanted.replace && target.kind == wanted.kind)
      return replace_target(self, target, wanted, port);
    if (target.name == wanted.name)
      return port->complete(Error{Errc::conflict, "a target named '" + wanted.name + "' exists already", "name"});
  }
  if (own >= targets_per_organisation_max)
    return port->complete(Error{Errc::unprocessable, "100 targets are the most an organisation can have", "name"});
  // Ids are never used again, so the highest one ever given is kept beside the rows.
  auto last = state.services->store->get(Family::organisations, "last_target");
  if (!last) return port->complete(last.error());
  if (last->has_value()) id = std::max(id, static_cast<std::uint32_t>(std::strtoul((*last)->c_str(), nullptr, 10)) + 1);
  auto connector = state.desk.make_connector({id, wanted.kind, wanted.name, wanted.options, wanted.secrets});
  if (!connector) return port->complete(connector.error());
  storage::TargetSettings row{id,    request.organisation,        wanted.kind, wanted.name, wanted.options, {},
                              false, state.services->clock->now()};
  std::sort(row.options.begin(), row.options.end());
  if (!wanted.secrets.empty()) row.sealed_secrets = state.desk.sealer->seal(wanted.secrets);
  storage::Batch batch;
  storage::put(batch, row);
  batch.put(Family::organisations, "last_target", std::to_string(id));
  commit(self, std::move(batch), port, [self, request, port, row] {
    auto then = [self, port, row] {
      self->send(self->state.desk.writebacks, TargetsChanged{});
      port->complete(AdminAnswer{std::vector<TargetRow>{fresh_row(row)}});
    };
    self->send(self->state.desk.scoring, request, ReplyPort{std::make_shared<ThenSink>(port, then)});
  });
}

Status mark_dropped(const storage::Store& store, const storage::OutboxEntry& entry, storage::Batch& batch) {
  for (const auto& id : entry.request_ids) {
    auto bytes = store.get(Family::requests, id);
    if (!bytes) return bytes.error();
    if (!bytes->has_value()) continue;
    auto status = storage::decode_request(**bytes);
    if (!status) return status.error();
    status->outcome = std::string{label(engine::WriteOutcome::dropped)};
    status->detail = "the target was removed before the value went out";
    batch.put(Family::requests, id, encode(*status));
  }
  return engine::Ok{};
}

// Drops what a removed target was still owed, step by step; then answers with the count.
void drop_outbox(Self self, std::uint32_t target, std::size_t dropped, const ReplyPort& port) {
  const auto& store = *self->state.services->store;
  storage::Batch batch;
  std::size_t found = 0;
  for (const auto family : {Family::outbox, Family::dead_letters}) {
    auto rows = store.scan(family, keys::target_prefix(target), {}, dead_letters_per_step);
    if (!rows) return port->complete(rows.error());
    for (const auto& row : *rows) {
      batch.remove(family, row.key);
      if (family != Family::outbox) continue;
      ++dropped;
      if (const auto entry = storage::decode_outbox(row.value); entry)
        if (auto marked = mark_dropped(store, *entry, batch); !marked) return port->complete(marked.error());
    }
    found += rows->size();
  }
  if (found == 0) return port->complete(AdminAnswer{Affected{dropped, 0}});
  commit(self, std::move(batch), port, [self, target, dropped, port] { drop_outbox(self, target, dropped, port); });
}

void remove_target(Self self, const AdminRequest& request, const RemoveTarget& wanted, const ReplyPort& port) {
  auto targets = all_targets(self->state);
  if (!targets) return port->complete(targets.error());
  const auto row = std::find_if(targets->begin(), targets->end(), [&](const auto& target) {
    return target.organisation == request.organisation && target.name == wanted.name;
  });
  if (row == targets->end())
    return port->complete(
        Error{Errc::not_found, "no target has this name; `leadlight target list` names them", "name"});
  storage::Batch batch;
  storage::remove_target(batch, request.organisation, wanted.name);
  commit(self, std::move(batch), port, [self, request, port, id = row->id] {
    auto then = [self, port, id] {
      self->send(self->state.desk.writebacks, TargetsChanged{});
      drop_outbox(self, id, 0, port);
    };
    self->send(self->state.desk.scoring, request, ReplyPort{std::make_shared<ThenSink>(port, then)});
  });
}

// ---- dead letters
// --------------------------------------------------------------------------------------------------------------

struct LetterRef {
  std::string key;
  LeadId lead;
  storage::DeadLetter letter;
  const storage::TargetSettings* target = nullptr;
};

// Dead letters of the organisation's target, or of all its targets, from a cursor on.
Result<std::vector<LetterRef>> letters_of(const AdministratorState& state, OrganisationId organisation,
                                          const std::vector<storage::TargetSettings>& targets, const std::string& name,
                                          const std::string& email, const std::string& after, std::size_t limit) {
  std::vector<LetterRef> found;
  bool named = name.empty();
  for (const auto& target : targets) {
    if (target.organisation != organisation || (!name.empty() && target.name != name)) continue;
    named = true;
    const std::string prefix{keys::target_prefix(target.id)};
    if (!after.empty() && after.substr(0, prefix.size()) > prefix) continue;
    const bool continued = after.starts_with(prefix);
    auto rows =
        email.empty()
            ? state.services->store->scan(Family::dead_letters, prefix, continued ? after : std::string{}, limit)
            : state.services->store->scan(Family::dead_letters,
                                          keys::outbox(target.id, engine::lead_id(organisation, email)), {}, 1);
    if (!rows) return rows.error();
    for (const auto& row : *rows) {
      auto letter = storage::decode_dead_letter(row.value);
      const auto key = keys::parse_outbox(row.key);
      if (!letter || !key) return Error{Errc::corrupt, "a dead letter is not what was written", ""};
      if (found.size() < limit) found.push_back({row.key, key->lead, *std::move(letter), &target});
    }
  }
  if (!named) return Error{Errc::not_found, "no target is named '" + name + "'", "target"};
  return found;
}

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text.push_back(digits[static_cast<unsigned char>(byte) >> 4U]);
    text.push_back(digits[static_cast<unsigned char>(byte) & 15U]);
  }
  return text;
}

Result<std::string> from_hexadecimal(const std::string& text) {
  const auto value = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = value(text[i]);
    const int low = value(text[i + 1]);
    if (high < 0 || low < 0) return Error{Errc::invalid, "after is not a cursor of an earlier answer", "after"};
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  if (text.size() % 2 != 0) return Error{Errc::invalid, "after is not a cursor of an earlier answer", "after"};
  return bytes;
}

void list_dead_letters(Self self, OrganisationId organisation, const ListDeadLetters& wanted, const ReplyPort& port) {
  auto after = from_hexadecimal(wanted.after);
  auto targets = all_targets(self->state);
  if (!after || !targets) return port->complete(!after ? after.error() : targets.error());
  if (!after->empty()) after->push_back('\0');
  auto letters = letters_of(self->state, organisation, *targets, wanted.target, {}, *after,
                            std::clamp<std::size_t>(wanted.limit, 1, dead_letters_per_step));
  if (!letters) return port->complete(letters.error());
  std::vector<DeadLetterRow> rows;
  for (const auto& ref : *letters)
    rows.push_back({ref.target->name, ref.letter.email, ref.letter.code, ref.letter.reason, ref.letter.attempts,
                    ref.letter.first_at, ref.letter.last_at, ref.letter.score, ref.letter.scored_at,
                    hexadecimal(ref.key)});
  port->complete(AdminAnswer{std::move(rows)});
}

void drop_dead_letters(Self self, OrganisationId organisation, const DropDeadLetters& wanted, std::size_t dropped,
                       const ReplyPort& port) {
  auto targets = all_targets(self->state);
  if (!targets) return port->complete(targets.error());
  auto letters =
      letters_of(self->state, organisation, *targets, wanted.target, wanted.email, {}, dead_letters_per_step);
  if (!letters) return port->complete(letters.error());
  if (letters->empty()) return port->complete(AdminAnswer{Affected{dropped, 0}});
  storage::Batch batch;
  for (const auto& ref : *letters) batch.remove(Family::dead_letters, ref.key);
  commit(self, std::move(batch), port, [self, organisation, wanted, count = dropped + letters->size(), port] {
    drop_dead_letters(self, organisation, wanted, count, port);
  });
}

// Asks for each lead again, as a trigger would: the current value goes out, never the refused one. What the target has
// confirmed with a newer score since is skipped.
void replay_dead_letters(Self self, OrganisationId organisation, const ReplayDeadLetters& wanted,
                         const ReplyPort& port) {
  auto& state = self->state;
  auto targets = all_targets(state);
  if (!targets) return port->complete(targets.error());
  auto letters = letters_of(state, organisation, *targets, wanted.target, wanted.email, {}, dead_letters_per_step);
  if (!letters) return port->complete(letters.error());
  Affected affected;
  storage::Batch batch;
  Submission submission{organisation, {}, std::nullopt};
  const Timestamp now = state.services->clock->now();
  for (const auto& ref : *letters) {
    auto bytes = state.services->store->get(Family::leads, keys::lead(ref.lead));
    if (!bytes) return port->complete(bytes.error());
    auto lead = bytes->has_value() ? storage::decode_lead(ref.lead, **bytes)
                                   : Result<engine::Lead>{Error{Errc::not_found, "", ""}};
    const auto* ledger = lead ? lead->ledger(ref.target->id) : nullptr;
    const bool superseded =
        !lead || (ledger != nullptr && ledger->confirmed && ledger->scored_at > ref.letter.scored_at);
    batch.remove(Family::dead_letters, ref.key);
    ++(superseded ? affected.skipped : affected.count);
    if (superseded) continue;
    Record record;
    record.lead = ref.lead;
    record.email = ref.letter.email;
    record.received_at = now;
    record.request_id = "replay_" + random_base62(20);
    record.body = engine::Trigger{"replay"};
    submission.records.push_back(std::move(record));
  }
  if (wanted.dry_run || letters->empty()) return port->complete(AdminAnswer{affected});
  // The letters go once the triggers are durable; a crash between the two leaves a letter that is superseded later.
  auto then = [self, port, affected, batch = std::move(batch)]() mutable {
    commit(self, std::move(batch), port, [port, affected] { port->complete(AdminAnswer{affected}); });
  };
  auto shared = std::make_shared<decltype(then)>(std::move(then));
  if (submission.records.empty()) return (*shared)();
  auto sink = std::make_shared<ThenSink>(port, [shared] { (*shared)(); });
  self->send(state.services->switchboard->gateway(), std::move(submission), ReplyPort{sink});
}

// ---- e-mail vendors
// -------------------------------------------------------------------------------------------------------------

void change_vendor(Self self, Result<VendorChange> change, const ReplyPort& port) {
  if (!change) return port->complete(change.error());
  commit(self, std::move(change->batch), port, [self, port, row = std::move(change->row)] {
    publish_registry(self->state);
    port->complete(AdminAnswer{std::vector<VendorRow>{row}});
  });
}

void list_vendors(Self self, OrganisationId organisation, const ReplyPort& port) {
  auto rows = vendor_rows(*self->state.services->store, organisation);
  if (!rows) return port->complete(rows.error());
  port->complete(AdminAnswer{*std::move(rows)});
}

// In force before it is answered: the next trigger already waits for the new source.
void change_sources(Self self, Result<SourceChange> change, const ReplyPort& port) {
  if (!change) return port->complete(change.error());
  commit(self, std::move(change->batch), port, [self, port, row = std::move(change->row)] {
    const auto& services = *self->state.services;
    if (services.sources) {
      if (auto known = refresh(*services.sources, *services.store); !known) return port->complete(known.error());
      if (const auto supervisor = services.sources->supervisor()) self->send(supervisor, SourcesChanged{});
    }
    port->complete(AdminAnswer{std::vector<SourceRow>{row}});
  });
}

void ask_sources(Self self, const AdminRequest& request, const ReplyPort& port) {
  const auto& board = self->state.services->sources;
  const auto supervisor = board ? board->supervisor() : SourceSupervisor{};
  if (!supervisor) return port->complete(Error{Errc::unavailable, "the sources are being started; ask again", ""});
  self->send(supervisor, request, port);
}

TextTable server_state(const AdministratorState& state) {
  const auto& services = *state.services;
  const auto& counters = services.counters();
  TextTable table;
  const auto row = [&](std::string name, auto value) { table.emplace_back(std::move(name), std::to_string(value)); };
  table.emplace_back("lead_host", services.spawned_leads ? "spawned" : "hosted");
  row("shard_actors", services.shard_actors);
  row("logical_shards", engine::shard_count);
  row("resident_leads", counters.leads_resident.load());
  row("resident_bytes", counters.leads_resident_bytes.load());
  row("resident_bytes_max", services.resident_bytes_max);
  row("leads_stored_estimate", services.store->approximate_count(Family::leads));
  row("timers_estimate", services.store->approximate_count(Family::timers));
  row("outbox_estimate", services.store->approximate_count(Family::outbox));
  row("records_in_flight", counters.records_in_flight.load());
  row("spool_pending", counters.spool_pending.load());
  row("spool_bytes", counters.spool_bytes.load());
  row("spool_bytes_max", counters.spool_bytes_max.load());
  row("spool_refused", counters.spool_refused.load());
  row("spool_damaged", counters.spool_damaged.load());
  row("targets_held", counters.targets_held.load());
  row("actor_restarts", counters.actor_restarts.load());
  if (const auto space = services.store->space()) {
    row("disk_free_bytes", space->free_bytes);
    row("disk_total_bytes", space->total_bytes);
  }
  return table;
}

struct Acts {
  Self self;
  const AdminRequest& request;
  const ReplyPort& port;

  void operator()(const CreateKey& act) const { create_key(self, request.organisation, act, port); }
  void operator()(const ListKeys&) const { list_keys(self, request.organisation, port); }
  void operator()(const RevokeKey& act) const { revoke_key(self, request.organisation, act, port); }
  void operator()(const PublishModel&) const { self->send(self->state.desk.scoring, request, port); }
  void operator()(const ListModels&) const { list_models(self, request.organisation, port); }
  void operator()(const AddTarget& act) const { add_target(self, request, act, port); }
  void operator()(const ListTargets&) const { self->send(self->state.desk.writebacks, request, port); }
  void operator()(const RemoveTarget& act) const { remove_target(self, request, act, port); }
  void operator()(const SyncTarget&) const { self->send(self->state.desk.writebacks, request, port); }
  void operator()(const ExamineTarget&) const { self->send(self->state.desk.writebacks, request, port); }
  void operator()(const ListDeadLetters& act) const { list_dead_letters(self, request.organisation, act, port); }
  void operator()(const ReplayDeadLetters& act) const { replay_dead_letters(self, request.organisation, act, port); }
  void operator()(const DropDeadLetters& act) const { drop_dead_letters(self, request.organisation, act, 0, port); }
  void operator()(const SetVendorSecret& act) const {
    const auto& state = self->state;
    change_vendor(self,
                  set_vendor_secret(*state.services->store, state.desk.sealer.get(), request.organisation, act,
                                    state.services->clock->now()),
                  port);
  }
  void operator()(const ListVendorSecrets&) const { list_vendors(self, request.organisation, port); }
  void operator()(const RemoveVendorSecrets& act) const {
    change_vendor(self, remove_vendor_secrets(*self->state.services->store, request.organisation, act.vendor), port);
  }
  void operator()(const AddSource& act) const {
    const auto& state = self->state;
    change_sources(self,
                   add_source(*state.services->store, state.desk.sealer.get(), state.desk.make_source,
                              request.organisation, act, state.services->clock->now()),
                   port);
  }
  void operator()(const ListSources&) const { ask_sources(self, request, port); }
  void operator()(const RemoveSource& act) const {
    change_sources(self, remove_source(*self->state.services->store, request.organisation, act.name), port);
  }
  void operator()(const PullSource&) const { ask_sources(self, request, port); }
  void operator()(const StateDigest&) const { self->send(self->state.desk.reader, request, port); }
  void operator()(const ServerState&) const { port->complete(AdminAnswer{server_state(self->state)}); }
};

}  // namespace

Result<std::shared_ptr<const Registry>> load_registry(const storage::Store& store, const storage::Sealer* sealer) {
  auto organisations = storage::load_organisations(store);
  if (!organisations) return organisations.error();
  auto all = storage::load_keys(store);
  if (!all) return all.error();
  std::map<OrganisationId, bool> live_scoring;
  for (const auto& organisation : *organisations) live_scoring[organisation.id] = organisation.live_scoring;
  auto registry = std::make_shared<Registry>();
  for (const auto& key : *all) {
    if (key.revoked_at) continue;
    registry->keys.emplace_back(key.sha256, KeyView{key.id, key.organisation, key.scopes, key.rate,
                                                    live_scoring[key.organisation], on_unavailable_of(key)});
  }
  std::sort(registry->keys.begin(), registry->keys.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  auto vendors = open_vendor_secrets(store, sealer);
  if (!vendors) return vendors.error();
  registry->vendors = *std::move(vendors);
  return std::shared_ptr<const Registry>{std::move(registry)};
}

Result<std::pair<std::string, storage::Key>> make_key(OrganisationId organisation, const CreateKey& request,
                                                      Timestamp now) {
  if (request.name.empty() || request.name.size() > 100)
    return Error{Errc::invalid, "name must be 1 to 100 bytes", "name"};
  if (request.scopes.empty()) return Error{Errc::invalid, "give at least one scope", "scopes"};
  for (const auto& scope : request.scopes) {
    if (std::find(scopes_known.begin(), scopes_known.end(), scope) != scopes_known.end()) continue;
    return Error{Errc::invalid,
                 "'" + scope + "' is not a scope; use hg, sixsense, events, leads, typeform, hubspot or admin",
                 "scopes"};
  }
  if (request.rate && (*request.rate == 0 || *request.rate > 1'000'000))
    return Error{Errc::invalid, "rate must be 1 to 1,000,000 requests a second, or none", "rate"};
  std::string text = std::string{key_prefix} + random_base62(key_characters);
  storage::Key key;
  key.id = "key_" + random_base62(12);
  key.sha256 = storage::sha256(text);
  key.organisation = organisation;
  key.name = request.name;
  key.scopes = request.scopes;
  key.rate = request.rate;
  key.created_at = now;
  if (request.on_unavailable != OnUnavailable::by_surface) key.spools = request.on_unavailable == OnUnavailable::spool;
  return std::pair{std::move(text), std::move(key)};
}

Administrator::behavior_type administrator(Self self, ServicesPtr services, AdministratorDesk desk) {
  self->state.services = std::move(services);
  self->state.desk = std::move(desk);
  return {[self](const AdminRequest& request, const ReplyPort& port) {
    std::visit(Acts{self, request, port}, request.act);
  }};
}

}  // namespace leadlight::actors
