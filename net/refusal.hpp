// Answers to requests that never reach a handler, in the envelope of the path they asked for.
#pragma once

#include "net/http/http.hpp"

#include <cstdint>
#include <string>

namespace leadlight::net {

/// Refuses with a status that no `Errc` stands for.
HttpResponse refuse_with(std::uint16_t status, std::string what, const Route* route, HttpRequest& request);

/// 404, or 405 with Allow.
HttpResponse refuse_unmatched(const Router::Match& match, HttpRequest& request);

/// In the envelope of `route`; none: a problem document.
HttpResponse refuse(const engine::Error& error, const Route* route, const HttpRequest& request);

}  // namespace leadlight::net
