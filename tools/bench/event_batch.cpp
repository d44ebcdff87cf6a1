#include "tools/bench/event_batch.hpp"

#include "net/http/http.hpp"
#include "tools/bench/load_generator.hpp"
#include "tools/bench/population.hpp"

#include <fmt/format.h>

namespace leadlight::bench {

namespace {

constexpr std::string_view id_prefix = "bench-";
constexpr std::size_t id_digits = 12;

std::string own_event(std::string_view type, std::string_view time) {
  return fmt::format(
      R"({{"email":"{}","type":"{}","occurred_at":"{}","event_id":"{}","properties":{{"path":"/pricing"}}}})",
      email_of(0), type, time, EventBatch::event_id(0));
}

/// What @segment/analytics-node sends of a call.
std::string segment_call(std::string_view type, std::string_view time) {
  return fmt::format(
      R"({{"timestamp":"{}","integrations":{{}},"type":"track","userId":"{}","event":"{}",)"
      R"("properties":{{"path":"/pricing"}},)"
      R"("context":{{"library":{{"name":"@segment/analytics-node","version":"2.2.1"}}}},"messageId":"{}",)"
      R"("_metadata":{{"nodeVersion":"18.20.4","jsRuntime":"node"}}}})",
      time, email_of(0), type, EventBatch::event_id(0));
}

}  // namespace

std::string EventBatch::event_id(std::uint64_t number) {
  std::string id = std::string{id_prefix} + std::string(id_digits, '0');
  write_digits(id.data() + id_prefix.size(), id_digits, number);
  return id;
}

EventBatch::EventBatch(std::string_view key, std::size_t events, engine::Timestamp at, BatchShape shape) {
  const bool segment = shape == BatchShape::segment;
  std::string body = segment ? R"({"batch":[)" : "[";
  const auto time = net::format_time(at);
  for (std::size_t i = 0; i < events; ++i) {
    if (i > 0) body += segment ? "," : ",\n";
    const auto type = event_names[i % event_names.size()];
    body += segment ? segment_call(type, time) : own_event(type, time);
  }
  body += segment ? fmt::format(R"(],"writeKey":"{}","sentAt":"{}"}})", key, time) : "]";
  request_ = post_request(segment ? "/v1/batch" : "/v1/events", key, body);
  std::size_t at_byte = request_.find("\r\n\r\n");
  const auto email = email_of(0);
  const auto id = event_id(0);
  for (std::size_t i = 0; i < events; ++i) {
    Places places;
    places.email = request_.find(email, at_byte);
    places.id = request_.find(id, places.email);
    at_byte = places.id;
    places_.push_back(places);
  }
}

void EventBatch::number(std::string& request, std::uint64_t first, std::uint64_t leads) const {
  for (std::size_t i = 0; i < places_.size(); ++i) {
    write_email(request.data() + places_[i].email, spread(first + i, leads));
    write_digits(request.data() + places_[i].id + id_prefix.size(), id_digits, first + i);
  }
}

}  // namespace leadlight::bench
