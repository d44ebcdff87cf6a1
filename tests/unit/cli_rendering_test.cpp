#include "tools/admin_client.hpp"
#include "tools/verbs/checkup.hpp"
#include "tools/verbs/paging.hpp"
#include "tools/verbs/rendering.hpp"
#include "tools/verbs/verb.hpp"

#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <optional>
#include <string>
#include <vector>

namespace leadlight::tools::verbs {
namespace {

namespace json = boost::json;
using engine::Errc;

TEST(CliColumns, AlignAndLeaveNoBlanksAtTheEnd) {
  Columns columns({"NAME", ">SCORE", "SEGMENT"});
  columns.row({"ada", "7", "low"});
  columns.row({"grace", "100", "very high"});
  EXPECT_EQ(columns.text(),
            "NAME   SCORE  SEGMENT\n"
            "ada        7  low\n"
            "grace    100  very high\n");
}

TEST(CliColumns, CountCharactersNotBytes) {
  Columns columns({});
  columns.row({"Zoë", "x"});
  columns.row({"Adam", "y"});
  EXPECT_EQ(columns.text(), "Zoë   x\nAdam  y\n");
}

TEST(CliColumns, LetNoCellMoveTheCursor) {
  Columns columns({"TYPE"});
  columns.row({"a\x1b[2J\nb"});
  EXPECT_EQ(columns.text(), "TYPE\na [2J b\n");
}

TEST(CliPlain, SaysValuesInWords) {
  EXPECT_EQ(plain(json::parse("\"text\"")), "text");
  EXPECT_EQ(plain(json::parse("null")), "-");
  EXPECT_EQ(plain(json::parse("true")), "yes");
  EXPECT_EQ(plain(json::parse("12")), "12");
  EXPECT_EQ(plain(json::parse("0.250")), "0.25");
  EXPECT_EQ(plain(json::parse("3.0")), "3");
  EXPECT_EQ(plain(json::parse("1e300")), "1e+300");
  EXPECT_EQ(plain(json::parse("[\"hg\",\"leads\"]")), "hg, leads");
  EXPECT_EQ(plain(json::parse("[]")), "-");
  EXPECT_EQ(plain(json::object{}, "missing"), "-");
}

TEST(CliPlain, TrimsPoints) {
  const json::object lead{{"whole", 40'000'000}, {"part", 8'700'000}, {"null", nullptr}};
  EXPECT_EQ(points_of(lead, "whole"), "40");
  EXPECT_EQ(points_of(lead, "part"), "8.7");
  EXPECT_EQ(points_of(lead, "null"), "-");
}

TEST(CliPlain, ReadsWholeNumbersFromTextToo) {
  const json::value state = json::parse(R"({"a":"12","b":12,"c":"12x","d":null})");
  EXPECT_EQ(whole_of(state, "a"), 12);
  EXPECT_EQ(whole_of(state, "b"), 12);
  EXPECT_FALSE(whole_of(state, "c"));
  EXPECT_FALSE(whole_of(state, "d"));
  EXPECT_FALSE(whole_of(json::value(nullptr), "a"));
}

TEST(CliPlain, SaysBytesSpansAndCounts) {
  EXPECT_EQ(bytes_text(512), "512 bytes");
  EXPECT_EQ(bytes_text(std::int64_t{3} << 29U), "1.5 GiB");
  EXPECT_EQ(age_text(0), "0 s");
  EXPECT_EQ(age_text(61'000), "1 min 1 s");
  EXPECT_EQ(age_text(3 * 86'400'000LL + 4 * 3'600'000LL + 1), "3 d 4 h");
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'234'567), "1,234,567");
  EXPECT_EQ(grouped(-123'456), "-123,456");
}

TEST(CliOutline, ShowsNestedDocuments) {
  const auto document =
      json::parse(R"({"email":"a@b.c","state":{"life":"active","events":[{"type":"x","count":2},{"type":"longer"}]}})");
  EXPECT_EQ(outline(document.get_object()),
            "email  a@b.c\n"
            "state\n"
            "  life  active\n"
            "  events\n"
            "    type    count\n"
            "    x           2\n"
            "    longer      -\n");
}

TEST(CliErrors, BecomeOneSentence) {
  EXPECT_EQ(sentence({Errc::invalid, "must be short", "name"}), "name: must be short");
  EXPECT_EQ(sentence({Errc::invalid, "name must be short", "name"}), "name must be short");
  EXPECT_EQ(sentence({Errc::invalid, "no", {}}), "no");
}

TEST(CliErrors, ComeFromProblemDocuments) {
  const auto refusal =
      refusal_of(409, R"({"title":"Conflict","status":409,"detail":"it exists already","field":"name"})");
  EXPECT_EQ(refusal.code, Errc::conflict);
  EXPECT_EQ(refusal.what, "it exists already");
  EXPECT_EQ(refusal.field, "name");
  EXPECT_EQ(refusal_of(503, R"({"title":"Service unavailable"})").what, "Service unavailable");
  EXPECT_NE(refusal_of(502, "<html>").what.find("502"), std::string::npos);
  EXPECT_NE(refusal_of(401, R"({"detail":"Unknown key"})").what.find("--token"), std::string::npos);
}

TEST(CliUrls, EncodeWhatAPathCannotHold) {
  EXPECT_EQ(url_encoded("ada+x@example.com/é"), "ada%2Bx%40example.com%2F%C3%A9");
  EXPECT_EQ(with_query("/v1/leads", {{"a", ""}, {"b", "very high"}, {"c", "1"}}), "/v1/leads?b=very%20high&c=1");
}

TEST(CliServers, AreRefusedBeforeTheyAreAsked) {
  EXPECT_EQ(AdminClient::at_server("127.0.0.1:8080", "key").error().field, "server");
  EXPECT_EQ(AdminClient::at_server("http://", "key").error().field, "server");
  EXPECT_EQ(AdminClient::at_server("http://127.0.0.1:8080", "").error().field, "token");
  EXPECT_EQ(AdminClient::at_server("http://127.0.0.1:8080", "a\r\nb: c").error().field, "token");
  EXPECT_EQ(AdminClient::at_server("http://127.0.0.1:8080/", "key").value()->place(), "http://127.0.0.1:8080");
}

TEST(CliData, NeedsADirectoryThatInitMade) {
  const auto client = AdminClient::on_data({"/nonexistent/leadlight", std::nullopt, false});
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, Errc::not_found);
}

/// Answers each call with the next of `answers`, and keeps what was asked.
class ScriptedClient final : public AdminClient {
 public:
  explicit ScriptedClient(std::vector<std::string> answers) : answers_(std::move(answers)) {}
  [[nodiscard]] std::string place() const override { return "script"; }
  std::vector<std::string> asked;

 private:
  engine::Result<Exchange> exchange(std::string_view, std::string_view path, std::string, std::string_view) override {
    asked.emplace_back(path);
    return Exchange{200, answers_.at(asked.size() - 1)};
  }
  std::vector<std::string> answers_;
};

TEST(CliPaging, AsksOnUntilThereAreEnough) {
  ScriptedClient client({R"({"rows":[1,2],"next":"c d"})", R"({"rows":[3],"next":"e"})"});
  const auto found = collect(client, {"/rows", {{"sort", "x"}, {"left", ""}}, "rows", 3, 2});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rows.size(), 3U);
  EXPECT_EQ(found->next, "e");
  EXPECT_EQ(client.asked, (std::vector<std::string>{"/rows?sort=x&limit=2", "/rows?sort=x&limit=1&after=c%20d"}));
}

TEST(CliPaging, EndsWhereTheListEnds) {
  ScriptedClient client({R"({"rows":[1],"next":"c"})", R"({"rows":[2],"next":null})"});
  const auto found = collect(client, {"/rows", {}, "rows", 100, 1});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rows.size(), 2U);
  EXPECT_EQ(found->next, "");
}

TEST(CliAnswers, ThatAreNoJsonAreRefused) {
  ScriptedClient client({"<html>"});
  const auto answer = client.call("GET", "/");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::internal);
}

Health health_of(const Findings& findings, std::string_view check) {
  for (const auto& finding : findings)
    if (finding.check == check) return finding.health;
  ADD_FAILURE() << check;
  return Health::wrong;
}

TEST(CliDoctor, FindsNothingWrongWithAnIdleEngine) {
  Findings findings;
  judge_state(json::parse(R"({"lead_host":"hosted","resident_bytes":"10","resident_bytes_max":"1000",
    "disk_free_bytes":"90000000000","disk_total_bytes":"100000000000","actor_restarts":"0"})"),
              findings);
  judge_models(json::parse(R"({"models":[{"id":"starter","version":1}]})"), findings);
  judge_tokens(json::parse(R"({"tokens":[{"id":"key_1","revoked_at":null}]})"), findings);
  for (const auto& finding : findings) {
    EXPECT_EQ(finding.health, Health::ok) << finding.check << ": " << finding.found;
    EXPECT_EQ(finding.remedy, "");
  }
}

TEST(CliDoctor, NamesARemedyForAllThatIsNotOk) {
  Findings findings;
  judge_state(json::parse(R"({"resident_bytes":"990","resident_bytes_max":"1000","disk_free_bytes":"100000000",
    "disk_total_bytes":"100000000000","actor_restarts":"2","records_in_flight":"15000"})"),
              findings);
  judge_models(json::parse(R"({"models":[]})"), findings);
  judge_tokens(json::parse(R"({"tokens":[{"id":"key_1","revoked_at":"2026-05-01T12:00:00.000Z"}]})"), findings);
  judge_targets(json::parse(R"({"targets":[{"name":"crm","state":"held","reason":"no answer","queued":3,
    "dead_letters":1,"quota_used":0.9}]})"),
                true, findings);
  EXPECT_FALSE(sound(findings));
  EXPECT_EQ(health_of(findings, "disk"), Health::wrong);
  EXPECT_EQ(health_of(findings, "memory"), Health::warn);
  EXPECT_EQ(health_of(findings, "restarts"), Health::warn);
  EXPECT_EQ(health_of(findings, "target crm"), Health::wrong);
  for (const auto& finding : findings) EXPECT_EQ(finding.remedy.empty(), finding.health == Health::ok) << finding.check;
}

TEST(CliDoctor, TellsOfTheSpoolWhenThereIsOne) {
  const auto judged = [](const char* state) {
    Findings findings;
    judge_state(json::parse(state), findings);
    return health_of(findings, "spool");
  };
  EXPECT_EQ(judged(R"({"spool_bytes_max":"1000","spool_bytes":"0","spool_pending":"0"})"), Health::ok);
  EXPECT_EQ(judged(R"({"spool_bytes_max":"1000","spool_bytes":"500","spool_pending":"3"})"), Health::warn);
  EXPECT_EQ(judged(R"({"spool_bytes_max":"1000","spool_bytes":"801","spool_pending":"9"})"), Health::wrong);
  EXPECT_EQ(judged(R"({"spool_bytes_max":"1000","spool_bytes":"0","spool_damaged":"1"})"), Health::wrong);
}

TEST(CliDoctor, DoesNotBlameATargetThatDoesNotRun) {
  Findings findings;
  judge_targets(json::parse(R"({"targets":[{"name":"crm","state":"held","queued":0,"dead_letters":0}]})"), false,
                findings);
  EXPECT_TRUE(sound(findings));
}

}  // namespace
}  // namespace leadlight::tools::verbs
