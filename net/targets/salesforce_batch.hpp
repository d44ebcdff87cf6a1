// One batch of scores on its way to Salesforce: look up, compare, write, and look up once more what has vanished
// meanwhile.
//
// Thread: the client's, all of it.
#pragma once

#include "actors/clock.hpp"
#include "actors/protocol.hpp"
#include "net/http/trace_context.hpp"
#include "net/targets/salesforce_auth.hpp"
#include "net/targets/salesforce_settings.hpp"
#include "net/targets/salesforce_wire.hpp"

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace leadlight::net::salesforce {

/// What the connector and its batches share.
struct Shared {
  Settings settings;
  std::shared_ptr<Session> session;
  actors::ClockPtr clock;
  TraceBookPtr traces;      // none: calls carry no trace
  std::string target_name;  // for the log
  /// Of the signals field: from its description, or learnt from a refusal.
  std::atomic<std::size_t> signals_characters{1024};
};

/// A Salesforce record to write, for one write or, where converted leads share a contact, several.
struct Piece {
  enum class State { open, written, stale, failed };
  RecordWrite write;
  engine::Position owed = 0;
  State state = State::open;
  RecordClass fault = RecordClass::permanent;
  std::string code;
  std::string detail;
  bool cut = false;
};

/// One of the batch's writes and what became of it.
struct Item {
  actors::TargetWrite write;
  engine::WriteOutcome outcome = engine::WriteOutcome::no_match;  // when no piece says otherwise
  std::string code;
  std::string detail;
  std::set<std::size_t> pieces;
  std::vector<std::string> contacts;  // to be looked up
  bool look_up_again = false;
  bool looked_up_twice = false;
};

/// The addresses under which Salesforce may know the lead: its own and those joined to it.
std::vector<std::string> addresses_of(const actors::TargetWrite& write);

/// Brings one batch to Salesforce: look up, compare, write, and look up once more what has vanished meanwhile.
/// Thread: the client's.
class Batch : public std::enable_shared_from_this<Batch> {
 public:
  Batch(std::shared_ptr<Shared> shared, std::vector<actors::TargetWrite> writes, bool dry_run,
        std::function<void(actors::TargetReport)> done)
      : shared_(std::move(shared)), dry_run_(dry_run), done_(std::move(done)) {
    for (auto& write : writes) items_.emplace_back().write = std::move(write);
  }

  void start() {
    join_trace();
    std::vector<std::string> emails;
    for (auto& item : items_) {
      if (queryable(item.write.email)) {
        for (auto& address : addresses_of(item.write)) emails.push_back(std::move(address));
        continue;
      }
      refuse(item, "INVALID_EMAIL", "the address holds characters that cannot be asked for");
    }
    look_up_leads(std::move(emails));
  }

 private:
  using Task = std::function<void()>;

  void join_trace();
  void leave_trace(const actors::TargetReport& report);
  void look_up_leads(std::vector<std::string> emails);
  void look_up(LookUp kind, std::vector<std::string> keys, Task then);
  void query(LookUp kind, const std::vector<std::string>& keys, const std::string& next_url);
  void on_page(LookUp kind, const std::vector<std::string>& keys, const ApiOutcome& outcome);
  void compare_leads();
  void compare_address(Item& item, const std::string& address);
  void compare_contacts();
  void compare(Item& item, const std::string& type, const std::vector<const Held*>& records);
  void add_piece(Item& item, const std::string& type, const Held& held);
  void write_open_pieces();
  void write(const std::vector<std::size_t>& pieces);
  void on_written(const std::vector<std::size_t>& pieces, const ApiOutcome& outcome);
  void on_unknown_fault(const std::vector<std::size_t>& pieces, const ApiOutcome& outcome);
  void write_halves(const std::vector<std::size_t>& pieces);
  void on_refused(Piece& piece, std::size_t index, const RecordAnswer& answer);
  void on_too_long(Piece& piece, const RecordAnswer& answer);
  void after_writing();
  void finish();
  actors::TargetWriteResult result_of(const Item& item) const;
  void take_pieces(const Item& item, actors::TargetWriteResult& result) const;
  static void refuse(Item& item, std::string code, std::string detail);

  // Two calls at a time; `phase_done_` runs when the last of a phase has ended.
  void enqueue(Task task) { queue_.push_back(std::move(task)); }
  void run_phase(Task then);
  void pump();
  // `even_held`: also hears of an outcome that would hold the target, and decides itself.
  void call(ApiCall api_call, std::function<void(const ApiOutcome&)> then, bool even_held = false);

  Values values_of(const actors::TargetWrite& write) const;

  std::shared_ptr<Shared> shared_;
  bool dry_run_;
  std::optional<TraceBook::Entry> trace_;  // of the newest trigger among the writes
  std::function<void(actors::TargetReport)> done_;
  std::vector<Item> items_;
  std::vector<Piece> pieces_;
  std::map<std::string, std::size_t> piece_of_id_;
  std::map<std::string, std::vector<Held>> leads_;   // by e-mail
  std::map<std::string, Held> contacts_;             // by id
  std::map<std::string, std::string> refused_keys_;  // e-mail or id, code
  std::deque<Task> queue_;
  Task phase_done_;
  std::size_t under_way_ = 0;
  bool answered_ = false;  // at least one collection call was carried out
  std::optional<Hold> hold_;
  std::size_t unknown_faults_ = 0;  // records that were answered 500 on their own
  std::size_t calls_ = 0;
};

}  // namespace leadlight::net::salesforce
