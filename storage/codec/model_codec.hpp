// A model inside another value: a record that switches to it, or the settings that list it.
#pragma once

#include "engine/model.hpp"
#include "engine/result.hpp"
#include "storage/codec/reader.hpp"
#include "storage/codec/writer.hpp"

namespace leadlight::storage {

void write_model(Writer& to, const engine::Model& model);
/// Errors: corrupt (a field is impossible, or the model breaks `Model::check`).
engine::Result<engine::Model> read_model(Reader& from);

}  // namespace leadlight::storage
