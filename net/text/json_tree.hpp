// Reads a JSON document once into a flat list of its members, nested ones included: for bodies of which a little is
// looked at here and there, deep inside, and most is kept as sent.
//
// As strict as `JsonReader`. What lies in an array is checked, but only kept as the array's text: apart from the one
// array of items, each of which is an object with faults of its own.
#pragma once

#include "engine/result.hpp"
#include "net/text/json_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

namespace leadlight::net {

/// A member, or an item. Its own members follow it in memory. Valid until the tree reads again.
struct JsonNode {
  JsonMember member;
  std::uint32_t size = 1;  // nodes, this one and all below it

  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = JsonNode;
    using difference_type = std::ptrdiff_t;
    using pointer = const JsonNode*;
    using reference = const JsonNode&;

    Iterator() = default;
    explicit Iterator(const JsonNode* at) : at_(at) {}
    const JsonNode& operator*() const { return *at_; }
    const JsonNode* operator->() const { return at_; }
    Iterator& operator++() {
      at_ += at_->size;
      return *this;
    }
    Iterator operator++(int) {
      const auto before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const JsonNode* at_ = nullptr;
  };
  [[nodiscard]] Iterator begin() const { return Iterator{this + 1}; }
  [[nodiscard]] Iterator end() const { return Iterator{this + size}; }

  /// Its member of this name; null when it has none, or it is JSON's null.
  [[nodiscard]] const JsonNode* find(std::string_view name) const {
    for (const auto& node : *this)
      if (node.member.name == name) return node.member.kind == JsonKind::null ? nullptr : &node;
    return nullptr;
  }
  [[nodiscard]] bool is(JsonKind kind) const { return member.kind == kind; }
};

/// Keeps its memory between readings: one a thread. Thread: one at a time.
class JsonTree {
 public:
  explicit JsonTree(JsonLimits limits = {});
  JsonTree(const JsonTree&) = delete;
  JsonTree& operator=(const JsonTree&) = delete;
  ~JsonTree();

  /// Reads `body`: an object, whose member `items_name` (empty: none) may be the array of items, or that array itself.
  /// The limits apply to each item, and to what is beside them.
  ///
  /// Errors: invalid (not JSON, or against a rule outside of the items), too_large above `items_max`.
  engine::Status read(const std::string& body, std::string_view items_name, std::size_t items_max);

  /// The document; of an array of items it has no members.
  [[nodiscard]] const JsonNode& root() const;
  /// The items, as members without a name; null when there is no such array. One with a fault is JSON's null.
  [[nodiscard]] const JsonNode* items() const;
  /// What is wrong with `item`, in words; empty: nothing.
  [[nodiscard]] std::string_view fault_of(const JsonNode& item) const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace leadlight::net
