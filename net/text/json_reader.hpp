// Reads what the door takes in as JSON: every byte is checked (RFC 8259), and what two readers could read in two ways
// is refused.
//
// On simdjson's on-demand parser. Refused beside bad grammar: a name twice in one object, a lone surrogate, U+0000 in a
// text, depth, members and texts above the limits.
#pragma once

#include "engine/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace leadlight::net {

enum class JsonKind : std::uint8_t { null, boolean, number, text, array, object };

/// A member of an object. Views are valid until the reader reads again.
struct JsonMember {
  std::string_view name;
  JsonKind kind = JsonKind::null;
  std::string_view text;  // of a text: unescaped; else as sent
  std::string_view raw;   // as sent
};
using JsonMembers = std::span<const JsonMember>;

struct JsonLimits {
  std::size_t depth_max = 32;
  std::size_t members_max = 5'000;  // of one object, those of nested objects included
  std::size_t text_bytes_max = 64 * 1024;
};

/// Keeps its memory between readings: one a thread. Thread: one at a time.
class JsonReader {
 public:
  explicit JsonReader(JsonLimits limits = {});
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;
  ~JsonReader();

  /// The members of the object that `body` is. No copy is made where `body` has 64 bytes to spare.
  /// Errors: invalid; `field` is the member at fault.
  engine::Result<JsonMembers> object(const std::string& body);

  /// Takes one item, or why it is none (invalid).
  using Each = std::function<void(std::size_t index, const engine::Result<JsonMembers>& item)>;

  /// Each item of a body that is one object, an array of objects, or objects line by line (NDJSON).
  ///
  /// Errors: invalid when one object or an array is not JSON (lines stand for themselves: a bad one is a bad item),
  /// too_large above `items_max`.
  engine::Status items(const std::string& body, bool lines, std::size_t items_max, const Each& each);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

/// Whether a body not declared as NDJSON is one: its first line is a whole object and another line begins like one.
bool looks_like_lines(std::string_view body);

}  // namespace leadlight::net
