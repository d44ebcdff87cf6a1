// What Salesforce answers, or somebody in its place: pages, results of writes, refusals, tokens, descriptions, times.
// The first byte is the HTTP status's hundreds, the first line a header, the rest the body.
#include "net/targets/salesforce_wire.hpp"

#include "net/targets/salesforce_describe.hpp"
#include "net/text/utf8.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <array>

namespace leadlight::fuzz {
namespace {

namespace salesforce = net::salesforce;

const salesforce::Fields fields{"Score__c", "Segment__c", "Signals__c", "Scored_At__c"};

void check_reason(const std::string& reason) {
  check(reason.size() <= 1'000, "a reason is short");
  check(reason.find('\n') == std::string::npos, "a reason is one line");
}

void check_answers(std::string_view body) {
  if (const auto page = salesforce::parse_page(body, fields); !page) {
    check(page.error().code == engine::Errc::corrupt, "a page that is none is corrupt");
  } else {
    for (const auto& held : page->records) (void)salesforce::holds(held, {50, "high", held.signals, {}});
  }
  for (const std::size_t expected : {0U, 1U, 3U}) {
    const auto answers = salesforce::parse_answers(body, expected);
    if (!answers) continue;
    check(answers->size() == expected, "an answer for each write");
    for (const auto& answer : *answers) {
      (void)salesforce::classify_record(answer);
      check_reason(salesforce::describe_record(answer));
      (void)salesforce::max_length(answer.message);
    }
  }
  if (const auto token = salesforce::parse_token(body); token) {
    check(!token->access_token.empty() && !token->instance_url.ends_with('/'), "a token has its parts");
  }
  const std::array<std::string, 4> labels = {"low", "medium", "high", "very high"};
  for (const auto& fault : salesforce::compare_describe(body, "Lead", fields, labels).faults)
    check(!fault.empty(), "a fault says what is wrong");
}

void check_texts(std::string_view text) {
  const auto scrubbed = salesforce::scrub(text);
  check(scrubbed.size() <= 400, "foreign text is cut");
  check(scrubbed.find_first_of("\r\n") == std::string::npos, "foreign text is one line");
  check(scrubbed.find("ada@example.com") == std::string::npos, "foreign text holds no address");
  if (const auto quota = salesforce::quota_used(text)) check(*quota >= 0, "a share is not negative");
  if (const auto at = salesforce::parse_salesforce_time(text))
    check(engine::to_ms(*at) > -200'000'000'000'000 && engine::to_ms(*at) < 300'000'000'000'000, "a time of ours");
  if (!net::is_utf8(text)) return;
  for (const std::size_t characters : {0U, 1U, 7U, 255U}) {
    const auto cut = salesforce::cut_signals(text, characters);
    check(net::is_utf8(cut), "a cut text is UTF-8");
    check(text.substr(0, cut.size()) == cut, "a cut text is the beginning");
  }
}

}  // namespace
}  // namespace leadlight::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  Input input(data, size);
  constexpr std::array<std::uint16_t, 8> statuses = {200, 201, 400, 401, 403, 404, 429, 503};
  leadlight::net::OutboundAnswer answer;
  answer.status = statuses.at(input.byte() % statuses.size());
  const auto header = input.line();
  answer.headers = {{"sforce-limit-info", std::string(header)}, {"retry-after", std::string(header)}};
  answer.body = exactly(input.rest());
  for (const auto& verdict : {salesforce::classify_call(answer), salesforce::classify_token_answer(answer)}) {
    check_reason(verdict.reason);
    if (verdict.retry_after) check(verdict.retry_after->count() >= 0, "nobody waits into the past");
  }
  check_answers(answer.body);
  check_texts(answer.body);
  return 0;
}
