// Goal: a submission of a sender that never retries is refused by nothing that ends: neither overload, nor a store that
// hangs or fails, nor an actor that dies; it goes to the log once, in order, under its own request id. Method: real
// actors over a store that hangs and fails on demand, a spool in a directory of the test, a target that the test plays.
#include "tests/support/engine_room.hpp"
#include "tests/support/failing_store.hpp"

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

namespace leadlight::tests {
namespace {

using actors::Durability;
using actors::Receipts;
using actors::RequestView;
using namespace std::chrono_literals;  // NOLINT: the tests read better

class SpoolRoad : public ::testing::Test {
 protected:
  SpoolRoad() {
    auto pattern = (std::filesystem::temp_directory_path() / "leadlight_spool_XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  SpoolRoad(const SpoolRoad&) = delete;
  SpoolRoad& operator=(const SpoolRoad&) = delete;
  ~SpoolRoad() override {
    store_.let_go();  // before the actors end: one of them may hang in it
    room_.reset();
    std::filesystem::remove_all(root_);
  }

  EngineRoom& open(RoomOptions options = {}) {
    options.spool.directory = directory();
    if (options.spool.wait == 2'000ms) options.spool.wait = 30ms;
    room_ = std::make_unique<EngineRoom>(std::move(options), &store_);
    return *room_;
  }
  [[nodiscard]] std::filesystem::path directory() const { return root_ / "spool"; }
  FailingStore& store() { return store_; }
  EngineRoom& room() { return *room_; }

  /// A lead that a trigger has something to write for.
  void bring(const std::string& email) {
    (void)receipts_in(room().submit({room().event(email, "demo_requested", "of " + email, room().clock().now())}));
  }
  std::future<Reply> trigger(const std::string& email, const std::string& request) {
    return room().send_once({room().trigger(email, request)});
  }
  std::size_t events_of(const std::string& email) {
    const auto reply = room().question(email, actors::TimelineQuestion{});
    const auto* view = std::get_if<actors::TimelineView>(&reply);
    return view == nullptr ? 0 : view->rows.size();
  }
  /// Waits for a condition; false when it does not come true in time.
  template <class Condition>
  static bool until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition())
      if (std::chrono::steady_clock::now() > end)
        return false;
      else
        std::this_thread::yield();
    return true;
  }
  bool drained() {
    return until([&] {
      const auto& counters = room().counters();
      return counters.spool_pending.load() == 0 && counters.spool_bytes.load() == 0 && counters.spooled.load() > 0;
    });
  }

 private:
  std::filesystem::path root_;
  FailingStore store_{storage::make_memory_store()};
  std::unique_ptr<EngineRoom> room_;
};

Durability durability_in(std::future<Reply>& future) {
  if (future.wait_for(patience) != std::future_status::ready) {
    ADD_FAILURE() << "no answer";
    return Durability::log;
  }
  const auto reply = future.get();
  if (const auto* receipts = std::get_if<Receipts>(&reply)) return receipts->durability;
  const auto* error = std::get_if<engine::Error>(&reply);
  ADD_FAILURE() << "refused: " << (error == nullptr ? "another answer" : error->what);
  return Durability::log;
}

TEST_F(SpoolRoad, NormallyTheLogAnswersAndTheSpoolStaysEmpty) {
  open();
  bring("ann@acme.example");
  auto answer = trigger("ann@acme.example", "req_1");
  EXPECT_EQ(durability_in(answer), Durability::log);
  EXPECT_EQ(room().outcome_of("req_1").durability, Durability::log);
  EXPECT_EQ(room().counters().spooled, 0U);
  EXPECT_TRUE(std::filesystem::is_empty(directory()));
}

TEST_F(SpoolRoad, WhatTheStoreDoesNotMakeDurableInTimeIsAnsweredLocallyAndCountsOnce) {
  open();
  bring("ann@acme.example");
  store().hang_commits();
  auto event = room().send_once({room().event("ann@acme.example", "pricing_viewed", "p1", room().clock().now())});
  auto answer = trigger("ann@acme.example", "req_1");
  EXPECT_EQ(durability_in(event), Durability::local);
  EXPECT_EQ(durability_in(answer), Durability::local);
  const auto reply = room().ask(actors::RequestQuery{organisation, "req_1"});
  ASSERT_TRUE(std::holds_alternative<RequestView>(reply));
  const auto& view = std::get<RequestView>(reply);
  EXPECT_EQ(view.outcome, "accepted");
  EXPECT_EQ(view.durability, Durability::local);
  EXPECT_EQ(view.email, "ann@acme.example");
  EXPECT_EQ(view.source, "salesforce");
  const auto others = room().ask(actors::RequestQuery{OrganisationId{2}, "req_1"});
  EXPECT_TRUE(std::holds_alternative<engine::Error>(others)) << "another organisation sees nothing of it";
  store().let_go();
  ASSERT_TRUE(drained());
  EXPECT_EQ(room().outcome_of("req_1").durability, Durability::log);
  EXPECT_EQ(events_of("ann@acme.example"), 2U);
  EXPECT_EQ(room().counters().records_duplicate, 0U) << "the road made it durable: nothing was forwarded";
  EXPECT_EQ(room().counters().triggers, 1U);
  EXPECT_EQ(room().counters().spool_forwarded, 2U);
}

TEST_F(SpoolRoad, OverloadIsSpooledAndForwardedOnceItIsOver) {
  RoomOptions options;
  options.target = false;  // its answers would be under way too
  options.gateway.in_flight_max = 1;
  options.spool.wait = 60s;  // the first waits for the store, the others meet the limit
  open(options);
  for (int i = 0; i < 20; ++i) bring("lead" + std::to_string(i) + "@acme.example");
  store().hang_commits();
  std::vector<std::future<Reply>> answers;
  for (int i = 0; i < 20; ++i)
    answers.push_back(trigger("lead" + std::to_string(i) + "@acme.example", "req_" + std::to_string(i)));
  for (std::size_t i = 1; i < answers.size(); ++i) EXPECT_EQ(durability_in(answers[i]), Durability::local) << i;
  EXPECT_TRUE(until([&] { return room().counters().spool_pending == 19U; }));
  store().let_go();
  EXPECT_EQ(durability_in(answers[0]), Durability::log);
  ASSERT_TRUE(drained());
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(room().outcome_of("req_" + std::to_string(i)).outcome, "no_target") << i;
  }
  EXPECT_EQ(room().counters().triggers, 20U);
}

TEST_F(SpoolRoad, ADeadGatewayOrShardRefusesNobody) {
  open();
  for (const auto part : {actors::Part::gateway, actors::Part::shard, actors::Part::scoring}) {
    const auto name = std::to_string(static_cast<int>(part));
    bring("ann" + name + "@acme.example");
    room().kill(part);
    std::vector<std::future<Reply>> answers;
    for (int i = 0; i < 50; ++i)
      answers.push_back(room().send_once(
          {room().event("ann" + name + "@acme.example", "page_viewed", std::to_string(i), room().clock().now())}));
    for (auto& answer : answers) (void)durability_in(answer);
    ASSERT_TRUE(until([&] { return room().counters().spool_pending == 0; }));
    ASSERT_TRUE(until([&] {
      const auto reply = room().question("ann" + name + "@acme.example", actors::TimelineQuestion{});
      const auto* view = std::get_if<actors::TimelineView>(&reply);
      return view != nullptr && view->rows.size() == 51;
    })) << name;
  }
}

TEST_F(SpoolRoad, AfterAFailedStoreAndARestartItIsForwardedUnderTheSameRequestIdOnce) {
  open();
  bring("ann@acme.example");
  store().fail_next_commit();
  auto answer = trigger("ann@acme.example", "req_1");
  auto event = room().send_once({room().event("ann@acme.example", "pricing_viewed", "p1", room().clock().now())});
  EXPECT_EQ(durability_in(answer), Durability::local);
  EXPECT_EQ(durability_in(event), Durability::local);
  room().stop();
  EXPECT_FALSE(std::filesystem::is_empty(directory()));
  store().mend();
  room().start();
  EXPECT_EQ(room().outcome_of("req_1").outcome, "written");
  ASSERT_TRUE(until([&] { return room().counters().spool_pending == 0 && room().counters().spool_forwarded == 2; }));
  EXPECT_EQ(room().counters().triggers, 1U);
  EXPECT_EQ(events_of("ann@acme.example"), 2U);
  EXPECT_EQ(room().counters().records_duplicate, 0U);
  EXPECT_TRUE(std::filesystem::is_empty(directory()));
}

TEST_F(SpoolRoad, ATriggerThatJoinedAnotherTellsTheOutcomeUnderItsOwnId) {
  open();
  bring("ann@acme.example");
  (void)receipts_in(room().submit({room().trigger("ann@acme.example", "req_first")}));
  EXPECT_EQ(room().outcome_of("req_first").outcome, "written");
  const auto written = room().target().wait_for(1).size();
  room().target().hang_on("ann@acme.example");
  (void)receipts_in(room().submit({room().trigger("ann@acme.example", "req_running")}));
  (void)room().target().wait_for(written + 1);
  (void)receipts_in(room().submit({room().trigger("ann@acme.example", "req_waiting")}));
  store().hang_commits();
  auto answer = trigger("ann@acme.example", "req_spooled");
  EXPECT_EQ(durability_in(answer), Durability::local);
  store().let_go();
  ASSERT_TRUE(drained());
  EXPECT_EQ(room().counters().triggers_joined, 1U);
  const auto reply = room().ask(actors::RequestQuery{organisation, "req_spooled"});
  ASSERT_TRUE(std::holds_alternative<RequestView>(reply));
  EXPECT_EQ(std::get<RequestView>(reply).request_id, "req_spooled");
  EXPECT_EQ(std::get<RequestView>(reply).outcome, "accepted");
  room().target().let_go();
  EXPECT_EQ(room().outcome_of("req_spooled").outcome, room().outcome_of("req_waiting").outcome);
}

// What a crash between the log and the spool's mark leaves behind: the record is in both.
TEST_F(SpoolRoad, WhatIsInTheLogAlreadyIsRemovedAndCountsOnce) {
  open();
  bring("ann@acme.example");
  const auto event = room().event("ann@acme.example", "pricing_viewed", "p1", room().clock().now());
  const auto again = room().trigger("ann@acme.example", "req_1");
  (void)receipts_in(room().submit({event}));
  (void)receipts_in(room().submit({again}));
  EXPECT_EQ(room().outcome_of("req_1").outcome, "written");
  const auto digest = room().digest();
  room().stop();
  {
    auto spool = storage::Spool::open(directory(), {});
    ASSERT_TRUE(spool);
    ASSERT_TRUE((*spool)->append(encode(storage::SpooledSubmission{organisation, {event}, {}})));
    ASSERT_TRUE((*spool)->append(encode(storage::SpooledSubmission{organisation, {again}, {}})));
    ASSERT_TRUE((*spool)->sync());
  }
  room().start();
  ASSERT_TRUE(until([&] { return room().counters().spool_forwarded == 2; }));
  EXPECT_EQ(room().counters().records_duplicate, 1U);
  EXPECT_EQ(room().counters().triggers, 0U);
  EXPECT_EQ(room().digest(), digest);
}

TEST_F(SpoolRoad, EntriesAreForwardedInTheirOrder) {
  open();
  std::vector<actors::Record> events;
  for (int i = 0; i < 3'000; ++i)
    events.push_back(room().event("ann@acme.example", "page_viewed", std::to_string(i), room().clock().now()));
  room().stop();
  {
    auto spool = storage::Spool::open(directory(), {});
    ASSERT_TRUE(spool);
    for (const auto& event : events)
      ASSERT_TRUE((*spool)->append(encode(storage::SpooledSubmission{organisation, {event}, {}})));
    ASSERT_TRUE((*spool)->sync());
  }
  room().start();
  ASSERT_TRUE(until([&] { return room().counters().spool_forwarded == events.size(); }));
  actors::TimelineQuestion question;
  question.limit = events.size();
  const auto reply = room().question("ann@acme.example", question);
  ASSERT_TRUE(std::holds_alternative<actors::TimelineView>(reply));
  const auto& rows = std::get<actors::TimelineView>(reply).rows;  // of one instant: newest position first
  ASSERT_EQ(rows.size(), events.size());
  for (std::size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i].event_id, std::to_string(rows.size() - 1 - i));
}

TEST_F(SpoolRoad, AFullSpoolRefusesAndRecovers) {
  RoomOptions options;
  options.target = false;  // its answers would be under way too
  options.gateway.in_flight_max = 1;
  options.spool.wait = 60s;
  options.spool.options.bytes_max = 2'000;
  open(options);
  store().hang_commits();
  auto first = trigger("ann@acme.example", "req_0");
  std::size_t kept = 0;
  std::size_t refused = 0;
  for (int i = 1; i <= 40; ++i) {
    const auto reply = trigger("lead" + std::to_string(i) + "@acme.example", "req_" + std::to_string(i)).get();
    if (const auto* error = std::get_if<engine::Error>(&reply)) {
      EXPECT_EQ(error->code, engine::Errc::unavailable);
      ++refused;
    } else {
      ++kept;
    }
  }
  EXPECT_GT(kept, 3U);
  EXPECT_GT(refused, 10U);
  EXPECT_EQ(room().counters().spool_refused, refused);
  EXPECT_LE(room().counters().spool_bytes, 2'000U);
  store().let_go();
  (void)durability_in(first);
  ASSERT_TRUE(drained());
  EXPECT_EQ(room().counters().triggers, kept + 1);
  auto later = trigger("ann@acme.example", "req_later");
  (void)durability_in(later);
}

TEST_F(SpoolRoad, ASpoolThatCannotBeOpenedRefusesUntilItIsMended) {
  { std::ofstream{directory()} << "in the way"; }
  RoomOptions options;
  options.target = false;  // its answers would be under way too
  options.gateway.in_flight_max = 1;
  open(options);
  store().hang_commits();
  auto first = trigger("ann@acme.example", "req_0");
  const auto reply = trigger("bo@acme.example", "req_1").get();
  ASSERT_TRUE(std::holds_alternative<engine::Error>(reply));
  EXPECT_EQ(std::get<engine::Error>(reply).code, engine::Errc::unavailable);
  std::filesystem::remove(directory());
  ASSERT_TRUE(until([&] {
    const auto again = trigger("bo@acme.example", "req_2").get();
    return std::holds_alternative<Receipts>(again);
  }));
  store().let_go();
}

// Only what comes between a spooler's death and the next one's first answer may be refused: the room says when it knows
// of the death, and from the first that is kept after that on, every one must be.
TEST_F(SpoolRoad, ADeadSpoolerForgetsNothing) {
  RoomOptions options;
  options.target = false;  // its answers would be under way too
  options.gateway.in_flight_max = 1;
  options.spool.wait = 60s;
  open(options);
  store().hang_commits();
  auto first = room().send_once({room().event("ann@acme.example", "page_viewed", "0", room().clock().now())});
  std::set<std::string> kept{"0"};
  int sent = 0;
  const auto keeps_next = [&] {
    const auto id = std::to_string(++sent);
    const auto reply =
        room().send_once({room().event("ann@acme.example", "page_viewed", id, room().clock().now())}).get();
    const bool keeps = std::holds_alternative<Receipts>(reply);
    if (keeps) kept.insert(id);
    return keeps;
  };
  for (std::uint64_t deaths = 0; deaths <= 3; ++deaths) {
    if (deaths > 0) {
      room().kill(actors::Part::spooler);
      ASSERT_TRUE(until([&] {
        const bool known = room().counters().actor_restarts.load() == deaths;
        return keeps_next() && known;
      })) << "nothing is kept any more";
    }
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(keeps_next()) << sent;
  }
  store().let_go();
  EXPECT_EQ(durability_in(first), Durability::log);
  ASSERT_TRUE(until([&] { return room().counters().spool_pending == 0; }));
  const auto reply = room().question("ann@acme.example", actors::TimelineQuestion{10'000, std::nullopt});
  ASSERT_TRUE(std::holds_alternative<actors::TimelineView>(reply));
  std::multiset<std::string> held;
  for (const auto& row : std::get<actors::TimelineView>(reply).rows) held.insert(row.event_id.value_or(""));
  for (const auto& id : kept) EXPECT_EQ(held.count(id), 1U) << id << " was acknowledged";
  EXPECT_EQ(room().counters().records_duplicate, 0U);
}

// ---- a gateway that the test plays

/// Takes what is submitted, except of one organisation, which it refuses for now.
struct PlayedGateway {
  void answer(const actors::Submission& submission, const actors::ReplyPort& port) {
    const std::lock_guard guard{mutex_};
    sizes_[submission.organisation].push_back(submission.records.size() + submission.links.size());
    if (submission.organisation == refused_)
      return port->complete(engine::Error{engine::Errc::unavailable, "played refusal", ""});
    Receipts receipts;
    receipts.receipts.resize(submission.records.size());
    port->complete(std::move(receipts));
  }
  void refuse(OrganisationId whose) {
    const std::lock_guard guard{mutex_};
    refused_ = whose;
  }
  /// How many records and links each submission of the organisation had.
  std::vector<std::size_t> sizes(OrganisationId whose) {
    const std::lock_guard guard{mutex_};
    return sizes_[whose];
  }

 private:
  std::mutex mutex_;
  OrganisationId refused_{};
  std::map<OrganisationId, std::vector<std::size_t>> sizes_;
};

class SpoolLanes : public SpoolRoad {
 protected:
  SpoolLanes() {
    open();
    services_->store = &room().store();
    services_->switchboard = switchboard_;
  }
  SpoolLanes(const SpoolLanes&) = delete;
  SpoolLanes& operator=(const SpoolLanes&) = delete;
  ~SpoolLanes() override {
    caf::anon_send_exit(spooler_, caf::exit_reason::kill);
    switchboard_->set_gateway({});
  }

  void keep(const std::vector<storage::SpooledSubmission>& submissions) {
    auto spool = storage::Spool::open(own_, {});
    ASSERT_TRUE(spool);
    for (const auto& one : submissions) ASSERT_TRUE((*spool)->append(encode(one)));
    ASSERT_TRUE((*spool)->sync());
  }
  void start() {
    switchboard_->set_gateway(room().system().spawn([played = played_]() -> actors::Gateway::behavior_type {
      const auto other = [](const auto&, const actors::ReplyPort&) {};
      return {
          [played](const actors::Submission& submission, const actors::ReplyPort& port) {
            played->answer(submission, port);
          },
          [other](const actors::RememberAnswer& one, const actors::ReplyPort& port) { other(one, port); },
          [other](const actors::LeadQuery& one, const actors::ReplyPort& port) { other(one, port); },
          [other](const actors::LeadsQuery& one, const actors::ReplyPort& port) { other(one, port); },
          [other](const actors::ChangedLeadsQuery& one, const actors::ReplyPort& port) { other(one, port); },
          [other](const actors::RequestQuery& one, const actors::ReplyPort& port) { other(one, port); },
          [other](const actors::AdminRequest& one, const actors::ReplyPort& port) { other(one, port); },
      };
    }));
    actors::SpoolSettings settings;
    settings.directory = own_;
    spooler_ = room().system().spawn(actors::spooler, services_, actors::Committer{}, settings,
                                     std::make_shared<actors::SpoolDoor>(30ms));
  }
  storage::SpooledSubmission event_of(OrganisationId whose, const std::string& id) {
    return {whose, {room().event("ann@acme.example", "page_viewed", id, room().clock().now())}, {}};
  }
  PlayedGateway& played() { return *played_; }
  actors::Counters& counters() { return switchboard_->counters; }

 private:
  std::filesystem::path own_ = directory().parent_path() / "lanes";
  std::shared_ptr<PlayedGateway> played_ = std::make_shared<PlayedGateway>();
  actors::SwitchboardPtr switchboard_ = std::make_shared<actors::Switchboard>();
  std::shared_ptr<actors::Services> services_ = std::make_shared<actors::Services>();
  actors::Spooler spooler_;
};

TEST_F(SpoolLanes, AnOrganisationThatIsRefusedHoldsUpNoOther) {
  constexpr OrganisationId first{1};
  constexpr OrganisationId second{2};
  played().refuse(first);
  std::vector<storage::SpooledSubmission> kept{event_of(first, "0")};
  for (int i = 1; i <= 300; ++i) kept.push_back(event_of(i % 3 == 0 ? first : second, std::to_string(i)));
  keep(kept);
  start();
  ASSERT_TRUE(until([&] { return counters().spool_forwarded.load() == 200; })) << counters().spool_forwarded.load();
  ASSERT_TRUE(until([&] { return counters().spool_pending.load() == 101; }));
  EXPECT_EQ(played().sizes(second), std::vector<std::size_t>{200}) << "what lies between them parts them no more";
  played().refuse({});
  EXPECT_TRUE(until([&] { return counters().spool_pending.load() == 0; })) << "the others were kept";
}

TEST_F(SpoolLanes, LinksCountAsMuchAsRecords) {
  constexpr OrganisationId whose{1};
  std::vector<storage::SpooledSubmission> kept;
  for (int i = 0; i < 30; ++i) {
    kept.push_back({whose, {}, {}});
    for (int j = 0; j < 100; ++j)
      kept.back().links.emplace_back("a" + std::to_string(j) + "@acme.example", "b" + std::to_string(i) + "@x.example");
  }
  keep(kept);
  start();
  ASSERT_TRUE(until([&] { return counters().spool_forwarded.load() == kept.size(); }));
  EXPECT_EQ(played().sizes(whose), (std::vector<std::size_t>{1'000, 1'000, 1'000}));
}

}  // namespace
}  // namespace leadlight::tests
