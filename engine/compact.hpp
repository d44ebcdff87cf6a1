// Small holders for what most leads have little or none of: a lead's size in memory is a figure that this product is
// judged by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlight::engine {

/// A text that rarely changes, in one pointer: 2 bytes of length and the characters on the heap; nothing when empty.
///
/// Precondition: at most 65,535 bytes; what is longer is cut.
class ShortText {
 public:
  ShortText() = default;
  ShortText(std::string_view text) {  // NOLINT: implicit on purpose, as std::string is
    if (text.empty()) return;
    const auto size = static_cast<std::uint16_t>(text.size() < UINT16_MAX ? text.size() : UINT16_MAX);
    bytes_ = std::make_unique<char[]>(sizeof size + size);
    std::memcpy(bytes_.get(), &size, sizeof size);
    std::memcpy(bytes_.get() + sizeof size, text.data(), size);
  }
  ShortText(const std::string& text) : ShortText(std::string_view{text}) {}  // NOLINT
  ShortText(const char* text) : ShortText(std::string_view{text}) {}         // NOLINT
  ShortText(const ShortText& other) : ShortText(other.view()) {}
  ShortText(ShortText&&) noexcept = default;
  ShortText& operator=(const ShortText& other) {
    if (this != &other) *this = ShortText{other.view()};
    return *this;
  }
  ShortText& operator=(ShortText&&) noexcept = default;
  ~ShortText() = default;

  [[nodiscard]] std::string_view view() const {
    return bytes_ ? std::string_view{bytes_.get() + sizeof(std::uint16_t), size()} : std::string_view{};
  }
  operator std::string_view() const { return view(); }  // NOLINT: implicit on purpose
  [[nodiscard]] std::size_t size() const {
    std::uint16_t size = 0;
    if (bytes_) std::memcpy(&size, bytes_.get(), sizeof size);
    return size;
  }
  [[nodiscard]] bool empty() const { return !bytes_; }
  [[nodiscard]] std::size_t heap_bytes() const { return bytes_ ? sizeof(std::uint16_t) + size() : 0; }

  friend bool operator==(const ShortText& a, const ShortText& b) { return a.view() == b.view(); }

 private:
  std::unique_ptr<char[]> bytes_;
};

/// A list that is nearly always empty, in one pointer. Equal when the items are.
template <class T>
class RareList {
 public:
  RareList() = default;
  RareList(std::vector<T> items) {  // NOLINT: implicit on purpose
    if (!items.empty()) items_ = std::make_unique<std::vector<T>>(std::move(items));
  }
  RareList(const RareList& other) : RareList(other.items()) {}
  RareList(RareList&&) noexcept = default;
  RareList& operator=(const RareList& other) {
    if (this != &other) *this = RareList{other.items()};
    return *this;
  }
  RareList& operator=(RareList&&) noexcept = default;
  ~RareList() = default;

  [[nodiscard]] const std::vector<T>& items() const {
    static const std::vector<T> none;
    return items_ ? *items_ : none;
  }
  [[nodiscard]] bool empty() const { return !items_ || items_->empty(); }
  /// The items, to be changed.
  std::vector<T>& edit() {
    if (!items_) items_ = std::make_unique<std::vector<T>>();
    return *items_;
  }
  [[nodiscard]] std::size_t heap_bytes() const {
    return items_ ? sizeof(std::vector<T>) + items_->capacity() * sizeof(T) : 0;
  }

  friend bool operator==(const RareList& a, const RareList& b) { return a.items() == b.items(); }

 private:
  std::unique_ptr<std::vector<T>> items_;
};

}  // namespace leadlight::engine
