// What a sales team writes in its own words, as one of a few: somebody's role in a purchase, where a lead came from, a
// company's industry.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace leadlight::engine {

/// A person's part in a purchase. `other`: a text that says nothing of it; `unknown`: no text. So for all three.
enum class Role : std::uint8_t {
  unknown = 0,
  decision_maker = 1,
  economic_buyer = 2,
  executive_sponsor = 3,
  champion = 4,
  influencer = 5,
  evaluator = 6,
  user = 7,
  gatekeeper = 8,
  other = 9,
};

/// Where a lead came from.
enum class LeadSource : std::uint8_t {
  unknown = 0,
  website = 1,
  referral = 2,
  partner = 3,
  event = 4,
  webinar = 5,
  content = 6,
  search = 7,
  advertising = 8,
  social = 9,
  email = 10,
  phone = 11,
  outbound = 12,
  purchased_list = 13,
  other = 14,
};

enum class Industry : std::uint8_t {
  unknown = 0,
  software = 1,
  technology = 2,
  financial_services = 3,
  healthcare = 4,
  manufacturing = 5,
  retail = 6,
  education = 7,
  government = 8,
  media = 9,
  professional_services = 10,
  energy = 11,
  telecommunications = 12,
  real_estate = 13,
  transportation = 14,
  hospitality = 15,
  nonprofit = 16,
  agriculture = 17,
  other = 18,
};

/// By number, from 1.
inline constexpr std::array<std::string_view, 9> role_labels = {"Decision Maker", "Economic Buyer", "Executive Sponsor",
                                                                "Champion",       "Influencer",     "Evaluator",
                                                                "User",           "Gatekeeper",     "Other"};
inline constexpr std::array<std::string_view, 14> lead_source_labels = {
    "Website",     "Referral", "Partner", "Event", "Webinar",  "Content",        "Search",
    "Advertising", "Social",   "Email",   "Phone", "Outbound", "Purchased List", "Other"};
inline constexpr std::array<std::string_view, 18> industry_labels = {"Software",
                                                                     "Technology",
                                                                     "Financial Services",
                                                                     "Healthcare",
                                                                     "Manufacturing",
                                                                     "Retail",
                                                                     "Education",
                                                                     "Government",
                                                                     "Media",
                                                                     "Professional Services",
                                                                     "Energy",
                                                                     "Telecommunications",
                                                                     "Real Estate",
                                                                     "Transportation",
                                                                     "Hospitality",
                                                                     "Nonprofit",
                                                                     "Agriculture",
                                                                     "Other"};

Role role_of(std::string_view text);
LeadSource lead_source_of(std::string_view text);
Industry industry_of(std::string_view text);

}  // namespace leadlight::engine
