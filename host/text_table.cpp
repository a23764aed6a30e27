#include "host/text_table.h"

#include <algorithm>

#include "base/error.h"
#include "base/markup.h"

namespace vnpu::cli {
namespace {

// Characters, not bytes.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, width_of(text)), ' ');
}

std::string escaped(const std::string& text) {
  return markup(text, [](char c, std::string& out) { c == '\'' ? out += "&#x27;" : out += c; });
}

using Row = std::vector<std::string>;

// Cells padded to their columns between `begin`, `between` and `end`; spaces at the end of the line are dropped.
std::string line(const Row& cells, const std::vector<std::size_t>& widths, const std::string& begin,
                 const std::string& between, const std::string& end) {
  std::string out = begin;
  for (std::size_t i = 0; i < cells.size(); ++i) out += (i ? between : "") + padded(cells[i], widths[i]);
  out += end;
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

std::string rule(const std::vector<std::size_t>& widths, char with, const std::string& begin,
                 const std::string& between, const std::string& end, std::size_t more) {
  std::string out = begin;
  for (std::size_t i = 0; i < widths.size(); ++i) out += (i ? between : "") + std::string(widths[i] + more, with);
  return out + end;
}

std::string html_row(const Row& cells, const std::vector<std::size_t>& widths, const std::string& tag) {
  std::string out = "<tr>";
  for (std::size_t i = 0; i < cells.size(); ++i)
    out += "<" + tag + ">" + escaped(padded(cells[i], widths[i])) + "</" + tag + ">";
  return out + "</tr>";
}

}  // namespace

std::string text_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                       const std::string& form) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < header.size(); ++i) {
    std::size_t width = width_of(header[i]) + 2;  // a header stands two wider than its text
    for (const auto& row : rows) width = std::max(width, width_of(row.at(i)));
    widths.push_back(width);
  }
  Row lines;
  if (form == "simple") {
    lines = {line(header, widths, "", "  ", ""), rule(widths, '-', "", "  ", "", 0)};
    for (const auto& row : rows) lines.push_back(line(row, widths, "", "  ", ""));
  } else if (form == "grid") {
    const auto between = rule(widths, '-', "+", "+", "+", 2);
    lines = {between, line(header, widths, "| ", " | ", " |"), rule(widths, '=', "+", "+", "+", 2)};
    for (const auto& row : rows) {
      lines.push_back(line(row, widths, "| ", " | ", " |"));
      lines.push_back(between);
    }
  } else if (form == "html") {
    lines = {"<table>", "<thead>", html_row(header, widths, "th"), "</thead>", "<tbody>"};
    for (const auto& row : rows) lines.push_back(html_row(row, widths, "td"));
    lines.insert(lines.end(), {"</tbody>", "</table>"});
  } else if (form == "jira") {
    lines = {line(header, widths, "|| ", " || ", " ||")};
    for (const auto& row : rows) lines.push_back(line(row, widths, "| ", " | ", " |"));
  } else {
    throw Error(ErrorKind::usage, "table form '" + form + "': simple, grid, html and jira are known");
  }
  std::string out;
  for (const auto& each : lines) out += (out.empty() ? "" : "\n") + each;
  return out;
}

}  // namespace vnpu::cli
