// Salesforce's wire form, checked on plain values: the vectors of the contract sheet, sections 2 to 7.
#include "net/targets/salesforce_wire.hpp"

#include "net/targets/salesforce_auth.hpp"
#include "net/targets/salesforce_describe.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <boost/json.hpp>

#include <memory>

namespace leadlight::net::salesforce {
namespace {

namespace json = boost::json;

const Fields fields{"Score__c", "Segment__c", "Signals__c", ""};
const Fields timed{"Score__c", "Segment__c", "Signals__c", "Scored_At__c"};

OutboundAnswer answer(std::uint16_t status, std::string body, Headers headers = {}) {
  return {status, std::move(headers), std::move(body)};
}

TEST(SalesforceSoql, QuotesQuoteAndBackslash) {
  EXPECT_EQ(soql_quote("o'brien@x.io"), R"('o\'brien@x.io')");
  EXPECT_EQ(soql_quote(R"(a\b@x.io)"), R"('a\\b@x.io')");
  EXPECT_EQ(soql_quote(R"(\'@x.io)"), R"('\\\'@x.io')");
  EXPECT_EQ(soql_quote("a\nb"), R"('a\u000Ab')");
  EXPECT_EQ(soql_quote("żółw@x.io"), "'żółw@x.io'");
}

TEST(SalesforceSoql, RefusesControlCharactersAndOverlongAddresses) {
  EXPECT_TRUE(queryable("a@x.io"));
  EXPECT_FALSE(queryable(""));
  EXPECT_FALSE(queryable("a\r@x.io"));
  EXPECT_FALSE(queryable("a\x7F@x.io"));
  EXPECT_FALSE(queryable(std::string(250, 'a') + "@x.io"));
}

TEST(SalesforceSoql, AsksForTheMappedFieldsByEmail) {
  const std::vector<std::string> emails = {"a@x.io", "b@y.io"};
  EXPECT_EQ(
      look_up_query(LookUp::lead_by_email, fields, emails, false),
      "SELECT Id, Email, IsConverted, ConvertedContactId, Score__c, Segment__c, Signals__c FROM Lead WHERE Email IN "
      "('a@x.io','b@y.io')");
  EXPECT_EQ(look_up_query(LookUp::lead_by_email, timed, {emails.data(), 1}, true),
            "SELECT Id, Email, IsConverted, ConvertedContactId, Score__c, Segment__c, Signals__c, Scored_At__c, "
            "CreatedDate FROM "
            "Lead WHERE Email IN ('a@x.io')");
}

TEST(SalesforceSoql, AQueryHoldsAtMost100AddressesAnd8KilobytesEncoded) {
  std::vector<std::string> emails;
  for (int i = 0; i < 230; ++i) emails.push_back("lead" + std::to_string(i) + "@example.com");
  const auto by_count = split_keys(LookUp::lead_by_email, fields, emails, false);
  ASSERT_EQ(by_count.size(), 3U);
  EXPECT_EQ(by_count[0].size(), 100U);
  EXPECT_EQ(by_count[2].size(), 30U);
  std::vector<std::string> wide;
  for (int i = 0; i < 100; ++i) wide.push_back(std::string(120, '\'') + std::to_string(i) + "@example.com");
  std::size_t seen = 0;
  for (const auto& group : split_keys(LookUp::lead_by_email, fields, wide, false)) {
    EXPECT_LE(percent_encode(look_up_query(LookUp::lead_by_email, fields, group, false)).size(), query_bytes_max);
    seen += group.size();
  }
  EXPECT_EQ(seen, wide.size());
}

TEST(SalesforcePage, ReadsRecordsAndTheNextPage) {
  const auto page =
      parse_page(R"({"totalSize":2,"done":false,"nextRecordsUrl":"/services/data/v60.0/query/01g-2000","records":[
      {"attributes":{"type":"Lead"},"Id":"00Q1","Email":"A@X.io","IsConverted":false,"ConvertedContactId":null,
       "Score__c":73.0,"Segment__c":"high","Signals__c":"x","Scored_At__c":"2026-01-31T12:00:00.000+0000"}]})",
                 timed);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->records.size(), 1U);
  EXPECT_EQ(page->records[0].email, "a@x.io");
  EXPECT_EQ(page->records[0].score, 73.0);
  EXPECT_EQ(page->records[0].scored_at, engine::from_ms(1'769'860'800'000));
  EXPECT_EQ(page->next_url, "/services/data/v60.0/query/01g-2000");
  EXPECT_FALSE(parse_page("<html>", fields));
  EXPECT_FALSE(parse_page("[]", fields));
}

TEST(SalesforceComparison, WhatSalesforceAltersIsNotADifference) {
  const Values values{73, "high", "one\ntwo", {}};
  Held held;
  held.score = 73;
  held.segment = "high";
  held.signals = "one\r\ntwo\r\n";
  EXPECT_TRUE(holds(held, values));
  held.signals = "one";
  EXPECT_FALSE(holds(held, values));
  held.signals = "one\ntwo";
  held.score.reset();
  EXPECT_FALSE(holds(held, values));
  EXPECT_FALSE(holds(Held{}, Values{0, "low", "", {}}));
}

TEST(SalesforceSignals, AreCutAtWholeLinesAndWholeCharacters) {
  EXPECT_EQ(cut_signals("one\ntwo\nthree", 20), "one\ntwo\nthree");
  EXPECT_EQ(cut_signals("one\ntwo\nthree", 12), "one\ntwo");
  EXPECT_EQ(cut_signals("one\ntwo\nthree", 7), "one\ntwo");
  EXPECT_EQ(cut_signals("one\ntwo\nthree", 6), "one");
  EXPECT_EQ(cut_signals("żółw", 2), "żó");
  EXPECT_EQ(cut_signals("a😀b", 2), "a");  // two for Salesforce
  EXPECT_EQ(cut_signals("abc", 0), "");
}

TEST(SalesforceCollection, HasTheShapeThatRealClientsSend) {
  const std::vector<RecordWrite> writes = {{"Lead", "00Q1", {73, "high", "↑ demo", engine::from_ms(1'769'860'800'000)}},
                                           {"Contact", "0031", {0, "low", "", {}}}};
  const auto body = json::parse(collection_body(writes, timed, fields)).as_object();
  EXPECT_EQ(body.at("allOrNone"), json::value(false));
  EXPECT_EQ(
      body.at("records").as_array()[0],
      json::parse(R"({"attributes":{"type":"Lead"},"id":"00Q1","Score__c":73,"Segment__c":"high","Signals__c":"↑ demo",
                            "Scored_At__c":"2026-01-31T12:00:00.000+0000"})"));
  EXPECT_EQ(body.at("records").as_array()[1],
            json::parse(
                R"({"attributes":{"type":"Contact"},"id":"0031","Score__c":0,"Segment__c":"low","Signals__c":null})"));
}

TEST(SalesforceCollection, AnswersAreReadByPosition) {
  const auto answers = parse_answers(R"([{"id":"00Q1","success":true,"errors":[]},
      {"success":false,"errors":[{"statusCode":"STRING_TOO_LONG","message":"m","fields":["X__c"]}]}])",
                                     2);
  ASSERT_TRUE(answers);
  EXPECT_TRUE((*answers)[0].success);
  EXPECT_EQ((*answers)[1].code, "STRING_TOO_LONG");
  EXPECT_EQ((*answers)[1].fields, std::vector<std::string>{"X__c"});
  EXPECT_FALSE(parse_answers("[]", 2));
  EXPECT_FALSE(parse_answers(R"({"success":true})", 1));
}

struct CallCase {
  std::uint16_t status;
  std::string body;
  CallClass expected;
};

TEST(SalesforceErrors, TopLevelTable) {
  const auto list = [](std::string code, std::string message = "m") {
    return R"([{"message":")" + message + R"(","errorCode":")" + code + R"("}])";
  };
  const std::vector<CallCase> cases = {
      {200, "{}", CallClass::ok},
      {204, "", CallClass::ok},
      {300, "[]", CallClass::refused},
      {400, list("MALFORMED_QUERY"), CallClass::refused},
      {400, list("JSON_PARSER_ERROR"), CallClass::refused},
      {400, list("MALFORMED_ID"), CallClass::refused},
      {400, list("INVALID_FIELD"), CallClass::configuration},
      {400, list("INVALID_TYPE"), CallClass::configuration},
      {401, list("INVALID_SESSION_ID"), CallClass::expired},
      {401, list("INVALID_SESSION_ID", "This session is not valid for use with the REST API"),
       CallClass::configuration},
      {401, list("X", "Connected app is not attached to Agent"), CallClass::configuration},
      {403, list("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), CallClass::later},
      {403, list("API_DISABLED_FOR_ORG"), CallClass::configuration},
      {403, list("INSUFFICIENT_ACCESS"), CallClass::configuration},
      {403, "", CallClass::configuration},
      {404, list("NOT_FOUND"), CallClass::configuration},
      {405, "", CallClass::configuration},
      {409, "", CallClass::retry},
      {410, list("UNSUPPORTED_API_VERSION"), CallClass::configuration},
      {412, "", CallClass::retry},
      {414, "<h1>Bad Message 414</h1>", CallClass::too_long},
      {415, "", CallClass::configuration},
      {420, "", CallClass::retry},
      {428, "", CallClass::retry},
      {429, "", CallClass::later},
      {431, "", CallClass::too_long},
      {500, list("UNKNOWN_EXCEPTION"), CallClass::retry},
      {502, "<html>", CallClass::retry},
      {503, list("SERVER_UNAVAILABLE"), CallClass::retry},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(testing::Message() << one.status << " " << one.body);
    EXPECT_EQ(classify_call(answer(one.status, one.body)).kind, one.expected);
  }
}

TEST(SalesforceErrors, TellsDailyFromConcurrentLimitsAndReadsRetryAfter) {
  const std::string start = R"([{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":")";
  EXPECT_TRUE(classify_call(answer(403, start + R"(TotalRequests Limit exceeded."}])")).daily_limit);
  EXPECT_FALSE(classify_call(answer(403, start + R"(ConcurrentRequests (Concurrent API Requests) Limit exceeded."}])"))
                   .daily_limit);
  EXPECT_EQ(classify_call(answer(429, "", {{"retry-after", "7"}})).retry_after, engine::Milliseconds{7000});
  EXPECT_EQ(classify_call(answer(429, "", {{"retry-after", "soon"}})).retry_after, std::nullopt);
}

TEST(SalesforceErrors, ReasonsCarryNeitherAddressesNorQueries) {
  const auto verdict =
      classify_call(answer(400, R"([{"errorCode":"INVALID_FIELD","message":"\nFROM Lead WHERE Email IN ('ann.doe)"
                                R"(\n   ^\nERROR at Row:1:Column:8\n)"
                                R"(No such column 'Foo__c' on entity 'Lead'"}])"));
  EXPECT_NE(verdict.reason.find("No such column 'Foo__c'"), std::string::npos);
  EXPECT_EQ(verdict.reason.find("ann.doe"), std::string::npos);
  EXPECT_EQ(scrub("user <ann@x.io> of\nx"), "user <(address)> of x");
  const RecordAnswer too_long{
      false, "STRING_TOO_LONG", "Signals: data value too large: Ann Doe (max length=40)", {"Signals__c"}};
  EXPECT_EQ(describe_record(too_long), "Salesforce refused the record: STRING_TOO_LONG on Signals__c");
  EXPECT_EQ(
      classify_call(answer(400, R"([{"errorCode":"MALFORMED_QUERY","message":"near 'ann'"}])")).reason.find("ann"),
      std::string::npos);
}

TEST(SalesforceErrors, RecordTable) {
  const auto kind = [](std::string code, std::string message = {}) {
    return classify_record({false, std::move(code), std::move(message), {}});
  };
  for (const auto* code : {"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG",
                           "UNKNOWN_EXCEPTION", "ALL_OR_NONE_OPERATION_ROLLED_BACK"})
    EXPECT_EQ(kind(code), RecordClass::retry) << code;
  for (const auto* code : {"LIMIT_EXCEEDED", "REQUEST_LIMIT_EXCEEDED"})
    EXPECT_EQ(kind(code), RecordClass::later) << code;
  for (const auto* code : {"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"})
    EXPECT_EQ(kind(code), RecordClass::look_up) << code;
  for (const auto* code :
       {"INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE", "NUMBER_OUTSIDE_VALID_RANGE",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION", "FIELD_INTEGRITY_EXCEPTION", "REQUIRED_FIELD_MISSING",
        "DUPLICATES_DETECTED", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "INSUFFICIENT_ACCESS_OR_READONLY", "MALFORMED_ID"})
    EXPECT_EQ(kind(code), RecordClass::permanent) << code;
  EXPECT_EQ(kind("STRING_TOO_LONG"), RecordClass::cut);
  EXPECT_EQ(kind("CANNOT_UPDATE_CONVERTED_LEAD"), RecordClass::converted);
  EXPECT_EQ(kind("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "LeadTrigger: UNABLE_TO_LOCK_ROW, unable to obtain"),
            RecordClass::retry);
}

TEST(SalesforceErrors, LearnsTheLengthFromTheLastMark) {
  EXPECT_EQ(max_length("Signals: data value too large: (max length=9) x (max length=40)"), 40U);
  EXPECT_EQ(max_length("data value too large"), std::nullopt);
  EXPECT_EQ(max_length("max length="), std::nullopt);
}

TEST(SalesforceLimits, ReadsTheFullerOfTwoAllocations) {
  EXPECT_DOUBLE_EQ(quota_used("api-usage=18/5000").value_or(-1), 0.0036);
  EXPECT_DOUBLE_EQ(quota_used("api-usage=25/5000; per-app-api-usage=125/250(appName=sample)").value_or(-1), 0.5);
  EXPECT_DOUBLE_EQ(quota_used("api-usage=6000/5000").value_or(-1), 1.0);
  EXPECT_EQ(quota_used(""), std::nullopt);
  EXPECT_EQ(quota_used("api-usage=x/0"), std::nullopt);
}

TEST(SalesforceDescribe, ListsEveryFault) {
  const std::vector<std::string> labels = {"low", "medium", "high", "very high"};
  const auto verdict = compare_describe(R"({"updateable":true,"fields":[
      {"name":"Email","type":"email"},{"name":"IsConverted","type":"boolean"},
      {"name":"ConvertedContactId","type":"reference"},
      {"name":"Score__c","type":"string","updateable":true,"length":10},
      {"name":"Segment__c","type":"picklist","updateable":false,"restrictedPicklist":true,
       "picklistValues":[{"value":"low","active":true},{"value":"medium","active":true},
       {"value":"high","active":false}]}]})",
                                        "Lead", fields, labels);
  ASSERT_EQ(verdict.faults.size(), 5U);
  EXPECT_EQ(verdict.faults[0], "Lead.Score__c is of type string, not Number");
  EXPECT_EQ(verdict.faults[1], "Lead.Segment__c cannot be edited by the user (field-level security)");
  EXPECT_EQ(verdict.faults[2], "Lead.Segment__c is a restricted picklist without the value \"high\"");
  EXPECT_EQ(verdict.faults[3], "Lead.Segment__c is a restricted picklist without the value \"very high\"");
  EXPECT_EQ(verdict.faults[4], "Lead.Signals__c does not exist, or the user may not see it (field-level security)");
  EXPECT_EQ(compare_describe("<html>", "Lead", fields, labels).faults.size(), 1U);
}

TEST(SalesforceTime, RoundTrips) {
  EXPECT_EQ(salesforce_time(engine::from_ms(1'769'860'800'000)), "2026-01-31T12:00:00.000+0000");
  EXPECT_EQ(parse_salesforce_time("2026-01-31T12:00:00.000+0000"), engine::from_ms(1'769'860'800'000));
  EXPECT_EQ(parse_salesforce_time("2026-01-31T12:00:00Z"), engine::from_ms(1'769'860'800'000));
  EXPECT_EQ(parse_salesforce_time(""), std::nullopt);
}

TEST(SalesforceJwt, HasTheClaimsAndNoPadding) {
  EXPECT_EQ(base64url("\xFB\xFF"), "-_8");
  EXPECT_EQ(base64url("abc"), "YWJj");
  const auto input = jwt_signing_input({"key", "user@example.com", "https://login.salesforce.com", 1'700'000'180});
  EXPECT_EQ(input.substr(0, input.find('.')), "eyJhbGciOiJSUzI1NiJ9");
  EXPECT_EQ(input.find('='), std::string::npos);
}

TEST(SalesforceJwt, SignsWithRs256AndRefusesWeakKeys) {
  const auto pem_of = [](unsigned bits) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(bits), EVP_PKEY_free);
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::string pem(10'000, '\0');
    pem.resize(static_cast<std::size_t>(BIO_read(bio.get(), pem.data(), static_cast<int>(pem.size()))));
    return pem;
  };
  const JwtClaims claims{"key", "user@example.com", "https://login.salesforce.com", 1'700'000'180};
  const auto assertion = jwt_assertion(claims, pem_of(2048));
  ASSERT_TRUE(assertion);
  EXPECT_EQ(assertion->rfind(jwt_signing_input(claims) + ".", 0), 0U);
  EXPECT_EQ(assertion->size() - jwt_signing_input(claims).size() - 1, 342U);  // 256 bytes
  EXPECT_FALSE(jwt_assertion(claims, pem_of(1024)));
  const auto refused = jwt_assertion(claims, "no key");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().field, "private_key");
}

TEST(SalesforceTokens, OnlyPassingFaultsAreTriedAgain) {
  EXPECT_EQ(classify_token_answer(
                answer(400, R"({"error":"invalid_grant","error_description":"user hasn't approved this consumer"})"))
                .kind,
            CallClass::configuration);
  EXPECT_EQ(classify_token_answer(answer(401, R"({"error":"invalid_client"})")).kind, CallClass::configuration);
  EXPECT_EQ(
      classify_token_answer(answer(400, R"({"error":"invalid_grant","error_description":"login rate exceeded"})")).kind,
      CallClass::later);
  EXPECT_EQ(classify_token_answer(answer(503, "<html>")).kind, CallClass::retry);
  EXPECT_FALSE(parse_token("{}"));
  EXPECT_EQ(parse_token(R"({"access_token":"t","instance_url":"https://x.example/"})").value().instance_url,
            "https://x.example");
}

TEST(SalesforceTokens, SecretsTravelEncryptedOrStayHere) {
  EXPECT_TRUE(may_carry_secrets("https://example.my.salesforce.com", false));
  EXPECT_TRUE(may_carry_secrets("http://127.0.0.1:8080", false));
  EXPECT_TRUE(may_carry_secrets("http://localhost", false));
  EXPECT_TRUE(may_carry_secrets("http://[::1]:8080", false));
  EXPECT_FALSE(may_carry_secrets("http://example.com", false));
  EXPECT_FALSE(may_carry_secrets("http://127.evil.example", false));
  EXPECT_TRUE(may_carry_secrets("http://sandbox:8080", true));
  EXPECT_FALSE(may_carry_secrets("ftp://localhost", true));
}

}  // namespace
}  // namespace leadlight::net::salesforce
