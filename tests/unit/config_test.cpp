// What the configuration says is in force, or the start is refused with the line and the remedy.
#include "tools/app.hpp"
#include "tools/core_dumps.hpp"

#include <gtest/gtest.h>

#include <sys/prctl.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <string>

namespace leadlight::tools {
namespace {

engine::Result<ServerConfig> read(const std::string& toml) {
  const auto file =
      std::filesystem::temp_directory_path() / ("leadlight_config_" + std::to_string(::getpid()) + ".toml");
  std::ofstream(file) << toml;
  auto config = read_config(file, {});
  std::filesystem::remove(file);
  return config;
}

/// What is said of `toml`; empty when it is taken.
std::string said(const std::string& toml) {
  const auto config = read(toml);
  return config ? std::string() : config.error().what;
}

TEST(ConfigTest, PortsAreNumbersToTheirEnd) {
  using Ports = std::vector<std::uint16_t>;
  EXPECT_EQ(read("")->outbound_ports, (Ports{443, 8443}));
  EXPECT_EQ(read("[outbound]\nports = [443, 9443]")->outbound_ports, (Ports{443, 9443}));
  EXPECT_EQ(read("[outbound]\nports = \"443, 9443\"")->outbound_ports, (Ports{443, 9443}));
  for (const std::string wrong : {"\"443abc\"", "0", "65536", "-1", "4.5", "\" 443x\""})
    EXPECT_NE(said("[outbound]\nports = [" + wrong + "]").find("outbound.ports: '"), std::string::npos) << wrong;
}

TEST(ConfigTest, AValueIsNeverATableOrADate) {
  for (const std::string wrong : {"{ a = 1 }", "[{ a = 1 }]", "2026-05-01", "[[{}]]"})
    EXPECT_NE(said("[segment]\ncors_origins = " + wrong).find(":2: segment.cors_origins is a table or a date"),
              std::string::npos)
        << wrong;
  EXPECT_EQ(read("[segment]\ncors_origins = [\"https://a.example\"]")->cors_origins, "https://a.example");
}

TEST(ConfigTest, BodiesHaveABudget) {
  EXPECT_EQ(read("")->bodies_bytes_max, 256U << 20U);
  EXPECT_EQ(read("[server]\nbodies_bytes_max = 2097152")->bodies_bytes_max, 2U << 20U);
  EXPECT_FALSE(said("[server]\nbodies_bytes_max = 0").empty());
}

TEST(ConfigTest, CoreDumpsAreForbiddenUnlessAskedFor) {
  EXPECT_FALSE(read("")->core_dumps);
  EXPECT_TRUE(read("[server]\ncore_dumps = true")->core_dumps);
  ASSERT_TRUE(forbid_core_dumps());
  EXPECT_EQ(::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
}

}  // namespace
}  // namespace leadlight::tools
