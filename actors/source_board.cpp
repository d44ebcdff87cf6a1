#include "actors/source_board.hpp"

#include "storage/settings.hpp"

#include <algorithm>
#include <utility>

namespace leadlight::actors {

bool SourceBoard::has_sources(OrganisationId organisation) const {
  if (!any_.load(std::memory_order_acquire)) return false;
  const std::lock_guard guard{mutex_};
  return std::binary_search(organisations_.begin(), organisations_.end(), organisation);
}

void SourceBoard::set_organisations(std::vector<OrganisationId> organisations) {
  std::sort(organisations.begin(), organisations.end());
  const std::lock_guard guard{mutex_};
  organisations_ = std::move(organisations);
  any_.store(!organisations_.empty(), std::memory_order_release);
}

SourceSupervisor SourceBoard::supervisor() const {
  const std::lock_guard guard{mutex_};
  return supervisor_;
}

void SourceBoard::set_supervisor(SourceSupervisor supervisor) {
  const std::lock_guard guard{mutex_};
  supervisor_ = std::move(supervisor);
}

Status refresh(SourceBoard& board, const storage::Store& store) {
  auto sources = storage::load_sources(store);
  if (!sources) return sources.error();
  std::vector<OrganisationId> organisations;
  for (const auto& source : *sources)
    if (board.in_force(source)) organisations.push_back(source.organisation);
  board.set_organisations(std::move(organisations));
  return engine::Ok{};
}

}  // namespace leadlight::actors
