// The type of an engagement event, such as `demo_requested`: a name, held as a small number.
//
// The numbering is this process's own (first come, first numbered), is never stored and never decides an order: names
// do. Thread: any; the table only grows.
#pragma once

#include "engine/result.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace leadlight::engine {

class EventType {
 public:
  /// Longest name, in bytes.
  static constexpr std::size_t name_bytes_max = 100;
  /// Distinct names one process can hold.
  static constexpr std::uint32_t types_max = (1U << 20U) - 1;

  EventType() = default;  // the type named ""

  /// The type of this name; numbers it on first sight.
  ///
  /// Errors: too_large when the name is longer than `name_bytes_max` or the table is full.
  static Result<EventType> of(std::string_view name);

  /// The type of this name, when it has a number already.
  static std::optional<EventType> known(std::string_view name);
  /// How many names have a number.
  static std::size_t count();

  /// The type with this number. Precondition: `number` came from `number()` in this process.
  static EventType from_number(std::uint32_t number) {
    EventType type;
    type.number_ = number;
    return type;
  }

  /// Its name; valid as long as the process.
  [[nodiscard]] std::string_view name() const;
  [[nodiscard]] std::uint32_t number() const { return number_; }

  friend bool operator==(EventType, EventType) = default;

 private:
  std::uint32_t number_ = 0;
};

}  // namespace leadlight::engine
