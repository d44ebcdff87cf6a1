#include "actors/protocol.hpp"

#include <algorithm>

namespace leadlight::actors {

namespace {

class SpinGuard {
 public:
  explicit SpinGuard(std::atomic_flag& flag) : flag_(flag) {
    while (flag_.test_and_set(std::memory_order_acquire)) flag_.wait(true);
  }
  SpinGuard(const SpinGuard&) = delete;
  SpinGuard& operator=(const SpinGuard&) = delete;
  ~SpinGuard() {
    flag_.clear(std::memory_order_release);
    flag_.notify_one();
  }

 private:
  std::atomic_flag& flag_;
};

}  // namespace

std::string_view label(Durability durability) {
  return durability == Durability::log ? "log" : "local";
}

const KeyView* Registry::find(const std::array<std::uint8_t, 32>& sha256) const {
  const auto at = std::lower_bound(keys.begin(), keys.end(), sha256,
                                   [](const auto& entry, const auto& hash) { return entry.first < hash; });
  return at != keys.end() && at->first == sha256 ? &at->second : nullptr;
}

const VendorSecrets* Registry::secrets_of(OrganisationId organisation, std::string_view vendor) const {
  const auto at = std::lower_bound(vendors.begin(), vendors.end(), std::pair{organisation, vendor},
                                   [](const VendorSecrets& own, const auto& wanted) {
                                     return std::pair{own.organisation, std::string_view{own.vendor}} < wanted;
                                   });
  const bool found = at != vendors.end() && at->organisation == organisation && at->vendor == vendor;
  return found ? &*at : nullptr;
}

std::string TargetOptions::get(std::string_view wanted, std::string_view otherwise) const {
  for (const auto* pairs : {&options, &secrets})
    for (const auto& [key, value] : *pairs)
      if (key == wanted) return value;
  return std::string{otherwise};
}

void TargetConnector::examine(std::string /*write_to*/, std::function<void(std::vector<TargetFinding>)> done) {
  check([done = std::move(done)](const Status& status) {
    TargetFinding finding{"settings", TargetFinding::Health::ok, "address, credentials and settings fit", {}};
    if (!status)
      finding = {"settings", TargetFinding::Health::fail, status.error().what, "mend what is named, then look again"};
    done({std::move(finding)});
  });
}

void Switchboard::set_gateway(Gateway gateway) {
  const SpinGuard guard{busy_};
  std::swap(gateway_, gateway);
}

Gateway Switchboard::gateway() const {
  const SpinGuard guard{busy_};
  return gateway_;
}

void Switchboard::set_spool(std::shared_ptr<SubmissionGuard> spool) {
  const SpinGuard guard{busy_};
  std::swap(spool_, spool);
}

std::shared_ptr<SubmissionGuard> Switchboard::spool() const {
  const SpinGuard guard{busy_};
  return spool_;
}

void Switchboard::set_registry(std::shared_ptr<const Registry> registry) {
  const SpinGuard guard{busy_};
  std::swap(registry_, registry);
}

std::shared_ptr<const Registry> Switchboard::registry() const {
  const SpinGuard guard{busy_};
  return registry_;
}

void Switchboard::set_not_ready(std::string reason) {
  const SpinGuard guard{busy_};
  std::swap(not_ready_, reason);
}

std::string Switchboard::not_ready() const {
  const SpinGuard guard{busy_};
  return not_ready_;
}

}  // namespace leadlight::actors
