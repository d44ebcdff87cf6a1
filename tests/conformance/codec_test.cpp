// Goal: bytes written by any released version read as what was written, for ever; bytes that were not written are
// `corrupt`. Method: one golden file of each value and version in tests/golden/codec/. Each must decode to the value
// below and encode to the same bytes. Then every cut and 10,000 single-byte changes of each, once as they are (the
// checksum must find them all) and once under a new checksum (the fields must hold out alone). LEADLIGHT_WRITE_GOLDEN=1
// writes files that are missing; one that exists is a released version and is never written over.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "storage/codec/codec.hpp"
#include "storage/codec/crc32c.hpp"
#include "storage/codec/reader.hpp"
#include "storage/codec/writer.hpp"
#include "storage/spool.hpp"
#include "storage/vendor_secrets.hpp"

namespace leadlight::storage {
namespace {

using engine::EventType;
using engine::from_ms;

constexpr std::int64_t noon = 1'767'225'600'000;  // 2026-01-01T00:00:00Z
constexpr engine::LeadId ann{(7ULL << 32U) | 0x89ABCDEFU, 0x0123456789ABCDEFULL};

EventType type(std::string_view name) {
  return *EventType::of(name);
}

/// A golden file: the value is bound in, so that values of all types stand in one list.
struct Golden {
  std::string name;
  std::string encoded;                                                   // by this version, of the expected value
  std::function<engine::Result<bool>(std::string_view)> is_expected;     // decodes; whether to the expected value
  std::function<engine::Result<std::string>(std::string_view)> recoded;  // decodes and encodes
};

template <class Value, class Decode>
Golden golden(std::string name, const Value& value, Decode decode) {
  return {std::move(name), encode(value),
          [value, decode](std::string_view bytes) -> engine::Result<bool> {
            const auto decoded = decode(bytes);
            if (!decoded) return decoded.error();
            return *decoded == value;
          },
          [decode](std::string_view bytes) -> engine::Result<std::string> {
            const auto decoded = decode(bytes);
            if (!decoded) return decoded.error();
            return encode(*decoded);
          }};
}

engine::Model model() {
  engine::Model model;
  model.id = "engagement";
  model.version = 3;
  engine::Signal demo;
  demo.key = "demo";
  demo.text = "Asked for a demo";
  demo.events = {type("demo_requested"), type("trial_started")};
  demo.importance = 40'000'000;
  demo.lifespan = 60 * engine::day;
  demo.cap = 80'000'000;
  demo.group = 1;
  demo.immediate = true;
  engine::Signal visits;
  visits.key = "visits";
  visits.text = "Came back often";
  visits.events = {type("page_viewed")};
  visits.importance = -1'500'000;
  visits.lifespan = 14 * engine::day;
  visits.decay = engine::Decay::half_life;
  visits.half_life = 7 * engine::day;
  visits.aggregate = engine::Aggregate{5, 3 * engine::day};
  visits.listed = false;
  model.signals = {demo, visits};
  model.groups = {{"site", std::nullopt}, {"sales", 120'000'000}};
  model.thresholds = {30'000'000, 60'000'000, 100'000'000, 200'000'000};
  model.writeback = {engine::Milliseconds{60'000}, 7};
  model.source = "id = \"engagement\"\n";
  return model;
}

engine::Record record(decltype(engine::Record::body) body) {
  engine::Record record;
  record.lead = ann;
  record.email = "ann@example.com";
  record.domain = "example.com";
  record.received_at = from_ms(noon);
  record.surface = engine::Surface::segment;
  record.request_id = "req_0123456789";
  record.body = std::move(body);
  return record;
}

engine::EngagementEvent event() {
  engine::EngagementEvent event;
  event.type = type("demo_requested");
  event.occurred_at = from_ms(noon - 90'061'001);
  event.event_id = "e-1 \xC3\xA9";
  event.id_hash = 0xFEDCBA9876543210ULL;
  event.content_hash = 0x1122334455667788ULL;
  event.properties = R"({"page":"/pricing"})";
  return event;
}

engine::WritebackResult writeback() {
  engine::WritebackResult result;
  result.target = 2;
  result.outcome = engine::WriteOutcome::dead_letter;
  result.owed = 77;
  result.score = 83;
  result.segment = engine::Segment::high;
  result.scored_at = from_ms(noon - 10);
  result.written_at = from_ms(noon);
  result.code = "FIELD_CUSTOM_VALIDATION_EXCEPTION";
  result.detail = "a rule of the target refused the score";
  result.attempts = 4;
  result.first_at = from_ms(noon - 60'000);
  return result;
}

engine::EngagementEvent moved_event() {
  auto moved = event();
  moved.first_received_at = from_ms(noon - 86'400'000);
  return moved;
}

LeadAttributes attributes() {
  return {{{"company.name", "\"Analytical Engines\"", from_ms(noon)}, {"title", "null", from_ms(noon - 1)}}};
}

std::vector<engine::WindowEvent> events_added() {
  return {{from_ms(noon - 7'200'000), type("demo_requested"), 11}, {from_ms(noon + 4), type("webinar_attended"), 12}};
}

engine::Lead lead() {
  engine::Lead lead;
  lead.id = ann;
  lead.email = "ann@example.com";
  lead.shard = engine::ShardId{42};
  lead.segment = engine::Segment::very_high;
  lead.last_position = 123'456;
  lead.window = engine::Window::from_parts(
      {{from_ms(noon - 5'000), type("page_viewed"), 9},
       {from_ms(noon - 5'000), type("demo_requested"), 10},
       {from_ms(noon), type("page_viewed"), 0xFFFFFFFFFFFFFFFFULL}},
      {{from_ms(noon - 36'000'000), type("email_opened"), 300}, {from_ms(noon - 36'000'000), type("page_viewed"), 1}});
  lead.ids_beyond_window_until = from_ms(noon + 604'800'000);
  lead.wake_at = from_ms(noon + 1);
  lead.owed_at = from_ms(noon - 1);
  lead.crossed_at = from_ms(-1);
  lead.conflicts = 3;
  lead.targets = {{1, 0, {}, true, 91, engine::Segment::very_high, false, from_ms(noon - 2)},
                  {9, 123'456, from_ms(noon + 50), false, 0, engine::Segment::low, true, {}}};
  return lead;
}

/// `lead()` after a few more records, none of which folded an event.
engine::Lead lead_after() {
  auto after = lead();
  after.segment = engine::Segment::high;
  after.last_position = 123'460;
  after.wake_at = from_ms(noon + 9);
  after.conflicts = 4;
  after.targets.pop_back();
  for (const auto& event : events_added()) after.window.add(event.occurred_at(), event.type(), event.id_hash, 10'000);
  return after;
}

/// A change is no value of its own: it is right when it makes the lead what it then was.
Golden change_golden() {
  const auto amended = [](std::string_view change) {
    const auto stored = encode(lead());
    return amended_lead(stored, {&change, 1});
  };
  return {"lead_change_v1", encode_change(lead_after(), events_added()),
          [amended](std::string_view bytes) -> engine::Result<bool> {
            const auto found = amended(bytes);
            if (!found) return found.error();
            return *found == encode(lead_after());
          },
          [amended](std::string_view bytes) -> engine::Result<std::string> {
            const auto found = amended(bytes);
            if (!found) return found.error();
            return encode_change(*decode_lead(ann, *found), events_added());
          }};
}

std::vector<Golden> record_goldens() {
  engine::ModelSwitch model_switch{std::make_shared<const engine::CompiledModel>(model())};
  return {golden("record_event_v1", record(event()), decode_record),
          golden("record_trigger_v1", record(engine::Trigger{"marketo"}), decode_record),
          golden("record_tick_v1", record(engine::Tick{}), decode_record),
          golden("record_model_switch_v1", record(std::move(model_switch)), decode_record),
          golden("record_target_switch_v1", record(engine::TargetSwitch{300, true}), decode_record),
          golden("record_writeback_v1", record(writeback()), decode_record),
          golden("record_attributes_v1", record(engine::AttributeChange{attributes().attributes}), decode_record),
          golden("record_merged_v1", record(engine::MergedInto{ann, "ann@example.com"}), decode_record),
          golden("record_moved_v1", record(moved_event()), decode_record),
          golden("record_fetch_owed_v1", record(engine::FetchOwed{"salesforce"}), decode_record),
          golden("record_fetched_v1",
                 record(engine::Fetched{ann, 4711, engine::FetchOutcome::partial, 2, 1, 1, from_ms(noon + 5),
                                        "source crm: HTTP 503"}),
                 decode_record)};
}

std::vector<Golden> value_goldens() {
  const auto as_ann = [](std::string_view bytes) { return decode_lead(ann, bytes); };
  return {
      golden("lead_v1", lead(), as_ann),
      change_golden(),
      golden("index_v1",
             IndexEntry{engine::ShardId{63}, engine::Outcome::too_late, from_ms(noon - 1), from_ms(noon), 5},
             decode_index),
      golden("idempotency_v1", IdempotencyEntry{from_ms(noon), 17, 202, R"({"accepted":1})"}, decode_idempotency),
      golden("request_v1",
             RequestStatus{from_ms(noon), ann, "ann@example.com", "salesforce", from_ms(noon - 9), from_ms(noon - 5),
                           from_ms(noon - 1), "written", 83, ""},
             decode_request),
      golden("request_accepted_v1",
             RequestStatus{from_ms(noon), ann, "ann@example.com", "", from_ms(noon - 9), std::nullopt, std::nullopt,
                           "accepted", std::nullopt, "waiting"},
             decode_request),
      golden("outbox_v1",
             OutboxEntry{77,
                         engine::ShardId{5},
                         from_ms(noon - 3),
                         from_ms(noon + 3),
                         engine::WritebackReason::crossing,
                         "ann@example.com",
                         {"req_1", "req_2"}},
             decode_outbox),
      golden("request_fetched_v2",
             RequestStatus{from_ms(noon),
                           ann,
                           "ann@example.com",
                           "salesforce",
                           from_ms(noon - 9),
                           {},
                           {},
                           "accepted",
                           41,
                           "source crm: HTTP 503",
                           from_ms(noon - 5)},
             decode_request),
      golden("fetch_v1",
             FetchEntry{4711, engine::ShardId{9}, from_ms(noon), "ann@example.com", {{4700, "req_1"}, {4711, "req_2"}}},
             decode_fetch),
      golden("source_v1",
             SourceSettings{3,
                            engine::OrganisationId{7},
                            "salesforce",
                            "crm",
                            "crm",
                            {{"history_days", "30"}},
                            std::string("\x01\0\xFF", 3),
                            true,
                            from_ms(noon)},
             decode_source),
      golden("source_cursor_v1", SourceCursor{"Task.SystemModstamp=1767225600000,00T1", from_ms(noon), 12},
             decode_source_cursor),
      golden("alias_v1", AliasEntry{"user:4711"}, decode_alias),
      golden("attributes_v1", attributes(), decode_attributes),
      golden("dead_letter_v1",
             DeadLetter{77, "ann@example.com", "NOT_FOUND", "no such record", 3, from_ms(noon - 9), from_ms(noon), 55,
                        from_ms(noon - 1)},
             decode_dead_letter),
  };
}

std::vector<Golden> settings_goldens() {
  Key key{"key_abcdefghijkl", {}, engine::OrganisationId{7}, "website", {"events", "leads"}, 50, from_ms(noon), {}};
  for (std::size_t i = 0; i < key.sha256.size(); ++i) key.sha256[i] = static_cast<std::uint8_t>(i * 7);
  auto revoked = key;
  revoked.rate = std::nullopt;
  revoked.revoked_at = from_ms(noon + 1);
  auto spools = key;
  spools.spools = false;
  return {
      golden("key_v1", key, decode_key),
      golden("key_revoked_v1", revoked, decode_key),
      golden("key_spools_v2", spools, decode_key),
      golden("spooled_submission_v1",
             SpooledSubmission{engine::OrganisationId{7}, {record(engine::Trigger{"marketo"})}, {{"a", "b"}}},
             decode_spooled),
      golden("organisation_v1", OrganisationSettings{engine::OrganisationId{7}, "Example", false, from_ms(noon)},
             decode_organisation),
      golden("published_model_v1", PublishedModel{engine::OrganisationId{7}, from_ms(noon), model()},
             decode_published_model),
      golden("target_v1",
             TargetSettings{2,
                            engine::OrganisationId{7},
                            "salesforce",
                            "crm",
                            {{"client_id", "abc"}, {"url", "https://example.my.salesforce.com"}},
                            std::string("\x01\0\xFF", 3),
                            true,
                            from_ms(noon)},
             decode_target),
      golden("vendor_v1",
             VendorSettings{engine::OrganisationId{7}, "sendgrid", 2, std::string("\x01\0\xFF", 3), from_ms(noon)},
             decode_vendor),
  };
}

std::vector<Golden> goldens() {
  auto all = record_goldens();
  for (auto& one : value_goldens()) all.push_back(std::move(one));
  for (auto& one : settings_goldens()) all.push_back(std::move(one));
  return all;
}

std::filesystem::path file_of(const Golden& golden) {
  return std::filesystem::path(__FILE__).parent_path().parent_path() / "golden" / "codec" / (golden.name + ".hex");
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
    if (i % 32 == 31 || i + 1 == bytes.size()) text += '\n';
  }
  return text;
}

std::string from_hex(std::string_view text) {
  std::string bytes;
  int high = -1;
  for (const char digit : text) {
    const auto value = std::string_view("0123456789abcdef").find(digit);
    if (value == std::string_view::npos) continue;
    if (high < 0) {
      high = static_cast<int>(value);
    } else {
      bytes += static_cast<char>(static_cast<unsigned char>(high * 16 + static_cast<int>(value)));
      high = -1;
    }
  }
  return bytes;
}

std::string read_golden(const Golden& golden) {
  const auto path = file_of(golden);
  if (const char* write = std::getenv("LEADLIGHT_WRITE_GOLDEN"); write != nullptr && !std::filesystem::exists(path)) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << to_hex(golden.encoded);
  }
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return from_hex(text.str());
}

/// `bytes` with a checksum that holds, whatever they are.
std::string resealed(std::string_view content) {
  Writer to(content.size() + 4);
  to.raw(content);
  return std::move(to).seal();
}

TEST(CodecGolden, EveryFileDecodesToItsValueAndEncodesToItself) {
  for (const auto& golden : goldens()) {
    SCOPED_TRACE(golden.name);
    const auto bytes = read_golden(golden);
    ASSERT_FALSE(bytes.empty()) << "no " << file_of(golden) << "; LEADLIGHT_WRITE_GOLDEN=1 writes it";
    const auto is_expected = golden.is_expected(bytes);
    ASSERT_TRUE(is_expected.ok()) << is_expected.error().what;
    EXPECT_TRUE(*is_expected);
    EXPECT_EQ(to_hex(*golden.recoded(bytes)), to_hex(bytes));
    EXPECT_EQ(to_hex(golden.encoded), to_hex(bytes));
  }
}

TEST(CodecGolden, EveryFileOfTheFolderIsTested) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(file_of({}).parent_path())) {
    files += entry.path().extension() == ".hex" ? 1U : 0U;
  }
  EXPECT_EQ(files, goldens().size());
}

TEST(CodecFaults, EveryCutIsCorrupt) {
  for (const auto& golden : goldens()) {
    SCOPED_TRACE(golden.name);
    const std::string_view bytes = golden.encoded;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto cut = golden.recoded(bytes.substr(0, size));
      ASSERT_FALSE(cut.ok()) << size;
      EXPECT_EQ(cut.error().code, engine::Errc::corrupt);
      if (size + 4 >= bytes.size()) continue;  // the whole content
      const auto cut_and_sealed = golden.recoded(resealed(bytes.substr(0, size)));
      ASSERT_FALSE(cut_and_sealed.ok()) << size;
      EXPECT_EQ(cut_and_sealed.error().code, engine::Errc::corrupt);
    }
    const auto longer = golden.recoded(resealed(std::string(bytes.substr(0, bytes.size() - 4)) + "x"));
    ASSERT_FALSE(longer.ok());
    EXPECT_EQ(longer.error().code, engine::Errc::corrupt);
  }
}

TEST(CodecFaults, EveryChangedByteIsFound) {
  for (const auto& golden : goldens()) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 10'000; ++i) {
      auto bytes = golden.encoded;
      const auto at = random() % bytes.size();
      bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (1 + random() % 255));
      const auto decoded = golden.recoded(bytes);
      ASSERT_FALSE(decoded.ok()) << golden.name << ", byte " << at;
      ASSERT_EQ(decoded.error().code, engine::Errc::corrupt);
    }
  }
}

TEST(CodecFaults, ChangedBytesUnderAValidChecksumAreAValueOrCorrupt) {
  for (const auto& golden : goldens()) {
    SCOPED_TRACE(golden.name);
    std::mt19937_64 random(2);
    for (int i = 0; i < 10'000; ++i) {
      auto content = golden.encoded.substr(0, golden.encoded.size() - 4);
      for (auto changes = 1 + random() % 3; changes > 0; --changes) {
        const auto at = random() % content.size();
        content[at] = static_cast<char>(static_cast<unsigned char>(content[at]) ^ (1 + random() % 255));
      }
      const auto decoded = golden.recoded(resealed(content));
      if (!decoded) {
        ASSERT_EQ(decoded.error().code, engine::Errc::corrupt);
        continue;
      }
      // Whatever was read is a value: it keeps through another round.
      const auto again = golden.recoded(*decoded);
      ASSERT_TRUE(again.ok()) << again.error().what;
      ASSERT_EQ(*again, *decoded);
    }
  }
}

TEST(CodecFaults, ACountBeyondTheBytesIsCorruptBeforeAnythingIsReserved) {
  Writer to(64);
  to.u8(1);
  to.u16(0);
  to.u8(0);
  for (int i = 0; i < 6; ++i) to.varint(0);  // last_position … conflicts
  to.name("ann@example.com");
  to.varint(std::uint64_t{1} << 60U);  // targets
  EXPECT_FALSE(decode_lead(ann, std::move(to).seal()).ok());
}

TEST(CodecFaults, AnUnknownVersionSaysSo) {
  auto bytes = encode(lead());
  bytes.front() = 2;
  const auto decoded = decode_lead(ann, resealed(bytes.substr(0, bytes.size() - 4)));
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, engine::Errc::corrupt);
  EXPECT_NE(decoded.error().what.find("version 2"), std::string::npos) << decoded.error().what;
}

TEST(CodecFaults, AnEncryptedRecordNeedsANewerVersion) {
  auto encrypted = record(event());
  encrypted.key_id = 5;
  const auto decoded = decode_record(encode(encrypted));
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, engine::Errc::corrupt);
  EXPECT_NE(decoded.error().what.find("newer version"), std::string::npos) << decoded.error().what;
}

TEST(CodecLimits, ExtremesKeep) {
  auto extreme = record(event());
  extreme.received_at = from_ms(std::numeric_limits<std::int64_t>::min());
  auto& body = std::get<engine::EngagementEvent>(extreme.body);
  body.occurred_at = from_ms((std::int64_t{1} << 44) - 1);
  EXPECT_EQ(*decode_record(encode(extreme)), extreme);
  body.occurred_at = from_ms(0);
  extreme.received_at = from_ms(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(*decode_record(encode(extreme)), extreme);

  engine::Lead empty;
  empty.id = ann;
  EXPECT_EQ(*decode_lead(ann, encode(empty)), empty);
  empty.last_position = std::numeric_limits<engine::Position>::max();
  empty.wake_at = from_ms(std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(*decode_lead(ann, encode(empty)), empty);
}

TEST(CodecLimits, ALeadOfManyEventsAndTypesKeeps) {
  std::mt19937_64 random(3);
  std::vector<engine::WindowEvent> events;
  for (int i = 0; i < 10'000; ++i) {
    events.emplace_back(from_ms(noon + i * 700LL), type("type_" + std::to_string(random() % 6'000)), random());
  }
  engine::Lead many;
  many.id = ann;
  many.last_position = 1;
  many.window = engine::Window::from_parts(std::move(events), {{from_ms(noon), type("folded_only"), 4'000'000'000U}});
  EXPECT_EQ(*decode_lead(ann, encode(many)), many);
}

TEST(CodecLeadChanges, ChangesMakeTheLeadThatWholeRowsWouldHaveMade) {
  std::mt19937_64 random(20261122);
  for (int round = 0; round < 200; ++round) {
    engine::Lead now = lead();
    const std::string first = encode(now);
    std::vector<std::string> changes;
    for (auto left = random() % 9; left > 0; --left) {
      std::vector<engine::WindowEvent> added;
      for (auto more = random() % 4; more > 0; --more) {
        const auto at = noon - static_cast<std::int64_t>(random() % 10'000'000'000ULL);
        added.emplace_back(from_ms(at), type("type_" + std::to_string(random() % 300)), random() % 50);
        now.window.add(from_ms(at), added.back().type(), added.back().id_hash, UINT32_MAX);
      }
      now.last_position += random() % 300;
      now.owed_at = from_ms(noon + static_cast<std::int64_t>(random() % 1'000));
      now.targets.resize(random() % 3);
      changes.push_back(encode_change(now, added));
    }
    const std::vector<std::string_view> views(changes.begin(), changes.end());
    const auto amended = amended_lead(first, views);
    ASSERT_TRUE(amended.ok()) << amended.error().what;
    EXPECT_EQ(to_hex(*amended), to_hex(encode(now))) << "round " << round;
  }
}

TEST(CodecLeadChanges, AChangeWithoutItsLeadIsCorrupt) {
  const std::string change = encode_change(lead_after(), events_added());
  const std::string_view view = change;
  EXPECT_EQ(amended_lead({}, {&view, 1}).error().code, engine::Errc::corrupt);
}

TEST(CodecExpiry, TheEndIsReadWithoutDecoding) {
  EXPECT_EQ(expiry_of(encode(IdempotencyEntry{from_ms(-5), 1, 200, ""})), -5);
  EXPECT_EQ(expiry_of(encode(IdempotencyEntry{from_ms(noon), 1, 200, ""})), noon);
  EXPECT_EQ(expiry_of(encode(RequestStatus{from_ms(noon + 1), {}, {}, {}, {}, {}, {}, {}, {}, {}})), noon + 1);
  EXPECT_EQ(expiry_of("short"), std::numeric_limits<std::int64_t>::max()) << "what is no value is kept and found";
}

TEST(LeadDigest, IsOfTheContentAndNotOfIndexes) {
  const auto before = digest(lead());
  EXPECT_EQ(to_text(before).size(), 32U);
  auto moved = lead();
  moved.shard = engine::ShardId{1};
  moved.last_position = 9;
  moved.wake_at = {};
  moved.targets[1].owed = 3;
  moved.targets[1].due_at = {};
  std::swap(moved.targets[0], moved.targets[1]);
  EXPECT_EQ(digest(moved), before);

  const std::vector<std::function<void(engine::Lead&)>> changes{
      [](auto& one) { one.id.low ^= 1U; },          [](auto& one) { one.email = "other@example.com"; },
      [](auto& one) { one.conflicts = 4; },         [](auto& one) { one.segment = engine::Segment::low; },
      [](auto& one) { one.owed_at = {}; },          [](auto& one) { one.crossed_at = {}; },
      [](auto& one) { one.window = {}; },           [](auto& one) { one.ids_beyond_window_until = {}; },
      [](auto& one) { one.targets[0].score = 90; }, [](auto& one) { one.targets.pop_back(); }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    auto changed = lead();
    changes[i](changed);
    EXPECT_NE(digest(changed), before) << "change " << i;
  }
}

TEST(LeadDigest, IsTheSameForEver) {
  EXPECT_EQ(to_text(digest(lead())), "3d091aa53482e1389ec9dd75aabbf9d7");
}

TEST(LeadDigest, OfASetIsASumThatCarries) {
  const Digest a{1, 0xFFFFFFFFFFFFFFFFULL};
  const Digest b{2, 1};
  EXPECT_EQ(a + b, (Digest{4, 0}));
  EXPECT_EQ(b + a, a + b);
  EXPECT_EQ(to_text({0xAB, 1}), "00000000000000ab0000000000000001");
}

TEST(Crc32c, AgreesWithThePublishedValuesAndWithItsTable) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);              // the check value of the algorithm's catalogue entry
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);    // RFC 3720, B.4
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);  // RFC 3720, B.4
  std::mt19937_64 random(4);
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(crc32c(bytes), crc32c_by_table(bytes));
    bytes += static_cast<char>(static_cast<unsigned char>(random() & 0xFFU));
  }
}

}  // namespace
}  // namespace leadlight::storage
