// A product file reads exactly as written, every mistake is reported with its line, key, value and remedy, and the
// starter product scores made-up leads as its author expects.
#include "engine/models/product_toml.hpp"

#include "engine/models/starter_product.hpp"

#include <gtest/gtest.h>

#include <set>
#include <span>
#include <string>

namespace leadlight::engine::models {
namespace {

/// A product whose first rule of contact_fit begins on line 5; company_fit stands above it.
std::string with_rule(std::string_view body) {
  return "name = \"p\"\ncompany_fit = { base = 40 }\n[contact_fit]\nbase = 20\n[[contact_fit.rules]]\n" +
         std::string(body);
}

std::string sound(std::string_view more = "") {
  return with_rule("trait = \"title_level\"\nany_of = [\"VP\"]\npoints = 30\ntext = \"t\"\n" + std::string(more));
}

/// What the reader says of `toml`; empty when it reads.
std::string said(const std::string& toml) {
  const auto product = read_product(toml, "p.toml");
  return product ? std::string() : product.error().what;
}

constexpr std::string_view whole_form = R"(
name = "Whole"
display_name = "The whole form"
status = "retired"
engagement_model = "website"
[stages]
awareness = 10
consideration = 40
decision = 60
purchase = 90
[grades]
intent = 30
a = 80
b = 60
c = 40
[account_intent]
roll_up = "max"
[account_intent.thresholds]
medium = 1.5
high = 2
very_high = 3
[[account_intent.weights]]
trait = "title_level"
any_of = ["C-Level", "Individual Contributor"]
percent = 150
[[account_intent.weights]]
trait = "role"
any_of = ["User"]
unknown = true
percent = 0
[contact_fit]
base = 20
[[contact_fit.rules]]
trait = "lead_source"
any_of = ["Website"]
texts = ["Spring Fair", "Messe"]
points = -5
text = "größer ↑"
[[contact_fit.rules]]
trait = "lead_source"
unknown = true
points = 3
text = "u"
[company_fit]
[[company_fit.rules]]
trait = "country"
any_of = ["DE", "us"]
points = 1_000
text = "c"
[[company_fit.rules]]
trait = "employees"
at_least = 1_000
at_most = 4_999
points = 7
text = "e"
)";

TEST(ProductToml, ReadsTheWholeForm) {
  const auto product = read_product(whole_form, "p.toml");
  ASSERT_TRUE(product.ok()) << product.error().what;
  EXPECT_EQ(product->name, "Whole");
  EXPECT_EQ(product->display_name, "The whole form");
  EXPECT_EQ(product->status, ProductStatus::retired);
  EXPECT_EQ(product->engagement_model, "website");
  EXPECT_EQ(product->stages, (StageBands{10, 40, 60, 90}));
  EXPECT_EQ(product->grades, (GradeRule{30, 70, 80, 60, 40}));
  AccountIntent intent;
  intent.roll_up = RollUp::max;
  intent.thresholds = {1'500'000, 2'000'000, 3'000'000, 6'000'000};
  intent.title_level_percent[static_cast<std::size_t>(TitleLevel::c_level)] = 150;
  intent.title_level_percent[static_cast<std::size_t>(TitleLevel::individual_contributor)] = 150;
  intent.role_percent[static_cast<std::size_t>(Role::user)] = 0;
  intent.role_percent[0] = 0;
  EXPECT_EQ(product->account_intent, intent);
  EXPECT_EQ(product->contact_fit.base, 20);
  ASSERT_EQ(product->contact_fit.rules.size(), 2U);
  const FitRule& source = product->contact_fit.rules[0];
  EXPECT_EQ(source.trait, Trait::lead_source);
  EXPECT_EQ(source.values, std::vector<std::uint16_t>{1});
  EXPECT_EQ(source.texts, (std::vector<OwnText>{own_text("Spring Fair"), own_text("Messe")}));
  EXPECT_EQ(source.points, -5);
  EXPECT_EQ(source.text, "größer ↑");
  EXPECT_TRUE(product->contact_fit.rules[1].unknown);
  EXPECT_EQ(product->company_fit.base, 0);
  EXPECT_EQ(product->company_fit.rules.at(0).values,
            (std::vector<std::uint16_t>{country_code("DE"), country_code("US")}));
  EXPECT_EQ(product->company_fit.rules.at(1).at_least, 1'000);
  EXPECT_EQ(product->company_fit.rules.at(1).at_most, 4'999);
  EXPECT_EQ(product->version, 0U);
  EXPECT_EQ(product->source, whole_form);
}

TEST(ProductToml, DefaultsAreThoseOfTheGuide) {
  const auto product = read_product(sound(), "p.toml");
  ASSERT_TRUE(product.ok()) << product.error().what;
  EXPECT_EQ(product->display_name, "p");
  EXPECT_EQ(product->status, ProductStatus::draft);
  EXPECT_EQ(product->engagement_model, "");
  EXPECT_EQ(product->stages, StageBands{});
  EXPECT_EQ(product->grades, GradeRule{});
  EXPECT_EQ(product->account_intent, AccountIntent{});
  const auto by_profile = read_product(sound("[grades]\nprofile = 30\n"), "p.toml");
  ASSERT_TRUE(by_profile.ok()) << by_profile.error().what;
  EXPECT_EQ(by_profile->grades.intent_percent, 70);
  EXPECT_EQ(by_profile->grades.profile_percent, 30);
}

struct MistakeCase {
  std::string text;
  const char* message;
};

void expect_said(std::span<const MistakeCase> cases) {
  for (const auto& [text, message] : cases) {
    const std::string words = said(text);
    EXPECT_NE(words.find(message), std::string::npos) << "wanted: " << message << "\nsaid:   " << words;
  }
}

TEST(ProductToml, EveryMistakeOfARuleNamesLineKeyValueAndRemedy) {
  const auto rule = [](std::string_view trait, std::string_view condition) {
    return with_rule("trait = \"" + std::string(trait) + "\"\n" + std::string(condition) +
                     "\npoints = 1\ntext = \"t\"\n");
  };
  const MistakeCase cases[] = {
      {rule("titel_level", "any_of = [\"VP\"]"),
       "p.toml:6: contact_fit.rules[1].trait: \"titel_level\" is no trait; write \"title_level\", \"title_function\", "
       "\"role\", \"lead_source\", \"industry\", \"country\", \"employees\", \"revenue\", \"first_name\", "
       "\"last_name\", \"email\" or \"phone\"; did you mean \"title_level\"?"},
      {rule("title_level", "any_of = [\"Directors\"]"),
       "p.toml:7: contact_fit.rules[1].any_of: \"Directors\" is no value of title_level; write \"C-Level\", \"VP\", "
       "\"Director\", \"Manager\", \"Individual Contributor\" or \"Other\"; did you mean \"Director\"?"},
      {rule("role", "any_of = [\"Boss\"]"), ", or own words under texts"},
      {rule("country", "any_of = [\"UK\"]"),
       "p.toml:7: contact_fit.rules[1].any_of: \"UK\" is no country code; write the two letters of ISO 3166, for "
       "example \"DE\"; did you mean \"GB\"?"},
      {rule("employees", "any_of = [\"100\"]"),
       "p.toml:7: contact_fit.rules[1].any_of: employees is an amount; write at_least, at_most or both, for example "
       "at_least = 1_000"},
      {rule("title_level", "at_least = 3"),
       "p.toml:7: contact_fit.rules[1].at_least: rule `t`: title_level is no amount; give values instead of a range"},
      {rule("title_level", "texts = [\"Guru\"]"),
       "p.toml:7: contact_fit.rules[1].texts: rule `t`: title_level takes no texts; give values"},
      {rule("title_level", ""),
       "p.toml:5: contact_fit.rules[1].any_of: rule `t`: it has no condition; give values, a range, or unknown"},
      {rule("title_level", "any_of = [\"VP\"]\nunknown = true"), "it has more than one condition"},
      {rule("employees", "at_least = 10\nat_most = 9"),
       "p.toml:8: contact_fit.rules[1].at_most: rule `t`: 9 is out of range; give 10 to 1000000000000000"},
      {rule("employees", "at_least = -1"), "p.toml:7: contact_fit.rules[1].at_least: -1 is out of range"},
      {rule("employees", "at_least = 1.5"), "p.toml:7: contact_fit.rules[1].at_least: expected a whole number"},
      {rule("title_level", "any_of = []"), "p.toml:7: contact_fit.rules[1].any_of: [] is empty"},
      {rule("title_level", "any_of = [\"VP\", \"VP\"]"), "\"VP\" stands twice; name it once"},
      {rule("title_level", "any_of = \"VP\""), "p.toml:7: contact_fit.rules[1].any_of: expected a list of texts"},
      {with_rule("trait = \"phone\"\nunknown = true\n"),
       "p.toml:5: contact_fit.rules[1].points: is missing; write for example points = 20\n"
       "p.toml:5: contact_fit.rules[1].text: is missing"},
      {sound("point = 3\n"),
       "p.toml:10: contact_fit.rules[1].point: there is no key \"point\" here; did you mean \"points\"?"},
      {with_rule("trait = \"phone\"\nunknown = true\npoints = 1001\ntext = \"t\"\n"),
       "p.toml:8: contact_fit.rules[1].points: 1001 is out of range; write a whole number from -1000 to 1000"},
      {sound("[[contact_fit.rules]]\ntrait = \"title_level\"\nany_of = [\"VP\"]\npoints = 1\ntext = \"again\"\n"),
       "p.toml:11: contact_fit.rules[2].trait: rule `again`: it can never count: earlier rules on title_level match "
       "all that it could; move it up, or leave it out"},
      {"name = \"p\"\ncontact_fit = {}\n[company_fit]\nrules = [{ trait = \"email\", unknown = true, points = 1, text "
       "= "
       "\"t\" }]\n",
       "p.toml:4: company_fit.rules[1].trait: \"email\" is a person's, and two people of a company would give it two "
       "fits; write \"industry\", \"country\", \"employees\" or \"revenue\", or move the rule to contact_fit"},
  };
  expect_said(cases);
}

TEST(ProductToml, EveryOtherMistakeNamesThemToo) {
  const MistakeCase cases[] = {
      {"contact_fit = {}\ncompany_fit = {}\n", "p.toml:1: name: is missing; write for example name = "},
      {"name = \"p\"\n",
       "p.toml:1: contact_fit: is missing; write for example [contact_fit] with base and rules\n"
       "p.toml:1: company_fit: is missing"},
      {sound("[grades]\nintent = 60\nprofile = 50\n"),
       "p.toml:12: grades.profile: 60 percent of intent and 50 percent of profile do not make 100; write 40, or leave "
       "one of the two out"},
      {sound("[grades]\na = 40\n"), "p.toml:11: grades.a: 40 is not above b, which is 50; write more than 50"},
      {sound("[stages]\nconsideration = 15\n"),
       "p.toml:11: stages.consideration: 15 is not above awareness, which is 20; write more than 20"},
      {sound("[stages]\npurchase = 101\n"), "p.toml:11: stages.purchase: 101 is out of range"},
      {sound("[account_intent]\nroll_up = \"summ\"\n"),
       "p.toml:11: account_intent.roll_up: \"summ\" is none of these; write \"sum\" or \"max\"; did you mean "
       "\"sum\"?"},
      {"status = \"alive\"\n" + sound(),
       "p.toml:1: status: \"alive\" is none of these; write \"live\", \"draft\" or \"retired\"; did you mean "
       "\"live\"?"},
      {sound("[account_intent.thresholds]\nmedium = 60\nhigh = 50\nvery_high = 100\n"),
       "p.toml:12: account_intent.thresholds.high: 50 is not above medium, which is 60; write more than 60"},
      {sound("[[account_intent.weights]]\ntrait = \"phone\"\nunknown = true\npercent = 10\n"),
       "p.toml:11: account_intent.weights[1].trait: \"phone\" gives no weight; write \"title_level\" or \"role\""},
      {sound("[[account_intent.weights]]\ntrait = \"role\"\nany_of = [\"User\"]\npercent = 100\n"
             "[[account_intent.weights]]\ntrait = \"role\"\nany_of = [\"User\"]\npercent = 20\n"),
       "p.toml:16: account_intent.weights[2].any_of: \"User\" has a weight already; name it once"},
      {sound("[[account_intent.weights]]\ntrait = \"role\"\npercent = 10\n"),
       "p.toml:10: account_intent.weights[1].any_of: is missing"},
      {sound("[[account_intent.weights]]\ntrait = \"role\"\nunknown = true\npercent = 1001\n"),
       "p.toml:13: account_intent.weights[1].percent: 1001 is out of range"},
      {sound("[contact]\n"), "p.toml:10: contact: there is no key \"contact\" here"},
      {"name = \n", "p.toml:1: this is not valid TOML: "},
      {"name = \" p\"\ncontact_fit = {}\ncompany_fit = {}\n", "p.toml: name: ` p` cannot be a name"},
  };
  expect_said(cases);
}

TEST(ProductToml, LimitsHold) {
  EXPECT_EQ(read_product(std::string(product_file_bytes_max + 1, ' '), "p.toml").error().code, Errc::too_large);
  std::string many = "name = \"p\"\ncompany_fit = {}\n[contact_fit]\n";
  const auto add = [&] {
    many += "[[contact_fit.rules]]\ntrait = \"phone\"\nunknown = true\npoints = 1\ntext = \"t\"\n";
  };
  for (std::size_t i = 0; i <= fit_rules_max; ++i) add();
  EXPECT_NE(said(many).find("201 rules are above the limit of 200"), std::string::npos) << said(many);
  std::string values = "trait = \"lead_source\"\npoints = 1\ntext = \"t\"\ntexts = [";
  for (std::size_t i = 0; i <= fit_values_max; ++i) values += "\"word " + std::to_string(i) + "\",";
  EXPECT_NE(said(with_rule(values + "]\n")).find("301 values are too many"), std::string::npos);
}

TEST(ProductToml, ARuleThatDoesNotReadIsToldOnce) {
  const std::string rest = "points = 30\ntext = \"t\"\n";
  std::string words = said(with_rule("trait = \"title_level\"\nany_of = [\"Boss\"]\n" + rest));
  EXPECT_EQ(words.find('\n'), std::string::npos) << words;
  // Nor does it take the values of the rule that follows.
  words = said(with_rule("trait = \"title_level\"\nany_of = [\"VP\"]\ntexts = [\"Guru\"]\n" + rest +
                         "[[contact_fit.rules]]\ntrait = \"title_level\"\nany_of = [\"VP\"]\n" + rest));
  EXPECT_EQ(words.find('\n'), std::string::npos) << words;
}

// ---- the starter product

Product starter() {
  auto product = read_product(starter_product_toml(), "starter_product.toml");
  EXPECT_TRUE(product.ok()) << product.error().what;
  return product ? *product : Product{};
}

TEST(StarterProduct, IsLiveAndSpeaksOfEveryTrait) {
  const Product product = starter();
  EXPECT_EQ(product.name, "Leadlight Starter");
  EXPECT_EQ(product.status, ProductStatus::live);
  EXPECT_TRUE(product.check());
  EXPECT_EQ(product.stages, StageBands{});
  EXPECT_EQ(product.grades, GradeRule{});
  std::set<Trait> spoken;
  for (const auto* model : {&product.contact_fit, &product.company_fit})
    for (const FitRule& rule : model->rules) spoken.insert(rule.trait);
  EXPECT_EQ(spoken.size(), trait_count);
}

Profile profile(std::string title, std::string email, std::string industry, std::string employees,
                std::string country) {
  Profile made;
  made.title = std::move(title);
  made.email = std::move(email);
  made.industry = std::move(industry);
  made.employees = std::move(employees);
  made.country = std::move(country);
  return made;
}

struct GoldenLead {
  const char* name;
  Profile profile;
  FitScore contact;
  FitScore company;
};

std::vector<GoldenLead> golden_leads() {
  GoldenLead ideal{"the lead of a salesperson's dreams",
                   profile("Chief Marketing Officer", "ada@acme.com", "Computer Software", "1,000 - 4,999", "US"),
                   {100, Fit::strong},   // 20 + 30 + 15 + 10 + 10 + 10 + 3 + 3 + 4 = 105
                   {100, Fit::strong}};  // 20 + 25 + 30 + 20 + 10 = 105
  ideal.profile.role = "Decision Maker";
  ideal.profile.lead_source = "Customer Referral";
  ideal.profile.first_name = "Ada";
  ideal.profile.last_name = "Lovelace";
  ideal.profile.phone = "+1 415 555 0199";
  ideal.profile.revenue = "$100M - $250M";
  GoldenLead address{"only an address",
                     profile("", "ada@acme.com", "", "", ""),
                     {25, Fit::weak},   // 20 - 5 + 10
                     {41, Fit::weak}};  // 20 + 8 + 8 + 5
  GoldenLead prank{"a prank", profile("Student", "x@gmail.com", "", "", ""), {4, Fit::weak}, {41, Fit::weak}};
  prank.profile.free_mail = true;
  prank.profile.first_name = "asdf";  // 20 - 10 - 15 + 3 + 6
  prank.profile.last_name = "Lee";
  prank.profile.lead_source = "Web";
  GoldenLead craft{"a small manufacturer's marketing manager",
                   profile("Marketing Manager", "eva@werk.de", "Machinery", "11-50", "DE"),
                   {72, Fit::moderate},  // 20 + 15 + 15 + 10 + 6 + 3 + 3
                   {48, Fit::weak}};     // 20 + 10 + 5 + 5 + 8
  craft.profile.lead_source = "Webinar 2026";
  craft.profile.first_name = "Eva";
  craft.profile.last_name = "Müller";
  craft.profile.revenue = "€5 million";
  GoldenLead bought{"a shared mailbox of a bought list",
                    profile("", "info@ministry.fr", "Government Administration", "10000+", "FR"),
                    {0, Fit::weak},        // 20 - 5 - 15 - 10 = -10
                    {53, Fit::moderate}};  // 20 + 0 + 20 + 5 + 8
  bought.profile.lead_source = "Purchased List";
  GoldenLead edge{"just strong",
                  profile("VP Sales", "bo@bank.sg", "Banking", "200", "SG"),
                  {81, Fit::strong},   // 20 + 30 + 15 + 10 + 3 + 3
                  {81, Fit::strong}};  // 20 + 18 + 30 + 5 + 8
  edge.profile.first_name = "Bo";
  edge.profile.last_name = "Li";
  GoldenLead servant{"the assistant is not the chief",
                     profile("Assistant to the CEO", "al@tiny.com", "Charity", "3", "BR"),
                     {35, Fit::weak},   // 20 + 5 + 10
                     {15, Fit::weak}};  // 20 + 0 - 10 + 5
  servant.profile.revenue = "2M";
  return {ideal, address, prank, craft, bought, edge, servant};
}

TEST(StarterProduct, ScoresItsGoldenLeads) {
  const Product product = starter();
  for (const GoldenLead& lead : golden_leads()) {
    const Traits traits = traits_of(lead.profile);
    EXPECT_EQ(fit_of(product.contact_fit, traits), lead.contact)
        << lead.name << ": " << fit_of(product.contact_fit, traits).score;
    EXPECT_EQ(fit_of(product.company_fit, traits), lead.company)
        << lead.name << ": " << fit_of(product.company_fit, traits).score;
    for (const auto* model : {&product.contact_fit, &product.company_fit}) {
      const FitReceipt receipt = explain(*model, traits);
      int sum = 0;
      for (const FitLine& line : receipt.lines) sum += line.points;
      EXPECT_EQ(sum, receipt.score.score) << lead.name;
    }
  }
}

TEST(StarterProduct, AReceiptReadsLikeASentenceALine) {
  const Product product = starter();
  const FitReceipt receipt = explain(product.contact_fit, traits_of(golden_leads().at(0).profile));
  std::string text;
  for (const FitLine& line : receipt.lines)
    text += std::string(label(line.kind)) + ' ' + std::to_string(line.points) + ' ' + line.text + '\n';
  EXPECT_EQ(text,
            "base 20 Every lead begins here\n"
            "rule 30 Decides about budgets\n"
            "rule 15 Works in marketing or sales\n"
            "rule 10 Carries a purchase\n"
            "rule 10 Was recommended to us\n"
            "rule 10 Writes from a company\n"
            "rule 3 Gave a first name\n"
            "rule 3 Gave a last name\n"
            "rule 4 Gave a telephone number\n"
            "cap -5 A fit is never above 100\n");
}

}  // namespace
}  // namespace leadlight::engine::models
