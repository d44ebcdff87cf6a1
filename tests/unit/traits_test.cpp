// What was told in words becomes facts: amounts, categories, cleanliness, countries. What says nothing stays unknown.
#include "engine/traits.hpp"

#include "engine/words.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace leadlight::engine {
namespace {

constexpr std::int64_t million = 1'000'000;

TEST(Amount, ReadsWhatDirectoriesWrite) {
  const struct {
    const char* text;
    std::int64_t least;
    std::int64_t most;  // -1: open
    std::int64_t stands_for;
  } rows[] = {
      {"1,000 - 4,999", 1'000, 4'999, 2'999},
      {"$100M - $250M", 100 * million, 250 * million, 175 * million},
      {"2500", 2'500, 2'500, 2'500},
      {"10000+", 10'000, -1, 10'000},
      {"10,000+ employees", 10'000, -1, 10'000},
      {"0", 0, 0, 0},
      {"1-10", 1, 10, 5},
      {"11\xE2\x80\x93"
       "50",
       11, 50, 30},
      {"51 to 200 people", 51, 200, 125},
      {"between 10 and 20", 10, 20, 15},
      {"from 10 to 20", 10, 20, 15},
      {"1 000 - 4 999", 1'000, 4'999, 2'999},
      {"1\xC2\xA0"
       "000",
       1'000, 1'000, 1'000},
      {"1.000 - 4.999", 1'000, 4'999, 2'999},
      {"1'000", 1'000, 1'000, 1'000},
      {"12,34,567", 1'234'567, 1'234'567, 1'234'567},
      {"1,234,567.89", 1'234'567, 1'234'567, 1'234'567},
      {"2500.0", 2'500, 2'500, 2'500},
      {"2500.75", 2'500, 2'500, 2'500},
      {"1,5M", 1'500'000, 1'500'000, 1'500'000},
      {"1.500M", 1'500'000, 1'500'000, 1'500'000},
      {"$1.2 billion", 1'200 * million, 1'200 * million, 1'200 * million},
      {"2.5E9", 2'500 * million, 2'500 * million, 2'500 * million},
      {"1e+3", 1'000, 1'000, 1'000},
      {"\xE2\x82\xAC"
       "5 million",
       5 * million, 5 * million, 5 * million},
      {"USD 5mn", 5 * million, 5 * million, 5 * million},
      {"100 - 250M", 100 * million, 250 * million, 175 * million},
      {"500 - 1K", 500, 1'000, 750},
      {"1K-5K", 1'000, 5'000, 3'000},
      {"$0 - $1M", 0, million, million / 2},
      {"$1B+", 1'000 * million, -1, 1'000 * million},
      {"<50", 0, 49, 24},
      {"<= 50", 0, 50, 25},
      {"under 50", 0, 49, 24},
      {"less than 50", 0, 49, 24},
      {"up to 50", 0, 50, 25},
      {"50 or less", 0, 50, 25},
      {"> 10000", 10'001, -1, 10'001},
      {">= 10000", 10'000, -1, 10'000},
      {"more than 10,000", 10'001, -1, 10'001},
      {"at least 100", 100, -1, 100},
      {"10,000 and above", 10'000, -1, 10'000},
      {"5000 or more", 5'000, -1, 5'000},
      {"1000000000000000", amount_max, amount_max, amount_max},
  };
  for (const auto& row : rows) {
    const auto amount = parse_amount(row.text);
    ASSERT_TRUE(amount) << row.text;
    EXPECT_EQ(amount->least, row.least) << row.text;
    EXPECT_EQ(amount->most.value_or(-1), row.most) << row.text;
    EXPECT_EQ(amount->stands_for(), row.stands_for) << row.text;
  }
}

TEST(Amount, GuessesNothing) {
  for (const char* text : {"",
                           " ",
                           "n/a",
                           "mid-market",
                           "self-employed",
                           "-5",
                           "- 5",
                           "20-10",
                           "24/7",
                           "1,2,3",
                           "1.2.3",
                           "1,2,345",
                           "over 10+",
                           "10 20 30",
                           "M",
                           "5 M M",
                           "10-",
                           "10 - 20 - 30",
                           "100-500+",
                           "<0",
                           "1000000000000001",
                           "9e99",
                           "99999999999999999999",
                           "a lot",
                           "10%",
                           "#10",
                           "1-10 employees (LinkedIn)",
                           "ten",
                           "to",
                           "up to",
                           "{5}"}) {
    EXPECT_FALSE(parse_amount(text)) << text;
  }
  EXPECT_FALSE(parse_amount(std::string(101, '1')));
  EXPECT_FALSE(parse_amount("10" + std::string(80, '+')));
}

TEST(Cleanliness, NamesThatNobodyHasAreImplausible) {
  for (const char* name : {"Ada", "Jo", "O'Brien", "Jean-Luc", "de la Cruz", "Zo\xC3\xAB", "\xE6\x9D\x8E", "J. P.",
                           "Na", "Nguy\xE1\xBB\x85n", "Anne Marie", "McDonald", "Lee", "Martin Luther King, Jr."}) {
    EXPECT_EQ(name_quality(name), Quality::plausible) << name;
  }
  for (const char* name : {"x", "J.", "aa", "AAAA", "xxxx", "R2D2", "Ada1", "asdf", "Qwerty", "test", "Last Name",
                           "ada@acme.com", "http://x", "<b>", "Aaaaron", "name", "abc"}) {
    EXPECT_EQ(name_quality(name), Quality::implausible) << name;
  }
  for (const char* name : {"", " ", "-", ".", "n/a", "Unknown", "null", "NOT PROVIDED"}) {
    EXPECT_EQ(name_quality(name), Quality::unknown) << name;
  }
  EXPECT_EQ(name_quality(std::string(30, 'a') + std::string(31, 'b')), Quality::implausible);
  std::string longest;
  for (int i = 0; i < 30; ++i) longest += "ab";
  EXPECT_EQ(name_quality(longest), Quality::plausible);
  EXPECT_EQ(name_quality(longest + "c"), Quality::implausible);
}

TEST(Cleanliness, TelephoneNumbersHaveDigitsThatAreNotTypedInARow) {
  for (const char* phone : {"+1 415 555 0199", "(030) 901820-12", "4155550199", "+44.20.7946.0958", "415-555-0199 x12",
                            "4155550199 ext. 7", "5550199", "+491701234567"}) {
    EXPECT_EQ(phone_quality(phone), Quality::plausible) << phone;
  }
  for (const char* phone : {"123", "123456", "0000000", "1111111111", "1234567", "123456789", "7654321", "0123456789",
                            "1234567890123456", "call me", "41555x0199", "ada@acme.com"}) {
    EXPECT_EQ(phone_quality(phone), Quality::implausible) << phone;
  }
  for (const char* phone : {"", "-", "n/a", "None"}) EXPECT_EQ(phone_quality(phone), Quality::unknown) << phone;
}

TEST(Cleanliness, MailboxesAreOfAPersonAFunctionOrNobody) {
  const struct {
    const char* email;
    bool free_mail;
    EmailKind kind;
  } rows[] = {
      {"ada@acme.com", false, EmailKind::company},
      {" Ada.Lovelace@ACME.com ", false, EmailKind::company},
      {"ada@gmail.com", true, EmailKind::free_mail},
      {"info@acme.com", false, EmailKind::role},
      {"Sales@acme.com", false, EmailKind::role},
      {"no-reply@acme.com", false, EmailKind::role},
      {"support+berlin@acme.com", false, EmailKind::role},
      {"info@gmail.com", true, EmailKind::role},
      {"informer@acme.com", false, EmailKind::company},
      {"itzhak@acme.com", false, EmailKind::company},
      {"ada", false, EmailKind::malformed},
      {"@acme.com", false, EmailKind::malformed},
      {"ada@", false, EmailKind::malformed},
      {"ada@acme", false, EmailKind::malformed},
      {"ada@@acme.com", false, EmailKind::malformed},
      {"ada@acme..com", false, EmailKind::malformed},
      {"ada@.acme.com", false, EmailKind::malformed},
      {"ada lovelace@acme.com", false, EmailKind::malformed},
      {"", false, EmailKind::unknown},
      {"  ", true, EmailKind::unknown},
  };
  for (const auto& row : rows) EXPECT_EQ(email_kind(row.email, row.free_mail), row.kind) << row.email;
  EXPECT_EQ(email_kind(std::string(65, 'a') + "@acme.com", false), EmailKind::malformed);
  EXPECT_EQ(email_kind("a@" + std::string(260, 'a') + ".com", false), EmailKind::malformed);
}

TEST(Categories, AreReadFromWhatSystemsCallThem) {
  EXPECT_EQ(industry_of("Computer Software"), Industry::software);
  EXPECT_EQ(industry_of("software & internet"), Industry::software);
  EXPECT_EQ(industry_of("Information Technology and Services"), Industry::technology);
  EXPECT_EQ(industry_of("Hospital & Health Care"), Industry::healthcare);
  EXPECT_EQ(industry_of("Oil/Gas"), Industry::energy);
  EXPECT_EQ(industry_of("Not For Profit"), Industry::nonprofit);
  EXPECT_EQ(industry_of("Financial Services"), Industry::financial_services);
  EXPECT_EQ(industry_of("Law Practice"), Industry::professional_services);
  EXPECT_EQ(industry_of("Candles"), Industry::other);
  EXPECT_EQ(industry_of("n/a"), Industry::unknown);
  EXPECT_EQ(lead_source_of("Web"), LeadSource::website);
  EXPECT_EQ(lead_source_of("Paid Search"), LeadSource::advertising);
  EXPECT_EQ(lead_source_of("Organic Search"), LeadSource::search);
  EXPECT_EQ(lead_source_of("Partner Referral"), LeadSource::partner);
  EXPECT_EQ(lead_source_of("Employee Referral"), LeadSource::referral);
  EXPECT_EQ(lead_source_of("Trade Show Berlin"), LeadSource::event);
  EXPECT_EQ(lead_source_of("Phone Inquiry"), LeadSource::phone);
  EXPECT_EQ(lead_source_of("Purchased List"), LeadSource::purchased_list);
  EXPECT_EQ(lead_source_of("Other"), LeadSource::other);
  EXPECT_EQ(lead_source_of(""), LeadSource::unknown);
  EXPECT_EQ(role_of("Economic Decision Maker"), Role::economic_buyer);
  EXPECT_EQ(role_of("decision-maker"), Role::decision_maker);
  EXPECT_EQ(role_of("Technical Buyer"), Role::evaluator);
  EXPECT_EQ(role_of("Executive Sponsor"), Role::executive_sponsor);
  EXPECT_EQ(role_of("Chef"), Role::other);
  EXPECT_EQ(role_of("NULL"), Role::unknown);
}

TEST(Categories, EveryLabelReadsAsItself) {
  for (const Trait trait : {Trait::role, Trait::lead_source, Trait::industry}) {
    const auto labels = labels_of(trait);
    for (std::size_t i = 0; i < labels.size(); ++i) EXPECT_EQ(value_of_text(trait, labels[i]), i + 1) << labels[i];
  }
}

TEST(Countries, AreThoseOfTheStandard) {
  for (const char* code : {"DE", "us", "Gb", "AD", "ZW", "XK", "SS"}) {
    std::string upper(code);
    for (char& c : upper) c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
    EXPECT_EQ(country_text(country_code(code)), upper);
  }
  for (const char* code : {"", "D", "DEU", "UK", "EU", "ZZ", "EA", "\xC3\xA4", "Germany"}) {
    EXPECT_EQ(country_code(code), 0) << code;
  }
  EXPECT_EQ(country_text(0), "");
}

TEST(Texts, AreComparedWithoutCaseAndBlanks) {
  EXPECT_EQ(text_key(" Spring\n Fair  2026 "), text_key("spring fair 2026"));
  EXPECT_NE(text_key("spring fair 2026"), text_key("spring fair 2025"));
  EXPECT_EQ(text_key("n/a"), 0U);
  EXPECT_EQ(text_key(" - "), 0U);
}

Attribute told(std::string name, std::string json) {
  return Attribute{std::move(name), std::move(json), Timestamp{}};
}

TEST(Profile, TakesTheFirstNameThatSaysSomething) {
  const std::vector<Attribute> attributes = {
      told("address.country", R"("FR")"),
      told("company.employee_count", R"("many")"),
      told("company.employee_range", R"("1,000 - 4,999")"),
      told("company.industry", R"("n/a")"),
      told("company.name", R"("Acme")"),
      told("employees", "7"),
      told("first_name", R"("Zo\u00eb \"Z\"")"),
      told("industry", R"("Banking")"),
      told("job_title", R"("CMO")"),
      told("last_name", "null"),
      told("lead_source", R"("Web")"),
      told("phone", "4155550199"),
      told("revenue", "2500000.5"),
      told("role", R"(["Decision Maker"])"),
  };
  Profile expected;
  expected.country = "FR";
  expected.employees = "1,000 - 4,999";
  expected.first_name = "Zo\xC3\xAB \"Z\"";
  expected.industry = "Banking";
  expected.title = "CMO";
  expected.lead_source = "Web";
  expected.phone = "4155550199";
  expected.revenue = "2500000.5";
  EXPECT_EQ(profile_of(attributes), expected);
  EXPECT_EQ(profile_of({}), Profile{});
  const std::vector<Attribute> namibian = {told("country", R"("NA")"), told("last_name", R"("Na")"),
                                           told("title", R"("NA")")};
  EXPECT_EQ(traits_of(profile_of(namibian)).country, country_code("NA"));
  EXPECT_EQ(traits_of(profile_of(namibian)).last_name, Quality::plausible);
  EXPECT_EQ(traits_of(profile_of(namibian)).title_level, TitleLevel::unknown);
}

TEST(Profile, ReadsJsonTexts) {
  EXPECT_EQ(text_of_json(R"("a\\b\/c\n\t\"d\"")"), "a\\b/c\n\t\"d\"");
  EXPECT_EQ(text_of_json(R"("\u0041\u00e4\u20ac\ud83d\ude00")"), "A\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(text_of_json("-2.5"), "-2.5");
  EXPECT_EQ(text_of_json("true"), "true");
  for (const char* json : {"", "null", "[1]", "{}", "\"", "\"a", "VP", R"("\x")", R"("\u12")", R"("\ud83d")",
                           R"("\ud83dx")", R"("\ude00")", R"("a\")"}) {
    EXPECT_EQ(text_of_json(json), "") << json;
  }
}

TEST(Traits, OfAnyBytesAreTraits) {
  const std::vector<std::string> pieces = {"ceo",    "to the ", "at ", "office of ", "ex-",           " & ",
                                           ", ",     ".",       "'s ", "-",          "1,000",         "10",
                                           "+",      "M",       "<",   "up ",        "\xE2\x80\x99s", "\xE2\x80",
                                           "\xFF",   "\\u",     "\"",  "d8",         "assistant ",    "officer ",
                                           "chief ", "and ",    " "};
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    std::string text;
    for (auto count = random() % 40; count > 0; --count) {
      if (random() % 4 == 0)
        text += static_cast<char>(static_cast<unsigned char>(random()));
      else
        text += pieces[random() % pieces.size()];
    }
    const Profile profile{text, text, text, text, text, text, text, text, text, text, text, false};
    const Traits traits = traits_of(profile);
    ASSERT_EQ(traits, traits_of(profile));
    ASSERT_LE(traits.value_of(Trait::title_level), title_level_labels.size());
    const Amount employees = traits.employees.value_or(Amount{});
    ASSERT_LE(employees.least, employees.most.value_or(amount_max));
    ASSERT_LE(text_of_json('"' + text + '"').size(), 2 * text.size());
  }
}

TEST(Traits, OfNothingAreUnknown) {
  const Traits traits = traits_of(Profile{});
  EXPECT_EQ(traits, Traits{});
  for (std::size_t i = 1; i <= trait_count; ++i) EXPECT_FALSE(traits.knows(static_cast<Trait>(i))) << i;
}

TEST(Traits, OfAFullProfileAreAllKnown) {
  Profile profile;
  profile.title = "VP Marketing";
  profile.role = "Champion";
  profile.lead_source = "Spring Fair";
  profile.industry = "Software";
  profile.country = "de";
  profile.employees = "200";
  profile.revenue = "$5M";
  profile.first_name = "Ada";
  profile.last_name = "x";
  profile.email = "ada@acme.com";
  profile.phone = "+49 30 901820";
  const Traits traits = traits_of(profile);
  for (std::size_t i = 1; i <= trait_count; ++i) EXPECT_TRUE(traits.knows(static_cast<Trait>(i))) << i;
  EXPECT_EQ(traits.value_of(Trait::title_level), 2U);
  EXPECT_EQ(traits.value_of(Trait::title_function), 1U);
  EXPECT_EQ(traits.lead_source, LeadSource::other);
  EXPECT_EQ(traits.text_of(Trait::lead_source), text_key("spring fair"));
  EXPECT_EQ(country_text(traits.country), "DE");
  EXPECT_EQ(traits.amount_of(Trait::revenue), (Amount{5 * million, 5 * million}));
  EXPECT_EQ(traits.last_name, Quality::implausible);
  // None is taken for zero: no employees known is not no employees.
  profile.employees = "0";
  EXPECT_TRUE(traits_of(profile).knows(Trait::employees));
  profile.employees = "";
  EXPECT_FALSE(traits_of(profile).knows(Trait::employees));
}

}  // namespace
}  // namespace leadlight::engine
