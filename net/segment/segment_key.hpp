// The key in a tracking client's request: clients put it into a header, into the body, or both.
#pragma once

#include "engine/result.hpp"
#include "net/http/http.hpp"

#include <string>

namespace leadlight::net {

/// Segment's clients: `Authorization: Basic base64(KEY ":")`, the colon or not, `writeKey` in the body, or both, then
/// equal. A bearer token beside a `writeKey` is an access token of Segment's own, and not looked at; alone it is the
/// key. Errors: unauthorized.
engine::Result<std::string> find_write_key(const HttpRequest& request);

/// PostHog's clients: `api_key` or `token` in the body, or in the properties of the first event; a header as above.
/// Errors: unauthorized.
engine::Result<std::string> find_project_key(const HttpRequest& request);

}  // namespace leadlight::net
