// Goal: the engine's scores, outcomes and receipts equal those of the naive oracle, to the micro-point.
// Method: random models of every kind; random leads whose events come late, out of order, twice, from the future,
// through `engine::apply`; both sides are read after the events and at instants where a rule is likely to end.
// LEADLIGHT_PROPERTY_EVENTS says how many events (200,000; 10,000,000 for a long run), LEADLIGHT_PROPERTY_SEED where
// the seeds begin.
#include "engine/hash.hpp"
#include "engine/lead.hpp"
#include "engine/receipt.hpp"
#include "tests/property/oracle.hpp"
#include "tests/property/random_models.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <optional>
#include <unordered_map>

namespace leadlight::property {
namespace {

using engine::from_ms;
using engine::Outcome;

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t day = 86'400'000;
constexpr std::int64_t beginning = 1'770'000'000'000;

struct Compared {
  std::uint64_t events = 0;
  std::uint64_t reads = 0;
  std::uint64_t reads_as_of = 0;
  std::uint64_t leads = 0;
  std::uint64_t folded_leads = 0;
  std::uint64_t refused = 0;
  std::uint64_t raw_above_zero = 0;
  std::map<Outcome, std::uint64_t> outcomes;
};

/// What a sender sends: perhaps without an id, perhaps without a date.
struct Sent {
  std::string id;
  std::optional<std::int64_t> occurred_at;
  std::string type;
  std::string properties;
};

/// How one lead's events come.
struct Habits {
  std::size_t events = 20;
  std::uint32_t events_max = engine::events_per_lead_max_default;
  std::int64_t pace = hour;         // time between two arrivals, at most, mostly
  std::int64_t lateness = 2 * day;  // age on arrival, at most, mostly
  std::int64_t reads_every = 4;
};

Outcome outcome_of(oracle::Fate fate) {
  switch (fate) {
    case oracle::Fate::counted: return Outcome::counted;
    case oracle::Fate::duplicate: return Outcome::duplicate;
    case oracle::Fate::too_late: return Outcome::too_late;
    case oracle::Fate::no_change: return Outcome::no_change;
  }
  return Outcome::quarantined;
}

/// One lead, told to the engine and to the oracle.
class TwinLead {
 public:
  TwinLead(Random& random, const std::vector<TwinModel>& models, Habits habits, Compared& compared)
      : random_(random), models_(models), habits_(habits), compared_(compared), plain_(habits.events_max) {
    const engine::OrganisationId organisation{7};
    lead_.email = "lead@example.com";
    lead_.id = engine::lead_id(organisation, lead_.email);
    lead_.shard = engine::shard_of(lead_.id, "example.com");
    organisation_.id = organisation;
    if (random.chance(30)) organisation_.targets = {1, 4};
    if (!random.chance(5)) switch_model();
  }

  void live() {
    for (std::size_t i = 0; i < habits_.events && !testing::Test::HasFailure(); ++i) {
      now_ += random_.chance(70) ? random_.below(habits_.pace + 1) : random_.magnitude(10 * habits_.pace);
      if (random_.chance(1)) now_ += random_.below(100 * day);
      if (random_.chance(2)) switch_model();
      if (random_.chance(2)) other_record();
      if (const auto event = at_the_door(next_sent())) tell(*event);
      if (model_ != nullptr && random_.below(habits_.reads_every) == 0) compare_reads();
    }
    if (model_ != nullptr) {
      compare_reads();
      compare_as_of();
    }
    ++compared_.leads;
    if (plain_.folded_hours() > 0) ++compared_.folded_leads;
  }

 private:
  void switch_model() {
    model_ = &models_[random_.index(models_.size())];
    organisation_.model = model_->compiled;
  }

  Sent next_sent() {
    if (!sent_.empty() && random_.chance(12)) {
      Sent again = sent_[random_.index(sent_.size())];
      if (random_.chance(30)) again.properties = "{\"changed\":true}";
      if (random_.chance(10) && again.occurred_at) *again.occurred_at -= random_.below(day);
      if (random_.chance(10) && again.occurred_at) *again.occurred_at = now_ - random_age();
      return again;
    }
    Sent sent;
    if (!random_.chance(7)) sent.id = "e" + std::to_string(++ids_);
    sent.type = random_type();
    if (!random_.chance(5)) sent.occurred_at = now_ - random_age();
    sent_.push_back(sent);
    return sent;
  }

  std::string random_type() {
    if (random_.chance(30)) return type_names[random_.index(type_names.size())];
    const oracle::Model& model = models_[random_.index(models_.size())].plain;
    const auto& types = model.rules[random_.index(model.rules.size())].types;
    return types[random_.index(types.size())];
  }

  std::int64_t random_age() {
    switch (random_.below(20)) {
      case 0: return 90 * day - random_.below(3);
      case 1: return random_.below(100 * day);
      case 2: return -random_.below(5 * minute + 2);
      case 3: return -random_.below(hour);
      case 4: return random_.magnitude(90 * day);
      case 5:
      case 6:
      case 7: return 0;
      default: return random_.below(habits_.lateness + 1);
    }
  }

  /// The rules of the door: what is dated ahead, what names an event. None when it is refused.
  std::optional<oracle::Event> at_the_door(const Sent& sent) {
    oracle::Event event;
    event.type = sent.type;
    event.received_at = now_;
    event.occurred_at = sent.occurred_at.value_or(now_);
    if (event.occurred_at > now_ + 5 * minute) {
      ++compared_.refused;
      return std::nullopt;
    }
    event.occurred_at = std::min(event.occurred_at, now_);
    const std::string date = sent.occurred_at ? std::to_string(*sent.occurred_at) : "";
    event.content = sent.type + '|' + date + '|' + sent.properties;
    if (!sent.id.empty()) {
      event.id = "id:" + sent.id;
    } else if (sent.occurred_at) {
      event.id = "content:" + event.content;
    }
    event.rank = engine::event_id_hash(event.id.empty() ? "nameless:" + std::to_string(++ids_) : event.id);
    return event;
  }

  engine::Record record() {
    engine::Record record;
    record.position = ++position_;
    record.shard = lead_.shard;
    record.lead = lead_.id;
    record.email = lead_.email;
    record.domain = "example.com";
    record.received_at = from_ms(now_);
    record.surface = engine::Surface::events;
    return record;
  }

  engine::Decision decide(const engine::Record& record, std::uint64_t id_hash) {
    std::optional<engine::KnownId> known;
    const auto entry = family_.find(id_hash);
    if (entry != family_.end() && record.received_at >= entry->second.until && random_.chance(50)) {
      family_.erase(entry);  // the family expires by itself, sooner or later
    } else if (entry != family_.end() && engine::needs_known_id(lead_, record)) {
      known = entry->second;
    }
    return engine::apply(std::move(lead_), record, organisation_, known, engine::Limits{habits_.events_max});
  }

  void other_record() {
    engine::Record other = record();
    if (random_.chance(50)) {
      other.body = engine::Trigger{"salesforce"};
    } else {
      other.body = engine::Tick{};
    }
    engine::Decision decision = decide(other, 0);
    if (decision.score && model_ != nullptr) {
      compare_score(*decision.score, plain_.value(model_->plain, now_), now_);
    }
    lead_ = std::move(decision.next);
  }

  void tell(const oracle::Event& event) {
    engine::Record record = this->record();
    engine::EngagementEvent body;
    body.type = engine::EventType::of(event.type).value();
    body.occurred_at = from_ms(event.occurred_at);
    body.event_id = event.id;
    body.id_hash = event.rank;
    body.content_hash = engine::event_id_hash(event.content);
    record.body = body;
    const int conflicts = plain_.conflicts();
    const oracle::Fate fate = plain_.tell(event, model_ == nullptr ? nullptr : &model_->plain);
    engine::Decision decision = decide(record, body.id_hash);
    ASSERT_EQ(label(decision.outcome), label(outcome_of(fate)))
        << "event " << event.id << ' ' << event.type << " of age " << now_ - event.occurred_at << " ms";
    EXPECT_EQ(decision.conflict, plain_.conflicts() > conflicts) << "event " << event.id;
    if (fate == oracle::Fate::counted) {
      ASSERT_TRUE(decision.score.has_value());
    }
    if (decision.score) compare_score(*decision.score, plain_.value(model_->plain, now_), now_);
    if (decision.known_until != engine::Timestamp{})
      family_[body.id_hash] = engine::KnownId{decision.known_until, body.content_hash};
    if (fate != oracle::Fate::duplicate) records_.push_back(record);
    dates_.push_back(event.occurred_at);
    lead_ = std::move(decision.next);
    ++compared_.events;
    ++compared_.outcomes[decision.outcome];
  }

  void compare_score(const engine::Score& found, const oracle::Value& expected, std::int64_t at) {
    EXPECT_EQ(found.raw, expected.raw) << "at " << at;
    EXPECT_EQ(found.score, expected.score) << "at " << at << ", raw " << expected.raw;
    EXPECT_EQ(static_cast<int>(found.segment), expected.segment) << "at " << at << ", raw " << expected.raw;
    ++compared_.reads;
    if (expected.raw > 0) ++compared_.raw_above_zero;
  }

  /// An instant from now on; mostly one where something may end.
  std::int64_t reading_instant() {
    const std::int64_t date = dates_.empty() ? now_ : dates_[random_.index(dates_.size())];
    const oracle::Rule& rule = model_->plain.rules[random_.index(model_->plain.rules.size())];
    std::int64_t at = now_;
    switch (random_.below(6)) {
      case 0: break;
      case 1: at = now_ + random_.magnitude(100 * day); break;
      case 2: at = date + rule.lifespan + random_.between(-1, 1); break;
      case 3: at = date + 90 * day + random_.between(-1, 1); break;
      case 4: at = date / hour * hour + random_.between(-1, 1) + (random_.chance(50) ? rule.lifespan : 90 * day); break;
      default: at = date + rule.half_life * random_.below(66) + random_.between(-1, 1); break;
    }
    return std::max(at, now_);
  }

  void compare_reads() {
    const std::int64_t at = reading_instant();
    const oracle::Value expected = plain_.value(model_->plain, at);
    compare_score(engine::score_at(*model_->compiled, lead_.window, from_ms(at)), expected, at);
    compare_receipt(expected, at);
  }

  void compare_receipt(const oracle::Value& expected, std::int64_t at) {
    const engine::Receipt receipt = engine::explain(*model_->compiled, lead_.window, from_ms(at));
    EXPECT_EQ(receipt.score.raw, expected.raw) << "at " << at;
    EXPECT_EQ(receipt.score.score, expected.score) << "at " << at;
    std::int64_t sum = 0;
    std::vector<std::int64_t> by_rule(model_->plain.rules.size(), 0);
    for (const engine::ReceiptLine& line : receipt.lines) {
      sum += line.micro_points;
      EXPECT_NE(line.micro_points, 0) << "a line without points";
      if (line.kind == engine::LineKind::cap || line.kind == engine::LineKind::floor) continue;
      for (std::size_t i = 0; i < by_rule.size(); ++i) {
        if (model_->plain.rules[i].key == line.signal) by_rule[i] += line.micro_points;
      }
    }
    EXPECT_EQ(sum, expected.raw) << "the receipt's lines at " << at;
    EXPECT_EQ(by_rule, expected.rule_sums) << "the receipt's signals at " << at;
  }

  void compare_as_of() {
    if (dates_.empty()) return;
    for (int i = 0; i < 2; ++i) {
      const std::int64_t at = random_.chance(60) ? dates_[random_.index(dates_.size())] + random_.between(-1, 1)
                                                 : beginning + random_.below(now_ - beginning + 1);
      const engine::Window window = engine::refold(records_, from_ms(at), engine::Limits{habits_.events_max});
      const oracle::Value expected = plain_.value_as_of(model_->plain, at);
      compare_score(engine::score_at(*model_->compiled, window, from_ms(at)), expected, at);
      ++compared_.reads_as_of;
    }
    // As of now, the refold is what the fold made of it.
    const engine::Window all = engine::refold(records_, from_ms(now_), engine::Limits{habits_.events_max});
    compare_score(engine::score_at(*model_->compiled, all, from_ms(now_)), plain_.value(model_->plain, now_), now_);
  }

  Random& random_;
  const std::vector<TwinModel>& models_;
  Habits habits_;
  Compared& compared_;
  oracle::Lead plain_;
  engine::Lead lead_;
  engine::Organisation organisation_;
  const TwinModel* model_ = nullptr;
  std::unordered_map<std::uint64_t, engine::KnownId> family_;
  std::vector<engine::Record> records_;
  std::vector<Sent> sent_;
  std::vector<std::int64_t> dates_;
  std::int64_t now_ = beginning;
  std::uint64_t position_ = 0;
  std::int64_t ids_ = 0;
};

Habits random_habits(Random& random, std::uint64_t number) {
  Habits habits;
  habits.events = static_cast<std::size_t>(random.between(1, 40));
  habits.pace = random.magnitude(3 * day);
  habits.lateness = random.magnitude(30 * day);
  if (random.chance(25)) {  // so few single events that they fold
    habits.events_max = static_cast<std::uint32_t>(random.between(1, 12));
    habits.pace = random.magnitude(2 * hour);
    habits.lateness = random.magnitude(6 * hour);
  }
  if (number % 4'000 == 1'000) {
    habits.events = static_cast<std::size_t>(random.between(500, 3'000));
    habits.pace = random.magnitude(hour);
    habits.reads_every = 100;
    if (random.chance(50)) habits.events_max = static_cast<std::uint32_t>(random.between(50, 500));
  }
  return habits;
}

ModelBounds random_bounds(Random& random) {
  ModelBounds bounds;
  if (random.chance(20)) bounds.points_max = random.magnitude(1'000);    // single micro-points
  if (random.chance(10)) bounds.points_max = 1'000'000'000'000'000 / 4;  // near the limit of a signal
  if (random.chance(30)) bounds.lifespan_max = random.magnitude(90 * day);
  if (random.chance(50)) bounds.within_max = bounds.lifespan_max;
  return bounds;
}

TEST(ScoringOracle, AgreesWithTheEngineToTheMicroPoint) {
  const std::uint64_t events_wanted = environment_number("LEADLIGHT_PROPERTY_EVENTS", 200'000);
  const std::uint64_t first_seed = environment_number("LEADLIGHT_PROPERTY_SEED", 1);
  Compared compared;
  std::uint64_t number = 0;
  for (std::uint64_t seed = first_seed; compared.events < events_wanted && !HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "LEADLIGHT_PROPERTY_SEED=" << seed);
    Random random(seed);
    std::vector<TwinModel> models;
    const ModelBounds bounds = random_bounds(random);
    for (int i = 0; i < 2; ++i) models.push_back(random_model(random, bounds));
    for (int i = 0; i < 10 && !HasFailure(); ++i) {
      TwinLead(random, models, random_habits(random, number), compared).live();
      ++number;
    }
  }
  std::cout << "compared " << compared.events << " events of " << compared.leads << " leads (" << compared.folded_leads
            << " with folded hours, " << compared.refused << " events refused at the door), " << compared.reads
            << " reads (" << compared.raw_above_zero << " above 0, " << compared.reads_as_of << " in the past); ";
  for (const auto& [outcome, count] : compared.outcomes) std::cout << label(outcome) << ' ' << count << "  ";
  std::cout << std::endl;
  EXPECT_GT(compared.folded_leads, compared.leads / 20);
  EXPECT_EQ(compared.outcomes.size(), 4U);
}

TEST(ScoringOracle, OrderOfArrivalDoesNotChangeTheScore) {
  const std::uint64_t first_seed = environment_number("LEADLIGHT_PROPERTY_SEED", 1);
  for (std::uint64_t seed = first_seed; seed < first_seed + 500 && !HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "LEADLIGHT_PROPERTY_SEED=" << seed);
    Random random(seed);
    const TwinModel model = random_model(random, random_bounds(random));
    engine::Organisation organisation;
    organisation.model = model.compiled;
    std::vector<engine::EngagementEvent> events;
    for (std::int64_t i = random.between(1, 40); i > 0; --i) {
      engine::EngagementEvent event;
      event.type = engine::EventType::of(type_names[random.index(type_names.size())]).value();
      event.occurred_at = from_ms(beginning - random.magnitude(89 * day));
      event.id_hash = engine::event_id_hash("e" + std::to_string(i));
      events.push_back(event);
      if (random.chance(10)) events.push_back(event);
    }
    const auto fold = [&](bool shuffled) {
      if (shuffled) {
        for (std::size_t i = events.size(); i > 1; --i) std::swap(events[i - 1], events[random.index(i)]);
      }
      engine::Lead lead;
      lead.email = "lead@example.com";
      engine::Record record;
      for (const engine::EngagementEvent& event : events) {
        ++record.position;
        record.received_at = from_ms(beginning + static_cast<std::int64_t>(record.position) * 10);
        record.body = event;
        lead = engine::apply(std::move(lead), record, organisation, std::nullopt, engine::Limits{}).next;
      }
      return lead.window;
    };
    const engine::Window first = fold(false);
    for (int i = 0; i < 5; ++i) {
      const engine::Window other = fold(true);
      EXPECT_EQ(first, other);
      const auto at = from_ms(beginning + 1'000 + random.magnitude(90 * day));
      EXPECT_EQ(engine::score_at(*model.compiled, first, at), engine::score_at(*model.compiled, other, at));
    }
  }
}

TEST(ScoringOracle, HalfLifeNumbersAreThoseOfThePowersOfTwo) {
  const auto& numbers = oracle::half_life_numbers();
  ASSERT_EQ(numbers.size(), 4096U);
  EXPECT_EQ(numbers.front(), std::uint64_t{1} << 32U);
  EXPECT_EQ(numbers[2048], 3'037'000'499U);  // ⌊2^32 / √2⌋
  oracle::Rule rule;
  rule.points = std::int64_t{1} << 32U;
  rule.lifespan = 90 * day;
  rule.half_life = 4096;
  for (std::int64_t i = 0; i < 4096; ++i) {
    const std::int64_t found = engine::contribution(signal_of(rule), from_ms(0), from_ms(i));
    ASSERT_EQ(found, static_cast<std::int64_t>(numbers[static_cast<std::size_t>(i)])) << i;
  }
}

}  // namespace
}  // namespace leadlight::property
