// The records of the Salesforce stand-in and the rules of writing to them.
//
// Thread: one at a time; its owner locks.
#pragma once

#include "actors/clock.hpp"
#include "tools/sandbox/salesforce_schema.hpp"
#include "tools/sandbox/soql.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace leadlight::sandbox {

/// Why a record was not written, as Salesforce says it.
struct Failure {
  std::string code;
  std::string message;
  std::vector<std::string> fields;
};

class SalesforceRecords {
 public:
  explicit SalesforceRecords(actors::ClockPtr clock) : clock_(std::move(clock)) {}

  /// Whether the fields can be read at all: a text where a number belongs fails the whole request (JSON_PARSER_ERROR).
  static std::optional<Failure> readable(const ObjectType& type, const boost::json::object& fields);

  /// `assign`: the active assignment rule runs and gives a Lead to its queue.
  std::variant<std::string, Failure> create(const ObjectType& type, const boost::json::object& fields, bool assign);
  std::optional<Failure> update(const ObjectType& type, std::string_view id, const boost::json::object& fields,
                                bool assign);
  std::optional<Failure> erase(const ObjectType& type, std::string_view id);

  /// Adds or replaces a record as it is given, read-only fields included; returns its id. For demos and tests.
  std::string put(const ObjectType& type, const boost::json::object& fields);
  void clear(const ObjectType& type);

  /// The record with its attributes, the named fields or all. None: never existed; `deleted` says whether it did.
  std::optional<boost::json::object> get(const ObjectType& type, std::string_view id, const std::string& base_path,
                                         const std::vector<std::string>& fields, bool* deleted) const;
  [[nodiscard]] std::string email_of(const ObjectType& type, std::string_view id) const;

  /// All matching records with attributes. Precondition: the query was resolved.
  [[nodiscard]] std::vector<boost::json::object> select(const soql::Query& query, const ObjectType& type,
                                                        const std::string& base_path) const;
  [[nodiscard]] std::vector<boost::json::object> all(const ObjectType& type) const;

 private:
  struct Row {
    boost::json::object record;  // without the fields that are null
    bool deleted = false;
  };
  struct Table {
    std::vector<Row> rows;
    std::unordered_map<std::string, std::size_t> by_id;  // 15 characters
    std::unordered_map<std::string, std::vector<std::size_t>> by_email;
    std::uint64_t last = 0;
  };

  Table& table(const ObjectType& type) { return tables_[type.name]; }
  [[nodiscard]] const Row* find(const ObjectType& type, std::string_view id) const;
  [[nodiscard]] std::vector<const Row*> candidates(const soql::Query& query, const ObjectType& type) const;
  std::string next_id(const ObjectType& type);
  static std::optional<Failure> validate(const ObjectType& type, const boost::json::object& fields);
  void assign_fields(const ObjectType& type, boost::json::object& record, const boost::json::object& fields, bool any);
  void complete(const ObjectType& type, boost::json::object& record, bool created);
  static void index_email(Table& table, std::size_t row, std::string_view before);

  actors::ClockPtr clock_;
  std::map<std::string, Table> tables_;
};

/// The 18-character form of a 15-character id: three characters that say which letters are capitals.
std::string long_id(std::string_view id);
/// The user that owns what nobody else owns, and the queue of the assignment rule.
extern const std::string_view integration_user_id;
extern const std::string_view assignment_queue_id;
extern const std::string_view organisation_id;

}  // namespace leadlight::sandbox
