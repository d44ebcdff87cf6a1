// Goal: the sources keep the rules of docs/STYLE.md that neither the compiler nor clang-tidy knows.
// Method: every rule is a function over a file's text. It is shown to fail on a bad snippet and to pass a good one;
// then it reads the tree below LEADLIGHT_SOURCE_DIR.
#include "tests/tidy/source_rules.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>

namespace leadlight::tidy {
namespace {

namespace fs = std::filesystem;

struct Tree {
  std::vector<SourceFile> files;
  std::vector<std::string> paths;  // of files and folders
};

const Tree& tree() {
  static const Tree result = [] {
    const fs::path root{LEADLIGHT_SOURCE_DIR};
    const std::set<std::string> not_ours = {".git", "build", "node_modules", ".cache"};
    Tree found;
    for (fs::recursive_directory_iterator at{root}, end; at != end; ++at) {
      if (not_ours.contains(at->path().filename().string())) {
        if (at->is_directory()) at.disable_recursion_pending();
        continue;
      }
      const auto path = at->path().lexically_relative(root).generic_string();
      found.paths.push_back(path);
      if (!at->is_regular_file()) continue;
      std::ifstream in{at->path(), std::ios::binary};
      std::string text{std::istreambuf_iterator<char>{in}, {}};
      if (text.find('\0') == std::string::npos) found.files.push_back({path, std::move(text)});
    }
    return found;
  }();
  return result;
}

std::string listed(const Findings& findings) {
  std::string text;
  for (const auto& finding : findings) {
    text += finding.path + (finding.line > 0 ? ":" + std::to_string(finding.line) : "") + ": " + finding.what + "\n";
  }
  return text;
}

using Rule = std::function<Findings(const SourceFile&)>;

void expect_kept(const Rule& rule) {
  Findings all;
  for (const auto& file : tree().files) {
    for (auto& finding : rule(file)) all.push_back(std::move(finding));
  }
  EXPECT_TRUE(all.empty()) << listed(all);
}

std::size_t count(const Rule& rule, std::string path, std::string text) {
  return rule({std::move(path), std::move(text)}).size();
}

TEST(TidyTree, IsThere) {
  EXPECT_GT(tree().files.size(), 50U);
  std::set<std::string> paths{tree().paths.begin(), tree().paths.end()};
  EXPECT_TRUE(paths.contains("engine/window.hpp"));
  EXPECT_FALSE(paths.contains("build"));
}

// ---- the scanner
// -------------------------------------------------------------------------------------------------------

TEST(TidyScanner, TellsCodeFromCommentsAndLiterals) {
  const auto parts = layers("int a = 1; // throw\nauto s = \"throw \\\" throw\"; /* throw\n throw */ int b;");
  EXPECT_EQ(parts.code, "int a = 1;         \nauto s = \"              \";         \n          int b;");
  EXPECT_NE(parts.comments.find("// throw\n"), std::string::npos);
  EXPECT_EQ(parts.comments.find("auto"), std::string::npos);
}

TEST(TidyScanner, KnowsRawStringsCharactersAndDigitSeparators) {
  EXPECT_EQ(layers("f(R\"x(a \" )\" b)x\", c);").code, "f(               , c);");
  EXPECT_EQ(layers("g('\"', 10'000, '\\'', h);").code, "g(' ', 10'000, '  ', h);");
  EXPECT_EQ(layers("k(0xFF'FF, u8'x');").code, "k(0xFF'FF, u8' ');");
}

TEST(TidyScanner, EndsWithAnOpenLiteralOrComment) {
  EXPECT_EQ(layers("\"open").code.size(), 5U);
  EXPECT_EQ(layers("/* open").comments, "/* open");
  EXPECT_EQ(layers("R\"(open").code.size(), 7U);
  EXPECT_EQ(layers("\"ends in a backslash\\").code.size(), 21U);
}

// ---- folder edges
// ------------------------------------------------------------------------------------------------------

TEST(TidyIncludes, RefusesEdgesThatTheTableDoesNotHave) {
  const auto refused = [](std::string path, const std::string& included) {
    return count(forbidden_includes, std::move(path), "#include " + included + "\n") == 1;
  };
  EXPECT_TRUE(refused("engine/a.cpp", "\"storage/store.hpp\""));
  EXPECT_TRUE(refused("engine/a.cpp", "\"engine/models/model_toml.hpp\""));
  EXPECT_TRUE(refused("engine/a.cpp", "<caf/actor.hpp>"));
  EXPECT_TRUE(refused("engine/a.cpp", "<fmt/format.h>"));
  EXPECT_TRUE(refused("engine/a.cpp", "<unistd.h>"));
  EXPECT_TRUE(refused("engine/models/a.cpp", "\"storage/store.hpp\""));
  EXPECT_TRUE(refused("storage/a.cpp", "\"actors/clock.hpp\""));
  EXPECT_TRUE(refused("storage/a.cpp", "<boost/json.hpp>"));
  EXPECT_TRUE(refused("storage/a.cpp", "<caf/actor.hpp>"));
  EXPECT_TRUE(refused("storage/a.hpp", "<rocksdb/db.h>"));
  EXPECT_TRUE(refused("storage/a.hpp", "<openssl/evp.h>"));
  EXPECT_TRUE(refused("actors/protocol.hpp", "\"storage/store.hpp\""));
  EXPECT_TRUE(refused("actors/protocol.hpp", "\"actors/shard.hpp\""));
  EXPECT_TRUE(refused("actors/protocol/replies.hpp", "\"actors/shard.hpp\""));
  EXPECT_TRUE(refused("actors/shard.cpp", "\"net/http/http.hpp\""));
  EXPECT_TRUE(refused("actors/shard.cpp", "<boost/asio.hpp>"));
  EXPECT_TRUE(refused("actors/shard.cpp", "<rocksdb/db.h>"));
  EXPECT_TRUE(refused("actors/shard.cpp", "<libpsl.h>"));
  EXPECT_TRUE(refused("actors/shard.hpp", "<spdlog/spdlog.h>"));
  EXPECT_TRUE(refused("net/a.cpp", "\"storage/store.hpp\""));
  EXPECT_TRUE(refused("net/a.cpp", "\"actors/shard.hpp\""));
  EXPECT_TRUE(refused("net/a.cpp", "\"tools/app.hpp\""));
  EXPECT_TRUE(refused("net/a.cpp", "<rocksdb/db.h>"));
  EXPECT_TRUE(refused("tools/a.cpp", "\"tests/support/x.hpp\""));
  EXPECT_TRUE(refused("tools/a.cpp", "<rocksdb/db.h>"));
  EXPECT_TRUE(refused("tests/unit/a.cpp", "<rocksdb/db.h>"));
  EXPECT_TRUE(refused("net/a.cpp", "\"http.hpp\""));
}

TEST(TidyIncludes, LetsTheTablesEdgesPass) {
  const auto passes = [](std::string path, const std::string& included) {
    return count(forbidden_includes, std::move(path), "#include " + included + "\n") == 0;
  };
  EXPECT_TRUE(passes("engine/a.cpp", "\"engine/window.hpp\""));
  EXPECT_TRUE(passes("engine/a.cpp", "<vector>"));
  EXPECT_TRUE(passes("engine/models/a.cpp", "<toml++/toml.h>"));
  EXPECT_TRUE(passes("storage/a.cpp", "<rocksdb/db.h>"));
  EXPECT_TRUE(passes("storage/codec/a.cpp", "<zstd.h>"));
  EXPECT_TRUE(passes("storage/a.cpp", "<unistd.h>"));
  EXPECT_TRUE(passes("actors/protocol/replies.hpp", "<caf/typed_actor.hpp>"));
  EXPECT_TRUE(passes("actors/gateway.cpp", "<libpsl.h>"));
  EXPECT_TRUE(passes("actors/supervisor.cpp", "\"engine/models/model_toml.hpp\""));
  EXPECT_TRUE(passes("actors/shard.cpp", "\"storage/store.hpp\""));
  EXPECT_TRUE(passes("net/a.cpp", "\"actors/protocol.hpp\""));
  EXPECT_TRUE(passes("net/a.cpp", "<boost/asio.hpp>"));
  EXPECT_TRUE(passes("tests/unit/a.cpp", "\"tools/app.hpp\""));
}

TEST(TidyIncludes, ReadsOnlyRealIncludes) {
  EXPECT_EQ(count(forbidden_includes, "engine/a.cpp", "// #include <caf/actor.hpp>\n"), 0U);
  EXPECT_EQ(count(forbidden_includes, "engine/a.cpp", "auto s = R\"(\n#include <caf/actor.hpp>\n)\";\n"), 0U);
  EXPECT_EQ(count(forbidden_includes, "engine/a.cpp", "#  include   <caf/actor.hpp>"), 1U);
}

TEST(TidyTree, KeepsTheFolderEdges) {
  expect_kept(forbidden_includes);
}

TEST(TidyRocksDb, IsFoundInHeaders) {
  EXPECT_EQ(count(rocksdb_in_header, "storage/a.hpp", "namespace rocksdb { class DB; }"), 1U);
  EXPECT_EQ(count(rocksdb_in_header, "storage/a.hpp", "rocksdb::DB* open();  // rocksdb"), 1U);
  EXPECT_EQ(count(rocksdb_in_header, "storage/a.hpp", "struct RocksDbOptions {};  // rocksdb::DB\n"), 0U);
  EXPECT_EQ(count(rocksdb_in_header, "storage/a.cpp", "rocksdb::DB* db;"), 0U);
}

TEST(TidyTree, KeepsRocksDbOutOfHeaders) {
  expect_kept(rocksdb_in_header);
}

// ---- words
// -------------------------------------------------------------------------------------------------------------

TEST(TidyWords, FindsTheForbiddenOnesInCodeAlone) {
  EXPECT_EQ(count(forbidden_words, "net/a.cpp", "throw 1;"), 1U);
  EXPECT_EQ(count(forbidden_words, "net/a.cpp", "std::this_thread::sleep_for(1s);"), 1U);
  EXPECT_EQ(count(forbidden_words, "tools/a.cpp", "using   namespace std;"), 1U);
  EXPECT_EQ(count(forbidden_words, "net/a.cpp", "std::nothrow; rethrow(); // throw\nauto s = \"throw\";"), 0U);
  EXPECT_EQ(count(forbidden_words, "net/a.cpp", "using namespaces = int; namespace fs = std::filesystem;"), 0U);
  EXPECT_EQ(count(forbidden_words, "tests/unit/a.cpp", "throw 1;"), 0U);
}

TEST(TidyTree, UsesNoForbiddenWord) {
  expect_kept(forbidden_words);
}

TEST(TidyClock, IsReadInOnePlace) {
  EXPECT_EQ(count(wall_clock, "engine/a.cpp", "auto t = std::chrono::system_clock::now();"), 1U);
  EXPECT_EQ(count(wall_clock, "tools/app.cpp", "auto t = std::chrono::system_clock::now();"), 1U);
  EXPECT_EQ(count(wall_clock, "actors/clock.hpp", "auto t = std::chrono::system_clock::now();"), 0U);
  EXPECT_EQ(count(wall_clock, "tools/bench/a.cpp", "auto t = std::chrono::system_clock::now();"), 0U);
  EXPECT_EQ(count(wall_clock, "net/a.cpp", "// system_clock::now\nauto t = std::chrono::steady_clock::now();"), 0U);
}

TEST(TidyTree, ReadsTheWallClockInOnePlace) {
  expect_kept(wall_clock);
}

TEST(TidyMarks, NeedTheNumberOfAnIssue) {
  EXPECT_EQ(count(unnumbered_marks, "net/a.cpp", "// TODO: later"), 1U);
  EXPECT_EQ(count(unnumbered_marks, "net/a.cpp", "// FIXME(#) TODO(me)"), 2U);
  EXPECT_EQ(count(unnumbered_marks, "scripts/run", "# TODO later"), 1U);
  EXPECT_EQ(count(unnumbered_marks, "net/a.cpp", "// TODO(#12): later\nint todo; auto s = \"TODO\";"), 0U);
  EXPECT_EQ(count(unnumbered_marks, "docs/a.md", "A TODO carries a number."), 0U);
}

TEST(TidyTree, LeavesNothingUndoneWithoutAnIssue) {
  expect_kept(unnumbered_marks);
}

// ---- lines and paths
// -----------------------------------------------------------------------------------------------------

TEST(TidyLines, AreCountedInCharacters) {
  std::string wide;
  for (int letters = 0; letters < 120; ++letters) wide += "ä";
  EXPECT_EQ(count(long_lines, "net/a.cpp", "short\n" + wide + "\n"), 0U);
  EXPECT_EQ(count(long_lines, "net/a.cpp", "short\n" + wide + "x\n"), 1U);
  EXPECT_EQ(count(long_lines, "docs/a.md", wide + wide), 0U);
}

TEST(TidyTree, HasNoLongLine) {
  expect_kept(long_lines);
}

TEST(TidyPaths, OfAMachineAreFound) {
  const std::string home = std::string{"/ro"} + "ot/";
  EXPECT_EQ(count(machine_paths, "docs/a.md", "see " + home + "notes"), 1U);
  EXPECT_EQ(count(machine_paths, "net/a.cpp", "\"" + home + "notes\""), 1U);
  EXPECT_EQ(count(machine_paths, "docs/a.md", "https://example.com" + home + "x and ${a}" + home), 0U);
}

TEST(TidyTree, HoldsNoPathOfAMachine) {
  expect_kept(machine_paths);
}

TEST(TidyLinks, MustLeadSomewhere) {
  const std::vector<std::string> paths = {"docs", "docs/guides", "docs/guides/a.md", "README.md"};
  const auto dead = [&](std::string text) { return dead_links({"docs/guides/b.md", std::move(text)}, paths); };
  EXPECT_EQ(dead("[gone](gone.md)"), (Findings{{"docs/guides/b.md", 1, "the link to gone.md leads nowhere"}}));
  EXPECT_EQ(dead("\n\n[up](../../LICENSE \"title\")").front().line, 3U);
  EXPECT_TRUE(
      dead("[a](a.md#part) [r](../../README.md) [f](.) [d](../) [w](https://example.com/x) [h](#here)").empty());
  EXPECT_TRUE(dead("`[x](gone.md)`\n```\n[x](gone.md)\n```\n").empty());
}

TEST(TidyTree, HasNoDeadLink) {
  expect_kept([](const SourceFile& file) { return dead_links(file, tree().paths); });
}

// ---- build lists
// ---------------------------------------------------------------------------------------------------------

TEST(TidyBuild, ListsEverySource) {
  const SourceFile list{"net/CMakeLists.txt", "add_library(x a.cpp targets/c.cpp)  # b.cpp\nadd_unit(d_test)\n"};
  const auto found = unlisted_sources({list,
                                       {"net/a.cpp", ""},
                                       {"net/b.cpp", ""},
                                       {"net/targets/c.cpp", ""},
                                       {"net/d_test.cpp", ""},
                                       {"net/aa.cpp", ""}});
  EXPECT_EQ(listed(found),
            "net/b.cpp: no CMakeLists.txt above it lists it\nnet/aa.cpp: no CMakeLists.txt above it lists it\n");
  EXPECT_EQ(unlisted_sources({{"net/CMakeLists.txt", "file(GLOB all *.cpp)"}}).size(), 1U);
}

TEST(TidyTree, ListsEverySource) {
  const auto found = unlisted_sources(tree().files);
  EXPECT_TRUE(found.empty()) << listed(found);
}

}  // namespace
}  // namespace leadlight::tidy
