#include "tools/bench/population.hpp"

namespace leadlight::bench {

namespace {

constexpr std::size_t lead_digits = 8;
constexpr std::size_t company_digits = 7;
constexpr std::string_view pattern = "lead00000000@company0000000.com";
constexpr std::size_t lead_at = 4;
constexpr std::size_t company_at = 20;

}  // namespace

void write_digits(char* at, std::size_t width, std::uint64_t number) {
  for (std::size_t i = width; i-- > 0; number /= 10) at[i] = static_cast<char>('0' + number % 10);
}

void write_email(char* at, std::uint64_t number) {
  write_digits(at + lead_at, lead_digits, number);
  write_digits(at + company_at, company_digits, number / leads_per_company);
}

std::string email_of(std::uint64_t number) {
  std::string email{pattern};
  write_email(email.data(), number);
  return email;
}

engine::EventType event_type(std::uint64_t lead, std::size_t place) {
  static const auto types = [] {
    std::array<engine::EventType, event_names.size()> all;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (auto type = engine::EventType::of(event_names[i])) all[i] = *type;
    return all;
  }();
  return types[(lead * 7 + place) % types.size()];
}

engine::Timestamp event_time(std::uint64_t lead, std::size_t place, engine::Timestamp now) {
  constexpr auto step = 3 * engine::day;
  const auto hour = engine::Milliseconds{static_cast<std::int64_t>((lead * 2'654'435'761ULL) % 86'400'000ULL)};
  return now - step * static_cast<std::int64_t>(events_per_lead - place) + hour;
}

std::uint64_t spread(std::uint64_t turn, std::uint64_t size) {
  constexpr std::uint64_t prime = 7'368'787;
  return turn % size * prime % size;
}

}  // namespace leadlight::bench
