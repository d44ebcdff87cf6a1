// What the 6sense-compatible routes answer with 200, as JSON; each API with its own spelling of the same facts.
//
// The shape never changes, since callers map paths such as `scores[1].contact_grade`: every key is always there, what
// is not known is null (never an empty text), and lists are there even when empty. Scores are JSON numbers; every fact
// of a company is a text, its numbers included. Precondition of every text: valid UTF-8. Source:
// shared/contracts/6sense.md section 5.
#pragma once

#include "engine/product.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::net::sixsense {

struct IndustryPair {
  std::string industry;
  std::string subindustry;

  friend bool operator==(const IndustryPair&, const IndustryPair&) = default;
};

/// What is known of a company. An empty text: not known.
struct CompanyFacts {
  std::string company_id;
  std::string domain;
  std::string name;
  std::string region;            // "Northern America" (countries.hpp)
  std::string country;           // "United States"
  std::string country_iso_code;  // "US"
  std::string state;
  std::string state_code;  // by address alone
  std::string city;
  std::string street_address;
  std::string postal_code;
  std::string phone;
  std::string industry;
  std::vector<IndustryPair> industries;
  std::string employee_range;  // "1,000 - 4,999"
  std::string revenue_range;   // "$100M - $250M"
  std::string employee_count;
  std::string annual_revenue;
  std::string title_level;     // of the person asked about
  std::string title_function;  // of the person asked about
  std::string sic_code;
  std::string sic_description;
  std::string naics_code;
  std::string naics_description;

  friend bool operator==(const CompanyFacts&, const CompanyFacts&) = default;
};

/// A product in its place. One that is not live has no scores: its values are null, and its place stays.
struct ProductAnswer {
  std::string name;
  std::string display_name;
  std::optional<engine::ProductScores> scores;
};

/// How a key is set to show segments.
enum class SegmentForm : std::uint8_t { off, ids, ids_and_names };

struct SegmentEntry {
  std::uint32_t id = 0;
  std::string name;
};

struct SegmentsAnswer {
  SegmentForm form = SegmentForm::off;
  std::vector<SegmentEntry> entries;  // passed over when off
};

struct Answer {
  std::optional<CompanyFacts> company;  // none: no company is known, and `company` is null
  std::vector<ProductAnswer> scores;    // every product of the organisation in its order; empty when scores are off
  SegmentsAnswer segments;
};

/// `/v2/people/full` and its older names: `company`, `scores`, `segments`.
std::string full_answer(const Answer& answer);
/// `/v2/people/score`: `scores` alone.
std::string score_answer(const Answer& answer);
/// `/v2/people/enrichment` and `/v1/enrichment/company`: `company`, `segments`.
std::string enrichment_answer(const Answer& answer);
/// `/v1/company/products`: the products' names, in their order.
std::string products_answer(std::string_view organisation, std::span<const ProductAnswer> products);

enum class CompanyMatch : std::uint8_t { none, not_actionable, match };
enum class Confidence : std::uint8_t { low, moderate, high, very_high };

/// What is known of an address beside its company.
struct AddressFacts {
  CompanyMatch match = CompanyMatch::none;
  std::string additional_comment;
  bool is_blacklisted = false;
  std::string geo_country;
  std::string geo_state;
  std::string geo_city;
  std::optional<Confidence> confidence;
};

/// `/v3/company/details`: `company` (its values null when none matched), `scores` of the company, `segments`,
/// `confidence`.
std::string details_answer(const Answer& answer, const AddressFacts& address);

/// Whether the company is qualified for a product: it fits (Moderate or better) and decides or purchases. The company
/// as a whole is when it is for any product.
bool is_qualified(const engine::ProductScores& scores);

}  // namespace leadlight::net::sixsense
