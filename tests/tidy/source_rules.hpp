// The rules of docs/STYLE.md that a compiler does not know, as pure functions: a file's path and text in, what is wrong
// out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::tidy {

/// One of our files. The path is relative to the root, with `/`.
struct SourceFile {
  std::string path;
  std::string text;
};

struct Finding {
  std::string path;
  std::size_t line = 0;  // from 1; 0: the file as a whole
  std::string what;

  friend bool operator==(const Finding&, const Finding&) = default;
};
using Findings = std::vector<Finding>;

/// A C++ text taken apart. Both keep every line break and have the text's length; what is left out becomes spaces.
struct Layers {
  std::string code;      // without comments and without what literals hold
  std::string comments;  // comments alone
};
Layers layers(std::string_view text);

bool is_cpp(std::string_view path);
bool is_header(std::string_view path);

/// #include lines that cross a folder edge which the table of docs/STYLE.md does not have.
Findings forbidden_includes(const SourceFile& file);

/// RocksDB's names in a header: its types stay in storage/*.cpp.
Findings rocksdb_in_header(const SourceFile& file);

/// `system_clock::now` outside actors/clock.hpp and the folders of `reads_wall_clock`.
Findings wall_clock(const SourceFile& file);

/// `throw`, `sleep_for`, `sleep_until`, `using namespace` in the product's folders.
Findings forbidden_words(const SourceFile& file);

/// Marks of work left undone, in comments, that name no issue in brackets, as in (#12).
Findings unnumbered_marks(const SourceFile& file);

/// Lines of more than 120 characters (not bytes).
Findings long_lines(const SourceFile& file);

/// Absolute paths of the machine that somebody worked on.
Findings machine_paths(const SourceFile& file);

/// Relative links of a Markdown file that lead to no file in `paths`, which holds every file and folder of the tree.
Findings dead_links(const SourceFile& file, const std::vector<std::string>& paths);

/// `.cpp` files that the nearest CMakeLists.txt above them does not list by name; and any glob in one.
Findings unlisted_sources(const std::vector<SourceFile>& files);

}  // namespace leadlight::tidy
