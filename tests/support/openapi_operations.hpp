// The operations of net/openapi.json, as tests ask them: what stands in the document and nothing that a test knows
// better, so that a new route is asked as soon as it is described.
#pragma once

#include "net/openapi.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlight::tests {

struct Operation {
  std::string id;
  std::string method;                                                  // upper case
  std::string path;                                                    // with {name} parts
  std::vector<std::pair<std::string, std::string>> path_parameters{};  // name, example of the document
  std::vector<std::string> query_names{};
  std::set<std::string> scopes{};    // of which a key needs one; empty: open to all
  std::set<std::string> schemes{};   // names of the security schemes it takes
  std::set<std::string> statuses{};  // that the document describes
  std::string media_type{};          // of its body{}; empty: none
  std::string body{};                // the first example
  bool streams = false;              // its answer goes on for ever
};

class OpenapiDocument {
 public:
  OpenapiDocument() : document_(boost::json::parse(net::openapi_document())) {}

  [[nodiscard]] std::vector<Operation> operations() const {
    std::vector<Operation> all;
    for (const auto& [path, item] : document_.at("paths").as_object())
      for (const auto& [method, described] : item.as_object()) {
        all.push_back(operation(method, path, described));
        add_aliases(all, described.as_object());
      }
    return all;
  }
  /// Of all operations, and `admin`.
  [[nodiscard]] std::set<std::string> scopes() const {
    std::set<std::string> all = {"admin"};
    for (const auto& operation : operations()) all.insert(operation.scopes.begin(), operation.scopes.end());
    return all;
  }

 private:
  using Value = boost::json::value;

  /// What `value` stands for, when it is a reference.
  [[nodiscard]] const Value& follow(const Value& value) const {
    const auto* object = value.if_object();
    const auto* reference = object != nullptr ? object->if_contains("$ref") : nullptr;
    return reference != nullptr ? document_.at_pointer(std::string_view(reference->as_string()).substr(1)) : value;
  }

  static std::string text_of(const Value& value) {
    return value.is_string() ? std::string(value.as_string()) : boost::json::serialize(value);
  }

  /// The example beside a schema; empty: there is none.
  [[nodiscard]] std::string example_of(const boost::json::object& about) const {
    if (const auto* one = about.if_contains("example")) return text_of(*one);
    const auto* several = about.if_contains("examples");
    if (several == nullptr || several->as_object().empty()) return {};
    return text_of(follow(several->as_object().begin()->value()).at("value"));
  }

  [[nodiscard]] Operation operation(std::string_view method, std::string_view path, const Value& described) const {
    Operation result;
    result.id = described.at("operationId").as_string();
    result.path = path;
    for (const char letter : method)
      result.method += static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    for (const auto& choice : described.at("security").as_array()) {
      for (const auto& [scheme, scopes] : choice.as_object()) {
        result.schemes.emplace(scheme);
        for (const auto& scope : scopes.as_array()) result.scopes.emplace(scope.as_string());
      }
    }
    for (const auto& [status, response] : described.at("responses").as_object()) {
      result.statuses.emplace(status);
      const auto* content = follow(response).as_object().if_contains("content");
      if (content != nullptr && content->as_object().contains("text/event-stream")) result.streams = true;
    }
    add_parameters(result, described.as_object());
    add_body(result, described.as_object());
    return result;
  }

  /// Further paths of the last operation, each as an operation of its own.
  static void add_aliases(std::vector<Operation>& all, const boost::json::object& described) {
    const auto* aliases = described.if_contains("x-aliases");
    if (aliases == nullptr) return;
    const auto original = all.back();
    for (const auto& path : aliases->as_array()) {
      all.push_back(original);
      all.back().path = path.as_string();
      all.back().id += " " + all.back().path;
    }
  }

  void add_parameters(Operation& to, const boost::json::object& described) const {
    const auto* parameters = described.if_contains("parameters");
    if (parameters == nullptr) return;
    for (const auto& each : parameters->as_array()) {
      const auto& parameter = follow(each).as_object();
      std::string name(parameter.at("name").as_string());
      if (parameter.at("in").as_string() == "query")
        to.query_names.push_back(std::move(name));
      else if (parameter.at("in").as_string() == "path")
        to.path_parameters.emplace_back(std::move(name), example_of(parameter));
    }
  }

  void add_body(Operation& to, const boost::json::object& described) const {
    const auto* body = described.if_contains("requestBody");
    if (body == nullptr) return;
    const auto& content = *follow(*body).at("content").as_object().begin();
    to.media_type = content.key();
    to.body = example_of(content.value().as_object());
  }

  Value document_;
};

inline std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

/// The path with a value for each part: the test's own by name, else the document's example.
inline std::string path_of(const Operation& operation, const std::map<std::string, std::string>& own = {}) {
  auto path = operation.path;
  for (const auto& [name, example] : operation.path_parameters) {
    const auto known = own.find(name);
    path = replaced(path, std::string("{").append(name).append("}"), known != own.end() ? known->second : example);
  }
  return path;
}

}  // namespace leadlight::tests
