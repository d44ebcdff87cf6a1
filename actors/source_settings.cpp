#include "actors/source_settings.hpp"

#include "storage/settings.hpp"

#include <algorithm>

namespace leadlight::actors {
namespace {

using engine::Errc;
using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t sources_per_organisation_max = 20;
constexpr const char* last_source_key = "last_source";

Status check_name(const std::string& name) {
  const bool fits = !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
  if (fits) return engine::Ok{};
  return Error{Errc::invalid, "name must be 1 to 64 letters, digits, '-', '_' or '.'", "name"};
}

void put_pair(Pairs& pairs, const std::string& name, const std::string& value) {
  std::erase_if(pairs, [&](const auto& pair) { return pair.first == name; });
  pairs.emplace_back(name, value);
}

Result<Pairs> opened(const storage::Sealer* sealer, const std::string& sealed) {
  if (sealed.empty()) return Pairs{};
  if (sealer == nullptr) return Error{Errc::internal, "secrets cannot be opened here: there is no secret key", ""};
  return sealer->unseal(sealed);
}

Result<storage::TargetSettings> target_of(const storage::Store& store, const storage::SourceSettings& source) {
  auto targets = storage::load_targets(store);
  if (!targets) return targets.error();
  for (auto& target : *targets)
    if (target.organisation == source.organisation && target.name == source.target) return std::move(target);
  return Error{Errc::not_found, "no target is named '" + source.target + "'; `leadlight target list` names them",
               "target"};
}

// The highest id ever given, so that none is given again.
Result<std::uint32_t> next_id(const storage::Store& store, const std::vector<storage::SourceSettings>& sources) {
  std::uint32_t last = 0;
  for (const auto& source : sources) last = std::max(last, source.id);
  auto stored = store.get(storage::Family::organisations, last_source_key);
  if (!stored) return stored.error();
  if (stored->has_value())
    last = std::max(last, static_cast<std::uint32_t>(std::strtoul((*stored)->c_str(), nullptr, 10)));
  return last + 1;
}

}  // namespace

SourceRow source_row(const storage::SourceSettings& source) {
  SourceRow row;
  row.name = source.name;
  row.kind = source.kind;
  row.target = source.target;
  row.mapping = "built-in";
  bool own = false;
  for (const auto& [name, value] : source.options) {
    if (name == "mapping") {
      own = true;
    } else {
      row.options.emplace_back(name, value);
    }
    if (name == "mapping_name") row.mapping = value;
  }
  if (own && row.mapping == "built-in") row.mapping = "own";
  return row;
}

Result<TargetOptions> source_options(const storage::Store& store, const storage::Sealer* sealer,
                                     const storage::SourceSettings& source, const std::string& sandbox) {
  TargetOptions options{source.id, source.kind, source.name, {}, {}};
  bool demo = source.demo;
  if (!source.target.empty()) {
    auto target = target_of(store, source);
    if (!target) return target.error();
    if (target->kind != source.kind)
      return Error{Errc::invalid, "target '" + source.target + "' is no " + source.kind + " target", "target"};
    auto secrets = opened(sealer, target->sealed_secrets);
    if (!secrets) return secrets.error();
    options.options = target->options;
    options.secrets = *std::move(secrets);
    demo = demo || target->demo;
  }
  auto own = opened(sealer, source.sealed_secrets);
  if (!own) return own.error();
  for (const auto& [name, value] : source.options) put_pair(options.options, name, value);
  for (const auto& [name, value] : *own) put_pair(options.secrets, name, value);
  if (demo && !sandbox.empty()) put_pair(options.options, "url", sandbox);
  return options;
}

Result<SourceChange> add_source(const storage::Store& store, const storage::Sealer* sealer, const SourceFactory& make,
                                OrganisationId organisation, const AddSource& act, Timestamp now) {
  if (auto named = check_name(act.name); !named) return named.error();
  auto sources = storage::load_sources(store);
  if (!sources) return sources.error();
  std::size_t own = 0;
  for (const auto& source : *sources) {
    if (source.organisation != organisation) continue;
    ++own;
    if (source.name == act.name)
      return Error{Errc::conflict, "a source named '" + act.name + "' exists already", "name"};
  }
  if (own >= sources_per_organisation_max)
    return Error{Errc::unprocessable, "20 sources are the most an organisation can have", "name"};
  auto id = next_id(store, *sources);
  if (!id) return id.error();
  storage::SourceSettings row{*id, organisation, act.kind, act.name, act.target, act.options, {}, false, now};
  std::sort(row.options.begin(), row.options.end());
  if (!act.secrets.empty()) {
    if (sealer == nullptr) return Error{Errc::internal, "secrets cannot be sealed here: there is no secret key", ""};
    row.sealed_secrets = sealer->seal(act.secrets);
  }
  // A demo target has no address before a server runs beside a sandbox: the options are checked with a stand-in.
  auto options = source_options(store, sealer, row, {});
  if (!options) return options.error();
  auto target = row.target.empty() ? Result<storage::TargetSettings>{Error{}} : target_of(store, row);
  if (target && target->demo) put_pair(options->options, "url", "https://demo.my.salesforce.com");
  auto made = make(*options);
  if (!made) return made.error();
  SourceChange change{{}, source_row(row)};
  change.row.state = "checking";
  storage::put(change.batch, row);
  change.batch.put(storage::Family::organisations, last_source_key, std::to_string(*id));
  return change;
}

Result<SourceChange> remove_source(const storage::Store& store, OrganisationId organisation, const std::string& name) {
  auto sources = storage::load_sources(store);
  if (!sources) return sources.error();
  for (const auto& source : *sources) {
    if (source.organisation != organisation || source.name != name) continue;
    SourceChange change{{}, source_row(source)};
    storage::remove_source(change.batch, source);
    change.row.state = "removed";
    return change;
  }
  return Error{Errc::not_found, "no source has this name; `leadlight source list` names them", "name"};
}

}  // namespace leadlight::actors
