#include "tests/property/oracle.hpp"

#include <algorithm>
#include <array>

namespace leadlight::oracle {
namespace {

constexpr std::int64_t day = 86'400'000;
constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t window = 90 * day;
constexpr std::int64_t dedup_least = 7 * day;

/// Division toward −∞. Precondition: `below` > 0.
Wide floor_divide(Wide above, Wide below) {
  const Wide quotient = above / below;
  return above % below < 0 ? quotient - 1 : quotient;
}

std::int64_t age_at(std::int64_t occurred_at, std::int64_t at) {
  return std::max<std::int64_t>(0, at - occurred_at);
}

bool speaks_of(const Rule& rule, const std::string& type) {
  return std::find(rule.types.begin(), rule.types.end(), type) != rule.types.end();
}

std::int64_t clamp(std::int64_t sum, const std::optional<std::int64_t>& cap) {
  if (!cap) return sum;
  return std::max(-*cap, std::min(*cap, sum));
}

/// A number in [0, 1) in 256 binary places; the highest 32 come last.
using Fraction = std::array<std::uint32_t, 8>;
using Product = std::array<std::uint32_t, 16>;

/// Long multiplication, exact.
Product multiply(const Fraction& a, const Fraction& b) {
  Product product{};
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      carry += static_cast<std::uint64_t>(a[i]) * b[j] + product[i + j];
      product[i + j] = static_cast<std::uint32_t>(carry);
      carry >>= 32U;
    }
    product[i + b.size()] = static_cast<std::uint32_t>(carry);
  }
  return product;
}

Fraction upper_half(const Product& product) {
  Fraction upper{};
  std::copy(product.begin() + 8, product.end(), upper.begin());
  return upper;
}

/// The largest fraction whose square is not above `number`, bit by bit.
Fraction root(const Fraction& number) {
  Product bound{};
  std::copy(number.begin(), number.end(), bound.begin() + 8);
  Fraction found{};
  for (std::size_t bit = 256; bit-- > 0;) {
    Fraction tried = found;
    tried[bit / 32] |= std::uint32_t{1} << (bit % 32);
    const Product square = multiply(tried, tried);
    if (!std::lexicographical_compare(bound.rbegin(), bound.rend(), square.rbegin(), square.rend())) found = tried;
  }
  return found;
}

std::vector<std::uint64_t> make_numbers() {
  // roots[k] = 2^(−1/2^(k+1)); the product of those that i/4096 is made of is 2^(−i/4096).
  std::array<Fraction, 12> roots{};
  Fraction last{};
  last[7] = std::uint32_t{1} << 31U;  // 1/2
  for (Fraction& next : roots) {
    next = root(last);
    last = next;
  }
  std::vector<std::uint64_t> numbers{std::uint64_t{1} << 32U};
  for (std::size_t i = 1; i < 4096; ++i) {
    std::optional<Fraction> power;
    for (std::size_t k = 0; k < 12; ++k) {
      if (((i >> (11 - k)) & 1U) == 0) continue;
      power = power ? upper_half(multiply(*power, roots[k])) : roots[k];
    }
    numbers.push_back((*power)[7]);
  }
  return numbers;
}

}  // namespace

const std::vector<std::uint64_t>& half_life_numbers() {
  static const std::vector<std::uint64_t> numbers = make_numbers();
  return numbers;
}

std::int64_t worth(const Rule& rule, std::int64_t occurred_at, std::int64_t at) {
  const std::int64_t age = age_at(occurred_at, at);
  if (age >= window || age >= rule.lifespan) return 0;
  if (rule.half_life == 0) {
    return static_cast<std::int64_t>(floor_divide(Wide(rule.points) * (rule.lifespan - age), rule.lifespan));
  }
  const std::int64_t n = age / rule.half_life;
  if (n >= 63) return 0;
  const auto i = static_cast<std::size_t>(Wide(age % rule.half_life) * 4096 / rule.half_life);
  const Wide product = Wide(rule.points) * Wide(half_life_numbers()[i]);
  return static_cast<std::int64_t>(floor_divide(product, Wide(1) << (32 + n)));
}

Fate Lead::tell(const Event& event, const Model* model) {
  if (!event.id.empty()) {
    const auto known = known_.find(event.id);
    if (known != known_.end() && event.received_at < known->second.until) {
      if (known->second.content != event.content) ++conflicts_;
      return Fate::duplicate;
    }
    known_[event.id] = Known{std::max(event.occurred_at + window, event.received_at + dedup_least), event.content};
  }
  if (event.received_at - event.occurred_at >= window) return Fate::too_late;
  taken_.push_back(event);
  keep(event);
  if (model == nullptr) return Fate::no_change;
  for (const Rule& rule : model->rules) {
    if (speaks_of(rule, event.type)) return Fate::counted;
  }
  return Fate::no_change;
}

void Lead::keep(const Event& event) {
  const auto hour_of = [](const Event& e) { return std::pair(e.type, e.occurred_at / hour * hour); };
  const auto joined = folded_.find(hour_of(event));
  if (joined != folded_.end()) {
    ++joined->second;
    return;
  }
  standing_.push_back(event);
  while (standing_.size() > events_max_) {
    const auto oldest = std::min_element(standing_.begin(), standing_.end(), [](const Event& a, const Event& b) {
      return std::pair(a.occurred_at, a.rank) < std::pair(b.occurred_at, b.rank);
    });
    const auto group = hour_of(*oldest);
    std::vector<Event> rest;
    for (const Event& other : standing_) {
      if (hour_of(other) == group) {
        ++folded_[group];
      } else {
        rest.push_back(other);
      }
    }
    standing_ = rest;
  }
}

/// (date, how many) of the events that this rule speaks of and that take part at `at`.
std::vector<std::pair<std::int64_t, std::int64_t>> Lead::members(const Rule& rule, std::int64_t at) const {
  std::vector<std::pair<std::int64_t, std::int64_t>> found;
  for (const Event& event : standing_) {
    if (speaks_of(rule, event.type) && age_at(event.occurred_at, at) < window) found.emplace_back(event.occurred_at, 1);
  }
  for (const auto& [type_and_hour, count] : folded_) {
    if (speaks_of(rule, type_and_hour.first) && age_at(type_and_hour.second, at) < window) {
      found.emplace_back(type_and_hour.second, count);
    }
  }
  return found;
}

std::int64_t Lead::rule_sum(const Rule& rule, std::int64_t at) const {
  const auto events = members(rule, at);
  std::int64_t sum = 0;
  if (rule.at_least == 0) {
    for (const auto& [date, count] : events) sum += count * worth(rule, date, at);
    return sum;
  }
  std::optional<std::int64_t> latest;
  for (const auto& [end, unused] : events) {
    if (latest && end <= *latest) continue;
    std::int64_t inside = 0;
    for (const auto& [date, count] : events) {
      if (date > end - rule.within && date <= end) inside += count;
    }
    if (inside >= rule.at_least) latest = end;
  }
  return latest ? worth(rule, *latest, at) : 0;
}

std::int64_t Lead::raw(const Model& model, std::int64_t at) const {
  return value(model, at).raw;
}

Value Lead::value(const Model& model, std::int64_t at) const {
  Value value;
  std::vector<std::int64_t> group_sums(model.group_caps.size(), 0);
  std::int64_t total = 0;
  for (const Rule& rule : model.rules) {
    const std::int64_t sum = rule_sum(rule, at);
    value.rule_sums.push_back(sum);
    (rule.group ? group_sums[*rule.group] : total) += clamp(sum, rule.cap);
  }
  for (std::size_t i = 0; i < group_sums.size(); ++i) total += clamp(group_sums[i], model.group_caps[i]);
  value.raw = std::max<std::int64_t>(0, total);
  value.score = score_of(model, value.raw);
  value.segment = segment_of(model, value.raw);
  return value;
}

Value Lead::value_as_of(const Model& model, std::int64_t at) const {
  Lead then(events_max_);
  for (const Event& event : taken_) {
    if (event.occurred_at <= at) then.keep(event);
  }
  return then.value(model, at);
}

int score_of(const Model& model, std::int64_t raw) {
  const auto between = [raw](std::int64_t from, std::int64_t to, int low, int high) {
    return low + static_cast<int>(floor_divide(Wide(high - low) * (raw - from), to - from));
  };
  if (raw <= 0) return 0;
  if (raw < model.medium) return between(0, model.medium, 0, 50);
  if (raw < model.high) return between(model.medium, model.high, 50, 70);
  if (raw < model.very_high) return between(model.high, model.very_high, 70, 85);
  if (raw < model.cap) return between(model.very_high, model.cap, 85, 100);
  return 100;
}

int segment_of(const Model& model, std::int64_t raw) {
  if (raw >= model.very_high) return 3;
  if (raw >= model.high) return 2;
  return raw >= model.medium ? 1 : 0;
}

}  // namespace leadlight::oracle
