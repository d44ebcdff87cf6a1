// The server's own description: `GET /openapi.json`, without a key.
#include "net/openapi.hpp"
#include "engine/hash.hpp"
#include "net/surfaces/surface.hpp"

#include <fmt/format.h>

namespace leadlight::net {
namespace {

constexpr std::uint64_t entity_tag_key = 0x6F70656E61706931;  // "openapi1"

/// Whether the sender holds the document under this tag; a weak tag does as well (RFC 9110, 13.1.2).
bool is_known(const HttpRequest& request, std::string_view tag) {
  const auto held = request.header("if-none-match");
  return held && (*held == "*" || held->find(tag) != std::string_view::npos);
}

HttpResponse answer(const HttpRequest& request, const std::string& tag) {
  // A 304 is given the document too: only its length is sent, which must be that of the 200 (RFC 9110, 8.6).
  auto response = HttpResponse::json(is_known(request, tag) ? 304 : 200, {});
  response.standing_body = openapi_document();  // large: a thousand slow readers must not hold a thousand copies
  response.headers.emplace_back("ETag", tag);
  response.headers.emplace_back("Cache-Control", "no-cache");  // kept, but never used unasked: a new version changes it
  return response;
}

}  // namespace

void add_openapi(Router& router) {
  const auto tag = fmt::format("\"{:016x}\"", engine::siphash(entity_tag_key, 0, openapi_document()));
  router.add({"GET", "/openapi.json", "", 0,
              [tag](const HttpRequest& request, const Respond& respond) { respond(answer(request, tag)); }});
}

}  // namespace leadlight::net
