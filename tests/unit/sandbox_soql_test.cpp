// The sandbox's SOQL: what Salesforce takes and refuses, on plain records.
#include "tools/sandbox/soql.hpp"

#include <gtest/gtest.h>

namespace leadlight::sandbox::soql {
namespace {

namespace json = boost::json;

const ObjectType& lead() {
  return *find_object("Lead");
}

std::string refusal_of(std::string_view text) {
  auto parsed = parse(text);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) return refusal->code;
  auto& query = std::get<Query>(parsed);
  const auto* type = find_object(query.object);
  if (type == nullptr) return "INVALID_TYPE";
  const auto refusal = resolve(query, *type);
  return refusal ? refusal->code : "accepted";
}

bool selects(const std::string& where, const json::object& record) {
  auto parsed = parse("SELECT Id FROM Lead WHERE " + where);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    ADD_FAILURE() << where << ": " << refusal->message;
    return false;
  }
  auto& query = std::get<Query>(parsed);
  const auto refusal = resolve(query, lead());
  EXPECT_FALSE(refusal) << where << ": " << (refusal ? refusal->message : "");
  return !refusal && matches(*query.where, record, lead());
}

const json::object ann = {{"Id", "00QgL0000000001AAA"},
                          {"Email", "Ann.O'Neill@Example.com"},
                          {"LastName", "O'Neill"},
                          {"Company", "100% Glass_Works"},
                          {"HG_Likelihood_to_Buy_Score__c", 73},
                          {"CreatedDate", "2026-01-31T12:00:00.000+0000"}};

TEST(SandboxSoql, UndoesTheEscapesThatSoqlKnows) {
  EXPECT_EQ(unescape(R"(o\'brien)"), "o'brien");
  EXPECT_EQ(unescape(R"(a\\b)"), R"(a\b)");
  EXPECT_EQ(unescape(R"(\\\')"), R"(\')");
  EXPECT_EQ(unescape(R"(\n\N\r\R\t\T\b\B\f\F\")"), "\n\n\r\r\t\t\b\b\f\f\"");
  EXPECT_EQ(unescape(R"(\u00e9\u20AC)"), "é€");
  for (const auto* wrong : {R"(\x)", R"(\_)", R"(\%)", R"(\u12)", R"(\u12G4)", R"(a\)"})
    EXPECT_EQ(unescape(wrong), std::nullopt) << wrong;
}

TEST(SandboxSoql, RefusesWhatSalesforceRefuses) {
  EXPECT_EQ(refusal_of("SELECT Id FROM Lead"), "accepted");
  EXPECT_EQ(
      refusal_of("select id , email from lead where ( email = 'a' ) order by email desc nulls last limit 5 offset 2"),
      "accepted");
  EXPECT_EQ(refusal_of("SELECT COUNT() FROM Lead"), "accepted");
  for (const auto* text :
       {"", "SELECT FROM Lead", "SELECT Id", "SELECT Id FROM", "SELECT Id FROM Lead WHERE",
        "SELECT Id FROM Lead WHERE Email", "SELECT Id FROM Lead WHERE Email = ", "SELECT Id FROM Lead WHERE Email = 'a",
        "SELECT Id FROM Lead WHERE Email = 'a\\'", "SELECT Id FROM Lead WHERE Email = 'a\\x'",
        "SELECT Id FROM Lead WHERE Email = 'a\\_'", "SELECT Id FROM Lead WHERE Email IN ()",
        "SELECT Id FROM Lead WHERE Email IN ('a'", "SELECT Id FROM Lead WHERE (Email = 'a'",
        "SELECT Id FROM Lead LIMIT x", "SELECT Id FROM Lead WHERE Email LIKE 5", "SELECT Id FROM Lead; DROP",
        "SELECT Id FROM Lead WHERE Email = 'a' garbage", "SELECT Id FROM Lead ORDER BY Description"})
    EXPECT_EQ(refusal_of(text), "MALFORMED_QUERY") << text;
  for (const auto* text :
       {"SELECT Nope__c FROM Lead", "SELECT Id FROM Lead WHERE Nope__c = 'a'", "SELECT Id FROM Lead ORDER BY Nope__c",
        "SELECT Id FROM Lead WHERE Email = 5", "SELECT Id FROM Lead WHERE HG_Likelihood_to_Buy_Score__c = '5'",
        "SELECT Id FROM Lead WHERE CreatedDate > '2026-01-01'",
        "SELECT Id FROM Lead WHERE HG_Likelihood_to_Buy_Signals__c = 'a'"})
    EXPECT_EQ(refusal_of(text), "INVALID_FIELD") << text;
  EXPECT_EQ(refusal_of("SELECT Id FROM Nope"), "INVALID_TYPE");
  EXPECT_EQ(refusal_of("SELECT Id FROM Lead WHERE " + std::string(200, '(') + "Email = 'a'" + std::string(200, ')')),
            "MALFORMED_QUERY");
}

TEST(SandboxSoql, ComparesAsSalesforceDoes) {
  EXPECT_TRUE(selects(R"(Email = 'ann.o\'neill@example.com')", ann));
  EXPECT_TRUE(selects(R"(Email IN ('x', 'ANN.O\'NEILL@EXAMPLE.COM'))", ann));
  EXPECT_FALSE(selects("Email NOT IN ('x') AND Email = null", ann));
  EXPECT_TRUE(selects("FirstName = null AND FirstName = '' AND FirstName != 'x'", ann));
  EXPECT_TRUE(selects("HG_Likelihood_to_Buy_Score__c >= 73 AND HG_Likelihood_to_Buy_Score__c < 73.5", ann));
  EXPECT_FALSE(selects("HG_Likelihood_to_Buy_Score__c <> 73", ann));
  EXPECT_TRUE(selects("IsConverted = false", ann));
  EXPECT_FALSE(selects("IsConverted = true OR NOT (LastName LIKE 'O%')", ann));
  EXPECT_TRUE(selects("CreatedDate > 2026-01-31T11:59:59Z AND CreatedDate <= 2026-01-31T13:00:00+01:00", ann));
  EXPECT_TRUE(selects("Id = '00QgL0000000001'", ann));
  EXPECT_TRUE(selects("Email = 'x' OR LastName = 'o\\'neill' AND Company != 'x'", ann));
  EXPECT_FALSE(selects("(Email = 'x' OR LastName = 'o\\'neill') AND Company = 'x'", ann));
}

TEST(SandboxSoql, LikeKnowsItsOwnEscapes) {
  EXPECT_TRUE(selects("Company LIKE '100\\% glass\\_works'", ann));
  EXPECT_TRUE(selects("Company LIKE '%glass_work_'", ann));
  EXPECT_TRUE(selects("Company LIKE '%'", ann));
  EXPECT_FALSE(selects("Company LIKE '100\\_ Glass%'", ann));
  EXPECT_FALSE(selects("Company LIKE 'Glass%'", ann));
  EXPECT_TRUE(selects("Company LIKE '1%s%s'", ann));
}

TEST(SandboxSoql, NarrowsToAnIndexOnlyWhereTheConditionAllows) {
  const auto narrowed = [](const std::string& where) {
    auto query = std::get<Query>(parse("SELECT Id FROM Lead WHERE " + where));
    EXPECT_FALSE(resolve(query, lead()));
    return narrowed_to(*query.where, "Email");
  };
  EXPECT_EQ(narrowed("email IN ('a','b')"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(narrowed("IsConverted = false AND Email = 'a'"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(narrowed("IsConverted = false OR Email = 'a'"), std::nullopt);
  EXPECT_EQ(narrowed("NOT Email = 'a'"), std::nullopt);
  EXPECT_EQ(narrowed("Email IN ('a', null)"), std::nullopt);
}

TEST(SandboxSoql, OrdersNullsFirstUnlessDescending) {
  const json::object none = {{"LastName", "Z"}};
  EXPECT_TRUE(before({{"Email", false, true}}, none, ann));
  EXPECT_FALSE(before({{"Email", true, false}}, none, ann));
  EXPECT_TRUE(before({{"LastName", false, true}}, ann, none));
}

}  // namespace
}  // namespace leadlight::sandbox::soql
