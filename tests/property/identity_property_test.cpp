// Claim: whatever order identify, alias and track arrive in, the same leads come out: a person's events are the union
// of those of all of its ids, each counted once. Method: random people with random ids, joined by random pairs and
// followed by random events (some sent twice, by two ids of one person); every scenario goes through real actors in
// several random orders, with and without a restart in the middle, and is compared with sets that a few lines of naive
// code unite.
#include "tests/support/engine_room.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace leadlight::tests {
namespace {

using Link = std::pair<std::string, std::string>;
struct Track {
  std::string identity;
  std::string event_id;
};
using Act = std::variant<Link, Track>;

struct Scenario {
  std::vector<std::string> ids;
  std::vector<Act> acts;
};

std::size_t up_to(std::mt19937_64& random, std::size_t most) {
  return std::uniform_int_distribution<std::size_t>{0, most}(random);
}

Scenario scenario_of(std::mt19937_64& random) {
  Scenario scenario;
  for (std::size_t i = 0; i <= 2 + up_to(random, 3); ++i) {
    const auto n = std::to_string(i);
    scenario.ids.push_back("p" + n + "@acme" + std::to_string(up_to(random, 2)) + ".com");
    scenario.ids.push_back("user:" + n);
    scenario.ids.push_back("anonymous:" + n);
    scenario.ids.push_back("anonymous:b" + n);
  }
  const auto any = [&] { return scenario.ids[up_to(random, scenario.ids.size() - 1)]; };
  for (std::size_t i = 0; i < scenario.ids.size() / 2 + up_to(random, scenario.ids.size() / 2); ++i)
    scenario.acts.emplace_back(Link{any(), any()});  // loops and links to itself among them
  for (std::size_t i = 0; i < 40; ++i)
    scenario.acts.emplace_back(Track{any(), "e" + std::to_string(up_to(random, 30))});
  return scenario;
}

/// For each id that names a lead: the events it must have.
std::map<std::string, std::set<std::string>> expected(const Scenario& scenario) {
  std::map<std::string, std::string> root;
  for (const auto& id : scenario.ids) root[id] = id;
  for (const auto& act : scenario.acts) {
    const auto* link = std::get_if<Link>(&act);
    if (link == nullptr) continue;
    const auto a = root[link->first];
    const auto b = root[link->second];
    const auto rank = [](const std::string& id) {
      return std::pair{id.find('@') != std::string::npos ? 0 : id.starts_with("user:") ? 1 : 2, id};
    };
    const auto& first = rank(a) < rank(b) ? a : b;
    const auto second = first == a ? b : a;
    for (auto& [id, of] : root)
      if (of == second) of = std::string{first};
  }
  std::map<std::string, std::set<std::string>> leads;
  for (const auto& act : scenario.acts)
    if (const auto* track = std::get_if<Track>(&act)) leads[root[track->identity]].insert(track->event_id);
  return leads;
}

class IdentityTest : public testing::TestWithParam<bool> {};

// The events a lead has, each id once however often it is found; its score's receipt names the same ones.
std::multiset<std::string> events_of(EngineRoom& room, const std::string& identity) {
  std::multiset<std::string> ids;
  auto reply = room.question(identity, actors::TimelineQuestion{1'000, std::nullopt});
  if (const auto* view = std::get_if<actors::TimelineView>(&reply))
    for (const auto& row : view->rows) ids.insert(row.event_id.value_or("none"));
  std::multiset<std::string> in_receipt;
  auto receipt = room.question(identity, actors::ReceiptQuestion{});
  if (const auto* view = std::get_if<actors::ReceiptView>(&receipt))
    for (const auto& id : view->event_ids)
      if (id) in_receipt.insert(*id);
  EXPECT_EQ(ids, in_receipt) << identity;
  return ids;
}

actors::Submission submission_of(EngineRoom& room, const Act& act) {
  actors::Submission submission{organisation, {}, std::nullopt};
  if (const auto* link = std::get_if<Link>(&act)) {
    submission.links.push_back(*link);
  } else {
    const auto& track = std::get<Track>(act);
    const auto number = std::stoi(track.event_id.substr(1));
    submission.records.push_back(room.event(track.identity, number % 2 == 0 ? "pricing_viewed" : "email_clicked",
                                            track.event_id, room.clock().now() - number * engine::hour));
  }
  return submission;
}

void play(EngineRoom& room, std::vector<Act> acts, std::size_t restart_at) {
  for (std::size_t i = 0; i < acts.size(); ++i) {
    if (i == restart_at) {
      room.stop();
      room.start();
    }
    (void)receipts_in(room.ask(submission_of(room, acts[i])));
  }
}

// What every lead has now, compared with what it must have; the scores as a text.
std::string compare(EngineRoom& room, const std::map<std::string, std::set<std::string>>& leads) {
  std::map<std::string, std::multiset<std::string>> found;
  auto listed = room.ask(actors::LeadsQuery{organisation, std::nullopt, "email", 1'000, "", true});
  for (const auto& lead : std::get<actors::LeadsView>(listed).leads) found[lead.email] = events_of(room, lead.email);
  EXPECT_EQ(found.size(), leads.size());
  std::string scores;
  for (const auto& [identity, ids] : leads) {
    EXPECT_EQ(found[identity], std::multiset<std::string>(ids.begin(), ids.end())) << identity;
    auto reply = room.question(identity, actors::ScoreQuestion{});
    const auto* view = std::get_if<actors::LeadView>(&reply);
    EXPECT_NE(view, nullptr) << identity;
    if (view != nullptr && view->score) scores += identity + " " + std::to_string(view->score->raw) + "\n";
  }
  return scores;
}

std::uint64_t seed_of_run() {
  const char* text = std::getenv("LEADLIGHT_PROPERTY_SEED");
  const std::uint64_t seed = text != nullptr ? std::strtoull(text, nullptr, 10) : std::random_device{}();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

int rounds_or(int otherwise) {
  const char* text = std::getenv("LEADLIGHT_IDENTITY_ROUNDS");
  return text != nullptr ? std::atoi(text) : otherwise;
}

TEST_P(IdentityTest, AnyOrderOfIdentifyAliasAndTrackGivesTheSameLeads) {
  std::mt19937_64 random{seed_of_run()};
  for (int round = 0, rounds = rounds_or(12); round < rounds; ++round) {
    const auto scenario = scenario_of(random);
    const auto leads = expected(scenario);
    std::set<std::string> digests;
    for (int order = 0; order < 3; ++order) {
      SCOPED_TRACE("round " + std::to_string(round) + ", order " + std::to_string(order));
      RoomOptions options;
      options.spawned = GetParam();
      options.target = false;
      EngineRoom room{options};
      auto acts = scenario.acts;
      std::shuffle(acts.begin(), acts.end(), random);
      play(room, std::move(acts), order == 0 ? acts.size() + 1 : up_to(random, 40));
      digests.insert(compare(room, leads));
    }
    EXPECT_EQ(digests.size(), 1U) << "the order of arrival changed a score";
  }
}

TEST_P(IdentityTest, JoinsThatAreInterruptedAnywhereEndAsIfTheyHadNotBeen) {
  std::mt19937_64 random{seed_of_run()};
  const std::array parts = {actors::Part::gateway, actors::Part::committer, actors::Part::shard};
  for (int round = 0, rounds = rounds_or(4); round < rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const auto scenario = scenario_of(random);
    RoomOptions options;
    options.spawned = GetParam();
    options.target = false;
    EngineRoom room{options};
    auto acts = scenario.acts;
    std::shuffle(acts.begin(), acts.end(), random);
    int kills = 0;
    for (const auto& act : acts) {
      const bool kill = kills < 3 && up_to(random, 9) == 0;  // five restarts in ten minutes would end the process
      bool acknowledged = false;
      const auto end = std::chrono::steady_clock::now() + patience;
      for (int attempt = 0; !acknowledged && std::chrono::steady_clock::now() < end; ++attempt) {
        if (kill && attempt == 0) {
          ++kills;
          auto sink = std::make_shared<WaitingSink>();
          auto answered = sink->future();
          room.send(submission_of(room, act), std::move(sink));
          room.kill(parts[up_to(random, parts.size() - 1)]);
          const auto reply = answered.get();
          acknowledged = std::holds_alternative<actors::Receipts>(reply);
        } else {
          const auto reply = room.ask(submission_of(room, act));
          acknowledged = std::holds_alternative<actors::Receipts>(reply);
        }
      }
      ASSERT_TRUE(acknowledged);
    }
    room.stop();
    room.start();
    // Joins that were under way are taken up by the start; a link, even an empty one, waits for them.
    (void)receipts_in(room.ask(submission_of(room, Act{Link{"user:0", "user:0"}})));
    compare(room, expected(scenario));
    ASSERT_EQ(room.fatal(), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Hosts, IdentityTest, testing::Bool(),
                         [](const auto& host) { return host.param ? "spawned" : "hosted"; });

}  // namespace
}  // namespace leadlight::tests
