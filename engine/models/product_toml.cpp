#include "engine/models/product_toml.hpp"

#include "engine/models/measures.hpp"
#include "engine/models/model_toml.hpp"
#include "engine/models/toml_section.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace leadlight::engine::models {
namespace {

constexpr std::size_t word_bytes_max = 100;
constexpr MicroPoints points_max = 1'000'000'000 * micro_points_per_point;
constexpr std::array<ProductStatus, 3> statuses{ProductStatus::live, ProductStatus::draft, ProductStatus::retired};
constexpr std::array<RollUp, 2> roll_ups{RollUp::sum, RollUp::max};
constexpr std::string_view rule_example =
    "[[contact_fit.rules]] with trait = \"title_level\", any_of = [\"VP\"], points = 20 and text = \"Vice president\"";

std::string in_quotes(std::string_view text) {
  return '"' + std::string(text) + '"';
}

template <class Words>
std::string did_you_mean(std::string_view word, const Words& known) {
  const std::string_view meant = nearest_word(word, known);
  return meant.empty() ? std::string() : "; did you mean " + in_quotes(meant) + "?";
}

template <class Words>
std::string list_of(const Words& words) {
  std::string list;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) list += i + 1 == words.size() ? " or " : ", ";
    list += in_quotes(words[i]);
  }
  return list;
}

/// The word under `key` as one of `values`, by their labels; a word that is none of them is a mistake.
template <class Value, std::size_t Size>
std::optional<Value> choice(Section& section, std::string_view key, const std::array<Value, Size>& values) {
  const auto word = section.text(key, word_bytes_max);
  if (!word) return std::nullopt;
  std::array<std::string_view, Size> labels;
  for (std::size_t i = 0; i < Size; ++i) {
    labels[i] = label(values[i]);
    if (labels[i] == *word) return values[i];
  }
  section.mistake(key, in_quotes(*word) + " is none of these; write " + list_of(labels) + did_you_mean(*word, labels));
  return std::nullopt;
}

std::string no_country(std::string_view word) {
  const std::string_view meant = word == "UK" ? "GB" : word == "EL" ? "GR" : "";
  return in_quotes(word) + " is no country code; write the two letters of ISO 3166, for example \"DE\"" +
         (meant.empty() ? "" : "; did you mean " + in_quotes(meant) + "?");
}

/// Reads a product's parts from their sections; mistakes go to the document.
class ProductReader {
 public:
  ProductReader(Section top, Product& product) : top_(std::move(top)), product_(product) {}

  void read() {
    product_.name = top_.text("name", product_name_bytes_max).value_or("");
    top_.require("name", "name = \"Leadlight Starter\"");
    product_.display_name = top_.text("display_name", product_name_bytes_max).value_or(product_.name);
    product_.status = choice(top_, "status", statuses).value_or(product_.status);
    product_.engagement_model = top_.text("engagement_model", word_bytes_max).value_or("");
    read_stages();
    read_grades();
    read_account_intent();
    read_fit("contact_fit", product_.contact_fit, true);
    read_fit("company_fit", product_.company_fit, false);
    top_.close();
  }

 private:
  void read_stages();
  void read_grades();
  void read_account_intent();
  void read_thresholds(Section& account_intent);
  void read_weight(Section& section);
  void read_fit(std::string_view key, FitModel& model, bool of_contact);
  std::optional<FitRule> read_rule(Section& section);
  std::optional<Trait> read_trait(Section& section);
  std::vector<std::uint16_t> read_values(Section& section, const std::optional<Trait>& trait);

  Section top_;
  Product& product_;
  std::vector<std::pair<Trait, std::uint16_t>> weighted_;
};

/// Adds a mistake unless `value` is above `lower`, which `lower_key` says.
void must_ascend(Section& section, std::string_view key, int value, std::string_view lower_key, int lower) {
  if (value > lower) return;
  section.mistake(key, std::to_string(value) + " is not above " + std::string(lower_key) + ", which is " +
                           std::to_string(lower) + "; write more than " + std::to_string(lower));
}

int whole_or(Section& section, std::string_view key, int least, int usual) {
  return static_cast<int>(section.whole(key, least, 100).value_or(usual));
}

void ProductReader::read_stages() {
  auto section = top_.section("stages", "[stages]");
  if (!section) return;
  StageBands& bands = product_.stages;
  bands.awareness = whole_or(*section, "awareness", 1, bands.awareness);
  bands.consideration = whole_or(*section, "consideration", 1, bands.consideration);
  bands.decision = whole_or(*section, "decision", 1, bands.decision);
  bands.purchase = whole_or(*section, "purchase", 1, bands.purchase);
  must_ascend(*section, "consideration", bands.consideration, "awareness", bands.awareness);
  must_ascend(*section, "decision", bands.decision, "consideration", bands.consideration);
  must_ascend(*section, "purchase", bands.purchase, "decision", bands.decision);
  section->close();
}

void ProductReader::read_grades() {
  auto section = top_.section("grades", "[grades]");
  if (!section) return;
  GradeRule& rule = product_.grades;
  const auto intent = section->whole("intent", 0, 100);
  const auto profile = section->whole("profile", 0, 100);
  // One share says the other.
  rule.intent_percent = static_cast<int>(intent.value_or(profile ? 100 - *profile : rule.intent_percent));
  rule.profile_percent = static_cast<int>(profile.value_or(100 - rule.intent_percent));
  if (intent && profile && *intent + *profile != 100) {
    section->mistake("profile", std::to_string(*intent) + " percent of intent and " + std::to_string(*profile) +
                                    " percent of profile do not make 100; write " + std::to_string(100 - *intent) +
                                    ", or leave one of the two out");
  }
  rule.a = whole_or(*section, "a", 1, rule.a);
  rule.b = whole_or(*section, "b", 1, rule.b);
  rule.c = whole_or(*section, "c", 1, rule.c);
  must_ascend(*section, "a", rule.a, "b", rule.b);
  must_ascend(*section, "b", rule.b, "c", rule.c);
  section->close();
}

void ProductReader::read_account_intent() {
  auto section = top_.section("account_intent", "[account_intent]");
  if (!section) return;
  product_.account_intent.roll_up = choice(*section, "roll_up", roll_ups).value_or(RollUp::sum);
  read_thresholds(*section);
  for (Section& weight : section->list("weights", "[[account_intent.weights]]")) read_weight(weight);
  section->close();
}

void ProductReader::read_thresholds(Section& account_intent) {
  auto section = account_intent.section("thresholds", "[account_intent.thresholds]");
  if (!section) return;
  const auto medium = section->points("medium", 1, points_max);
  const auto high = section->points("high", 1, points_max);
  const auto very_high = section->points("very_high", 1, points_max);
  const auto cap = section->points("cap", 1, 2 * points_max);
  section->require("medium", "medium = 60");
  section->require("high", "high = 120");
  section->require("very_high", "very_high = 200");
  section->close();
  const auto above = [&](std::string_view key, const auto& value, std::string_view lower_key, const auto& lower) {
    if (!value || !lower || *value > *lower) return;
    section->mistake(key, points_text(*value) + " is not above " + std::string(lower_key) + ", which is " +
                              points_text(*lower) + "; write more than " + points_text(*lower));
  };
  above("high", high, "medium", medium);
  above("very_high", very_high, "high", high);
  above("cap", cap, "very_high", very_high);
  const MicroPoints top = very_high.value_or(0);
  product_.account_intent.thresholds = {medium.value_or(0), high.value_or(0), top, cap.value_or(2 * top)};
}

void ProductReader::read_weight(Section& section) {
  const auto trait = read_trait(section);
  const auto values = read_values(section, trait);
  const bool unknown = section.flag("unknown").value_or(false);
  const auto percent = section.whole("percent", 0, intent_weight_percent_max);
  section.require("percent", "percent = 150");
  if (!section.has("any_of") && !unknown) section.require("any_of", "any_of = [\"C-Level\", \"VP\"]");
  section.close();
  if (!trait || !percent) return;
  AccountIntent& rule = product_.account_intent;
  const auto set = [&](std::span<std::uint16_t> percents, std::uint16_t value) {
    if (std::find(weighted_.begin(), weighted_.end(), std::pair(*trait, value)) != weighted_.end()) {
      const auto which = value == 0 ? std::string("unknown") : in_quotes(labels_of(*trait)[value - 1U]);
      section.mistake(value == 0 ? "unknown" : "any_of", which + " has a weight already; name it once");
    }
    weighted_.emplace_back(*trait, value);
    percents[value] = static_cast<std::uint16_t>(*percent);
  };
  if (*trait != Trait::title_level && *trait != Trait::role) {
    section.mistake("trait", in_quotes(word_of(*trait)) + " gives no weight; write \"title_level\" or \"role\"");
    return;
  }
  const std::span<std::uint16_t> percents =
      *trait == Trait::role ? std::span<std::uint16_t>(rule.role_percent) : rule.title_level_percent;
  for (const std::uint16_t value : values) set(percents, value);
  if (unknown) set(percents, 0);
}

std::optional<Trait> ProductReader::read_trait(Section& section) {
  const auto word = section.text("trait", word_bytes_max);
  section.require("trait", "trait = \"title_level\"");
  if (!word) return std::nullopt;
  const auto found = std::find(trait_words.begin(), trait_words.end(), *word);
  if (found != trait_words.end()) return static_cast<Trait>(found - trait_words.begin() + 1);
  section.mistake("trait",
                  in_quotes(*word) + " is no trait; write " + list_of(trait_words) + did_you_mean(*word, trait_words));
  return std::nullopt;
}

std::vector<std::uint16_t> ProductReader::read_values(Section& section, const std::optional<Trait>& trait) {
  std::vector<std::uint16_t> values;
  const auto words = section.texts("any_of", word_bytes_max);
  if (!words || !trait) return values;
  const auto labels = labels_of(*trait);
  for (const std::string& word : *words) {
    std::uint16_t value = 0;
    if (kind_of(*trait) == TraitKind::amount) {
      section.mistake("any_of", std::string(word_of(*trait)) +
                                    " is an amount; write at_least, at_most or both, for example at_least = 1_000");
      break;
    }
    if (kind_of(*trait) == TraitKind::country) {
      value = country_code(word);
      if (value == 0) section.mistake("any_of", no_country(word));
    } else {
      const auto found = std::find(labels.begin(), labels.end(), word);
      if (found != labels.end()) {
        value = static_cast<std::uint16_t>(found - labels.begin() + 1);
      } else {
        section.mistake("any_of", in_quotes(word) + " is no value of " + std::string(word_of(*trait)) + "; write " +
                                      list_of(labels) + (takes_texts(*trait) ? ", or own words under texts" : "") +
                                      did_you_mean(word, labels));
      }
    }
    if (value != 0) values.push_back(value);
  }
  return values;
}

void ProductReader::read_fit(std::string_view key, FitModel& model, bool of_contact) {
  const std::string table = '[' + std::string(key) + ']';
  auto section = top_.section(key, table);
  if (!section) {
    top_.require(key, table + " with base and rules");
    return;
  }
  model.base = whole_or(*section, "base", 0, 0);
  auto rules = section->list("rules", rule_example);
  section->close();
  if (rules.size() > fit_rules_max) {
    section->mistake("rules", std::to_string(rules.size()) + " rules are above the limit of " +
                                  std::to_string(fit_rules_max) + "; merge some by listing several values");
    return;
  }
  for (Section& rule : rules) {
    const auto read = read_rule(rule);
    if (!read) continue;  // what could not be read has been told
    model.rules.push_back(*read);
    // The rest of what can be wrong with a rule the model itself knows.
    if (const auto status = model.check_rule(model.rules.size() - 1, key); !status) {
      const std::string& field = status.error().field;
      const std::string member = field.substr(field.rfind('.') + 1);
      rule.mistake(member == "values" ? "any_of" : member, status.error().what);
      model.rules.pop_back();
    } else if (!of_contact && !is_of_company(read->trait)) {
      rule.mistake("trait", in_quotes(word_of(read->trait)) +
                                " is a person's, and two people of a company would give it two fits; write "
                                "\"industry\", \"country\", \"employees\" or \"revenue\", or move the rule to "
                                "contact_fit");
    }
  }
}

/// None when something could not be read.
std::optional<FitRule> ProductReader::read_rule(Section& section) {
  FitRule rule;
  const auto trait = read_trait(section);
  rule.trait = trait.value_or(rule.trait);
  rule.values = read_values(section, trait);
  for (std::string& text : section.texts("texts", fit_own_text_bytes_max).value_or(std::vector<std::string>{}))
    rule.texts.push_back(own_text(std::move(text)));
  rule.at_least = section.whole("at_least", 0, amount_max);
  rule.at_most = section.whole("at_most", 0, amount_max);
  const auto unknown = section.flag("unknown");
  rule.unknown = unknown.value_or(false);
  const auto points = section.whole("points", -fit_points_max, fit_points_max);
  const auto text = section.text("text", fit_rule_text_bytes_max);
  section.require("points", "points = 20");
  section.require("text", "text = \"Decides about budgets\"");
  section.close();
  const auto lost = [&](std::string_view key, bool read) { return section.has(key) && !read; };
  if (!trait || !points || !text || lost("any_of", !rule.values.empty()) || lost("texts", !rule.texts.empty()) ||
      lost("at_least", rule.at_least.has_value()) || lost("at_most", rule.at_most.has_value()) ||
      lost("unknown", unknown.has_value()))
    return std::nullopt;
  rule.points = static_cast<int>(*points);
  rule.text = *text;
  return rule;
}

}  // namespace

Result<Product> read_product(std::string_view toml, std::string_view file_name) {
  if (toml.size() > product_file_bytes_max) {
    return Error{Errc::too_large,
                 std::string(file_name) + ": the file has " + std::to_string(toml.size()) + " bytes; the limit is " +
                     std::to_string(product_file_bytes_max) + ", shorten it",
                 ""};
  }
  Document document(toml, file_name);
  Product product;
  product.source = std::string(toml);
  try {
    const toml::table table = toml::parse(toml, file_name);
    ProductReader(Section(table, "", 1, document), product).read();
  } catch (const toml::parse_error& error) {
    document.mistake(error.source().begin.line, "",
                     "this is not valid TOML: " + std::string(error.description()) +
                         "; correct the line, or compare it with docs/guides/products.md");
  }
  if (!document.clean()) return document.error();
  if (const Status sound = product.check(); !sound) {
    Error error = sound.error();
    error.what = std::string(file_name) + ": " + (error.field.empty() ? "" : error.field + ": ") + error.what;
    return error;
  }
  return product;
}

}  // namespace leadlight::engine::models
