#include "net/targets/salesforce_batch.hpp"

#include "logging/log.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace leadlight::net::salesforce {

using actors::TargetReport;
using actors::TargetWriteResult;
using engine::WriteOutcome;

namespace {

constexpr std::size_t calls_in_parallel_max = 2;  // of a batch; two batches may be under way
constexpr std::size_t unknown_faults_max = 3;     // different records, before one is written: then it is an outage
constexpr int unknown_fault_status = 500;

}  // namespace

// One call serves many leads and can carry one trace: the newest trigger's, whose caller most likely still looks.
void Batch::join_trace() {
  if (!shared_->traces || dry_run_) return;
  std::vector<engine::LeadId> leads;
  leads.reserve(items_.size());
  for (const auto& item : items_) leads.push_back(item.write.lead);
  trace_ = shared_->traces->newest_of(leads);
}

// A lead that is done with keeps no trace; one that is tried again does.
void Batch::leave_trace(const TargetReport& report) {
  if (!trace_) return;
  for (const auto& result : report.results)
    if (result.kind == TargetWriteResult::Kind::final) shared_->traces->forget(result.lead, trace_->number);
  logging::debug("a batch was brought to its target", {{"component", "salesforce"},
                                                       {"target", shared_->target_name},
                                                       {"trace_id", trace_->trace.trace_id},
                                                       {"leads", items_.size()},
                                                       {"calls", calls_}});
}

void Batch::run_phase(Task then) {
  phase_done_ = std::move(then);
  pump();
}

void Batch::pump() {
  while (!hold_ && under_way_ < calls_in_parallel_max && !queue_.empty()) {
    auto task = std::move(queue_.front());
    queue_.pop_front();
    ++under_way_;
    task();
  }
  if (under_way_ > 0 || (!hold_ && !queue_.empty()) || !phase_done_) return;
  queue_.clear();
  const auto then = std::exchange(phase_done_, nullptr);
  if (hold_)
    finish();
  else
    then();
}

void Batch::call(ApiCall api_call, std::function<void(const ApiOutcome&)> then, bool even_held) {
  if (trace_) api_call.traceparent = format_traceparent(next_step(trace_->trace));
  shared_->session->call(std::move(api_call),
                         [self = shared_from_this(), then = std::move(then), even_held](const ApiOutcome& outcome) {
                           self->calls_ += outcome.calls;
                           --self->under_way_;
                           if (outcome.hold && !even_held) {
                             if (!self->hold_) self->hold_ = outcome.hold;
                           } else {
                             then(outcome);
                           }
                           self->pump();
                         });
}

// ---- look-up

std::vector<std::string> addresses_of(const actors::TargetWrite& write) {
  std::vector<std::string> addresses{write.email};
  std::copy_if(write.other_emails.begin(), write.other_emails.end(), std::back_inserter(addresses), queryable);
  return addresses;
}

void Batch::look_up_leads(std::vector<std::string> emails) {
  look_up(LookUp::lead_by_email, std::move(emails), [this] { compare_leads(); });
}

void Batch::look_up(LookUp kind, std::vector<std::string> keys, Task then) {
  const auto& fields = kind == LookUp::lead_by_email ? shared_->settings.lead : shared_->settings.contact;
  for (auto& group : split_keys(kind, fields, std::move(keys), shared_->settings.newest_only))
    enqueue([this, kind, group = std::move(group)] { query(kind, group, {}); });
  run_phase(std::move(then));
}

void Batch::query(LookUp kind, const std::vector<std::string>& keys, const std::string& next_url) {
  const auto& settings = shared_->settings;
  const auto& fields = kind == LookUp::lead_by_email ? settings.lead : settings.contact;
  const auto path =
      !next_url.empty()
          ? next_url
          : settings.api_path + "/query?q=" + percent_encode(look_up_query(kind, fields, keys, settings.newest_only));
  call({"GET", path, {}}, [this, kind, keys](const ApiOutcome& outcome) { on_page(kind, keys, outcome); });
}

void Batch::on_page(LookUp kind, const std::vector<std::string>& keys, const ApiOutcome& outcome) {
  if (outcome.verdict.kind != CallClass::ok) {  // this content is refused: find out which key it is
    if (keys.size() == 1) {
      refused_keys_[keys.front()] = outcome.verdict.code;
      return;
    }
    const auto middle = keys.begin() + static_cast<std::ptrdiff_t>(keys.size() / 2);
    enqueue([this, kind, half = std::vector(keys.begin(), middle)] { query(kind, half, {}); });
    enqueue([this, kind, half = std::vector(middle, keys.end())] { query(kind, half, {}); });
    return;
  }
  const bool leads = kind == LookUp::lead_by_email;
  auto page = parse_page(outcome.answer.body, leads ? shared_->settings.lead : shared_->settings.contact);
  if (!page) {
    hold_ = Hold{page.error().what, std::nullopt, false};
    return;
  }
  for (auto& held : page->records) {
    if (leads)
      leads_[held.email].push_back(std::move(held));
    else
      contacts_.insert_or_assign(held.id, held);
  }
  if (page->next_url.rfind("/services/data/", 0) == 0)
    enqueue([this, kind, keys, next = page->next_url] { query(kind, keys, next); });
}

// ---- comparison

Values Batch::values_of(const actors::TargetWrite& write) const {
  return {write.score, shared_->settings.labels[static_cast<std::size_t>(write.segment)],
          cut_signals(write.signals, shared_->signals_characters.load()), write.scored_at};
}

void Batch::refuse(Item& item, std::string code, std::string detail) {
  item.outcome = WriteOutcome::dead_letter;
  item.code = std::move(code);
  item.detail = std::move(detail);
}

void Batch::compare_leads() {
  std::set<std::string> contact_ids;
  for (auto& item : items_) {
    if (item.outcome == WriteOutcome::dead_letter || (item.looked_up_twice && !item.look_up_again)) continue;
    item.look_up_again = false;
    if (const auto refused = refused_keys_.find(item.write.email); refused != refused_keys_.end()) {
      refuse(item, refused->second, "Salesforce refused to look this lead up: " + refused->second);
      continue;
    }
    item.outcome = WriteOutcome::no_match;
    item.contacts.clear();
    for (const auto& address : addresses_of(item.write)) compare_address(item, address);
    if (!shared_->settings.write_contacts) item.contacts.clear();
    contact_ids.insert(item.contacts.begin(), item.contacts.end());
  }
  look_up(LookUp::contact_by_id, std::vector<std::string>(contact_ids.begin(), contact_ids.end()),
          [this] { compare_contacts(); });
}

// Every open Lead with the address is written; where all are converted, their Contacts may be.
void Batch::compare_address(Item& item, const std::string& address) {
  const auto found = leads_.find(address);
  if (found == leads_.end()) return;
  std::vector<const Held*> open;
  for (const auto& held : found->second)
    if (!held.converted) open.push_back(&held);
  if (!open.empty()) return compare(item, "Lead", open);
  if (item.outcome == WriteOutcome::no_match) item.outcome = WriteOutcome::converted_lead;
  for (const auto& held : found->second)
    if (!held.contact_id.empty()) item.contacts.push_back(held.contact_id);
}

void Batch::compare_contacts() {
  for (auto& item : items_) {
    std::vector<const Held*> found;
    for (const auto& id : std::exchange(item.contacts, {}))
      if (const auto held = contacts_.find(id); held != contacts_.end()) found.push_back(&held->second);
    if (!found.empty()) compare(item, "Contact", found);
  }
  if (dry_run_) return finish();
  write_open_pieces();
}

void Batch::compare(Item& item, const std::string& type, const std::vector<const Held*>& records) {
  item.outcome = WriteOutcome::unchanged;
  auto chosen = records;
  if (shared_->settings.newest_only) {
    const auto newest = std::max_element(records.begin(), records.end(), [](const Held* a, const Held* b) {
      return std::pair(a->created_at, a->id) < std::pair(b->created_at, b->id);
    });
    chosen = {*newest};
  }
  const auto values = values_of(item.write);
  for (const auto* held : chosen) {
    if (holds(*held, values)) continue;
    if (held->scored_at && *held->scored_at > item.write.scored_at) {
      item.detail = "Salesforce holds a newer score";
      continue;
    }
    add_piece(item, type, *held);
  }
}

void Batch::add_piece(Item& item, const std::string& type, const Held& held) {
  const auto [place, fresh] = piece_of_id_.try_emplace(held.id, pieces_.size());
  item.pieces.insert(place->second);
  if (fresh) {
    Piece piece;
    piece.write = {type, held.id, values_of(item.write)};
    piece.owed = item.write.owed;
    pieces_.push_back(std::move(piece));
    return;
  }
  auto& piece = pieces_[place->second];
  if (piece.state == Piece::State::stale) piece.state = Piece::State::open;
  const auto age = [](const Piece& own) { return std::pair(own.write.values.scored_at, own.owed); };
  if (std::pair(item.write.scored_at, item.write.owed) > age(piece)) {
    piece.write.values = values_of(item.write);
    piece.owed = item.write.owed;
  }
}

// ---- writing

void Batch::write_open_pieces() {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < pieces_.size(); ++i)
    if (pieces_[i].state == Piece::State::open) open.push_back(i);
  // In another order each time, so that records which fail together do not always come first.
  std::shuffle(open.begin(), open.end(), std::minstd_rand{std::random_device{}()});
  // Sorted by type: Salesforce takes at most ten changes of type in a call.
  std::stable_sort(open.begin(), open.end(),
                   [this](std::size_t a, std::size_t b) { return pieces_[a].write.type > pieces_[b].write.type; });
  for (std::size_t at = 0; at < open.size(); at += records_per_call_max) {
    const auto end = std::min(at + records_per_call_max, open.size());
    enqueue([this, chunk = std::vector(open.begin() + static_cast<std::ptrdiff_t>(at),
                                       open.begin() + static_cast<std::ptrdiff_t>(end))] { write(chunk); });
  }
  run_phase([this] { after_writing(); });
}

void Batch::write(const std::vector<std::size_t>& pieces) {
  std::vector<RecordWrite> writes;
  for (const auto index : pieces) writes.push_back(pieces_[index].write);
  const auto& settings = shared_->settings;
  call(
      {"PATCH", settings.api_path + "/composite/sobjects", collection_body(writes, settings.lead, settings.contact)},
      [this, pieces](const ApiOutcome& outcome) { on_written(pieces, outcome); }, true);
}

void Batch::write_halves(const std::vector<std::size_t>& pieces) {
  const auto middle = pieces.begin() + static_cast<std::ptrdiff_t>(pieces.size() / 2);
  // In front: the first single records, which tell a record's fault from an outage, are reached soon.
  queue_.push_front([this, half = std::vector(middle, pieces.end())] { write(half); });
  queue_.push_front([this, half = std::vector(pieces.begin(), middle)] { write(half); });
}

// 500 may be one record's doing (a trigger of the customer's that throws) or an outage. The look-up has just been
// answered, so it is taken for the record's: the record is tried again a few times and then becomes a dead letter, and
// holds up nobody. When different records fail and none gets through, it is an outage after all.
void Batch::on_unknown_fault(const std::vector<std::size_t>& pieces, const ApiOutcome& outcome) {
  if (pieces.size() > 1) return write_halves(pieces);
  if (++unknown_faults_ >= unknown_faults_max && !answered_) {
    if (!hold_) hold_ = outcome.hold;
    return;
  }
  auto& piece = pieces_[pieces.front()];
  piece.state = Piece::State::failed;
  piece.fault = RecordClass::retry;
  piece.code = outcome.verdict.code;
  piece.detail = outcome.verdict.reason;
}

void Batch::on_written(const std::vector<std::size_t>& pieces, const ApiOutcome& outcome) {
  if (outcome.hold) {
    if (outcome.answer.status == unknown_fault_status) return on_unknown_fault(pieces, outcome);
    if (!hold_) hold_ = outcome.hold;
    return;
  }
  if (outcome.verdict.kind != CallClass::ok) {  // nothing was done; find out which record it is
    if (pieces.size() == 1) {
      auto& piece = pieces_[pieces.front()];
      piece.state = Piece::State::failed;
      piece.code = outcome.verdict.code;
      piece.detail = outcome.verdict.reason;
      answered_ = true;
      return;
    }
    return write_halves(pieces);
  }
  const auto answers = parse_answers(outcome.answer.body, pieces.size());
  if (!answers) {
    hold_ = Hold{answers.error().what, std::nullopt, false};
    return;
  }
  answered_ = true;
  for (std::size_t i = 0; i < pieces.size(); ++i) {  // by position: a refused record may come without its id
    auto& piece = pieces_[pieces[i]];
    if ((*answers)[i].success)
      piece.state = Piece::State::written;
    else
      on_refused(piece, pieces[i], (*answers)[i]);
  }
}

void Batch::on_refused(Piece& piece, std::size_t index, const RecordAnswer& answer) {
  piece.state = Piece::State::failed;
  piece.fault = classify_record(answer);
  piece.code = answer.code;
  piece.detail = describe_record(answer);
  if (piece.fault == RecordClass::cut) return on_too_long(piece, answer);
  if (piece.fault == RecordClass::later && !hold_) {
    CallVerdict verdict{CallClass::later, answer.code, piece.detail, std::nullopt, true};
    hold_ = shared_->session->hold_for(verdict);
  }
  if (piece.fault != RecordClass::look_up) return;
  for (auto& item : items_) {
    if (!item.pieces.contains(index) || item.looked_up_twice) continue;
    item.look_up_again = true;
    piece.state = Piece::State::stale;
  }
}

void Batch::on_too_long(Piece& piece, const RecordAnswer& answer) {
  const auto& field = piece.write.type == "Lead" ? shared_->settings.lead.signals : shared_->settings.contact.signals;
  const bool signals = std::find(answer.fields.begin(), answer.fields.end(), field) != answer.fields.end();
  if (!signals || piece.cut) return;
  piece.cut = true;
  auto& text = piece.write.values.signals;
  const auto most = max_length(answer.message).value_or(255);
  auto shorter = cut_signals(text, most);
  if (shorter == text) shorter = cut_signals(text, most / 2);  // the field counts bytes
  if (piece.write.type == "Lead" && most > 0 && most < shared_->signals_characters.load())
    shared_->signals_characters.store(most);
  text = std::move(shorter);
  piece.state = Piece::State::open;
}

void Batch::after_writing() {
  const bool more =
      std::any_of(pieces_.begin(), pieces_.end(), [](const Piece& piece) { return piece.state == Piece::State::open; });
  if (more) return write_open_pieces();
  std::vector<std::string> emails;
  for (auto& item : items_) {
    if (!item.look_up_again) continue;
    item.looked_up_twice = true;
    for (auto& address : addresses_of(item.write)) {
      leads_.erase(address);
      emails.push_back(std::move(address));
    }
  }
  if (emails.empty()) return finish();
  for (auto& item : items_)
    if (!item.look_up_again) item.looked_up_twice = true;  // done: the second round passes it by
  look_up_leads(std::move(emails));
}

// ---- the report

void Batch::take_pieces(const Item& item, TargetWriteResult& result) const {
  std::size_t written = 0;
  const Piece* passing = nullptr;
  const Piece* lasting = nullptr;
  const Piece* converted = nullptr;
  for (const auto index : item.pieces) {
    const auto& piece = pieces_[index];
    if (piece.state == Piece::State::written) ++written;
    if (piece.state == Piece::State::open) passing = &piece;
    if (piece.state != Piece::State::failed) continue;
    switch (piece.fault) {
      case RecordClass::retry:
      case RecordClass::later: passing = &piece; break;
      case RecordClass::converted: converted = &piece; break;
      case RecordClass::look_up:
      case RecordClass::cut:
      case RecordClass::permanent: lasting = &piece; break;
    }
  }
  const auto* fault = passing != nullptr ? passing : lasting != nullptr ? lasting : converted;
  if (fault != nullptr && (fault != converted || written == 0)) {
    result.code = fault->code;
    result.detail = fault->detail;
  }
  // Final only when every record of the lead has its end: a locked one brings the whole lead back.
  if (passing != nullptr) {
    result.kind = TargetWriteResult::Kind::retry;
    if (result.code.empty()) result.code = "HELD";
    if (result.detail.empty() && hold_) result.detail = hold_->reason;
  } else if (lasting != nullptr) {
    result.outcome = WriteOutcome::dead_letter;
  } else if (written > 0) {
    result.outcome = WriteOutcome::written;
    result.written_at = shared_->clock->now();
  } else if (converted != nullptr) {
    result.outcome = WriteOutcome::converted_lead;
  }
}

TargetWriteResult Batch::result_of(const Item& item) const {
  TargetWriteResult result;
  result.lead = item.write.lead;
  result.owed = item.write.owed;
  result.outcome = item.outcome;
  result.code = item.code;
  result.detail = item.detail;
  result.differed = !item.pieces.empty();
  if (!dry_run_) take_pieces(item, result);
  if (item.look_up_again || !item.contacts.empty()) {  // a hold came before the look-up that would have said more
    result.kind = TargetWriteResult::Kind::retry;
    result.code = "HELD";
    if (hold_) result.detail = hold_->reason;
  }
  return result;
}

void Batch::finish() {
  TargetReport report;
  report.hold = hold_;
  report.quota_used = shared_->session->quota_used();
  report.calls = calls_;
  if (!hold_ || answered_)
    for (const auto& item : items_) report.results.push_back(result_of(item));
  leave_trace(report);
  const auto done = std::exchange(done_, nullptr);
  done(std::move(report));
}

}  // namespace leadlight::net::salesforce
