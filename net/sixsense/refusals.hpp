// How the 6sense-compatible routes refuse: `{"status":"error","message":"…"}`, and the rate headers on every answer.
//
// What a caller may do about it is in the status: 400, 404 and 422 are final, 401, 402 and 403 want a person, 429 and
// 503 may be tried again (both say when).
// Source: the contract sheet of 6sense (sections 5.4, 6, 7).
#pragma once

#include "net/http/http.hpp"

#include <string>
#include <string_view>

namespace leadlight::net::sixsense {

/// The words and the status of `error`, as `Route::envelope` asks for them. A fault of ours says no more than that.
HttpResponse refusal(const engine::Error& error, const HttpRequest& request);

/// 402: the organisation has no credits left.
HttpResponse quota_exhausted(const HttpRequest& request);

/// 404: nothing is known of whom was asked about. `contact` is whom to ask: "Please contact {contact}, if you …".
/// Precondition: `contact` is valid UTF-8.
HttpResponse no_data_found(const HttpRequest& request, std::string_view contact = "your administrator");

/// 200 with `body`, which is JSON.
HttpResponse success(std::string body, const HttpRequest& request);

}  // namespace leadlight::net::sixsense
