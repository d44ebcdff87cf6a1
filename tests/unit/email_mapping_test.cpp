// Mappings of e-mail vendors: every payload of tests/data/email_vendors/ becomes what is written beside it, mistakes in
// a mapping file are named, and a vendor that nobody has heard of needs a file alone.
#include "engine/hash.hpp"
#include "net/email/email_events.hpp"
#include "net/text/toml_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <boost/json.hpp>

#include <filesystem>
#include <fstream>

namespace leadlight::net {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;

const engine::Timestamp noon = engine::from_ms(1'777'636'800'000);
const std::filesystem::path data_folder = std::filesystem::path(LEADLIGHT_SOURCE_DIR) / "tests/data/email_vendors";

std::vector<json::value> lines_of(const std::string& name) {
  std::ifstream in(data_folder / name);
  std::vector<json::value> all;
  for (std::string line; std::getline(in, line);) all.push_back(json::parse(line));
  return all;
}

EventContext context() {
  EventContext context;
  context.organisation = engine::OrganisationId{7};
  context.received_at = noon;
  context.request_id = "req_own";
  return context;
}

HttpRequest call(std::string body, Headers headers = {}) {
  HttpRequest request;
  request.method = "POST";
  request.headers = std::move(headers);
  request.body = std::move(body);
  request.received_at = noon;
  return request;
}

engine::Result<EmailIntake> read(const EmailVendors& vendors, const std::string& vendor, const HttpRequest& request) {
  const auto* mapping = vendors.find(vendor);
  if (mapping == nullptr) return engine::Error{engine::Errc::not_found, vendor, {}};
  return read_email_events(*mapping, vendors.machines(), request, context());
}

const engine::EngagementEvent& event_in(const engine::Record& record) {
  return std::get<engine::EngagementEvent>(record.body);
}

/// As expected.jsonl has it.
json::value shown(const EmailIntake& intake) {
  json::array events;
  for (const auto& record : intake.records) {
    const auto& event = event_in(record);
    json::value id = event.event_id.empty() ? json::value(nullptr) : json::value(event.event_id);
    const auto at = event.occurred_at == noon ? std::string("received") : format_time(event.occurred_at);
    events.push_back(json::array{record.email, std::string(event.type.name()), at, std::move(id)});
  }
  return json::object{{"events", events}, {"ignored", intake.ignored}, {"rejected", intake.rejected}};
}

class Folder {
 public:
  Folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "leadlight_mappings_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path_ / name) << text; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST(EmailMappings, EveryPayloadBecomesWhatIsWrittenBesideIt) {
  const auto vendors = EmailVendors::built_in();
  const auto payloads = lines_of("payloads.jsonl");
  const auto expected = lines_of("expected.jsonl");
  ASSERT_EQ(payloads.size(), 68U);
  ASSERT_EQ(expected.size(), payloads.size());
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    auto wanted = expected[i].as_object();
    std::string vendor(wanted.at("vendor").as_string());
    const auto name = vendor + " " + std::string(wanted.at("case").as_string());
    ASSERT_EQ(payloads[i].at("case"), wanted.at("case"));
    if (vendor == "amazon_ses") vendor = "ses";
    wanted.erase("vendor");
    wanted.erase("case");
    const auto request = call(json::serialize(payloads[i].at("payload")), {{"svix-id", "msg_test"}});
    const auto intake = read(*vendors, vendor, request);
    ASSERT_TRUE(intake) << name << ": " << intake.error().what;
    EXPECT_EQ(shown(*intake), json::value(wanted)) << name << ": " << intake->first_fault;
    for (const auto& record : intake->records) {
      EXPECT_EQ(record.surface, engine::Surface::email_vendor) << name;
      EXPECT_EQ(record.lead, engine::lead_id(engine::OrganisationId{7}, record.email)) << name;
      EXPECT_EQ(json::parse(event_in(record).properties).at("vendor").as_string(), vendor) << name;
    }
  }
}

TEST(EmailMappings, KeepWhatAPersonLooksFor) {
  const auto vendors = EmailVendors::built_in();
  const auto intake = read(*vendors, "postmark", call(R"({"RecordType":"Click","Recipient":"Ada@Example.com",
      "MessageID":"m-1","ReceivedAt":"2026-05-01T11:00:00Z","OriginalLink":"https://example.com/a?b=c","Tag":"welcome",
      "UserAgent":"Mozilla/5.0 (X11) Firefox/126.0"})"));
  ASSERT_TRUE(intake) << intake.error().what;
  ASSERT_EQ(intake->records.size(), 1U);
  EXPECT_EQ(event_in(intake->records[0]).properties,
            R"({"vendor":"postmark","campaign":"welcome","message_id":"m-1","url":"https://example.com/a?b=c",)"
            R"("user_agent":"Mozilla/5.0 (X11) Firefox/126.0"})");
}

TEST(EmailMappings, ARepetitionHasTheSameIdAndAnotherEventAnother) {
  const auto vendors = EmailVendors::built_in();
  const auto id_of = [&](const std::string& vendor, const std::string& body) {
    const auto intake = read(*vendors, vendor, call(body));
    EXPECT_TRUE(intake && intake->records.size() == 1) << body;
    return intake && !intake->records.empty() ? event_in(intake->records[0]).id_hash : 0;
  };
  const std::string click = R"({"RecordType":"Click","Recipient":"a@b.com","MessageID":"m",)";
  const auto first =
      id_of("postmark", click + R"("ReceivedAt":"2026-05-01T11:00:00Z","OriginalLink":"https://x.com/1"})");
  EXPECT_EQ(first,
            id_of("postmark", click + R"("OriginalLink":"https://x.com/1","ReceivedAt":"2026-05-01T11:00:00Z"})"));
  EXPECT_NE(first,
            id_of("postmark", click + R"("ReceivedAt":"2026-05-01T11:00:01Z","OriginalLink":"https://x.com/1"})"));
  EXPECT_NE(first,
            id_of("postmark", click + R"("ReceivedAt":"2026-05-01T11:00:00Z","OriginalLink":"https://x.com/2"})"));
  // An id is its vendor's own.
  EXPECT_NE(id_of("sendgrid", R"([{"event":"open","email":"a@b.com","sg_event_id":"1"}])"),
            id_of("mailtrap", R"({"events":[{"event":"open","email":"a@b.com","event_id":"1"}]})"));
}

TEST(EmailMappings, ProxiesAndScannersAreNoPeople) {
  const auto vendors = EmailVendors::built_in();
  const auto type_of = [&](const std::string& vendor, const std::string& body) -> std::string {
    const auto intake = read(*vendors, vendor, call(body));
    if (!intake || intake->records.size() != 1) return "none";
    const auto type = event_in(intake->records[0]).type.name();
    EXPECT_EQ(intake->by_machine, type == opened_by_proxy || type == clicked_by_scanner ? 1U : 0U) << body;
    return std::string(type);
  };
  const auto sendgrid = [&](const std::string& event, const std::string& rest) {
    return type_of("sendgrid", R"([{"email":"a@b.com","event":")" + event + "\"," + rest + "}]");
  };
  EXPECT_EQ(sendgrid("open", R"("sg_machine_open":true)"), opened_by_proxy);
  EXPECT_EQ(sendgrid("open", R"("sg_machine_open":false)"), "email_opened");
  EXPECT_EQ(sendgrid("open", R"j("useragent":"Mozilla/5.0 (Windows NT 5.1) (via ggpht.com GoogleImageProxy)")j"),
            opened_by_proxy);
  EXPECT_EQ(sendgrid("open", R"("useragent":"YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy")"),
            opened_by_proxy);
  EXPECT_EQ(sendgrid("open", R"("useragent":"Mozilla/5.0")"), opened_by_proxy) << "Apple's proxy says nothing more";
  EXPECT_EQ(sendgrid("open", R"j("useragent":"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)")j"),
            "email_opened");
  for (const auto* scanner : {"Barracuda Sentinel (EE)", "mimecast", "Proofpoint URL Defense", "python-requests/2.31"})
    EXPECT_EQ(sendgrid("click", std::string(R"("useragent":")") + scanner + "\""), clicked_by_scanner) << scanner;
  EXPECT_EQ(sendgrid("bounce", R"("useragent":"mimecast")"), "email_bounced");
  const std::string open = R"([{"msys":{"track_event":{"type":"open","rcpt_to":"a@b.com",)";
  EXPECT_EQ(type_of("sparkpost", open + R"("is_prefetched":true}}}])"), opened_by_proxy);
  EXPECT_EQ(type_of("sparkpost", open + R"("is_prefetched":false}}}])"), "email_opened");
  EXPECT_EQ(type_of("postmark", R"({"RecordType":"Open","Recipient":"a@b.com","UserAgent":"x",
      "Client":{"Name":"Apple Mail Privacy Protection"}})"),
            opened_by_proxy);
}

TEST(EmailMappings, SesComesInsideANotification) {
  const auto vendors = EmailVendors::built_in();
  const json::value inner = {{"eventType", "Click"},
                             {"mail", {{"destination", {"Ann <a@b.com>", "c@d.com"}}, {"messageId", "m"}}},
                             {"click", {{"timestamp", "2026-05-01T11:00:00.5Z"}, {"link", "https://x.com"}}}};
  const json::value outer = {{"Type", "Notification"}, {"MessageId", "sns-1"}, {"Message", json::serialize(inner)}};
  const auto intake = read(*vendors, "ses", call(json::serialize(outer)));
  ASSERT_TRUE(intake) << intake.error().what;
  EXPECT_EQ(json::serialize(shown(*intake)),
            R"({"events":[["a@b.com","email_clicked","2026-05-01T11:00:00.500Z","sns-1"],)"
            R"(["c@d.com","email_clicked","2026-05-01T11:00:00.500Z","sns-1"]],"ignored":0,"rejected":0})");
  const auto words =
      read(*vendors, "ses", call(R"({"Type":"Notification","Message":"Successfully validated SNS topic"})"));
  ASSERT_TRUE(words);
  EXPECT_EQ(json::serialize(shown(*words)), R"({"events":[],"ignored":1,"rejected":0})");
  const auto broken = read(*vendors, "ses", call(R"({"Type":"Notification","Message":"{\"a\":"})"));
  ASSERT_TRUE(broken);
  EXPECT_EQ(json::serialize(shown(*broken)), R"({"events":[],"ignored":0,"rejected":1})");
}

TEST(EmailMappings, OneBadEventDoesNotHoldUpTheOthers) {
  const auto vendors = EmailVendors::built_in();
  const std::string good = R"({"event":"open","email":"a@b.com","timestamp":1777630000})";
  const std::vector<std::string> bad = {
      R"({"event":"open","email":"nobody"})",
      R"({"event":"open"})",
      R"({"event":"open","email":"a@b.com","timestamp":"yesterday"})",
      R"({"event":"open","email":"a@b.com","timestamp":1e300})",
      R"({"event":"open","email":"a@b.com","timestamp":-5})",
      R"({"event":"open","email":"a@b.com","timestamp":4000000000})",
      R"({"event":"open","email":"a@b.com","email":"c@d.com"})",
      R"({"event":"open","email":"a@b.com","a@b.com":1,"a@b.com":2})",
      R"({"event":"open","email":"a@b.com","x":"\u0000"})",
      R"({"event":"open","email":"a@b.com","sg_event_id":")" + std::string(300, 'i') + "\"}",
      "7",
  };
  for (const auto& event : bad) {
    const auto intake = read(*vendors, "sendgrid", call("[" + event + "," + good + "]"));
    ASSERT_TRUE(intake) << event;
    EXPECT_EQ(intake->records.size(), 1U) << event;
    EXPECT_EQ(intake->rejected + intake->ignored, 1U) << event;
    EXPECT_EQ(intake->first_fault.find("a@b.com"), std::string::npos) << "no personal data: " << intake->first_fault;
  }
}

TEST(EmailMappings, ABodyThatCannotBeReadIsRefused) {
  const auto vendors = EmailVendors::built_in();
  for (const std::string body :
       {"", "x", "[", "{\"event\":", "\"text\"", "[{\"event\":\"open\"}", "{\"a\":1,\"a\":2}", "\xFF", "null"}) {
    const auto intake = read(*vendors, "sendgrid", call(body));
    ASSERT_FALSE(intake) << body;
    EXPECT_EQ(intake.error().code, engine::Errc::invalid) << body;
  }
  std::string many = "[{}";
  for (int i = 0; i < 10'000; ++i) many += ",{}";
  EXPECT_EQ(read(*vendors, "sendgrid", call(many + "]")).error().code, engine::Errc::too_large);
}

TEST(EmailMappings, ANewVendorIsAFile) {
  const Folder folder;
  folder.write("acme.toml", R"(
vendor = "acme"
title = "Acme Mail"
[body]
form_field = "payload"
events = "batch[]"
[event]
name = ["kind", "detail.\"sub.kind\""]
email = "$body.to"
id = "$header.X-Acme-Id"
time = "at"
time_format = "unix_milliseconds"
[types]
viewed = "email_opened"
"viewed/again" = "email_opened_again"
[machine]
agents = "by"
fragments = "AcmeRobot"
[properties]
link = "href"
[signature]
scheme = "hmac_sha256_base64"
signature_header = "X-Acme-Signature"
prefix = "v0="
)");
  const auto vendors = EmailVendors::load(folder.path());
  ASSERT_TRUE(vendors) << vendors.error().what;
  EXPECT_NE((*vendors)->find("sendgrid"), nullptr) << "those built in are still there";
  const auto request = call(
      "x=1&payload=%7B%22to%22%3A%22a%40b.com%22%2C%22batch%22%3A%5B"
      "%7B%22kind%22%3A%22viewed%22%2C%22at%22%3A1777636700123%2C%22href%22%3A%22https%3A%2F%2Fx.com%22%7D%2C"
      "%7B%22kind%22%3A%22viewed%22%2C%22detail%22%3A%7B%22sub.kind%22%3A%22again%22%7D%2C%22at%22%3A1777636700124%7D%"
      "2C"
      "%7B%22kind%22%3A%22viewed%22%2C%22by%22%3A%22acmerobot%2F2%22%2C%22at%22%3A1777636700125%7D%2C"
      "%7B%22kind%22%3A%22other%22%7D%5D%7D",
      {{"x-acme-id", "call-1"}});
  const auto intake = read(**vendors, "acme", request);
  ASSERT_TRUE(intake) << intake.error().what;
  EXPECT_EQ(json::serialize(shown(*intake)),
            R"({"events":[["a@b.com","email_opened","2026-05-01T11:58:20.123Z","call-1"],)"
            R"(["a@b.com","email_opened_again","2026-05-01T11:58:20.124Z","call-1"],)"
            R"(["a@b.com","email_opened_by_proxy","2026-05-01T11:58:20.125Z","call-1"]],"ignored":1,"rejected":0})");
}

TEST(EmailMappings, AFileTakesThePlaceOfOneBuiltIn) {
  const Folder folder;
  const std::string minimal = "[event]\nname = \"e\"\nemail = \"m\"\n[types]\nx = \"email_opened\"\n";
  folder.write("mine.toml", "vendor = \"mailjet\"\n" + minimal);
  folder.write("machines.toml", "contains = [\"robot\"]\n");
  const auto vendors = EmailVendors::load(folder.path());
  ASSERT_TRUE(vendors) << vendors.error().what;
  const auto intake = read(**vendors, "mailjet", call(R"({"e":"x","m":"a@b.com"})"));
  ASSERT_TRUE(intake);
  EXPECT_EQ(intake->records.size(), 1U);
  EXPECT_TRUE((*vendors)->machines().match("A Robot", {}));
  EXPECT_FALSE((*vendors)->machines().match("mimecast", {}));
  folder.write("second.toml", "vendor = \"mailjet\"\n" + minimal);
  const auto twice = EmailVendors::load(folder.path());
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().what, HasSubstr("mine.toml"));
  EXPECT_THAT(twice.error().what, HasSubstr("second.toml"));
}

TEST(EmailMappings, MistakesAreNamedWithLineKeyAndRemedy) {
  const auto fault = [](const std::string& toml) {
    const auto mapping = read_email_mapping(toml, "m.toml");
    return mapping ? std::string("none") : mapping.error().what;
  };
  const std::string good = "vendor = \"a\"\n[event]\nname = \"e\"\nemail = \"m\"\n[types]\nx = \"t\"\n";
  EXPECT_EQ(fault(good), "none");
  EXPECT_THAT(fault("vendor = "), HasSubstr("m.toml:1: "));
  EXPECT_THAT(fault("[event]\nname = \"e\"\nemail = \"m\"\n[types]\n"),
              HasSubstr("vendor: is missing; write for example"));
  EXPECT_THAT(fault("vendor = \"A b\"\n" + good.substr(13)), HasSubstr("m.toml:1: vendor: must be 1 to 64 lower-case"));
  EXPECT_THAT(fault("vendor = \"a\"\n[types]\nx = \"t\"\n"), HasSubstr("event: is missing"));
  EXPECT_THAT(fault(good + "y = \"Not A Type\"\n"), HasSubstr("m.toml:7: types.y: must be one type in snake_case"));
  EXPECT_THAT(fault(good + "[extra]\n"), HasSubstr("m.toml:7: extra: there is no such key here; the keys are vendor"));
  EXPECT_THAT(fault(good + "[event2]\n[machine]\nagent = \"x\"\n"), HasSubstr("machine.agent: there is no such key"));
  EXPECT_THAT(fault(good + "[signature]\nscheme = \"md5\"\n"),
              HasSubstr("\"md5\" is not known; use one of: none, ecdsa"));
  EXPECT_THAT(fault(good + "[signature]\nscheme = \"hmac_sha256_hex\"\n"),
              HasSubstr("signature.signature_header: is missing"));
  EXPECT_THAT(fault(good + "[body]\nevents = \"a..b\"\n"), HasSubstr("m.toml:8: body.events: \"a..b\" is no path"));
  EXPECT_THAT(fault("vendor = \"a\"\n[event]\nname = 7\nemail = \"m\"\n[types]\nx = \"t\"\n"),
              HasSubstr("m.toml:3: event.name: is neither a text nor a list of texts"));
  EXPECT_THAT(fault("vendor = \"a\"\n[event]\nname = \"e\"\nemail = \"m\"\ntime = \"t\"\n[types]\nx = \"t\"\n"),
              HasSubstr("event.time_format: is missing"));
  const auto none = EmailVendors::load("/nonexistent/folder");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().field, "hooks.email_mappings_dir");
}

TEST(JsonPath, LeadsToWhatItSays) {
  const auto value = json::parse(R"({"a":{"b":[{"c":1},{"c":2},{"d":null}],"x.y":3},"n":null})");
  const auto picked = [&](std::string_view text) {
    std::vector<std::string> found;
    const auto path = parse_json_path(text);
    EXPECT_TRUE(path) << text;
    if (path)
      for (const auto* one : pick(value, *path)) found.push_back(json::serialize(*one));
    return found;
  };
  EXPECT_THAT(picked("a.b[].c"), ElementsAre("1", "2"));
  EXPECT_THAT(picked("a.\"x.y\""), ElementsAre("3"));
  EXPECT_THAT(picked("a.\"x.y\"[]"), ElementsAre("3")) << "what is no array is one of itself";
  EXPECT_THAT(picked("a.b[].*"), ElementsAre("1", "2"));
  EXPECT_THAT(picked("n"), ElementsAre());
  EXPECT_THAT(picked("a.b.c"), ElementsAre()) << "an array is not looked through unasked";
  EXPECT_EQ(picked("").size(), 1U);
  for (const auto* bad : {".", "a.", ".a", "a b", "a[0]", "a[", "\"", "\"\"", "a\"b\"", "**"})
    EXPECT_FALSE(parse_json_path(bad)) << bad;
  EXPECT_FALSE(parse_json_path("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q"));
}

}  // namespace
}  // namespace leadlight::net
