#include "daemon/report/chart.hpp"

#include <cairo-svg.h>
#include <cairo.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "daemon/report/figure_text.hpp"

namespace baselined::daemon {

namespace {

constexpr double width = 640, height = 300;
constexpr double left = 64, right = 14, top = 14, bottom = 46;

struct Colour {
    double red, green, blue;
};

struct Palette {
    Colour ink, faint, grid, band, baseline, plan, actual, fan;
};

// Okabe and Ito's colours: told apart by people who do not see red and green.
constexpr Palette light_palette{{0.13, 0.15, 0.18}, {0.38, 0.41, 0.45}, {0.86, 0.87, 0.89},
                                {0.93, 0.94, 0.95}, {0.45, 0.48, 0.52}, {0.00, 0.45, 0.70},
                                {0.75, 0.33, 0.00}, {0.80, 0.47, 0.65}};
constexpr Palette dark_palette{{0.92, 0.93, 0.94}, {0.68, 0.71, 0.75}, {0.25, 0.27, 0.30},
                               {0.17, 0.19, 0.22}, {0.62, 0.65, 0.69}, {0.34, 0.71, 0.91},
                               {0.96, 0.62, 0.20}, {0.86, 0.58, 0.75}};

struct Destroy {
    void operator()(cairo_t* context) const { cairo_destroy(context); }
    void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
using Context = std::unique_ptr<cairo_t, Destroy>;
using Surface = std::unique_ptr<cairo_surface_t, Destroy>;

cairo_status_t append_bytes(void* text, const unsigned char* data, unsigned int length) {
    static_cast<std::string*>(text)->append(reinterpret_cast<const char*>(data), length);
    return CAIRO_STATUS_SUCCESS;
}

/// A step of 1, 2 or 5 times a power of ten that cuts the range into about five.
double tick_step(double range) {
    const double rough = range / 5, power = std::pow(10, std::floor(std::log10(rough)));
    const double lead = rough / power;
    return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

class Painter {
  public:
    Painter(cairo_t* context, const Chart& chart, const Palette& palette)
        : context_(context), chart_(chart), palette_(palette) {
        find_range();
        cairo_select_font_face(context_, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
        cairo_set_font_size(context_, 12);
        cairo_set_line_join(context_, CAIRO_LINE_JOIN_ROUND);
    }

    void paint() {
        paint_baseline_window();
        paint_grid();
        paint_limits();
        paint_fan();
        paint_levels();
        paint_plan();
        paint_actuals();
        paint_legend();
    }

  private:
    using Pick = std::optional<double> ChartPeriod::*;

    void find_range() {
        bool any = false;
        const auto widen = [&](const std::optional<double>& value) {
            if (!value || !std::isfinite(*value)) return;
            low_ = any ? std::min(low_, *value) : *value;
            high_ = any ? std::max(high_, *value) : *value;
            any = true;
        };
        for (const ChartPeriod& period : chart_.periods)
            for (const Pick pick :
                 {&ChartPeriod::value, &ChartPeriod::expected, &ChartPeriod::lower, &ChartPeriod::upper,
                  &ChartPeriod::forecast, &ChartPeriod::forecast_low, &ChartPeriod::forecast_high})
                widen(period.*pick);
        widen(chart_.baseline);
        widen(chart_.target);
        if (low_ > 0 && low_ < 0.5 * high_) low_ = 0;
        if (high_ - low_ < 1e-12) high_ = low_ + std::max(1e-6, std::abs(low_));
        const double step = tick_step(high_ - low_);
        low_ = std::floor(low_ / step) * step;
        high_ = std::ceil(high_ / step) * step;
    }

    [[nodiscard]] double x(std::size_t index) const {
        const double count = static_cast<double>(std::max<std::size_t>(chart_.periods.size(), 1));
        return left + (static_cast<double>(index) + 0.5) * (width - left - right) / count;
    }
    [[nodiscard]] double y(double value) const {
        return height - bottom - (value - low_) / (high_ - low_) * (height - top - bottom);
    }

    void use(const Colour& colour, double alpha = 1) {
        cairo_set_source_rgba(context_, colour.red, colour.green, colour.blue, alpha);
    }
    void dash(double on, double off) {
        const double pattern[]{on, off};
        cairo_set_dash(context_, pattern, 2, 0);
    }
    void solid() { cairo_set_dash(context_, nullptr, 0, 0); }

    void text(double at_x, double at_y, const std::string& words, double align) {
        cairo_text_extents_t extents;
        cairo_text_extents(context_, words.c_str(), &extents);
        cairo_move_to(context_, at_x - align * extents.width, at_y);
        cairo_show_text(context_, words.c_str());
    }

    void paint_baseline_window() {
        const double half =
            (width - left - right) / static_cast<double>(std::max<std::size_t>(chart_.periods.size(), 1)) / 2;
        for (std::size_t i = 0; i < chart_.periods.size(); ++i) {
            if (!chart_.periods[i].baseline) continue;
            use(palette_.band);
            cairo_rectangle(context_, x(i) - half, top, 2 * half + 0.5, height - top - bottom);
            cairo_fill(context_);
        }
    }

    void paint_grid() {
        cairo_set_line_width(context_, 1);
        const double step = tick_step(high_ - low_);
        for (double value = low_; value <= high_ + step / 2; value += step) {
            use(palette_.grid);
            cairo_move_to(context_, left, y(value));
            cairo_line_to(context_, width - right, y(value));
            cairo_stroke(context_);
            use(palette_.faint);
            text(left - 6, y(value) + 4,
                 figure_text(std::abs(value) < step / 1e6 ? 0 : value, chart_.unit == "ratio" ? "ratio" : ""),
                 1);
        }
        use(palette_.faint);
        const std::size_t every = labels_apart();
        for (std::size_t i = 0; i < chart_.periods.size(); i += every)
            text(x(i), height - bottom + 17, chart_.periods[i].label, 0.5);
        text(left + 6, top + 14, unit_words(chart_.unit), 0);
    }

    /// Of how many periods one has its label below, so that none runs into the next.
    [[nodiscard]] std::size_t labels_apart() const {
        double widest = 0;
        for (const ChartPeriod& period : chart_.periods) {
            cairo_text_extents_t extents;
            cairo_text_extents(context_, period.label.c_str(), &extents);
            widest = std::max(widest, extents.width);
        }
        constexpr double gap = 14;
        const auto fit = static_cast<std::size_t>((width - left - right) / (widest + gap));
        const std::size_t most = std::clamp<std::size_t>(fit, 1, 8);
        return std::max<std::size_t>(1, (chart_.periods.size() + most - 1) / most);
    }

    /// Draws a line through the periods that have the value, broken where one has none. What is provisional
    /// stands alone: a line down to a month that is half over would look like a success.
    void line(Pick pick) {
        bool open = false;
        for (std::size_t i = 0; i < chart_.periods.size(); ++i) {
            const bool is_apart = pick == &ChartPeriod::value && !chart_.periods[i].settled;
            const auto& value = is_apart ? std::nullopt : chart_.periods[i].*pick;
            if (value && open) cairo_line_to(context_, x(i), y(*value));
            if (value && !open) cairo_move_to(context_, x(i), y(*value));
            open = value.has_value();
        }
        cairo_stroke(context_);
    }

    void paint_limits() {
        use(palette_.baseline, 0.7);
        cairo_set_line_width(context_, 1);
        dash(2, 3);
        line(&ChartPeriod::lower);
        line(&ChartPeriod::upper);
        solid();
    }

    void paint_levels() {
        cairo_set_line_width(context_, 1.2);
        const auto level = [&](const std::optional<double>& value, const Colour& colour) {
            if (!value) return;
            use(colour);
            dash(6, 4);
            cairo_move_to(context_, left, y(*value));
            cairo_line_to(context_, width - right, y(*value));
            cairo_stroke(context_);
            solid();
        };
        level(chart_.baseline, palette_.baseline);
        level(chart_.target, palette_.plan);
    }

    void paint_fan() {
        const auto first = std::find_if(
            chart_.periods.begin(), chart_.periods.end(),
            [](const ChartPeriod& period) { return period.forecast_low && period.forecast_high; });
        if (first == chart_.periods.end()) return;
        const auto start = static_cast<std::size_t>(first - chart_.periods.begin());
        std::size_t end = start;
        while (end < chart_.periods.size() && chart_.periods[end].forecast_low &&
               chart_.periods[end].forecast_high)
            ++end;
        use(palette_.fan, 0.28);
        cairo_move_to(context_, x(start), y(*chart_.periods[start].forecast_high));
        for (std::size_t i = start; i < end; ++i)
            cairo_line_to(context_, x(i), y(*chart_.periods[i].forecast_high));
        for (std::size_t i = end; i-- > start;)
            cairo_line_to(context_, x(i), y(*chart_.periods[i].forecast_low));
        cairo_close_path(context_);
        cairo_fill(context_);
        use(palette_.fan);
        cairo_set_line_width(context_, 1.6);
        dash(3, 3);
        line(&ChartPeriod::forecast);
        solid();
    }

    void paint_plan() {
        use(palette_.plan);
        cairo_set_line_width(context_, 2);
        line(&ChartPeriod::expected);
    }

    void paint_actuals() {
        if (chart_.periods.empty()) return;
        use(palette_.actual);
        cairo_set_line_width(context_, 2.2);
        line(&ChartPeriod::value);
        const double apart = (width - left - right) / static_cast<double>(chart_.periods.size());
        const double radius = std::clamp(0.4 * apart, 1.2, 3.6);
        for (std::size_t i = 0; i < chart_.periods.size(); ++i) {
            const ChartPeriod& period = chart_.periods[i];
            if (!period.value) continue;
            cairo_new_path(context_);
            cairo_arc(context_, x(i), y(*period.value), radius, 0, 2 * M_PI);
            if (!period.settled) {
                use(palette_.band);
                cairo_fill_preserve(context_);
                use(palette_.actual);
                cairo_set_line_width(context_, 1.6);
                cairo_stroke(context_);
            } else {
                use(palette_.actual);
                cairo_fill(context_);
            }
        }
    }

    void paint_legend() {
        double at = left;
        const double base = height - 8;
        const auto entry = [&](const Colour& colour, const char* words, double on, double off) {
            use(colour);
            cairo_set_line_width(context_, 2.2);
            if (on > 0) dash(on, off);
            cairo_move_to(context_, at, base - 4);
            cairo_line_to(context_, at + 18, base - 4);
            cairo_stroke(context_);
            solid();
            use(palette_.ink);
            text(at + 22, base, words, 0);
            cairo_text_extents_t extents;
            cairo_text_extents(context_, words, &extents);
            at += 22 + extents.width + 16;
        };
        entry(palette_.actual, "actual", 0, 0);
        entry(palette_.plan, "plan", 0, 0);
        if (chart_.target) entry(palette_.plan, "target", 6, 4);
        entry(palette_.baseline, "baseline and its limits", 6, 4);
        entry(palette_.fan, "forecast", 3, 3);
        use(palette_.ink);
        text(at, base, "\u25CB provisional", 0);
    }

    cairo_t* context_;
    const Chart& chart_;
    const Palette& palette_;
    double low_ = 0, high_ = 1;
};

const Palette& palette_of(ColourScheme scheme) {
    return scheme == ColourScheme::light ? light_palette : dark_palette;
}

}  // namespace

std::string draw_svg(const Chart& chart, ColourScheme scheme) {
    std::string svg;
    Surface surface(cairo_svg_surface_create_for_stream(append_bytes, &svg, width, height));
    Context context(cairo_create(surface.get()));
    Painter(context.get(), chart, palette_of(scheme)).paint();
    context.reset();
    cairo_surface_finish(surface.get());
    return svg;
}

std::string draw_png(const Chart& chart, ColourScheme scheme, double scale) {
    Surface surface(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, static_cast<int>(width * scale),
                                               static_cast<int>(height * scale)));
    Context context(cairo_create(surface.get()));
    cairo_scale(context.get(), scale, scale);
    const double paper = scheme == ColourScheme::light ? 1 : 0.09;
    cairo_set_source_rgb(context.get(), paper, paper, paper);
    cairo_paint(context.get());
    Painter(context.get(), chart, palette_of(scheme)).paint();
    std::string png;
    cairo_surface_write_to_png_stream(surface.get(), append_bytes, &png);
    return png;
}

std::string describe(const Chart& chart) {
    const auto newest =
        std::find_if(chart.periods.rbegin(), chart.periods.rend(),
                     [](const ChartPeriod& period) { return period.value && period.settled; });
    std::string words = "Chart by period.";
    if (chart.baseline) words += " Baseline " + figure_text(*chart.baseline, chart.unit) + ".";
    if (chart.target) words += " Target " + figure_text(*chart.target, chart.unit) + ".";
    if (newest != chart.periods.rend()) {
        words += " Newest settled actual, " + newest->label + ": " + figure_text(*newest->value, chart.unit);
        if (newest->expected) words += ", planned " + figure_text(*newest->expected, chart.unit);
        words += ".";
    }
    if (!chart.periods.empty() && chart.periods.back().forecast) {
        const ChartPeriod& last = chart.periods.back();
        words += " Forecast for " + last.label + ": " + figure_text(*last.forecast, chart.unit);
        if (last.forecast_low && last.forecast_high)
            words += fmt::format(" (80 % interval {} to {})", figure_text(*last.forecast_low, chart.unit),
                                 figure_text(*last.forecast_high, chart.unit));
        words += ".";
    }
    return words;
}

}  // namespace baselined::daemon
