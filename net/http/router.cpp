// Routes by path: whole literal paths by hash, patterns segment by segment.
#include "net/http/http.hpp"
#include "net/http/traffic.hpp"
#include "net/refusal.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace leadlight::net {
namespace {

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  std::size_t from = 1;
  while (from <= path.size()) {
    const auto to = std::min(path.find('/', from), path.size());
    segments.emplace_back(path.substr(from, to - from));
    from = to + 1;
  }
  return segments;
}

bool is_name(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

std::string_view first_segment(std::string_view path) {
  return path.substr(0, std::min(path.find('/', 1), path.size()));
}

/// Matches without allocating until it is known that the path fits.
bool fits(const std::vector<std::string>& pattern, std::string_view path, std::vector<std::string>* captures) {
  std::size_t from = 1;
  for (const auto& segment : pattern) {
    if (from > path.size()) return false;
    const auto to = std::min(path.find('/', from), path.size());
    const auto part = path.substr(from, to - from);
    if (is_name(segment)) {
      if (part.empty()) return false;
      if (captures != nullptr) captures->emplace_back(part);
    } else if (part != segment) {
      return false;
    }
    from = to + 1;
  }
  return from == path.size() + 1;
}

}  // namespace

Router::Router() : traffic_(std::make_shared<Traffic>()) {}

void Router::add(Route route) {
  const auto index = routes_.size();
  traffic_->add_route(route.method, route.pattern);
  if (route.pattern.find('{') == std::string::npos)
    literal_[route.pattern].push_back(index);
  else
    patterns_.emplace_back(segments_of(route.pattern), index);
  for (const auto& alias : route.aliases) literal_[alias].push_back(index);
  routes_.push_back(std::move(route));
}

void Router::fill(Match& match, std::size_t index, std::string_view method) const {
  const auto& route = routes_[index];
  if (match.any_of_path == nullptr) match.any_of_path = &route;
  if (route.method == method || (method == "HEAD" && route.method == "GET")) {
    match.route = &route;
    match.allowed.clear();
    return;
  }
  match.allowed.push_back(route.method);
  if (route.method == "GET") match.allowed.emplace_back("HEAD");
}

Router::Match Router::find(std::string_view method, std::string_view path) const {
  Match match;
  if (const auto found = literal_.find(path); found != literal_.end()) {
    for (const auto index : found->second) {
      fill(match, index, method);
      if (match.route != nullptr) return match;
    }
  }
  for (const auto& [pattern, index] : patterns_) {
    if (!fits(pattern, path, nullptr)) continue;
    fill(match, index, method);
    if (match.route == nullptr) continue;
    match.captures.reserve(2);
    fits(pattern, path, &match.captures);
    return match;
  }
  if (match.any_of_path != nullptr) return match;
  // A foreign surface keeps its own envelope below its first segment, even where it has no route.
  const auto near = std::ranges::find_if(
      routes_, [&](const Route& route) { return first_segment(route.pattern) == first_segment(path); });
  if (near != routes_.end()) match.any_of_path = &*near;
  return match;
}

HttpResponse refuse(const engine::Error& error, const Route* route, const HttpRequest& request) {
  return route != nullptr && route->envelope ? route->envelope(error, request) : problem(error, request);
}

HttpResponse refuse_with(std::uint16_t status, std::string what, const Route* route, HttpRequest& request) {
  request.refusal = status;
  auto answer = refuse(engine::Error{engine::Errc::invalid, std::move(what), {}}, route, request);
  request.refusal = 0;
  return answer;
}

HttpResponse refuse_unmatched(const Router::Match& match, HttpRequest& request) {
  if (match.allowed.empty())
    return refuse(engine::Error{engine::Errc::not_found, "Nothing is at this path", {}}, match.any_of_path, request);
  std::string allow;
  for (const auto& method : match.allowed) {
    if (!allow.empty()) allow += ", ";
    allow += method;
  }
  auto answer =
      refuse_with(405, "This path does not take " + request.method + "; it takes " + allow, match.any_of_path, request);
  answer.headers.emplace_back("Allow", std::move(allow));
  return answer;
}

namespace {

/// Where `dispatch` waits for the answer.
struct Waiting {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  HttpResponse answer;

  void give(HttpResponse given) {
    const std::lock_guard lock(mutex);
    if (done) return;
    done = true;
    answer = std::move(given);
    changed.notify_all();
  }
};

/// Answers 503 when its last copy dies unused.
struct LastWord {
  std::shared_ptr<Waiting> waiting;
  HttpResponse unanswered;

  LastWord(std::shared_ptr<Waiting> to, HttpResponse otherwise)
      : waiting(std::move(to)), unanswered(std::move(otherwise)) {}
  LastWord(const LastWord&) = delete;
  LastWord& operator=(const LastWord&) = delete;
  ~LastWord() { waiting->give(std::move(unanswered)); }
};

constexpr std::chrono::seconds dispatch_wait_max{60};

}  // namespace

HttpResponse dispatch(const Router& router, HttpRequest request) {
  if (request.request_id.empty()) request.request_id = make_request_id(request.received_at);
  auto match = router.find(request.method, request.path);
  if (match.route == nullptr) return refuse_unmatched(match, request);
  const auto& route = *match.route;
  if (request.body.size() > route.body_bytes_max)
    return refuse(
        {engine::Errc::too_large, "The body has more than " + std::to_string(route.body_bytes_max) + " bytes", {}},
        &route, request);
  request.captures = std::move(match.captures);
  const auto unanswered = refuse({engine::Errc::unavailable, "No answer in time", {}}, &route, request);
  auto waiting = std::make_shared<Waiting>();
  {
    auto last_word = std::make_shared<LastWord>(waiting, unanswered);
    route.handle(request, [last_word](HttpResponse answer) { last_word->waiting->give(std::move(answer)); });
  }
  std::unique_lock lock(waiting->mutex);
  if (!waiting->changed.wait_for(lock, dispatch_wait_max, [&] { return waiting->done; })) {
    waiting->done = true;
    return unanswered;
  }
  return std::move(waiting->answer);
}

}  // namespace leadlight::net
