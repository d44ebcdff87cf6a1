// Who asks: the bearer key of a request, looked up by its SHA-256 in the registry of keys in force.
#pragma once

#include "actors/protocol.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace leadlight::net {

/// One a connection: it remembers the last key, since a connection rarely changes it.
class Authenticator {
 public:
  /// The key that `authorization` ("Bearer KEY", scheme in any case) names in `registry`; null: none, or not in force.
  ///
  /// Valid until the next call.
  const actors::KeyView* identify(std::optional<std::string_view> authorization,
                                  std::shared_ptr<const actors::Registry> registry);

 private:
  std::string value_;
  std::shared_ptr<const actors::Registry> registry_;
  const actors::KeyView* key_ = nullptr;
};

/// Whether `key` has one of the scopes in `scopes` ("leads hg").
bool has_scope(const actors::KeyView& key, std::string_view scopes);

}  // namespace leadlight::net
