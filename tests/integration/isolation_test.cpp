// Goal: no operation lets one organisation see or change what is another's. Method: two organisations on one running
// server; every operation of net/openapi.json that takes a key is asked with the other's key and the first one's names,
// addresses and ids. No answer may show anything that is the first one's, and all that it sees must be as before.
#include "actors/administrator.hpp"
#include "engine/hash.hpp"
#include "engine/models/model_toml.hpp"
#include "engine/models/starter.hpp"
#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"
#include "storage/rocksdb_store.hpp"
#include "storage/settings.hpp"
#include "tests/support/openapi_operations.hpp"
#include "tests/support/processes.hpp"

#include <map>
#include <set>

namespace leadlight::tests {
namespace {

namespace json = boost::json;
using engine::OrganisationId;

constexpr OrganisationId first{1};  // made by `init`
constexpr OrganisationId other{2};
constexpr std::uint32_t marked_target = 7;
// Both organisations know this address. Whatever else is the first one's has the word "marker" in it.
constexpr const char* email = "ada@example.com";
constexpr const char* marker = "marker";
constexpr const char* target_name = "marker-crm";
// A public key made up for this test.
constexpr const char* vendor_key =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPEsBwlByRpFZkTwVdHL0um38uDe/T81ELDNmezOGKPGcPUw9zx5PW14ox/tXrkEpJtQNf9yP+l4d"
    "KxGKGPwo+g==";

/// The operations that take a key.
std::vector<Operation> guarded_operations() {
  auto all = OpenapiDocument{}.operations();
  std::erase_if(all, [](const Operation& operation) { return operation.scopes.empty(); });
  return all;
}

class IsolationTest : public testing::Test {
 protected:
  IsolationTest() : installation_(without_options(), false) {
    add_other_organisation();
    EXPECT_TRUE(installation_.start());
    first_key_ = installation_.token("admin");
    add_what_is_marked();
  }

  /// The operator vouches for the address that targets are given here (in `ask`); nothing is there.
  static std::vector<std::string> without_options() {
    ::setenv("LEADLIGHT_OUTBOUND_ALLOWED_BASES", "http://127.0.0.1:9", 1);
    return {};
  }

  struct Answer {
    int status = 0;
    std::string body;
  };

  Answer send(const std::string& key, const std::string& method, const std::string& target,
              const std::string& body = {}, const std::string& media_type = "application/json") {
    net::OutboundRequest request;
    request.method = method;
    request.url = installation_.url() + target;
    request.headers = {{"Authorization", "Bearer " + key}};
    if (!body.empty()) request.headers.emplace_back("Content-Type", media_type);
    request.body = body;
    request.deadline = engine::Milliseconds{20'000};
    const auto answer = installation_.client().send_and_wait(std::move(request));
    EXPECT_TRUE(answer) << method << " " << target;
    return answer ? Answer{answer->status, answer->body} : Answer{};
  }

  /// Asks with the first organisation's names, whoever asks.
  Answer ask(const std::string& key, const Operation& operation) {
    auto target = operation.path;
    for (const auto& [name, value] : names_) target = replaced(target, name, value);
    for (const auto& [name, example] : operation.path_parameters)
      target = replaced(target, std::string("{").append(name).append("}"), example);
    EXPECT_EQ(target.find('{'), std::string::npos) << operation.id << ": the document has no example for " << target;
    if (names_a_target(operation) && operation.method == "GET") target.append("?target=").append(target_name);
    // From the beginning of the log on, and not for ever.
    if (operation.id == "streamScores") target.append("?once=true&last_event_id=Af8A").append(84, 'A');
    auto body = replaced(operation.body, "\"target\":\"crm\"", "\"target\":\"" + std::string(target_name) + "\"");
    // No test may call the world outside.
    body = replaced(body, "https:\\/\\/example.my.salesforce.com", "http://127.0.0.1:9");
    body = replaced(body, "https://example.my.salesforce.com", "http://127.0.0.1:9");
    return send(key, operation.method, target, body, operation.media_type);
  }

  static bool names_a_target(const Operation& operation) {
    return operation.body.find("\"target\":\"crm\"") != std::string::npos ||
           std::find(operation.query_names.begin(), operation.query_names.end(), "target") !=
               operation.query_names.end();
  }
  /// Whether the request names a thing that only the first organisation has. The names of e-mail vendors are
  /// everybody's.
  static bool names_what_is_anothers(const Operation& operation) {
    const auto path = replaced(operation.path, "{vendor}", "");
    return path.find('{') != std::string::npos || names_a_target(operation);
  }
  /// Whether there is nothing of the first organisation's for a part of the path: the document's example stands there.
  [[nodiscard]] bool names_an_example(const Operation& operation) const {
    return std::any_of(operation.path_parameters.begin(), operation.path_parameters.end(),
                       [this](const auto& parameter) { return !names_.contains("{" + parameter.first + "}"); });
  }

  void add_other_organisation() {
    auto store = storage::open_rocksdb(installation_.data() / "db", {});
    ASSERT_TRUE(store) << store.error().what;
    const auto now = engine::from_ms(1'777'636'800'000);
    storage::Batch batch;
    storage::put(batch, storage::OrganisationSettings{other, "Other", true, now});
    auto model = engine::models::read_model(engine::models::starter_model_toml(), "starter.toml");
    ASSERT_TRUE(model);
    model->model.version = 1;
    storage::put(batch, storage::PublishedModel{other, now, std::move(model->model)});
    auto key = actors::make_key(other, {"other's key", {"admin"}, std::nullopt}, now);
    ASSERT_TRUE(key);
    storage::put(batch, key->second);
    other_key_ = key->first;
    storage::put(batch, storage::TargetSettings{marked_target, first, "salesforce", target_name, {}, {}, false, now});
    const storage::DeadLetter letter{1, email, "MARKER", "marker: refused", 1, now, now, 56, now};
    batch.put(storage::Family::dead_letters, storage::keys::outbox(marked_target, engine::lead_id(first, email)),
              storage::encode(letter));
    ASSERT_TRUE((*store)->commit(batch));
  }

  void add_what_is_marked() {
    const std::string event = R"({"email":"ada@example.com","type":"marker_type","event_id":"marker-event"})";
    ASSERT_EQ(send(first_key_, "POST", "/v1/events", event).status, 202);
    const auto made = send(first_key_, "POST", "/v1/admin/tokens", R"({"name":"marker-key","scopes":["events"]})");
    ASSERT_EQ(made.status, 201) << made.body;
    const auto toml = replaced(std::string(engine::models::starter_model_toml()), R"("starter")", R"("marker-model")");
    const auto published = send(first_key_, "POST", "/v1/admin/models", toml, "application/toml");
    ASSERT_EQ(published.status, 201) << published.body;
    const auto trigger =
        send(first_key_, "POST", "/data-api/v2/scoring/behavioral/live", R"({"email":"ada@example.com"})");
    ASSERT_EQ(trigger.status, 202) << trigger.body;
    const auto proved = send(first_key_, "PUT", "/v1/admin/email-vendors/sendgrid",
                             json::serialize(json::object{{"secret", vendor_key}}));
    ASSERT_EQ(proved.status, 200) << proved.body;
    names_ = {{"/hooks/email/{vendor}", "/hooks/email/postmark"},
              {"{vendor}", "sendgrid"},
              {"{email}", email},
              {"{name}", target_name},
              {"{id}", std::string(json::parse(made.body).at("id").as_string())},
              {"{request_id}", std::string(json::parse(trigger.body).at("request_id").as_string())}};
  }

  /// What the first organisation sees, by operation; only what time alone does not change.
  std::map<std::string, std::string> first_sees() {
    static const std::set<std::string> moves = {"listLeads",   "getLead",      "getReceipt", "getForecast",
                                                "listTargets", "getLeadActor", "getState",   "streamScores"};
    std::map<std::string, std::string> seen;
    for (const auto& operation : operations_) {
      if (operation.method != "GET") continue;
      const auto answer = ask(first_key_, operation);
      if (!names_an_example(operation)) {
        EXPECT_EQ(answer.status, 200) << operation.id << ": " << answer.body;
      }
      if (!moves.contains(operation.id)) seen.emplace(operation.id, answer.body);
    }
    return seen;
  }

  Installation installation_;
  std::string first_key_;
  std::string other_key_;
  std::map<std::string, std::string> names_;  // what stands in a path for "{name}"
  std::vector<Operation> operations_ = guarded_operations();
};

TEST_F(IsolationTest, NoOperationCrossesOrganisations) {
  ASSERT_FALSE(operations_.empty());
  const auto before = first_sees();
  for (const auto* id : {"getTimeline", "listTokens", "listModels", "listDeadLetters"})
    ASSERT_NE(before.at(id).find(marker), std::string::npos) << id << ": there is nothing to hide";

  const auto look = [this](const Operation& operation) {
    auto answer = ask(other_key_, operation);
    // A refusal may repeat the name that it was asked about.
    const auto shown = answer.status == 404 ? replaced(answer.body, target_name, "") : answer.body;
    EXPECT_EQ(shown.find(marker), std::string::npos) << operation.id << ": " << answer.body;
    EXPECT_LT(answer.status, 500) << operation.id << ": " << answer.body;
    return answer.status;
  };
  const Operation stream{"streamScores", "GET", "/v1/stream", {}, {}, {}};
  ASSERT_NE(ask(first_key_, stream).body.find(email), std::string::npos) << "there is nothing to hide";
  EXPECT_EQ(ask(other_key_, stream).body.find(email), std::string::npos);
  for (const auto& operation : operations_) {  // reads first: the other organisation has nothing yet
    if (operation.method != "GET") continue;
    const auto status = look(operation);
    if (!names_an_example(operation)) {
      EXPECT_EQ(status, names_what_is_anothers(operation) ? 404 : 200) << operation.id;
    }
  }
  for (const auto& operation : operations_) {
    if (operation.method == "GET") continue;
    const auto status = look(operation);
    if (names_an_example(operation)) continue;
    if (names_what_is_anothers(operation))
      EXPECT_EQ(status, 404) << operation.id;
    else
      EXPECT_LT(status, 300) << operation.id;
  }
  for (const auto& operation : operations_)  // now it knows the same address, with events of its own
    if (operation.method == "GET") (void)look(operation);

  EXPECT_EQ(first_sees(), before);
  EXPECT_NE(ask(first_key_, {"", "GET", "/v1/admin/targets", {}, {}, {}}).body.find(target_name), std::string::npos);
}

}  // namespace
}  // namespace leadlight::tests
