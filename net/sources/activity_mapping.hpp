// A mapping file: which records of a source become which events. Pure.
//
// TOML; the built-in one, salesforce_mapping.toml, is also its description. Rows are tried in order.
#pragma once

#include "engine/result.hpp"
#include "engine/types.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::net {

inline constexpr std::size_t mapping_bytes_max = 48U << 10U;
inline constexpr std::size_t mapping_rows_max = 200;
inline constexpr std::string_view other_activity_type = "other_activity";

/// The mapping that is in force where none is given, as TOML.
std::string_view builtin_mapping();

/// "2026-01-31" (midnight UTC), "2026-01-31T12:00:00.000+0000", or RFC 3339.
std::optional<engine::Timestamp> parse_source_time(std::string_view text);

class ActivityMapping {
 public:
  struct Condition {
    std::string field;
    std::vector<std::string> values;  // any of them; lower-cased
  };
  struct Row {
    std::string object;
    std::vector<Condition> conditions;  // all of them
    bool ignored = false;
    std::string type;
    std::vector<std::string> occurred_at;  // the first that is set and not in the future
    std::vector<std::string> id;           // fields that, beside the record's Id, make an occurrence
    std::vector<std::string> properties;   // kept with the event
  };
  /// What a record means.
  struct Meaning {
    std::string type;
    engine::Timestamp occurred_at;
    std::string event_id;
    std::string properties;  // JSON object, or empty

    friend bool operator==(const Meaning&, const Meaning&) = default;
  };

  /// Reads a mapping of these objects. Errors: invalid; `what` names file, line, key and remedy of every mistake, one a
  /// line; `field` "mapping".
  static engine::Result<ActivityMapping> read(std::string_view toml, std::string_view file_name,
                                              const std::vector<std::string>& objects);

  /// The objects that rows speak of, each once, in order of appearance.
  [[nodiscard]] std::vector<std::string> objects() const;
  /// The types of event that come of it, each once or more.
  [[nodiscard]] std::vector<std::string> types() const;
  /// Every field that the rows of an object look at, each once.
  [[nodiscard]] std::vector<std::string> fields(std::string_view object) const;
  /// None: it means nothing, or has not happened yet. `record` must have a text "Id".
  [[nodiscard]] std::optional<Meaning> meaning(std::string_view object, const boost::json::object& record,
                                               engine::Timestamp now) const;

 private:
  std::vector<Row> rows_;
  bool other_activity_ = false;
};

}  // namespace leadlight::net
