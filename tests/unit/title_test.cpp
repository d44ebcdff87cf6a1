// A job title says how high somebody stands and what they work on; the tricky ones are listed with what they must say.
#include "engine/title.hpp"

#include <gtest/gtest.h>

#include <set>
#include <span>
#include <string>

namespace leadlight::engine {
namespace {

using enum TitleLevel;
constexpr auto ic = individual_contributor;

struct Row {
  const char* title;
  TitleLevel level;
  TitleFunction function;
};

constexpr auto marketing = TitleFunction::marketing;
constexpr auto sales = TitleFunction::sales;
constexpr auto it = TitleFunction::it;
constexpr auto engineering = TitleFunction::engineering;
constexpr auto finance = TitleFunction::finance;
constexpr auto hr = TitleFunction::hr;
constexpr auto operations = TitleFunction::operations;
constexpr auto product = TitleFunction::product;
constexpr auto legal = TitleFunction::legal;
constexpr auto support = TitleFunction::support;
constexpr auto none = TitleFunction::other;

constexpr Row the_top[] = {
    {"CEO", c_level, none},
    {"ceo", c_level, none},
    {"C.E.O.", c_level, none},
    {"Chief Executive Officer", c_level, none},
    {"Co-Founder & CEO", c_level, none},
    {"Founder/CEO", c_level, none},
    {"CMO", c_level, marketing},
    {"Chief Marketing Officer", c_level, marketing},
    {"CFO", c_level, finance},
    {"Interim CFO", c_level, finance},
    {"CTO", c_level, engineering},
    {"Chief Information Security Officer", c_level, it},
    {"Chief Technology & Product Officer", c_level, product},
    {"Chief People Officer", c_level, hr},
    {"Chief Revenue Officer", c_level, sales},
    {"COO", c_level, operations},
    {"General Counsel", c_level, legal},
    {"President", c_level, none},
    {"President & Senior Advisor", c_level, none},
    {"Managing Director", c_level, none},
    {"MD, Germany", c_level, none},
    {"Owner", c_level, none},
    {"Business Owner", c_level, none},
    {"Managing Partner", c_level, none},
    {"Chairwoman of the Board", c_level, none},
    {"C-Level Executive", c_level, none},
    {"CEO, former CTO", c_level, none},
};

constexpr Row below_the_top[] = {
    {"VP", vp, none},
    {"vp of marketing", vp, marketing},
    {"SVP, Global Sales", vp, sales},
    {"Senior Vice President - Marketing", vp, marketing},
    {"Vice-President of Engineering", vp, engineering},
    {"V.P. Finance", vp, finance},
    {"Assistant Vice President", vp, none},
    {"Deputy CFO", vp, finance},
    {"Deputy Chief Financial Officer", vp, finance},
    {"VP Sales @ Marketing Inc", vp, sales},
    {"Partner", vp, none},
    {"Head of Marketing", director, marketing},
    {"Global Head of IT", director, it},
    {"Director of Sales & Marketing", director, sales},
    {"Sr. Director Product Marketing", director, marketing},
    {"Assoc. Director, HR", director, hr},
    {"Executive Director", director, none},
    {"General Manager", director, none},
    {"Chief of Staff", director, operations},
    {"Chief of Staff to the CEO", director, operations},
    {"Chief Architect", director, engineering},
    {"R&D Director", director, engineering},
    {"Order to Cash Director", director, none},
    {"Company Secretary", director, legal},
    {"Manager", manager, none},
    {"Sales Mgr.", manager, sales},
    {"Sr.Manager IT", manager, it},
    {"Product Manager", manager, product},
    {"Data Product Manager", manager, product},
    {"Go-to-Market Manager", manager, sales},
    {"IT Sales Manager", manager, sales},
    {"Customer Success Manager", manager, support},
    {"Team Leader, Support", manager, support},
    {"Engineering Lead", manager, engineering},
    {"Financial Controller", manager, finance},
    {"Head Chef", manager, none},
    {"Sales Manager, Philadelphia, PA", manager, sales},
    {"Past Due Collections Manager", manager, none},
    {"President's Club Manager", manager, none},
};

constexpr Row contributors[] = {
    {"Assistant to the CEO", ic, none},
    {"Executive Assistant to CEO", ic, none},
    {"CEO's Assistant", ic, none},
    {"Director\xE2\x80\x99s Assistant", ic, none},
    {"EA to CEO", ic, none},
    {"Personal Assistant to Managing Director", ic, none},
    {"CEO Coach", ic, none},
    {"President's Club Sales Rep", ic, sales},
    {"Account Executive", ic, sales},
    {"Sales Engineer", ic, sales},
    {"Software Engineer", ic, engineering},
    {"Business | Development Engineer", ic, engineering},
    {"Engineer at President Ltd", ic, engineering},
    {"Principal Engineer", ic, engineering},
    {"Lead Developer", ic, engineering},
    {"Lead Generation Specialist", ic, marketing},
    {"Product Owner", ic, product},
    {"UX Designer", ic, product},
    {"HR Business Partner", ic, hr},
    {"Technical Recruiter", ic, hr},
    {"L&D Specialist", ic, hr},
    {"FP&A Analyst", ic, finance},
    {"Loan Officer", ic, finance},
    {"IT Support Specialist", ic, it},
    {"Technical Support Engineer", ic, support},
    {"Document Controller", ic, operations},
    {"Head Office Clerk", ic, none},
    {"Attending Physician, MD", ic, none},
    {"Marketing Intern", ic, marketing},
    {"Manager in Training", ic, none},
    {"Secretary", ic, none},
    {"Paralegal", ic, legal},
};

constexpr Row neither[] = {
    {"Ex-CEO", other, none},
    {"Past President", other, none},
    {"formerly CFO & COO", other, none},
    {"Office of the CEO", other, none},
    {"Reporting to the CFO", other, none},
    {"Non-Executive Director", other, none},
    {"Board Member", other, none},
    {"Thought Leader", other, none},
    {"Executive", other, none},
    {"Student", other, none},
    {"Wizard of Light Bulb Moments", other, none},
    {"Directory Services", other, none},
    {"Itinerant Salesforce", other, none},
    {"\xD0\x93\xD0\xB5\xD0\xBD\xD0\xB4\xD0\xB8\xD1\x80\xD0\xB5\xD0\xBA\xD1\x82\xD0\xBE\xD1\x80", other, none},
    {"", TitleLevel::unknown, TitleFunction::unknown},
    {"  \n", TitleLevel::unknown, TitleFunction::unknown},
    {"n/a", TitleLevel::unknown, TitleFunction::unknown},
    {"Not Provided", TitleLevel::unknown, TitleFunction::unknown},
    {"-", TitleLevel::unknown, TitleFunction::unknown},
};

void expect_all(std::span<const Row> rows) {
  for (const Row& row : rows) {
    const TitleFacts facts = title_facts(row.title);
    EXPECT_EQ(label(facts.level), label(row.level)) << row.title;
    EXPECT_EQ(label(facts.function), label(row.function)) << row.title;
  }
}

TEST(Title, TheTopIsCLevel) {
  expect_all(the_top);
}
TEST(Title, VicePresidentsDirectorsAndManagersStandWhereTheirWordsSay) {
  expect_all(below_the_top);
}
TEST(Title, WhoServesTheTopIsNotTheTop) {
  expect_all(contributors);
}
TEST(Title, NothingIsGuessed) {
  expect_all(neither);
}

TEST(Title, CaseAndBlanksChangeNothing) {
  for (const auto& row : the_top) {
    std::string loud = "  ";
    for (const char c : std::string_view(row.title))
      loud += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    EXPECT_EQ(title_facts(loud + "\r\n"), title_facts(row.title)) << loud;
  }
}

TEST(Title, LongAndBrokenTextsAreRead) {
  EXPECT_EQ(title_facts("VP Sales " + std::string(100'000, 'x')).level, vp);
  EXPECT_EQ(title_facts(std::string(100'000, '.')).level, TitleLevel::unknown);
  EXPECT_EQ(title_facts("CEO \xFF\xC0\xE2\x80").level, c_level);
  EXPECT_EQ(title_facts(std::string_view("CEO\0x", 5)).level, c_level);
  std::string words = "Manager";
  for (int i = 0; i < 200; ++i) words += " to the CEO at of office ex";
  EXPECT_EQ(title_facts(words).level, manager);
}

TEST(Title, LabelsAreDistinct) {
  EXPECT_EQ(std::set<std::string_view>(title_level_labels.begin(), title_level_labels.end()).size(), 6U);
  EXPECT_EQ(std::set<std::string_view>(title_function_labels.begin(), title_function_labels.end()).size(), 11U);
  EXPECT_EQ(label(vp), "VP");
  EXPECT_EQ(label(TitleFunction::it), "IT");
  EXPECT_EQ(label(TitleLevel::unknown), "");
}

}  // namespace
}  // namespace leadlight::engine
