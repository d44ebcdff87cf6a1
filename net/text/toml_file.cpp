#include "net/text/toml_file.hpp"

#include <algorithm>

namespace leadlight::net {
namespace {

constexpr std::size_t text_bytes_max = 1024;
constexpr std::size_t mistakes_shown_max = 20;

std::size_t line_of(const toml::node& node) {
  return node.source().begin.line;
}

}  // namespace

TomlFile::TomlFile(std::string_view text, std::string name) : name_(std::move(name)) {
  try {
    table_ = toml::parse(text);
  } catch (const toml::parse_error& fault) {
    mistake(fault.source().begin.line, {}, std::string(fault.description()));
  }
}

TomlTable TomlFile::root() {
  return {*this, &table_, {}, 1};
}

void TomlFile::mistake(std::size_t line, std::string path, std::string what) {
  mistakes_.push_back({line, std::move(path), std::move(what)});
}

engine::Error TomlFile::error() const {
  auto ordered = mistakes_;
  std::ranges::stable_sort(ordered, {}, &Mistake::line);
  engine::Error error{engine::Errc::invalid, {}, ordered.front().path};
  for (std::size_t i = 0; i < std::min(ordered.size(), mistakes_shown_max); ++i) {
    const auto& [line, path, what] = ordered[i];
    if (i > 0) error.what += '\n';
    error.what.append(name_).append(":").append(std::to_string(line)).append(": ");
    if (!path.empty()) error.what.append(path).append(": ");
    error.what += what;
  }
  if (ordered.size() > mistakes_shown_max)
    error.what += "\nand " + std::to_string(ordered.size() - mistakes_shown_max) + " more mistakes";
  return error;
}

const toml::node* TomlTable::take(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.emplace_back(key);
  return table_ == nullptr ? nullptr : table_->get(key);
}

std::string TomlTable::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : (path_ + ".").append(key);
}

void TomlTable::mistake(std::string_view key, std::string what) {
  const auto* node = table_ == nullptr ? nullptr : table_->get(key);
  file_->mistake(node == nullptr ? line_ : line_of(*node), path_of(key), std::move(what));
}

void TomlTable::require(std::string_view key, std::string_view example) {
  if (table_ == nullptr || !table_->contains(key))
    mistake(key, "is missing; write for example " + std::string(example));
}

std::optional<std::string> TomlTable::text(std::string_view key) {
  const auto* node = take(key);
  if (node == nullptr) return std::nullopt;
  auto all = node->is_string() ? texts_of(key, *node) : std::vector<std::string>{};
  if (!node->is_string()) mistake(key, "is not a text; write it in quotes");
  return all.empty() ? std::nullopt : std::optional(std::move(all.front()));
}

std::optional<bool> TomlTable::flag(std::string_view key) {
  const auto* node = take(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* truth = node->as_boolean()) return truth->get();
  mistake(key, "is neither true nor false; write one of them, without quotes");
  return std::nullopt;
}

std::vector<std::string> TomlTable::texts(std::string_view key) {
  const auto* node = take(key);
  return node == nullptr ? std::vector<std::string>{} : texts_of(key, *node);
}

std::vector<std::string> TomlTable::texts_of(std::string_view key, const toml::node& node) {
  std::vector<std::string> all;
  const auto add = [&](const toml::node& item) {
    const auto* text = item.as_string();
    if (text == nullptr)
      file_->mistake(line_of(item), path_of(key), "is neither a text nor a list of texts; write them in quotes");
    else if (text->get().empty() || text->get().size() > text_bytes_max)
      file_->mistake(line_of(item), path_of(key), "must be 1 to " + std::to_string(text_bytes_max) + " bytes long");
    else
      all.push_back(text->get());
  };
  const auto* list = node.as_array();
  if (list == nullptr) {
    add(node);
    return all;
  }
  for (const auto& item : *list) add(item);
  if (list->empty()) mistake(key, "is an empty list; name at least one, or leave the key out");
  return all;
}

TomlTable TomlTable::table(std::string_view key) {
  const auto* node = take(key);
  const auto* inner = node == nullptr ? nullptr : node->as_table();
  if (node != nullptr && inner == nullptr) mistake(key, "is not a table; write [" + path_of(key) + "] above its keys");
  return {*file_, inner, path_of(key), node == nullptr ? line_ : line_of(*node)};
}

std::vector<std::pair<std::string, std::vector<std::string>>> TomlTable::entries() {
  std::vector<std::pair<std::string, std::vector<std::string>>> all;
  if (table_ == nullptr) return all;
  for (const auto& [key, node] : *table_) all.emplace_back(std::string(key.str()), texts_of(key.str(), node));
  return all;
}

void TomlTable::close() {
  if (table_ == nullptr) return;
  for (const auto& [key, node] : *table_) {
    if (std::ranges::find(known_, key.str()) != known_.end()) continue;
    std::string what = "there is no such key here; the keys are ";
    for (std::size_t i = 0; i < known_.size(); ++i) what.append(i > 0 ? ", " : "").append(known_[i]);
    file_->mistake(key.source().begin.line, path_of(key.str()), std::move(what));
  }
}

}  // namespace leadlight::net
