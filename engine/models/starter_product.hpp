// The starter product, built into the program so that `leadlight init` needs no other file.
#pragma once

#include <string_view>

namespace leadlight::engine::models {

/// The text of engine/models/starter_product.toml, byte for byte.
std::string_view starter_product_toml();

}  // namespace leadlight::engine::models
