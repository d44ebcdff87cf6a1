// `leadlight organisation`: another organisation on the same data directory, with keys of its own that a server takes,
// and what is refused.
#include "tests/support/processes.hpp"

namespace leadlight::tests {
namespace {

namespace json = boost::json;

struct Ran {
  int status = 0;
  json::value shown;
};

Ran run(const Installation& installation, std::vector<std::string> words) {
  words.insert(words.begin(), {LEADLIGHT_BINARY, "organisation"});
  words.insert(words.end(), {"--data", installation.data().string(), "--json"});
  Process process(words, installation.log());
  const auto text = process.read_all();
  json::error_code fault;
  auto shown = json::parse(text, fault);
  return {process.wait(), fault ? json::value(nullptr) : std::move(shown)};
}

int status_with(Installation& installation, const std::string& key, const std::string& path) {
  net::OutboundRequest request;
  request.method = "GET";
  request.url = installation.url() + path;
  request.headers = {{"Authorization", "Bearer " + key}};
  const auto answer = installation.client().send_and_wait(std::move(request));
  return answer ? answer->status : 0;
}

TEST(Organisations, AreAddedAndHaveKeysOfTheirOwn) {
  Installation installation({}, false);
  const auto added = run(installation, {"add", "Acme Europe"});
  ASSERT_EQ(added.status, 0);
  EXPECT_EQ(added.shown.at("organisation").as_string(), "Acme Europe");
  EXPECT_EQ(added.shown.at("id").as_int64(), 2);
  const auto& keys = added.shown.at("tokens").as_object();
  EXPECT_EQ(keys.size(), 3U);

  const auto listed = run(installation, {"list"});
  ASSERT_EQ(listed.status, 0);
  const auto& rows = listed.shown.at("organisations").as_array();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].at("id").as_int64(), 1);
  EXPECT_EQ(rows[1].at("name").as_string(), "Acme Europe");
  EXPECT_EQ(rows[1].at("keys").as_int64(), 3);

  ASSERT_TRUE(installation.start());
  const std::string admin(keys.at("admin").as_string());
  EXPECT_EQ(status_with(installation, admin, "/v1/admin/tokens"), 200);
  EXPECT_EQ(status_with(installation, std::string(keys.at("hg").as_string()), "/v1/admin/tokens"), 403);
  // The same address is another lead.
  ASSERT_EQ(installation.send("POST", "/v1/events", R"({"email":"ada@example.com","type":"demo_requested"})", "events")
                ->status,
            202);
  EXPECT_EQ(status_with(installation, installation.token("admin"), "/v1/leads/ada@example.com"), 200);
  EXPECT_EQ(status_with(installation, admin, "/v1/leads/ada@example.com"), 404);
}

TEST(Organisations, AreRefusedByName) {
  Installation installation({}, false);
  ASSERT_EQ(run(installation, {"add", "Acme"}).status, 0);
  const auto refused = [&](const std::string& name, const std::string& why) {
    const auto ran = run(installation, {"add", name});
    EXPECT_EQ(ran.status, 1) << name;
    const auto& error = ran.shown.at("error").as_object();
    EXPECT_NE(std::string(error.at("detail").as_string()).find(why), std::string::npos) << json::serialize(error);
    EXPECT_EQ(error.at("field").as_string(), "NAME");
  };
  refused("Acme", "there is an organisation named Acme");
  refused("", "1 to 100 bytes");
  refused(std::string(101, 'x'), "1 to 100 bytes");
  refused("a\nb", "printable");
  refused("a\xFF", "printable");
  refused(" a", "blank");
  EXPECT_EQ(run(installation, {"list"}).shown.at("organisations").as_array().size(), 2U);

  ASSERT_TRUE(installation.start());  // an open data directory is left alone
  const auto in_use = run(installation, {"add", "Late"});
  EXPECT_EQ(in_use.status, 1);
  EXPECT_NE(std::string(in_use.shown.at("error").at("detail").as_string()).find("stop its server"), std::string::npos);
}

}  // namespace
}  // namespace leadlight::tests
