#include "net/surfaces/surface.hpp"

#include "net/event_record.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <charconv>

namespace leadlight::net {

using engine::Errc;
using engine::Error;

void add_surfaces(Router& router, const SurfaceContext& given) {
  auto context = given;
  if (!context.types) context.types = std::make_shared<TypeBudget>();
  add_hg_live(router, context);
  add_events(router, context);
  add_segment(router, context);
  add_webhook_check(router, context);
  add_leads(router, context);
  add_stream(router, context);
  add_requests(router, context);
  add_operations(router, context);
  add_admin(router, context);
  add_email_hooks(router, context);
  add_openapi(router);
}

HttpRequest essentials(const HttpRequest& request) {
  HttpRequest about;
  about.method = request.method;
  about.request_id = request.request_id;
  about.received_at = request.received_at;
  about.rate = request.rate;
  return about;
}

JsonReader& json_reader() {
  thread_local JsonReader reader;
  return reader;
}

bool is_among(std::string_view names, std::string_view name) {
  if (names == "*") return true;
  while (!name.empty() && !names.empty()) {
    const auto end = std::min(names.find_first_of(", "), names.size());
    if (boost::beast::iequals(names.substr(0, end), name)) return true;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

bool has_media_type(const HttpRequest& request, std::string_view media_type) {
  const auto header = request.header("content-type");
  return header && boost::beast::iequals(media_type_of(*header), media_type);
}

engine::Result<std::size_t> limit_parameter(const HttpRequest& request, std::size_t otherwise, std::size_t max) {
  const auto text = request.parameter("limit");
  if (!text) return otherwise;
  const bool digits = !text->empty() && std::ranges::all_of(*text, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || std::ranges::all_of(*text, [](char c) { return c == '0'; }))
    return Error{Errc::invalid, "limit must be a whole number of at least 1", "limit"};
  std::size_t limit = 0;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), limit);
  return fault == std::errc{} ? std::min(limit, max) : max;  // more digits than fit: far above `max`
}

engine::Result<bool> flag_parameter(const HttpRequest& request, std::string_view name) {
  const auto text = request.parameter(name);
  if (!text || *text == "false" || *text == "0") return false;
  if (*text == "true" || *text == "1") return true;
  return Error{Errc::invalid, std::string(name) + " must be true or false", std::string(name)};
}

}  // namespace leadlight::net
