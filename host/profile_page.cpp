#include "host/profile_page.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <vector>

#include "base/markup.h"
#include "sim/core/profile_report.h"

namespace vnpu::cli {
namespace {

constexpr double width = 1080;

std::string text(const std::string& raw) {
  return markup(raw, [](char c, std::string& out) { out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c; });
}

std::string form(const char* pattern, auto... values) {
  char buffer[600];
  std::snprintf(buffer, sizeof buffer, pattern, values...);
  return buffer;
}

// Every bound has its colour: a class of the style sheet, the same in all pictures.
std::string bound_class(const std::string& bound) {
  static const std::map<std::string, const char*> classes{
      {"multiply", "b0"},     {"operand fetch", "b1"}, {"requantise", "b2"}, {"element-wise", "b3"}, {"DRAM", "b4"},
      {"local memory", "b5"}, {"start-up", "b6"},      {"CPU", "b7"},        {"transposition", "b5"}};
  const auto found = classes.find(bound);
  return found == classes.end() ? "b6" : found->second;
}

constexpr const char* style = R"(<style>
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#5c6670;--line:#d5dade;--page:#ffffff;--card:#f5f7f8;
--b0:#2f6fb7;--b1:#7a4fb5;--b2:#c2571a;--b3:#a88400;--b4:#23866b;--b5:#5aa02c;--b6:#8a929a;--b7:#b8336a}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--dim:#9aa5af;--line:#39424b;--page:#14181c;--card:#1d2329;
--b0:#6aa9ee;--b1:#b493ea;--b2:#f0955a;--b3:#dcbc4a;--b4:#56c7a3;--b5:#97d16c;--b6:#8f99a3;--b7:#ee7ba9}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1120px;margin:0 auto;padding:24px 20px 60px}h1{font-size:24px;margin:0}h2{font-size:18px;margin:36px 0 8px}
p{margin:6px 0}.dim{color:var(--dim)}.warn{color:var(--b2)}.cards{display:flex;flex-wrap:wrap;gap:12px;margin:18px 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 16px;min-width:150px}
.card b{display:block;font-size:22px;font-weight:600}.card span{color:var(--dim);font-size:13px}
svg{width:100%;height:auto;display:block}svg text{fill:var(--dim);font-size:12px}svg .name{fill:var(--ink);font-size:13px}
.axis{stroke:var(--line);stroke-width:1}.roof{stroke:var(--ink);stroke-width:2;fill:none}.track{fill:var(--card)}
.b0{fill:var(--b0)}.b1{fill:var(--b1)}.b2{fill:var(--b2)}.b3{fill:var(--b3)}.b4{fill:var(--b4)}.b5{fill:var(--b5)}
.b6{fill:var(--b6)}.b7{fill:var(--b7)}.dot{fill-opacity:.75;stroke:var(--page);stroke-width:1}
.key{display:flex;flex-wrap:wrap;gap:6px 18px;margin:8px 0;font-size:13px}.key svg{width:12px;height:12px;display:inline;margin-right:5px}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:4px 10px;border-bottom:1px solid var(--line);white-space:nowrap}th{color:var(--dim);font-weight:600}
th.l,td.l{text-align:left}td.bar{background:linear-gradient(to left,color-mix(in srgb,var(--b0) 30%,transparent) var(--part),transparent 0)}
td.why{white-space:normal;min-width:220px}</style>)";

class Page {
 public:
  Page(const Profile& profile, const std::string& title, std::ostream& out) : p_(profile), title_(title), out_(out) {}

  void write() {
    out_ << "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
         << "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>" << text(title_) << " on "
         << text(p_.board) << "</title>" << style << "</head><body><main>\n";
    head();
    timeline();
    bounds();
    roofline_picture();
    costliest();
    layers();
    if (p_.estimate) estimate();
    parameters();
    out_ << "</main></body></html>\n";
  }

 private:
  double share(std::uint64_t part, std::uint64_t whole) const {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  }
  void card(const std::string& value, const std::string& what) {
    out_ << "<div class=\"card\"><b>" << text(value) << "</b><span>" << text(what) << "</span></div>\n";
  }

  void head();
  void timeline();
  void bounds();
  void roofline_picture();
  void costliest();
  void layers();
  void estimate();
  void parameters();
  void key();

  const Profile& p_;
  const std::string title_;
  std::ostream& out_;
};

void Page::head() {
  out_ << "<h1>" << text(title_) << "</h1><p class=\"dim\">" << text(p_.board_title) << " (" << text(p_.board) << "), "
       << text(p_.chip) << form(", engines at %g MHz", p_.mhz) << "</p>\n";
  if (p_.status != "validated") out_ << "<p class=\"warn\">This board's time is " << text(p_.status) << ".</p>\n";
  const Roofline roof = roofline(p_);
  out_ << "<div class=\"cards\">\n";
  card(form("%.3f ms", p_.ms(p_.inference_cycles())), "inference on the engines");
  card(form("%.3f ms", p_.ms(p_.cycles) + p_.runtime_ms), "forward, with CPU, call and copies (estimated)");
  card(form("%.1f %%", 100 * p_.mac_efficiency()), form("of %.0f GMAC/s used", roof.peak_macs_per_second / 1e9));
  card(form("%.2f MB", static_cast<double>(p_.bus_bytes()) / 1048576), "on the memory bus");
  card(form("%zu", p_.commands.size()), "commands");
  out_ << "</div>\n";
}

void Page::key() {
  out_ << "<div class=\"key\">";
  for (const char* bound :
       {"multiply", "operand fetch", "requantise", "element-wise", "DRAM", "local memory", "start-up", "CPU"}) {
    out_ << "<span><svg viewBox=\"0 0 12 12\"><rect width=\"12\" height=\"12\" rx=\"2\" class=\"" << bound_class(bound)
         << "\"/></svg>" << bound << "</span>";
  }
  out_ << "</div>\n";
}

// For each engine, how busy it is in each of many slices of the time, coloured by what bounds it there.
void Page::timeline() {
  out_ << "<h2>Timeline</h2><p class=\"dim\">Height: how much of the slice the engine is busy. Colour: what most of it "
          "is spent with.</p>\n";
  key();
  constexpr std::size_t slices = 360;
  constexpr double left = 60, row = 64;
  std::vector<std::size_t> shown;
  for (std::size_t e = 0; e < p_.engines.size(); ++e) {
    if (p_.engines[e].commands > 0) shown.push_back(e);
  }
  const double height = 30 + row * static_cast<double>(shown.size());
  out_ << form("<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"timeline\">\n", width, height + 22);
  const double step = p_.cycles > 0 ? static_cast<double>(p_.cycles) / slices : 1;
  const double pixel = (width - left) / slices;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const double top = 10 + row * static_cast<double>(i), full = row - 14;
    std::vector<std::map<std::uint32_t, double>> busy(slices);
    for (const auto& c : p_.commands) {
      if (c.engine != shown[i]) continue;
      const auto start = static_cast<double>(c.start), end = static_cast<double>(c.end);
      const auto slot = [&](double cycle) {
        return std::min<std::size_t>(slices - 1, static_cast<std::size_t>(cycle / step));
      };
      for (std::size_t s = slot(start); s <= slot(end); ++s) {
        const double from = static_cast<double>(s) * step;
        const double part = std::min(end, from + step) - std::max(start, from);
        if (part > 0) busy[s][c.bound] += part;
      }
    }
    out_ << form("<text class=\"name\" x=\"0\" y=\"%.1f\">%s</text>", top + full / 2 + 4,
                 p_.engines[shown[i]].name.c_str());
    out_ << form("<rect class=\"track\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", left, top,
                 width - left, full);
    // Slices that look the same are one bar.
    std::size_t first = 0;
    std::pair<std::string, double> bar;  // class and height of the slices from `first` on
    const auto flush = [&](std::size_t end) {
      if (bar.second > 0) {
        out_ << form("<rect class=\"%s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>", bar.first.c_str(),
                     left + pixel * static_cast<double>(first), top + full - bar.second,
                     pixel * static_cast<double>(end - first) + 0.05, bar.second);
      }
    };
    for (std::size_t s = 0; s < slices; ++s) {
      double sum = 0, most = -1;
      std::uint32_t bound = 0;
      for (const auto& [which, cycles] : busy[s]) {
        sum += cycles;
        if (cycles > most) most = cycles, bound = which;
      }
      const double tall = sum > 0 ? std::max(1.0, std::round(std::min(1.0, sum / step) * full * 10) / 10) : 0;
      const std::pair<std::string, double> here{sum > 0 ? bound_class(p_.texts[bound]) : "", tall};
      if (here == bar) continue;
      flush(s);
      bar = here, first = s;
    }
    flush(slices);
    out_ << "\n";
  }
  for (int tick = 0; tick <= 5; ++tick) {
    const double x = left + (width - left) * tick / 5;
    out_ << form("<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"6\" y2=\"%.1f\"/>", x, x, height - 10);
    out_ << form("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%.2f ms</text>\n", x, height + 8,
                 tick == 0   ? "start"
                 : tick == 5 ? "end"
                             : "middle",
                 p_.ms(p_.cycles) * tick / 5);
  }
  out_ << "</svg>\n";
}

void Page::bounds() {
  std::map<std::string, std::uint64_t> by_bound;
  for (const auto& c : p_.commands) by_bound[p_.texts[c.bound]] += c.critical_cycles;
  std::vector<std::pair<std::string, std::uint64_t>> order(by_bound.begin(), by_bound.end());
  std::ranges::stable_sort(order, std::ranges::greater{}, [](const auto& each) { return each.second; });
  out_ << "<h2>Critical path</h2><p class=\"dim\">The chain of commands that sets the total, and what it is spent "
          "with.</p>\n<svg viewBox=\"0 0 1080 34\" role=\"img\" aria-label=\"critical path\">";
  double x = 0;
  for (const auto& [bound, cycles] : order) {
    const double part = share(cycles, p_.cycles) * width;
    out_ << form("<rect class=\"%s\" x=\"%.2f\" y=\"4\" width=\"%.2f\" height=\"26\"><title>%s %.1f %%</title></rect>",
                 bound_class(bound).c_str(), x, part, bound.c_str(), 100 * share(cycles, p_.cycles));
    x += part;
  }
  out_ << "</svg><div class=\"key\">";
  for (const auto& [bound, cycles] : order) {
    if (cycles == 0) continue;
    out_ << "<span><svg viewBox=\"0 0 12 12\"><rect width=\"12\" height=\"12\" rx=\"2\" class=\"" << bound_class(bound)
         << "\"/></svg>" << text(bound)
         << form(" %.3f ms, %.1f %%</span>", p_.ms(cycles), 100 * share(cycles, p_.cycles));
  }
  out_ << "</div>\n";
}

void Page::roofline_picture() {
  const Roofline roof = roofline(p_);
  if (roof.peak_macs_per_second <= 0 || roof.memory_bytes_per_second <= 0 || p_.macs() == 0) return;
  constexpr double left = 70, bottom = 300, top = 14, height = 340;
  const double low_x = -1, high_x = 3.5, peak = std::log10(roof.peak_macs_per_second / 1e9);
  const double high_y = std::ceil(peak + 0.2), low_y = high_y - 4;
  const auto at_x = [&](double value) {
    return left + (width - left - 10) * (std::clamp(std::log10(value), low_x, high_x) - low_x) / (high_x - low_x);
  };
  const auto at_y = [&](double value) {
    return bottom -
           (bottom - top) * (std::clamp(std::log10(std::max(value, 1e-9)), low_y, high_y) - low_y) / (high_y - low_y);
  };
  out_ << "<h2>Roofline</h2><p class=\"dim\">Each dot is a layer: its multiply-accumulates a byte on the bus, and how "
          "many it does a second of its busiest engine. Larger: more of the critical path. The ring is the model; at "
          "the right edge stand layers that do not touch the memory.</p>\n";
  out_ << form("<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"roofline\">\n", width, height);
  for (double d = low_x; d <= high_x; d += 1) {
    const double x = at_x(std::pow(10, d));
    out_ << form("<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", x, x, top, bottom);
    out_ << form("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%g</text>\n", x, bottom + 16, std::pow(10, d));
  }
  for (double d = low_y; d <= high_y; d += 1) {
    const double y = at_y(std::pow(10, d));
    out_ << form("<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", left, width - 10, y, y);
    out_ << form("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n", left - 8, y + 4, std::pow(10, d));
  }
  out_ << form("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">MAC per byte</text>", width - 10, bottom + 34);
  out_ << form("<text x=\"%.1f\" y=\"%.1f\">GMAC/s</text>\n", left + 6, top + 10);
  const double ridge = roof.ridge_macs_per_byte;
  const double from = std::pow(10, low_x);
  out_ << form("<polyline class=\"roof\" points=\"%.1f,%.1f %.1f,%.1f %.1f,%.1f\"/>\n", at_x(from),
               at_y(from * roof.memory_bytes_per_second / 1e9), at_x(ridge), at_y(roof.peak_macs_per_second / 1e9),
               at_x(std::pow(10, high_x)), at_y(roof.peak_macs_per_second / 1e9));
  for (const auto& layer : p_.layers) {
    if (layer.macs == 0) continue;
    const std::uint64_t busy = std::ranges::max(layer.busy_cycles);
    if (busy == 0) continue;
    const double rate = static_cast<double>(layer.macs) / (p_.ms(busy) / 1e3) / 1e9;
    const double intensity = layer.bus_bytes == 0
                                 ? std::pow(10, high_x)
                                 : static_cast<double>(layer.macs) / static_cast<double>(layer.bus_bytes);
    const double radius = 3 + 14 * std::sqrt(share(layer.critical_cycles, p_.cycles));
    out_ << form("<circle class=\"dot %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"><title>",
                 bound_class(layer.bound).c_str(), at_x(intensity), at_y(rate), radius)
         << text(layer.name) << form(": %.1f GMAC/s at %.1f MAC/byte</title></circle>\n", rate, intensity);
  }
  out_ << form(
      "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"9\" fill=\"none\" class=\"roof\"><title>the model</title></circle>\n",
      at_x(std::max(roof.macs_per_byte, 1e-3)), at_y(roof.reached_macs_per_second / 1e9));
  out_ << "</svg>\n";
}

void Page::costliest() {
  out_ << "<h2>Five costliest layers</h2><div class=\"wide\"><table><tr><th>id</th><th class=\"l\">layer</th>"
          "<th>critical ms</th><th>share</th><th class=\"l\">why</th></tr>\n";
  for (const std::size_t i : costliest_layers(p_, 5)) {
    const auto& layer = p_.layers[i];
    out_ << "<tr><td>" << (layer.id ? std::to_string(*layer.id) : "") << "</td><td class=\"l\">" << text(layer.name)
         << form("</td><td>%.3f</td><td>%.1f %%</td><td class=\"l why\">", p_.ms(layer.critical_cycles),
                 100 * share(layer.critical_cycles, p_.cycles))
         << text(why(p_, layer)) << "</td></tr>\n";
  }
  out_ << "</table></div>\n";
}

// A number of a table; nothing where it would be a row of zeros.
std::string cell(double value, int digits) {
  const std::string number = form("%.*f", digits, value);
  return "<td>" + (number.find_first_not_of("0.") == std::string::npos ? "" : number) + "</td>";
}

void Page::layers() {
  out_ << "<h2>Layers</h2><p class=\"dim\">In the order of their first command. The bar is the layer's part of the "
          "critical "
          "path; \u00d7: pieces that the converter made of it.</p>\n"
          "<div class=\"wide\"><table><tr><th>id</th><th class=\"l\">name</th><th></th><th class=\"l\">bound</th>"
          "<th>start ms</th><th>critical ms</th>";
  for (const auto& engine : p_.engines) out_ << "<th>" << text(engine.name) << " ms</th>";
  out_ << "<th>MMAC</th><th>bus MB</th></tr>\n";
  std::uint64_t longest = 1;
  for (const auto& layer : p_.layers) longest = std::max(longest, layer.critical_cycles);
  for (const auto& layer : p_.layers) {
    out_ << "<tr><td>" << (layer.id ? std::to_string(*layer.id) : "") << "</td><td class=\"l\">" << text(layer.name)
         << "</td><td>" << (layer.pieces > 1 ? form("\u00d7%u", layer.pieces) : "") << "</td><td class=\"l\">"
         << text(layer.bound) << form("</td><td>%.3f</td>", p_.ms(layer.start))
         << form("<td class=\"bar\" style=\"--part:%.1f%%\">", 100 * share(layer.critical_cycles, longest))
         << cell(p_.ms(layer.critical_cycles), 3).substr(4);
    for (const std::uint64_t cycles : layer.busy_cycles) out_ << cell(p_.ms(cycles), 3);
    out_ << cell(static_cast<double>(layer.macs) / 1e6, 2) << cell(static_cast<double>(layer.bus_bytes) / 1048576, 3)
         << "</tr>\n";
  }
  out_ << "</table></div>\n";
}

void Page::estimate() {
  out_ << "<h2>Converter's estimate</h2><p class=\"dim\">Cycles of all engines together, without what runs at the same "
          "time; its MMAC are "
       << text(p_.estimate->macs_unit)
       << ".</p>\n<div class=\"wide\"><table><tr><th class=\"l\">layer</th><th>its cycles</th><th>its ms</th><th>its "
          "MMAC</th><th>our cycles</th><th>our ms</th><th>our MMAC</th></tr>\n";
  const auto row = [&](const EstimatedLayer& layer, const std::string& name) {
    out_ << "<tr><td class=\"l why\">" << text(name) << "</td>" << cell(layer.cycles, 0)
         << cell(layer.cycles / p_.mhz / 1e3, 3) << cell(layer.macs / 1e6, 2)
         << cell(static_cast<double>(layer.own_cycles), 0) << cell(p_.ms(layer.own_cycles), 3)
         << cell(static_cast<double>(layer.own_macs) / 1e6, 2) << "</tr>\n";
  };
  EstimatedLayer sum;
  for (const auto& layer : p_.estimate->layers) {
    row(layer, layer.name.empty() ? "(in no row)" : layer.name);
    sum.cycles += layer.cycles, sum.macs += layer.macs;
    sum.own_cycles += layer.own_cycles, sum.own_macs += layer.own_macs;
  }
  row(sum, "sum");
  out_ << "</table></div>\n";
}

void Page::parameters() {
  out_ << "<h2>Parameters</h2><div class=\"wide\"><table><tr><th class=\"l\">parameter</th><th>value</th><th "
          "class=\"l\">unit</th><th class=\"l\">from</th><th class=\"l\">source</th></tr>\n";
  for (const auto& each : p_.parameters) {
    out_ << "<tr><td class=\"l\">" << text(each.key) << form("</td><td>%g</td><td class=\"l\">", each.value)
         << text(each.unit) << "</td><td class=\"l\">" << text(each.from) << "</td><td class=\"l why\">"
         << text(each.note) << "</td></tr>\n";
  }
  out_ << "</table></div>\n";
}

}  // namespace

void write_profile_page(const Profile& profile, const std::string& title, std::ostream& out) {
  Page(profile, title, out).write();
}

}  // namespace vnpu::cli
