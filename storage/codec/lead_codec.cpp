//   lead      := version:u8 shard:u16 fields email:name target_count:varint target*
//                type_count:varint name* event_count:varint event* folded_count:varint folded* crc32c:u32
//                                                                                   (version 1 is the newest)
//   fields, target: lead_fields.hpp
//   event     := occurred_at:u48 type id_hash:u64                      ascending by (occurred_at, id_hash)
//   folded    := hour_start:u48 type count:u32                         ascending by (hour_start, type)
//   type      := u8 | u32        an index into the names; u8 while there are at most 256 of them
// The names are the distinct types of the window, ascending: the numbers of event types are this process's own and are
// never stored. This value is rewritten at each record of the lead, so events are of one size and written without a
// branch: a varint of the difference of times saves one byte of 15 and costs half as much time again.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "storage/codec/codec.hpp"
#include "storage/codec/lead_fields.hpp"
#include "storage/codec/reader.hpp"
#include "storage/codec/writer.hpp"

namespace leadlight::storage {
namespace {

constexpr std::uint8_t version_newest = 1;
constexpr std::string_view what = "lead";
constexpr std::uint64_t occurred_at_end = std::uint64_t{1} << 44U;  // what the window packs
constexpr std::size_t time_bytes = 6;
constexpr std::size_t types_of_a_byte = 256;

/// The first eight bytes of a name, in its order: most comparisons end here.
std::uint64_t head_of(std::string_view name) {
  std::array<char, sizeof(std::uint64_t)> bytes{};
  if (name.size() >= bytes.size()) {
    std::memcpy(bytes.data(), name.data(), bytes.size());
  } else {
    std::copy(name.begin(), name.end(), bytes.begin());
  }
  std::uint64_t head = 0;
  std::memcpy(&head, bytes.data(), bytes.size());
  return std::endian::native == std::endian::little ? __builtin_bswap64(head) : head;
}

/// Puts 48 bits, little-endian; writes two bytes beyond them. Precondition: more will follow.
char* put_time(char* to, std::uint64_t ms) {
  put_fixed(to, ms);
  return to + time_bytes;
}

/// The distinct types of a window by name, and the place of each.
///
/// Nearly all processes know fewer than `direct_max` types: those are told apart by a bit each, without a branch on the
/// data.
class TypeTable {
 public:
  explicit TypeTable(const engine::Window& window) {
    for (const auto& event : window.events()) note(event.type().number());
    for (const auto& folded : window.folded()) note(folded.type.number());
    std::sort(rare_.begin(), rare_.end());
    rare_.erase(std::unique(rare_.begin(), rare_.end()), rare_.end());
    list();
    std::sort(types_.begin(), types_.end(),
              [](const Type& a, const Type& b) { return a.head != b.head ? a.head < b.head : a.name < b.name; });
    rare_places_.resize(rare_.size());
    for (std::uint32_t i = 0; i < types_.size(); ++i) {
      const auto number = types_[i].number;
      if (number < direct_max) {
        places_[number] = static_cast<std::uint16_t>(i);
      } else {
        rare_places_[rare_at(number)] = i;
      }
    }
  }
  TypeTable(const TypeTable&) = delete;
  TypeTable& operator=(const TypeTable&) = delete;

  struct Type {
    std::uint64_t head = 0;
    std::string_view name;
    std::uint32_t number = 0;
  };
  [[nodiscard]] std::span<const Type> types() const { return types_; }
  [[nodiscard]] std::uint32_t index_of(engine::EventType type) const {
    const auto number = type.number();
    return number < direct_max ? places_[number] : rare_places_[rare_at(number)];
  }

 private:
  static constexpr std::uint32_t direct_max = 1'024;

  void note(std::uint32_t number) {
    if (number < direct_max) {
      seen_[number / 64] |= std::uint64_t{1} << (number % 64);
    } else {
      rare_.push_back(number);
    }
  }
  void list() {
    types_.reserve(16 + rare_.size());
    for (std::uint32_t word = 0; word < seen_.size(); ++word) {
      for (auto bits = seen_[word]; bits != 0; bits &= bits - 1) {
        add(64 * word + static_cast<std::uint32_t>(std::countr_zero(bits)));
      }
    }
    for (const auto number : rare_) add(number);
  }
  void add(std::uint32_t number) {
    const auto name = engine::EventType::from_number(number).name();
    types_.push_back({head_of(name), name, number});
  }
  [[nodiscard]] std::size_t rare_at(std::uint32_t number) const {
    return static_cast<std::size_t>(std::lower_bound(rare_.begin(), rare_.end(), number) - rare_.begin());
  }

  std::array<std::uint64_t, direct_max / 64> seen_{};
  std::array<std::uint16_t, direct_max> places_;  // only those of types seen are set, and only those are read
  std::vector<std::uint32_t> rare_;               // ascending
  std::vector<std::uint32_t> rare_places_;
  std::vector<Type> types_;
};

void write_types(Writer& to, std::span<const TypeTable::Type> types) {
  std::size_t bytes_max = 0;
  for (const auto& type : types) bytes_max += type.name.size() + varint_bytes_max;
  to.varint(types.size());
  char* at = to.claim(bytes_max);
  for (const auto& type : types) {
    at = put_varint(at, type.name.size());
    at += type.name.copy(at, type.name.size());
  }
  to.settle(at);
}

/// The events and folded hours, where an index of types has the width of `Index`.
template <class Index>
void write_uses(Writer& to, const engine::Window& window, const TypeTable& table) {
  to.varint(window.events().size());
  char* at = to.claim(window.events().size() * (time_bytes + sizeof(Index) + sizeof(std::uint64_t)));
  for (const auto& event : window.events()) {
    at = put_time(at, event.time_and_type >> 20U);
    at = put_fixed(at, static_cast<Index>(table.index_of(event.type())));
    at = put_fixed(at, event.id_hash);
  }
  to.settle(at);
  to.varint(window.folded().size());
  at = to.claim(window.folded().size() * (time_bytes + sizeof(Index) + sizeof(std::uint32_t)));
  for (const auto& folded : window.folded()) {
    at = put_time(at, static_cast<std::uint64_t>(engine::to_ms(folded.hour_start)));
    at = put_fixed(at, static_cast<Index>(table.index_of(folded.type)));
    at = put_fixed(at, folded.count);
  }
  to.settle(at);
}

std::size_t bytes_expected(const engine::Lead& lead, const TypeTable& table) {
  std::size_t bytes = fields_bytes_max + lead.email.size() + lead.targets.size() * target_bytes_max + 64;
  for (const auto& type : table.types()) bytes += type.name.size() + varint_bytes_max;
  const auto index_bytes = table.types().size() <= types_of_a_byte ? sizeof(std::uint8_t) : sizeof(std::uint32_t);
  return bytes + lead.window.events().size() * (time_bytes + index_bytes + sizeof(std::uint64_t)) +
         lead.window.folded().size() * (time_bytes + index_bytes + sizeof(std::uint32_t));
}

engine::Result<std::vector<engine::EventType>> read_types(Reader& from) {
  const auto count = from.short_count(1);
  std::vector<engine::EventType> types;
  types.reserve(count);
  std::string_view previous;
  for (std::size_t i = 0; i < count && !from.failed(); ++i) {
    const auto name = from.name();
    if (i > 0 && name <= previous) return corrupt(what, "its event types are out of order");
    const auto type = engine::EventType::of(name);
    if (!type) return corrupt(what, type.error().what);
    types.push_back(*type);
    previous = name;
  }
  return types;
}

/// Walks items of one size that each begin with an instant and a type; fails the value when one is impossible.
///
/// `each(at, type, rest)`: `rest` is what follows the two, read by `Rest`.
template <class Index, class Rest, class Each>
bool read_uses(Reader& from, std::size_t types, std::size_t count, const Each& each) {
  constexpr std::size_t item_bytes = time_bytes + sizeof(Index) + sizeof(Rest);
  const auto items = from.raw(count * item_bytes);
  if (from.failed()) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const char* item = items.data() + i * item_bytes;
    const auto at = get_fixed<std::uint32_t>(item) | std::uint64_t{get_fixed<std::uint16_t>(item + 4)} << 32U;
    const auto type = get_fixed<Index>(item + time_bytes);
    if (at >= occurred_at_end || type >= types) return false;
    if (!each(at, type, get_fixed<Rest>(item + time_bytes + sizeof(Index)))) return false;
  }
  return true;
}

template <class Index>
bool read_events(Reader& from, std::span<const engine::EventType> types, std::vector<engine::WindowEvent>& events) {
  const auto count = from.short_count(time_bytes + sizeof(Index) + sizeof(std::uint64_t));
  events.reserve(count);
  std::uint64_t time_before = 0;
  std::uint64_t id_before = 0;
  return read_uses<Index, std::uint64_t>(
      from, types.size(), count, [&](std::uint64_t at, Index type, std::uint64_t id) {
        if (at < time_before || (at == time_before && id < id_before)) return false;
        events.emplace_back(engine::from_ms(static_cast<std::int64_t>(at)), types[type], id);
        time_before = at;
        id_before = id;
        return true;
      });
}

template <class Index>
bool read_folded(Reader& from, std::span<const engine::EventType> types, std::vector<engine::FoldedHour>& hours) {
  const auto count = from.short_count(time_bytes + sizeof(Index) + sizeof(std::uint32_t));
  hours.reserve(count);
  std::uint64_t time_before = 0;
  Index type_before = 0;
  return read_uses<Index, std::uint32_t>(from, types.size(), count, [&](std::uint64_t at, Index type, std::uint32_t n) {
    // Types ascend by name, so their indexes do.
    if (!hours.empty() && (at < time_before || (at == time_before && type <= type_before))) return false;
    hours.push_back({engine::from_ms(static_cast<std::int64_t>(at)), types[type], n});
    time_before = at;
    type_before = type;
    return true;
  });
}

engine::Status read_window(Reader& from, engine::Window& window) {
  const auto types = read_types(from);
  if (!types) return types.error();
  std::vector<engine::WindowEvent> events;
  std::vector<engine::FoldedHour> folded;
  const bool read =
      types->size() <= types_of_a_byte
          ? read_events<std::uint8_t>(from, *types, events) && read_folded<std::uint8_t>(from, *types, folded)
          : read_events<std::uint32_t>(from, *types, events) && read_folded<std::uint32_t>(from, *types, folded);
  if (!read) return corrupt(what, "its window is impossible: an instant, a type or an order that cannot be");
  window = engine::Window::from_parts(std::move(events), std::move(folded));
  return engine::Ok{};
}

}  // namespace

std::string encode(const engine::Lead& lead) {
  const TypeTable table(lead.window);
  Writer to(bytes_expected(lead, table));
  to.u8(version_newest);
  to.u16(static_cast<std::uint16_t>(lead.shard));
  write_fields(to, lead);
  to.name(lead.email);
  write_targets(to, lead.targets);
  write_types(to, table.types());
  if (table.types().size() <= types_of_a_byte) {
    write_uses<std::uint8_t>(to, lead.window, table);
  } else {
    write_uses<std::uint32_t>(to, lead.window, table);
  }
  return std::move(to).seal();
}

engine::Result<engine::Lead> decode_lead(const engine::LeadId& id, std::string_view bytes) {
  auto opened = open_value(bytes, what, version_newest);
  if (!opened) return opened.error();
  Reader& from = *opened;
  engine::Lead lead;
  lead.id = id;
  lead.shard = static_cast<engine::ShardId>(from.u16());
  read_fields(from, lead);
  lead.email = from.name();
  read_targets(from, lead.targets);
  if (const auto window = read_window(from, lead.window); !window) return window.error();
  return close_value(from, std::move(lead), what);
}

}  // namespace leadlight::storage
