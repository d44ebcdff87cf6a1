#include "tools/sandbox/sandbox.hpp"

#include "actors/clock.hpp"
#include "net/client/http_client.hpp"
#include "net/http/http.hpp"
#include "tools/sandbox/call_log.hpp"
#include "tools/sandbox/faults.hpp"
#include "tools/sandbox/salesforce.hpp"

#include <boost/json.hpp>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <functional>
#include <utility>

namespace leadlight::sandbox {

namespace json = boost::json;
using engine::Errc;
using engine::Milliseconds;
using net::HttpRequest;
using net::HttpResponse;

namespace {

/// A collection of 200 records with long texts fits.
constexpr std::size_t body_bytes_max = 8U << 20U;
/// How long an answer that hangs is held back; every client gives up before.
constexpr Milliseconds hang_span{120'000};
constexpr Milliseconds reply_deadline{660'000};  // longer than the longest delay a fault may ask for
constexpr Milliseconds drain_span{2'000};

/// One outside system: answers a request, its faults considered.
using Answer = std::function<HttpResponse(const HttpRequest&, const FaultPlan&)>;

net::HttpLimits limits() {
  net::HttpLimits own;
  own.target_bytes_max = 16U << 10U;  // a SOQL query in a URL
  own.header_bytes_max = 32U << 10U;
  own.reply_deadline = reply_deadline;
  return own;
}

std::uint64_t number_parameter(const HttpRequest& request, std::string_view name, std::uint64_t otherwise) {
  const auto text = request.parameter(name).value_or("");
  std::uint64_t number = otherwise;
  if (!text.empty()) std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

HttpResponse answer_json(std::uint16_t status, const json::value& value) {
  return HttpResponse::json(status, json::serialize(value));
}

class RunningSandbox final : public Sandbox {
 public:
  explicit RunningSandbox(bool empty)
      : clock_(std::make_shared<actors::SystemClock>()),
        faults_(clock_),
        salesforce_(clock_, faults_, empty),
        later_(net::HttpClient::make(1)) {}
  ~RunningSandbox() override { stop(); }

  engine::Status open(const std::string& listen) {
    auto router = std::make_shared<net::Router>();
    add_own_routes(*router);
    add_salesforce(*router);
    auto switchboard = std::make_shared<actors::Switchboard>();
    switchboard->set_not_ready("");
    auto server = net::HttpServer::bind(listen, router, switchboard, clock_, limits(), 1);
    if (!server) return server.error();
    server_ = *server;
    server_->open();
    return engine::Ok{};
  }

  [[nodiscard]] std::string address() const override { return server_->address(); }

  void stop() override {
    if (!server_) return;
    later_->stop();  // what is held back is answered now, so that closing need not wait for it
    server_->close();
    server_->join(drain_span);
    server_.reset();
  }

 private:
  /// Runs a target's request: its faults, its answer, the log, and the delay before the answer leaves.
  net::Handle around(std::string target, Answer answer) {
    return [this, target = std::move(target), answer = std::move(answer)](const HttpRequest& request,
                                                                          net::Respond respond) {
      const auto plan = faults_.take(target, request);
      auto response = answer(request, plan);
      calls_.add(target, request, response.status, clock_->now());
      if (plan.hang_after_commit && !plan.status) {
        later_->after(hang_span, [respond] { respond(HttpResponse::text(503, "")); });
      } else if (plan.delay.count() > 0) {
        later_->after(plan.delay, [respond, response = std::move(response)] { respond(response); });
      } else {
        respond(std::move(response));
      }
    };
  }

  static void add(net::Router& router, std::string method, std::string pattern, net::Handle handle) {
    net::Route route;
    route.method = std::move(method);
    route.pattern = std::move(pattern);
    route.body_bytes_max = body_bytes_max;
    route.handle = std::move(handle);
    router.add(std::move(route));
  }

  static net::Handle at_once(std::function<HttpResponse(const HttpRequest&)> answer) {
    return [answer = std::move(answer)](const HttpRequest& request, const net::Respond& respond) {
      respond(answer(request));
    };
  }

  void add_salesforce(net::Router& router) {
    for (const auto& path : SalesforceFake::paths())
      for (const auto* method : {"GET", "POST", "PATCH", "PUT", "DELETE"})
        add(router, method, path, around("salesforce", [this](const HttpRequest& request, const FaultPlan& plan) {
              return salesforce_.answer(request, plan);
            }));
    for (const auto* method : {"GET", "POST"})
      add(router, method, "/_state/salesforce/{object}",
          at_once([this](const HttpRequest& request) { return salesforce_.state(request, request.captures.front()); }));
  }

  void add_own_routes(net::Router& router) {
    add(router, "GET", "/livez",
        at_once([](const HttpRequest&) { return HttpResponse::json(200, R"({"status":"ok"})"); }));
    add(router, "GET", "/_calls", at_once([this](const HttpRequest& request) {
          CallLog::Filter filter;
          filter.limit = number_parameter(request, "limit", CallLog::calls_max);
          filter.after = number_parameter(request, "after", 0);
          filter.path = std::string(request.parameter("path").value_or(""));
          filter.target = std::string(request.parameter("target").value_or(""));
          filter.method = std::string(request.parameter("method").value_or(""));
          return answer_json(200, calls_.list(filter));
        }));
    add(router, "DELETE", "/_calls", at_once([this](const HttpRequest&) {
          return answer_json(200, json::object{{"deleted", calls_.clear()}});
        }));
    add(router, "GET", "/_faults", at_once([this](const HttpRequest&) {
          return answer_json(200, json::object{{"faults", faults_.list()}});
        }));
    add(router, "DELETE", "/_faults", at_once([this](const HttpRequest&) {
          return answer_json(200, json::object{{"deleted", faults_.clear()}});
        }));
    add(router, "POST", "/_faults", at_once([this](const HttpRequest& request) { return add_fault(request); }));
  }

  HttpResponse add_fault(const HttpRequest& request) {
    boost::system::error_code failed;
    const auto body = json::parse(request.body, failed);
    if (failed || !body.is_object())
      return net::problem(
          {Errc::invalid, "the body must be a JSON object, such as {\"target\":\"salesforce\",\"status\":503}", {}},
          request);
    auto added = faults_.add(body.as_object());
    return added ? answer_json(201, *added) : net::problem(added.error(), request);
  }

  actors::ClockPtr clock_;
  CallLog calls_;
  Faults faults_;
  SalesforceFake salesforce_;
  std::shared_ptr<net::HttpClient> later_;  // for its timer
  std::shared_ptr<net::HttpServer> server_;
};

}  // namespace

engine::Result<std::unique_ptr<Sandbox>> Sandbox::start(const std::string& listen, bool empty) {
  auto sandbox = std::make_unique<RunningSandbox>(empty);
  if (auto opened = sandbox->open(listen); !opened) return opened.error();
  return std::unique_ptr<Sandbox>(std::move(sandbox));
}

int run_sandbox(const std::string& listen, bool empty) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread starts, so that all inherit it
  auto sandbox = Sandbox::start(listen, empty);
  if (!sandbox) {
    std::fprintf(stderr, "leadlight sandbox: %s\n", sandbox.error().what.c_str());
    return 1;
  }
  std::printf("%s\n", json::serialize(json::object{{"listening", (*sandbox)->address()}}).c_str());
  std::fflush(stdout);
  int received = 0;
  sigwait(&signals, &received);
  (*sandbox)->stop();
  return 0;
}

}  // namespace leadlight::sandbox
