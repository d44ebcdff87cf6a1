// Countries: what people write leads to a code, and every code to a name and a region.
#include "net/sixsense/countries.hpp"
#include "net/sixsense/country_table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace leadlight::net::sixsense {
namespace {

TEST(CountriesTest, PeopleWriteThemInManyWays) {
  const std::map<std::string, std::set<std::string>> spellings = {
      {"US",
       {"US", "us", "USA", "usa", "U.S.", "U.S.A.", "U. S. A.", "United States", "united states of america",
        "The United States", " UNITED  STATES ", "America", "Estados Unidos"}},
      {"GB",
       {"GB", "GBR", "UK", "U.K.", "United Kingdom", "Great Britain", "England", "scotland", "Wales",
        "Northern Ireland", "United Kingdom of Great Britain & Northern Ireland"}},
      {"DE", {"DE", "DEU", "Germany", "Deutschland", "Federal Republic of Germany"}},
      {"KR", {"South Korea", "Korea", "Korea, Republic of", "Republic of Korea", "Korea (Republic of)", "KOR"}},
      {"KP", {"North Korea", "Democratic People's Republic of Korea", "DPRK"}},
      {"RU", {"Russia", "Russian Federation", "RUS", "Россия"}},
      {"VN", {"Viet Nam", "Vietnam", "VNM"}},
      {"CI", {"Côte d'Ivoire", "Cote d’Ivoire", "COTE D IVOIRE", "Ivory Coast"}},
      {"CZ", {"Czechia", "Czech Republic", "Česko", "cesko"}},
      {"AT", {"Austria", "Österreich", "Oesterreich", "Osterreich"}},
      {"AX", {"Åland Islands", "Aland Islands"}},
      {"TR", {"Türkiye", "Turkiye", "Turkey"}},
      {"NL", {"Netherlands", "The Netherlands", "Holland", "Nederland"}},
      {"CN", {"China", "People's Republic of China", "P.R. China", "PRC", "中国"}},
      {"TW", {"Taiwan", "Taiwan, Province of China"}},
      {"CD", {"Congo, The Democratic Republic of the", "Democratic Republic of the Congo", "DRC", "DR Congo"}},
      {"CG", {"Congo", "Republic of the Congo"}},
      {"TT", {"Trinidad and Tobago", "Trinidad & Tobago"}},
      {"LC", {"Saint Lucia", "St. Lucia", "St Lucia"}},
      {"AE", {"UAE", "U.A.E.", "United Arab Emirates"}},
      {"GR", {"Greece", "EL", "GRC"}},
      {"ES",
       {"Spain", "España", "Espana",
        "Espan\xCC\x83"
        "a"}},
      {"VI", {"US Virgin Islands", "U.S. Virgin Islands", "Virgin Islands, U.S."}},
      {"PL", {"Poland", "Polska"}},
      {"ST", {"ST", "STP", "Sao Tome and Principe", "São Tomé and Príncipe"}},
  };
  for (const auto& [code, texts] : spellings)
    for (const auto& text : texts) EXPECT_EQ(country_code(text), code) << text;
}

TEST(CountriesTest, WhatIsNoneIsNone) {
  for (const std::string text : {"", " ", ".", "XX", "ZZZ", "Atlantis", "n/a", "N.A.", "N A", "n. a.", "United", "the",
                                 "\xFF", "US\xFF", "California"})
    EXPECT_EQ(country_code(text), std::nullopt) << text;
  for (const std::string text : {"", "us", "USA", "XX"}) {
    EXPECT_EQ(country_name(text), "") << text;
    EXPECT_EQ(country_region(text), "") << text;
  }
}

TEST(CountriesTest, EveryCountryOfTheStandardIsFoundByAllThatTheStandardCallsIt) {
  std::set<std::string_view> codes;
  for (const auto& country : iso_countries()) {
    codes.insert(country.alpha_2);
    for (const auto text :
         {country.alpha_2, country.alpha_3, country.name, country.common_name, country.official_name}) {
      if (!text.empty()) {
        EXPECT_EQ(country_code(text), country.alpha_2) << text;
      }
    }
    const auto name = country_name(country.alpha_2);
    EXPECT_FALSE(name.empty()) << country.alpha_2;
    EXPECT_EQ(name.find(" of,"), std::string_view::npos) << name;
    EXPECT_EQ(country_code(name), country.alpha_2) << name;
    EXPECT_FALSE(country_region(country.alpha_2).empty()) << country.alpha_2;
  }
  EXPECT_GE(codes.size(), 249U);
}

TEST(CountriesTest, AnswersNameThemAsTheFieldDoes) {
  const std::map<std::string, std::pair<std::string, std::string>> known = {
      {"US", {"United States", "Northern America"}},
      {"CA", {"Canada", "Northern America"}},
      {"GB", {"United Kingdom", "Northern Europe"}},
      {"DE", {"Germany", "Western Europe"}},
      {"KR", {"South Korea", "Eastern Asia"}},
      {"RU", {"Russia", "Eastern Europe"}},
      {"VN", {"Vietnam", "South-eastern Asia"}},
      {"IN", {"India", "Southern Asia"}},
      {"AU", {"Australia", "Australia and New Zealand"}},
      {"BR", {"Brazil", "South America"}},
      {"MX", {"Mexico", "Central America"}},
      {"ZA", {"South Africa", "Southern Africa"}},
      {"AE", {"United Arab Emirates", "Western Asia"}},
      {"TW", {"Taiwan", "Eastern Asia"}},
      {"CD", {"Democratic Republic of the Congo", "Middle Africa"}},
      {"BO", {"Bolivia", "South America"}},
  };
  for (const auto& [code, expected] : known) {
    EXPECT_EQ(country_name(code), expected.first);
    EXPECT_EQ(country_region(code), expected.second);
  }
}

}  // namespace
}  // namespace leadlight::net::sixsense
