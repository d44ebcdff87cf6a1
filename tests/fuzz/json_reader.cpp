// The JSON reader against another one: what it takes, Boost.JSON takes too, and what it calls bad grammar, Boost.JSON
// refuses. Beside that: texts are UTF-8 within the limits, names are unique, and spare room behind the body, an array
// around it or another reading make no difference.
#include "net/text/json_reader.hpp"

#include "net/text/utf8.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <boost/json/parse.hpp>

#include <set>
#include <vector>

namespace leadlight::fuzz {
namespace {

namespace json = boost::json;
using net::JsonKind;

constexpr std::size_t text_bytes_max = net::JsonLimits{}.text_bytes_max;

/// A member that owns its bytes.
struct Kept {
  std::string name;
  JsonKind kind = JsonKind::null;
  std::string text;
  std::string raw;

  friend bool operator==(const Kept&, const Kept&) = default;
};
using Members = std::vector<Kept>;

Members kept(net::JsonMembers members) {
  Members all;
  for (const auto& member : members)
    all.push_back({std::string(member.name), member.kind, std::string(member.text), std::string(member.raw)});
  return all;
}

/// What Boost.JSON says of it; none where it has a limit of its own.
std::optional<bool> taken_elsewhere(std::string_view text) {
  json::parse_options options;
  options.max_depth = 128;
  json::error_code fault;
  const auto value = json::parse(text, fault, json::storage_ptr{}, options);
  if (fault == json::error::too_deep || fault == json::error::exponent_overflow) return std::nullopt;
  return !fault;
}

void check_members(const Members& members, std::string_view body) {
  std::set<std::string_view> names;
  for (const auto& member : members) {
    check(names.insert(member.name).second, "no name comes twice");
    check(net::is_utf8(member.name) && net::is_utf8(member.text), "texts are UTF-8");
    check(member.name.find('\0') == std::string::npos, "no name holds U+0000");
    check(body.find(member.raw) != std::string_view::npos, "what is given as sent was sent");
    check(member.kind != JsonKind::text || member.text.size() <= text_bytes_max, "a text keeps its limit");
    check(member.kind != JsonKind::text || member.text.find('\0') == std::string::npos, "no text holds U+0000");
    check(member.kind != JsonKind::number || member.text.size() <= 64, "a number keeps its limit");
    check(taken_elsewhere(member.raw).value_or(true), "a member as sent is JSON by itself");
  }
}

struct Read {
  engine::Result<Members> members = engine::Error{};
  bool grammar = false;  // refused for its grammar
};

Read read(net::JsonReader& reader, const std::string& body) {
  const auto members = reader.object(body);
  if (members) return {kept(*members), false};
  check_refusal(members.error());
  return {members.error(), members.error().what == "The request body is not valid JSON"};
}

std::vector<engine::Result<Members>> items_of(net::JsonReader& reader, const std::string& body, bool lines) {
  std::vector<engine::Result<Members>> items;
  constexpr std::size_t items_max = 100;
  const auto status =
      reader.items(body, lines, items_max, [&](std::size_t index, const engine::Result<net::JsonMembers>& item) {
        check(index == items.size(), "items come in order");
        if (item)
          items.emplace_back(kept(*item));
        else
          items.emplace_back(item.error());
      });
  check(items.size() <= items_max, "no more items than asked for");
  if (!status) check_refusal(status.error());
  for (const auto& item : items)
    if (item)
      check_members(*item, body);
    else
      check_refusal(item.error());
  return items;
}

}  // namespace
}  // namespace leadlight::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT: a target's only function
  static leadlight::net::JsonReader reader;
  const auto body = exactly(Input(data, size).rest());
  const auto first = read(reader, body);
  auto roomy = body;
  roomy.reserve(body.size() + 256);
  check(read(reader, roomy).members == first.members, "room behind the body makes no difference");

  const auto elsewhere = taken_elsewhere(body);
  if (elsewhere) {
    check(*elsewhere || !first.members, "what is taken is JSON");
    check(!*elsewhere || !first.grammar, "what is JSON is not called bad grammar");
  }
  if (first.members) {
    check_members(*first.members, body);
    const auto alone = items_of(reader, body, false);
    check(alone.size() == 1 && alone.front() == first.members, "an object is one item");
    const auto twice = items_of(reader, "[" + body + "," + body + "]", false);
    check(twice.size() == 2 && twice.front() == first.members && twice.back() == first.members,
          "an array holds the objects that stand in it");
  } else {
    (void)items_of(reader, body, false);
  }
  (void)items_of(reader, body, true);
  (void)leadlight::net::looks_like_lines(body);
  return 0;
}
