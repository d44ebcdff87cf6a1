#!/usr/bin/env python3
"""Prints engine/half_life_table.hpp: E[i] = floor(2^32 * 2^(-i/4096)) for i = 0..4095.

Twelve integer square roots make the 4096th root, and floor(sqrt(floor(x))) = floor(sqrt(x)), so every entry is exact.
Each is compared with the same power in 60-digit decimal arithmetic before it is printed. Takes about a minute.

Usage: python3 tools/generate_half_life_table.py > engine/half_life_table.hpp
"""

import decimal
import math

STEPS = 4096
PER_LINE = 9


def exact_entry(step):
    """floor(2^(32 - step/4096)), by integer roots alone."""
    value = 1 << (32 * STEPS - step)
    for _ in range(12):
        value = math.isqrt(value)
    return value


def decimal_entry(step, ln2):
    """The same in decimal arithmetic of 60 digits."""
    power = (ln2 * (decimal.Decimal(32) - decimal.Decimal(step) / STEPS)).exp()
    # 2^32 itself is a whole number: rounding in the 60th digit may fall just short of it.
    return int(power + decimal.Decimal(10) ** -45)


def main():
    decimal.getcontext().prec = 60
    ln2 = decimal.Decimal(2).ln()
    entries = [exact_entry(step) for step in range(STEPS)]
    for step, entry in enumerate(entries):
        if entry != decimal_entry(step, ln2):
            raise SystemExit(f"entry {step}: roots and decimals differ")
    print("// The half-life table: E[i] = floor(2^32 * 2^(-i/4096)) for i = 0..4095.")
    print("//")
    print("// Printed by tools/generate_half_life_table.py, which computes each entry exactly and checks it with 60")
    print("// digits; never edited by hand. The entries decide stored scores and must not change.")
    print("#pragma once")
    print()
    print("#include <array>")
    print("#include <cstdint>")
    print()
    print("namespace leadlight::engine {")
    print()
    print("/// The steps that one half-life is divided into.")
    print(f"inline constexpr std::uint64_t half_life_steps = {STEPS};")
    print()
    print("// clang-format off")
    print(f"inline constexpr std::array<std::uint64_t, {STEPS}> half_life_table = {{")
    for first in range(0, STEPS, PER_LINE):
        row = ", ".join(str(entry) for entry in entries[first:first + PER_LINE])
        print(f"  {row},")
    print("};")
    print("// clang-format on")
    print()
    print("}  // namespace leadlight::engine")


if __name__ == "__main__":
    main()
