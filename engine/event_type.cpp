#include "engine/event_type.hpp"

#include <array>
#include <atomic>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>

namespace leadlight::engine {
namespace {

constexpr std::uint32_t page_size = 1024;

/// Every name of this process by number, and back.
///
/// Readers of a name take no lock: pages are published once and never move, and a slot is written before its number is
/// handed out, so whoever was given the number sees the name.
class Table {
 public:
  Table() {
    const std::unique_lock lock{mutex_};
    append("");
  }

  Result<std::uint32_t> number_of(std::string_view name) {
    {
      const std::shared_lock lock{mutex_};
      if (auto known = numbers_.find(name); known != numbers_.end()) return known->second;
    }
    const std::unique_lock lock{mutex_};
    if (auto known = numbers_.find(name); known != numbers_.end()) return known->second;
    if (names_.size() > EventType::types_max) {
      return Error{Errc::too_large,
                   "the event type `" + std::string{name} + "` is new, and this process already knows " +
                       std::to_string(EventType::types_max) + " names; send fewer distinct types",
                   "type"};
    }
    return append(name);
  }

  std::optional<std::uint32_t> known(std::string_view name) {
    const std::shared_lock lock{mutex_};
    const auto at = numbers_.find(name);
    return at == numbers_.end() ? std::nullopt : std::optional{at->second};
  }
  std::size_t count() {
    const std::shared_lock lock{mutex_};
    return names_.size();
  }

  [[nodiscard]] std::string_view name_of(std::uint32_t number) const {
    const Page* page = pages_[number / page_size].load(std::memory_order_acquire);
    return page == nullptr ? std::string_view{} : (*page)[number % page_size];
  }

 private:
  using Page = std::array<std::string_view, page_size>;

  std::uint32_t append(std::string_view name) {
    const auto number = static_cast<std::uint32_t>(names_.size());
    const std::string& kept = names_.emplace_back(name);
    auto& published = pages_[number / page_size];
    if (number % page_size == 0) {
      owned_.push_back(std::make_unique<Page>());
      published.store(owned_.back().get(), std::memory_order_release);
    }
    (*published.load(std::memory_order_relaxed))[number % page_size] = kept;
    numbers_.emplace(kept, number);
    return number;
  }

  std::shared_mutex mutex_;
  std::deque<std::string> names_;  // a deque: growing never moves a name
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
  std::deque<std::unique_ptr<Page>> owned_;
  std::array<std::atomic<Page*>, EventType::types_max / page_size + 1> pages_{};
};

Table& table() {
  // Never destroyed: names stay valid while threads still run at exit.
  static Table* const instance = std::make_unique<Table>().release();
  return *instance;
}

/// The names this thread asked for last. Saves the shared lock, whose counter all cores would write to.
struct Remembered {
  std::string_view name;
  std::uint32_t number = 0;
};
constexpr std::size_t remembered_count = 256;

std::size_t place_of(std::string_view name) {
  std::uint64_t head = 0;
  std::uint64_t tail = 0;
  const std::size_t bytes = name.size() < 8 ? name.size() : 8;
  std::memcpy(&head, name.data(), bytes);
  std::memcpy(&tail, name.data() + (name.size() - bytes), bytes);
  const std::uint64_t mixed = (head ^ (tail * 0x9E3779B97F4A7C15ULL) ^ name.size()) * 0xD6E8FEB86659FD93ULL;
  return static_cast<std::size_t>(mixed >> 56U);
}
static_assert(remembered_count == 256, "place_of() gives eight bits");

}  // namespace

Result<EventType> EventType::of(std::string_view name) {
  if (name.empty()) return EventType{};
  if (name.size() > name_bytes_max) {
    return Error{Errc::too_large,
                 "the event type has " + std::to_string(name.size()) + " bytes; shorten it to at most " +
                     std::to_string(name_bytes_max),
                 "type"};
  }
  thread_local std::array<Remembered, remembered_count> remembered;
  Remembered& place = remembered[place_of(name)];
  if (place.name == name) return from_number(place.number);
  auto number = table().number_of(name);
  if (!number) return number.error();
  place = Remembered{table().name_of(*number), *number};
  return from_number(*number);
}

std::optional<EventType> EventType::known(std::string_view name) {
  const auto number = table().known(name);
  return number ? std::optional{from_number(*number)} : std::nullopt;
}

std::size_t EventType::count() {
  return table().count();
}

std::string_view EventType::name() const {
  return number_ == 0 ? std::string_view{} : table().name_of(number_);
}

}  // namespace leadlight::engine
