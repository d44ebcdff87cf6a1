#include "net/http/trace_context.hpp"

#include <algorithm>
#include <random>

namespace leadlight::net {
namespace {

constexpr std::size_t header_bytes = 55;
constexpr std::size_t trace_at = 3;
constexpr std::size_t span_at = 36;
constexpr std::size_t flags_at = 53;

bool is_hexadecimal(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool all_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

std::uint64_t random_bits() {
  // Ids must differ, not be secret.
  thread_local std::mt19937_64 generator = [] {
    std::random_device system;
    std::seed_seq seed{system(), system(), system(), system(), system(), system(), system(), system()};
    return std::mt19937_64(seed);
  }();
  return generator();
}

void add_digits(std::string& text, std::uint64_t bits) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) text += digits[(bits >> static_cast<unsigned>(shift)) & 15U];
}

std::string fresh_id(std::size_t words) {
  std::string id;
  id.reserve(words * 16);
  do {
    id.clear();
    for (std::size_t i = 0; i < words; ++i) add_digits(id, random_bits());
  } while (all_zero(id));
  return id;
}

std::uint8_t byte_of(std::string_view two_digits) {
  const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  return static_cast<std::uint8_t>(digit(two_digits[0]) * 16U + digit(two_digits[1]));
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view header) {
  if (header.size() < header_bytes) return std::nullopt;
  const auto version = header.substr(0, 2);
  if (!is_hexadecimal(version) || version == "ff") return std::nullopt;
  if (header.size() > header_bytes && (version == "00" || header[header_bytes] != '-')) return std::nullopt;
  if (header[2] != '-' || header[span_at - 1] != '-' || header[flags_at - 1] != '-') return std::nullopt;
  const auto trace = header.substr(trace_at, 32);
  const auto span = header.substr(span_at, 16);
  const auto flags = header.substr(flags_at, 2);
  if (!is_hexadecimal(trace) || !is_hexadecimal(span) || !is_hexadecimal(flags)) return std::nullopt;
  if (all_zero(trace) || all_zero(span)) return std::nullopt;
  return TraceContext{std::string(trace), std::string(span), byte_of(flags)};
}

std::string format_traceparent(const TraceContext& context) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(header_bytes);
  text.append("00-").append(context.trace_id).append("-").append(context.span_id).append("-");
  text += digits[context.flags >> 4U];
  text += digits[context.flags & 15U];
  return text;
}

TraceContext next_step(const std::optional<TraceContext>& caller) {
  constexpr std::uint8_t sampled = 1;  // the only flag of version 00; the others are passed on as 0
  if (caller) return {caller->trace_id, fresh_id(1), static_cast<std::uint8_t>(caller->flags & sampled)};
  return {fresh_id(2), fresh_id(1), 0};
}

void TraceBook::note(const engine::LeadId& lead, TraceContext trace, Clock::time_point now) {
  const std::lock_guard guard{mutex_};
  const auto number = ++numbers_;
  by_lead_.insert_or_assign(lead, Noted{{std::move(trace), number}, now});
  order_.emplace_back(lead, number);
  while (order_.size() > leads_max) {
    const auto& [oldest, its_number] = order_.front();
    if (const auto at = by_lead_.find(oldest); at != by_lead_.end() && at->second.entry.number == its_number)
      by_lead_.erase(at);
    order_.pop_front();
  }
}

std::optional<TraceBook::Entry> TraceBook::newest_of(std::span<const engine::LeadId> leads,
                                                     Clock::time_point now) const {
  const std::lock_guard guard{mutex_};
  const Entry* newest = nullptr;
  for (const auto& lead : leads) {
    const auto at = by_lead_.find(lead);
    if (at == by_lead_.end() || now - at->second.at > kept_for) continue;
    if (newest == nullptr || at->second.entry.number > newest->number) newest = &at->second.entry;
  }
  return newest == nullptr ? std::nullopt : std::optional(*newest);
}

void TraceBook::forget(const engine::LeadId& lead, std::uint64_t number) {
  const std::lock_guard guard{mutex_};
  if (const auto at = by_lead_.find(lead); at != by_lead_.end() && at->second.entry.number <= number)
    by_lead_.erase(at);
}

std::size_t TraceBook::size() const {
  const std::lock_guard guard{mutex_};
  return by_lead_.size();
}

}  // namespace leadlight::net
