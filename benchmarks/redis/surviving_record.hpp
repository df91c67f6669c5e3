#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

enum class Mood : int { good, slow, failing, hanging };
inline constexpr std::array<const char*, 4> mood_names{"good", "slow", "failing", "hanging"};
inline constexpr std::array<const char*, 4> mood_colours{"#dff0d8", "#fcf3cf", "#f5d5d0", "#d9d2e9"};

/// What became of calls in one piece of the run.
struct Piece {
  std::atomic<std::uint64_t> fresh{0}, stale{0}, failed{0};
  std::atomic<int> mood{0};
  std::atomic<bool> server_is_away{false};
};

/// The run as a row of pieces, and as a picture.
class Timeline {
 public:
  static constexpr milliseconds piece_length{250};

  explicit Timeline(milliseconds whole)
      : pieces_(static_cast<std::size_t>(whole / piece_length) + 2), begin_(Clock::now()) {}

  Piece& now() { return pieces_[std::min(pieces_.size() - 1, index_of(Clock::now()))]; }

  void write_svg(const std::string& path) const {
    std::uint64_t most = 1;
    for (const auto& piece : pieces_)
      most = std::max(most, piece.fresh + piece.stale + piece.failed);
    std::ofstream file(path);
    const std::size_t width = std::max<std::size_t>(720, 4 * pieces_.size() + 80);
    file << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << width
         << " 200\" font-family=\"sans-serif\" font-size=\"9\">\n<rect width=\"100%\" height=\"100%\" "
            "fill=\"white\"/>\n";
    for (std::size_t at = 0; at < pieces_.size(); ++at)
      write_piece(file, at, 150.0 / static_cast<double>(most));
    write_legend(file);
    file << "</svg>\n";
  }

 private:
  static std::size_t x_of(std::size_t at) { return 40 + 4 * at; }
  [[nodiscard]] std::size_t index_of(Clock::time_point time) const {
    return static_cast<std::size_t>((time - begin_) / piece_length);
  }

  void write_piece(std::ofstream& file, std::size_t at, double scale) const {
    const auto& piece = pieces_[at];
    bar(file, at, 10, 160, mood_colours[static_cast<std::size_t>(piece.mood.load())]);
    if (piece.server_is_away) bar(file, at, 172, 6, "#333333");
    double top = 170;
    for (const auto& [calls, colour] :
         {std::pair(piece.fresh.load(), "#2e7d32"), std::pair(piece.stale.load(), "#ef8e19"),
          std::pair(piece.failed.load(), "#c62828")}) {
      const double height = static_cast<double>(calls) * scale;
      top -= height;
      if (calls > 0) bar(file, at, top, height, colour);
    }
    if (at % 40 == 0) file << "<text x=\"" << x_of(at) << "\" y=\"190\">" << at / 4 << " s</text>\n";
  }
  static void bar(std::ofstream& file, std::size_t at, double y, double height, const char* colour) {
    file << "<rect x=\"" << x_of(at) << "\" y=\"" << y << "\" width=\"4\" height=\"" << height << "\" fill=\""
         << colour << "\"/>\n";
  }
  static void write_legend(std::ofstream& file) {
    std::size_t x = 80;
    const auto add = [&](const char* name, const char* colour) {
      file << "<rect x=\"" << x << "\" y=\"192\" width=\"8\" height=\"6\" fill=\"" << colour
           << "\"/><text x=\"" << x + 11 << "\" y=\"198\">" << name << "</text>\n";
      x += 70;
    };
    add("fresh", "#2e7d32");
    add("stale", "#ef8e19");
    add("failed", "#c62828");
    for (std::size_t mood = 0; mood < mood_names.size(); ++mood)
      add(mood_names[mood], mood_colours[mood]);
    add("no server", "#333333");
  }

  std::vector<Piece> pieces_;
  const Clock::time_point begin_;
};

}  // namespace bench
