// Goal: every operation asks for a key of the scopes that net/openapi.json says, and of no others. Method: every
// operation of the document is asked without a key, with keys that are none (any more) and with a key of each scope.
// What may pass finds nothing to do: an empty object, and names of the document's examples.
#include "tests/support/openapi_operations.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/raw_client.hpp"

#include <map>

namespace leadlight::tests {
namespace {

namespace json = boost::json;

class AccessTest : public testing::Test {
 protected:
  AccessTest() : installation_({}, false) {
    EXPECT_TRUE(installation_.start());
    for (const auto& scope : document_.scopes()) keys_[scope] = make_key(scope).first;
    const auto [key, id] = make_key("admin");
    EXPECT_EQ(installation_.send("DELETE", "/v1/admin/tokens/" + id, "", "admin")->status, 200);
    revoked_ = key;
  }

  std::pair<std::string, std::string> make_key(const std::string& scope) {
    const json::object wanted{{"name", "key of " + scope}, {"scopes", json::array{json::string(scope)}}};
    const auto made = installation_.send("POST", "/v1/admin/tokens", json::serialize(wanted), "admin");
    EXPECT_EQ(made->status, 201) << scope << ": " << made->body;
    const auto key = json::parse(made->body);
    return {std::string(key.at("key").as_string()), std::string(key.at("id").as_string())};
  }

  /// Asks on a connection of its own; an answer that goes on for ever is left after its head.
  test::RawAnswer ask(const Operation& operation, const std::string& authorization) {
    test::RawClient client(installation_.url().substr(std::string_view("http://").size()));
    std::vector<std::pair<std::string, std::string>> headers;
    if (!authorization.empty()) headers.emplace_back("Authorization", authorization);
    const bool has_body = !operation.media_type.empty();
    if (has_body) headers.emplace_back("Content-Type", operation.media_type);
    EXPECT_TRUE(client.request(operation.method, path_of(operation), has_body ? "{}" : "", headers));
    const auto answer = client.read_answer();
    EXPECT_TRUE(answer) << operation.id << " does not answer";
    return answer.value_or(test::RawAnswer{});
  }

  /// It is refused with `status`, as the document says, and says why in JSON.
  void expect_refused(const Operation& operation, const std::string& authorization, int status) {
    const auto answer = ask(operation, authorization);
    EXPECT_EQ(answer.status, status) << operation.id << " with '" << authorization.substr(0, 24)
                                     << "…': " << answer.body;
    EXPECT_TRUE(operation.statuses.contains(std::to_string(answer.status)))
        << operation.id << ": the document does not say " << answer.status;
    json::error_code fault;
    (void)json::parse(answer.body, fault);
    EXPECT_FALSE(fault) << operation.id << ": " << answer.body;
    if (status != 401) return;
    EXPECT_FALSE(answer.header("www-authenticate").empty()) << operation.id;
  }

  OpenapiDocument document_;
  Installation installation_;
  std::map<std::string, std::string> keys_;  // by scope
  std::string revoked_;
};

TEST_F(AccessTest, EveryOperationTakesTheKeysThatTheDocumentSays) {
  const auto operations = document_.operations();
  ASSERT_GE(operations.size(), 30U);
  for (const auto& operation : operations) {
    if (operation.scopes.empty()) {
      const auto answer = ask(operation, "");
      EXPECT_TRUE(answer.status != 401 && answer.status != 403) << operation.id << ": " << answer.body;
      continue;
    }
    const auto& good = keys_.at(*operation.scopes.begin());
    for (const auto& wrong : {std::string{}, "Bearer " + revoked_, "Bearer " + good + "x", "Bearer " + good.substr(1),
                              std::string("Bearer "), std::string("Bearer hg_v2_") + std::string(36, '0'),
                              std::string("Bearer ") + std::string(4'000, 'x')})
      expect_refused(operation, wrong, 401);
    for (const auto& [scope, key] : keys_) {
      if (scope != "admin" && !operation.scopes.contains(scope)) {
        expect_refused(operation, "Bearer " + key, 403);
        continue;
      }
      const auto answer = ask(operation, "Bearer " + key);
      EXPECT_TRUE(answer.status != 401 && answer.status != 403) << operation.id << " with a key of " << scope;
      EXPECT_LT(answer.status, 500) << operation.id << ": " << answer.body;
    }
  }
}

}  // namespace
}  // namespace leadlight::tests
