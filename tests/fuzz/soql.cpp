// The sandbox's SOQL: any text is a query or a refusal with a code; literals that we quote read as what they were.
#include "tools/sandbox/soql.hpp"

#include "net/targets/salesforce_wire.hpp"
#include "net/text/utf8.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace leadlight::fuzz {
namespace {

namespace soql = sandbox::soql;

void check_refusal(const soql::Refusal& refusal) {
  check(refusal.code == "MALFORMED_QUERY" || refusal.code == "INVALID_FIELD" || refusal.code == "INVALID_TYPE" ||
            refusal.code == "NUMBER_OUTSIDE_VALID_RANGE",
        "a refusal has a code that Salesforce has");
  check(!refusal.message.empty(), "a refusal says what is wrong");
}

void check_query(std::string_view text) {
  auto parsed = soql::parse(text);
  if (const auto* refusal = std::get_if<soql::Refusal>(&parsed)) return check_refusal(*refusal);
  auto& query = std::get<soql::Query>(parsed);
  const auto* object = sandbox::find_object(query.object);
  if (object == nullptr) return;
  if (const auto refusal = soql::resolve(query, *object)) return check_refusal(*refusal);
  boost::json::object record;
  for (const auto& field : object->fields) record[field.name] = nullptr;
  record["Email"] = "ada@example.com";
  record["Id"] = "00Q000000000001AAA";
  if (query.where) {
    const auto found = soql::matches(*query.where, record, *object);
    if (const auto ids = soql::narrowed_to(*query.where, "Id"); found && ids)
      check(std::ranges::find(*ids, "00Q000000000001AAA") != ids->end(), "what matches is among the narrowed");
  }
  check(!soql::before(query.order, record, record), "nothing comes before itself");
}

void check_quoting(std::string_view text) {
  if (!net::is_utf8(text)) return;
  const auto quoted = net::salesforce::soql_quote(text);
  auto parsed = soql::parse("SELECT Id FROM Lead WHERE Email = " + quoted);
  const auto* query = std::get_if<soql::Query>(&parsed);
  check(query != nullptr && query->where.has_value(), "a quoted literal is one literal");
  check(query->where->values.size() == 1 && query->where->values.front().text == text,
        "a quoted literal reads as what it was");
}

}  // namespace
}  // namespace leadlight::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  const auto text = exactly(Input(data, size).rest());
  check_query(text);
  check_quoting(text);
  (void)leadlight::sandbox::soql::unescape(text);
  (void)leadlight::sandbox::soql::unescape_like(text);
  (void)leadlight::sandbox::soql::parse_instant(text);
  return 0;
}
