// CRC32C (Castagnoli): the checksum that ends every stored value.
// Source: RFC 3720, appendix B.4 (polynomial 0x1EDC6F41, reflected 0x82F63B78).
#pragma once

#include <cstdint>
#include <string_view>

namespace leadlight::storage {

/// With the processor's own instruction where it has one. Cost: about 0.1 ns a byte; by table 0.6 ns.
std::uint32_t crc32c(std::string_view bytes);
/// The same, always by table.
std::uint32_t crc32c_by_table(std::string_view bytes);

}  // namespace leadlight::storage
