// Products as TOML files that a person writes.
//
// The form is described for its writers in docs/guides/products.md.
// Cost: linear in the text; at most `product_file_bytes_max` are read.
#pragma once

#include "engine/product.hpp"
#include "engine/result.hpp"

#include <string_view>

namespace leadlight::engine::models {

inline constexpr std::size_t product_file_bytes_max = 256 * 1024;

/// Reads a product file. `file_name` is for the messages only.
///
/// Rules stand in the order of the text. `version` is 0 until it is published; `source` is the text as given. What is
/// read fulfils `Product::check`.
/// Errors: invalid, with every mistake (at most `mistakes_max`) on a line of its own,
/// `file:line: key path: value and what is wrong; remedy`, and `field` the first one's key path; too_large above the
/// limit.
Result<Product> read_product(std::string_view toml, std::string_view file_name);

}  // namespace leadlight::engine::models
