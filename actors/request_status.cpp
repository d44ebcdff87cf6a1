#include "actors/request_status.hpp"

#include "storage/codec/codec.hpp"

namespace leadlight::actors {

namespace {

using storage::Family;
using storage::RequestStatus;

Result<RequestStatus> load(const Services& services, OrganisationId organisation, const std::string& id) {
  auto bytes = services.store->get(Family::requests, id);
  if (!bytes) return bytes.error();
  const Error unknown{engine::Errc::not_found, "no request with this id is known; requests are kept for seven days",
                      "request_id"};
  if (!bytes->has_value()) return unknown;
  auto status = storage::decode_request(**bytes);
  if (!status) return status.error();
  if (status->lead.organisation() != organisation) return unknown;
  return status;
}

}  // namespace

Reply request_view(const Services& services, const RequestQuery& query) {
  auto status = load(services, query.organisation, query.request_id);
  if (!status) return status.error();
  if (status->outcome == joined_outcome) {
    auto shared = load(services, query.organisation, status->detail);
    if (!shared) return shared.error();
    shared->accepted_at = status->accepted_at;
    shared->source = status->source;
    *status = *std::move(shared);
  }
  RequestView view;
  view.request_id = query.request_id;
  view.email = status->email;
  view.source = status->source;
  view.accepted_at = status->accepted_at;
  view.fetched_at = status->fetched_at;
  view.scored_at = status->scored_at;
  view.written_at = status->written_at;
  view.outcome = status->outcome;
  view.score = status->score;
  view.detail = status->detail;
  const bool open = view.outcome == "accepted";
  view.fetched_at = status->fetched_at;
  // Contract hg-live-scoring, C8.
  if (open && services.clock->now() - view.accepted_at > services.late_after) view.outcome = "late";
  return view;
}

}  // namespace leadlight::actors
